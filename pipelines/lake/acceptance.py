"""What a person decided about held-back scopes of snapshots: who, when, why. Append-only.

One JSON file per decision, never altered; of several about the same scope the latest counts.
Whether a scope needs one is judged in room standard.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from pipelines.lake import decisions
from pipelines.lake.home import Home

ScopeOf = tuple[date, date, str]
"""(received on, extract date, scope)"""


@dataclass(frozen=True)
class Acceptance:
    """One decision about one scope of the files of an extract date received on one night.

    ``accepted`` False takes an earlier decision back. The counts are those that the person saw.
    """

    acceptance_id: str
    source: str
    dataset: str
    scope: str
    extract_date: date
    received_on: date
    accepted: bool
    rows: int
    previous_rows: int | None
    leaving_rows: int | None
    reason: str
    decided_by: str
    recorded_at: str

    @property
    def concerns(self) -> ScopeOf:
        return self.received_on, self.extract_date, self.scope

    @property
    def recorded_on(self) -> date:
        return datetime.fromisoformat(self.recorded_at).date()


def record(home: Home, **said: Any) -> Acceptance:
    """Write a decision down; the fields of Acceptance but for its id and instant."""
    name, instant = decisions.stamp()
    made = Acceptance(acceptance_id=name, recorded_at=instant, **said)
    raw = asdict(made)
    for day in ("extract_date", "received_on"):
        raw[day] = raw[day].isoformat()
    decisions.keep(home.acceptances, name, raw)
    return made


def load_acceptances(home: Home) -> list[Acceptance]:
    """Every decision of the HOME, in the order in which they were made."""
    found = []
    for path in sorted(home.acceptances.glob("*.json")):
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for name in ("extract_date", "received_on"):
            raw[name] = date.fromisoformat(raw[name])
        found.append(Acceptance(**raw))
    return sorted(found, key=lambda one: (one.recorded_at, one.acceptance_id))


def in_force(decisions: Iterable[Acceptance]) -> dict[tuple[str, str], dict[ScopeOf, Acceptance]]:
    """What counts as accepted, by (source, dataset); withdrawn decisions are left out."""
    latest = {(one.source, one.dataset, one.concerns): one for one in decisions}
    found: dict[tuple[str, str], dict[ScopeOf, Acceptance]] = {}
    for (source, dataset, concerns), one in latest.items():
        if one.accepted:
            found.setdefault((source, dataset), {})[concerns] = one
    return found
