"""People whose identity is shown no more until further notice (PIPL art. 44, 47), append-only.

A restriction closes the commands that show who somebody is. It takes nobody out of the nightly
computation, which is a duty by law; the documentation says what is left to decide.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pipelines.errors import JiuzhulianError
from pipelines.lake import decisions
from pipelines.lake.home import Home


@dataclass(frozen=True)
class Restriction:
    """One decision; ``lifted`` takes an earlier one back."""

    restriction_id: str
    person_id: str
    lifted: bool
    reason: str
    decided_by: str
    recorded_at: str


def record(home: Home, person_id: str, lifted: bool, reason: str, by: str) -> Restriction:
    name, instant = decisions.stamp()
    made = Restriction(name, person_id, lifted, reason, by, instant)
    decisions.keep(home.restrictions, name, asdict(made))
    return made


def restricted(home: Home) -> set[str]:
    """Ids of the people for whom a restriction is in force."""
    found: set[str] = set()
    for path in sorted(home.restrictions.glob("*.json")):
        one = Restriction(**json.loads(path.read_text(encoding="utf-8")))
        (found.discard if one.lifted else found.add)(one.person_id)
    return found


def refuse_restricted(home: Home, people: Sequence[str], despite: bool) -> None:
    """Raise JiuzhulianError where one of ``people`` is restricted and nobody insists."""
    shut = restricted(home) & set(people)
    if shut and not despite:
        raise JiuzhulianError(
            f"{len(shut)} of them are restricted (PIPL art. 47): nothing is shown; where the law "
            "demands it all the same, add --despite-restriction, which the access log keeps"
        )
