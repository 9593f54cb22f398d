"""What a delivery that was pulled brings besides its rows: its hash, its columns, its cursor.

The cursor travels in the receipt: it moves when the receipt is written and not before.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.lake.home import Home

TIME, DATE, NUMBER = "time", "date", "number"
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@dataclass(frozen=True)
class Origin:
    """A table of a configured database that holds a dataset."""

    database: str
    table: str
    cursor: str | None = None


@dataclass(frozen=True)
class Cursor:
    """How far a table has been read: ``high`` as text of kind time, date or number.

    ``seen``: a Parquet file with the hashes of the rows that stood in the overlap below ``high``.
    """

    kind: str
    high: str | None
    seen: Path | None


@dataclass(frozen=True)
class Pulled:
    """Rows of a pull lie in a temporary Parquet file of texts whose headers are ``columns``.

    ``sha256`` is that of the rows whatever their order; ``notes`` go into the receipt.
    """

    sha256: str
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    origin: Origin | None = None
    cursor: Cursor | None = None

    def receipt(self, home: Home, receipt_id: str) -> Mapping[str, str | None]:
        """What the receipt keeps; the rows seen are moved to where later pulls find them."""
        if self.origin is None:
            return {}
        held: dict[str, str | None] = {"database": self.origin.database, "table": self.origin.table}
        if self.cursor is not None:
            seen = None
            if self.cursor.seen is not None:
                kept = home.pulls / f"{receipt_id}_seen.parquet"
                os.chmod(self.cursor.seen, 0o600)
                os.replace(self.cursor.seen, kept)
                seen = kept.name
            held |= {
                "cursor": self.origin.cursor,
                "kind": self.cursor.kind,
                "high": self.cursor.high,
                "seen": seen,
            }
        return held
