"""The receipt of one file or pull: the ledger that says what was received, and when.

One JSON file per receipt, written last, so that a file without a receipt was never taken.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.errors import DamagedState
from pipelines.lake.home import Home

LANDED, REFUSED, REPEATED = "landed", "refused", "repeated"


@dataclass(frozen=True)
class Receipt:
    """What became of one delivered file; row counts are None where it was not read."""

    receipt_id: str
    delivery_id: str
    source: str
    dataset: str
    file_name: str
    relative_path: str
    sha256: str
    size: int
    mtime_ns: int
    extract_date: date | None
    status: str
    received_at: str
    received_night: date
    received_run: str
    rows_read: int | None = None
    rows_landed: int | None = None
    rows_quarantined: int | None = None
    rows_superseded: int | None = None
    reason: str | None = None
    #: of a landed file its Parquet, of a repeated one that of the bytes it repeats; below lake
    parquet: str | None = None
    #: below restricted/quarantine
    quarantine: str | None = None
    unknown_headers: tuple[str, ...] = ()
    repairs: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    #: source, dataset and file name as they may be published: a file may be named after a person
    shown: tuple[str, str, str] | None = None
    #: of a pull: database, table and how far its cursor has come; a file has none
    pull: Mapping[str, str | None] = field(default_factory=dict)
    #: of a correction the deliveries whose set-aside rows it holds: it adds to them
    corrects: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """``source/dataset``."""
        return f"{self.source}/{self.dataset}"

    @property
    def shown_path(self) -> str:
        """The path that may be shown."""
        parts = self.shown or (self.source, self.dataset, self.file_name)
        return "/".join(part for part in parts if part)

    def save(self, home: Home) -> None:
        """Write the receipt in one step."""
        raw = asdict(self)
        raw["extract_date"] = self.extract_date.isoformat() if self.extract_date else None
        raw["received_night"] = self.received_night.isoformat()
        target = home.receipts / f"{self.receipt_id}.json"
        partial = target.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as file:
            json.dump(raw, file, ensure_ascii=False, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)


def load_receipts(home: Home) -> list[Receipt]:
    """Every receipt of the HOME, in the order received (then by path)."""
    receipts = [_read(path) for path in home.receipts.glob("*.json")]
    return sorted(receipts, key=lambda r: (r.received_at, r.relative_path, r.receipt_id))


def _read(path: Path) -> Receipt:
    try:
        return _receipt(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedState(
            f"the receipt {path} cannot be read ({type(error).__name__}): put it back from the "
            "backup, or move it away; the delivered file is then taken again from the landing "
            "folder, as received tonight"
        ) from None


def _receipt(raw: dict[str, Any]) -> Receipt:
    raw["extract_date"] = date.fromisoformat(raw["extract_date"]) if raw["extract_date"] else None
    raw["received_night"] = date.fromisoformat(raw["received_night"])
    raw["unknown_headers"] = tuple(raw.get("unknown_headers") or ())
    raw["shown"] = tuple(raw["shown"]) if raw.get("shown") else None
    raw["corrects"] = tuple(raw.get("corrects") or ())
    return Receipt(**raw)
