"""The committed nights of a HOME: what each was made from, and whether it still stands."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.lake.home import Home
from pipelines.lake.kept import kept_contracts, kept_policy
from pipelines.lake.manifest import committed_nights, load_manifest, stale_nights
from pipelines.lake.past import manifest_of


@dataclass(frozen=True)
class NightSummary:
    """One committed night. ``stale``: the night it stood on has other contents now or is gone.
    ``kept``: policy and contracts of then are there, so it can be replayed."""

    as_of: date
    committed_at: str
    previous: date | None
    policy: str
    policy_sha256: str
    contracts_sha256: str
    code_version: str
    files: int
    files_new: int
    tables: int
    cases: int
    stale: bool
    kept: bool

    def as_json(self) -> dict[str, Any]:
        previous = self.previous.isoformat() if self.previous else None
        return {**asdict(self), "as_of": self.as_of.isoformat(), "previous": previous}


def nights(home: Path) -> list[NightSummary]:
    """Every committed night, oldest first; NotFound where there is none."""
    store = Home(home)
    manifest_of(store)
    stale = set(stale_nights(store))
    found: list[NightSummary] = []
    before: set[str] = set()
    for night in committed_nights(store):
        made = load_manifest(store, night)
        cases = made.tables.get("hardship.case_file")
        found.append(NightSummary(
            as_of=night, committed_at=made.committed_at, previous=made.previous,
            policy=made.policy, policy_sha256=made.policy_sha256,
            contracts_sha256=made.contracts_sha256, code_version=made.code_version,
            files=len(made.receipts), files_new=len(set(made.receipts) - before),
            tables=len(made.tables), cases=cases.rows if cases else 0,
            stale=night in stale,
            kept=bool(kept_policy(store, made.policy_sha256)
                      and kept_contracts(store, made.contracts_sha256)),
        ))  # fmt: skip
        before = set(made.receipts)
    return found
