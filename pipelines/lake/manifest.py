"""A committed night: the one file that says which tables it consists of and what they rest on.

Nights are the unit of state. Running one again replaces its manifest; a later night then sees
that the one it was built on is no longer the same (it is *stale*).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.errors import DamagedState
from pipelines.lake.durable import sync
from pipelines.lake.home import Home
from pipelines.lake.pointer import Pointer, write_json

FILE = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """What a night was made from (receipts, policy, code, the night before) and its tables."""

    as_of: date
    run_id: str
    committed_at: str
    code_version: str
    policy: str
    policy_sha256: str
    previous: date | None
    previous_sha256: str | None
    receipts: tuple[str, ...]
    tables: Mapping[str, Pointer]
    #: ids of what people had accepted, see ``acceptance``
    acceptances: tuple[str, ...] = ()
    #: digest of the contracts, codes, lookups and matching model; "" in a night from before
    contracts_sha256: str = ""
    #: what people had disputed by then (ids of `lake.dispute`)
    disputes: tuple[str, ...] = ()
    #: what people had judged about pairs by then (names of files in `restricted/lake/judgements`)
    judgements: tuple[str, ...] = ()
    #: what was read otherwise than a register says (ids of `lake.correction`)
    corrections: tuple[str, ...] = ()
    #: settings that decide results, by name
    settings: Mapping[str, float] = field(default_factory=dict)

    def save(self, home: Home) -> None:
        folder = home.nights / self.as_of.isoformat()
        folder.mkdir(mode=0o700, exist_ok=True)
        write_json(
            folder / FILE,
            {
                "as_of": self.as_of.isoformat(),
                "run_id": self.run_id,
                "committed_at": self.committed_at,
                "code_version": self.code_version,
                "policy": self.policy,
                "policy_sha256": self.policy_sha256,
                "previous": self.previous.isoformat() if self.previous else None,
                "previous_sha256": self.previous_sha256,
                "receipts": list(self.receipts),
                "acceptances": list(self.acceptances),
                "contracts_sha256": self.contracts_sha256,
                "disputes": list(self.disputes),
                "judgements": list(self.judgements),
                "corrections": list(self.corrections),
                "settings": dict(self.settings),
                "tables": {name: pointer.as_json() for name, pointer in self.tables.items()},
            },
        )
        sync(folder)


def manifest_path(home: Home, as_of: date) -> Path:
    return home.nights / as_of.isoformat() / FILE


def committed_nights(home: Home) -> list[date]:
    """As-of dates of the nights that have a manifest, oldest first."""
    return sorted(date.fromisoformat(path.parent.name) for path in home.nights.glob(f"*/{FILE}"))


def manifest_sha256(home: Home, as_of: date) -> str:
    """Fingerprint of what a night holds; equal for a rerun that made the same tables."""
    manifest = load_manifest(home, as_of)
    text = json.dumps(
        [manifest.policy_sha256, sorted((n, p.content) for n, p in manifest.tables.items()
         if not n.startswith("meta.run"))],
    )  # fmt: skip
    return hashlib.sha256(text.encode()).hexdigest()


def load_manifest(home: Home, as_of: date) -> Manifest:
    path = manifest_path(home, as_of)
    try:
        return _manifest(json.loads(path.read_text(encoding="utf-8")), as_of)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise DamagedState(
            f"the manifest of the night {as_of} cannot be read ({path}, {type(error).__name__}): "
            f"run that night again (jiuzhulian run --as-of {as_of}), which writes it anew"
        ) from None


def _manifest(raw: dict[str, Any], as_of: date) -> Manifest:
    return Manifest(
        as_of=as_of,
        run_id=raw["run_id"],
        committed_at=raw["committed_at"],
        code_version=raw["code_version"],
        policy=raw["policy"],
        policy_sha256=raw["policy_sha256"],
        previous=date.fromisoformat(raw["previous"]) if raw["previous"] else None,
        previous_sha256=raw["previous_sha256"],
        receipts=tuple(raw["receipts"]),
        acceptances=tuple(raw.get("acceptances", ())),
        tables={name: Pointer.from_json(pointer) for name, pointer in raw["tables"].items()},
        contracts_sha256=raw.get("contracts_sha256", ""),
        disputes=tuple(raw.get("disputes", ())),
        judgements=tuple(raw.get("judgements", ())),
        corrections=tuple(raw.get("corrections", ())),
        settings=dict(raw.get("settings", {})),
    )


def stale_nights(home: Home) -> list[date]:
    """Committed nights whose night before has been made anew since, with other contents."""
    stale: list[date] = []
    for night in committed_nights(home):
        manifest = load_manifest(home, night)
        before = manifest.previous
        if before is None:
            continue
        missing = not manifest_path(home, before).exists()
        if missing or before in stale or manifest_sha256(home, before) != manifest.previous_sha256:
            stale.append(night)
    return stale
