"""What a person objects to in a case: one file per dispute, kept for good, never changed.

The words stay in ``restricted``. That a case is disputed, and since when, is all that the night
makes of it.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from pipelines.lake.home import Home
from pipelines.lake.pointer import write_json


@dataclass(frozen=True)
class Dispute:
    """Who objected (a role, never a name), when, and in which words."""

    dispute_id: str
    case_id: str
    disputed_on: date
    by_role: str
    text: str
    recorded_at: str

    def save(self, home: Home) -> None:
        home.disputes.mkdir(mode=0o700, exist_ok=True)
        path = home.disputes / f"{self.dispute_id}.json"
        write_json(path, {**asdict(self), "disputed_on": self.disputed_on.isoformat()})
        path.chmod(0o600)


def new_dispute_id() -> str:
    """Opaque: it stands in published tables, so nothing of the words may follow from it."""
    return f"D{secrets.token_hex(12)}"


def load_disputes(home: Home) -> list[Dispute]:
    """Every dispute of the HOME, oldest first."""
    found = []
    for path in home.disputes.glob("D*.json"):
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        found.append(Dispute(**{**raw, "disputed_on": date.fromisoformat(raw["disputed_on"])}))
    return sorted(found, key=lambda one: (one.disputed_on, one.dispute_id))
