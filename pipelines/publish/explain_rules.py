"""What every rule in force says of one person or household: fired, did not, or could not judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipelines.errors import ConfigurationFault
from pipelines.hardship.policy import load_policy
from pipelines.hardship.policy_model import Grain, Rule
from pipelines.hardship.what_if import WhatIf
from pipelines.lake.night import Night
from pipelines.lake.past import PastNight

FIRED, NOT, UNKNOWN, NOT_WATCHED = "fired", "did_not_fire", "could_not_judge", "not_watched"


@dataclass(frozen=True)
class Judged:
    """One rule and one person or household. ``values``: what it read, parameters among them;
    ``missing``: those of them that are unknown and that its condition needs."""

    rule: Rule
    verdict: str
    measure: float | None
    values: dict[str, Any]
    missing: tuple[str, ...]


def kept_what_if(night: Night) -> WhatIf | None:
    """The policy that was kept with a past night, held against it; None where none was."""
    if not isinstance(night, PastNight) or night.kept_policy is None:
        return None
    try:
        return WhatIf(night, load_policy(night.kept_policy))
    except ConfigurationFault:
        return None  # rules of then that this code cannot read


def judged(held: WhatIf, grain: Grain | str, id_: str) -> Iterator[Judged]:
    """Every rule in force of a grain; nothing for somebody who has no indicators (the dead)."""
    wanted: Grain = "person" if grain == "person" else "household"
    row = held.verdicts(wanted, id_)
    if row is None:
        return
    for number, rule in enumerate(held.policy.rules_in_force(held.on, wanted)):
        who, when = row[f"who_{number}"], row[f"when_{number}"]
        needed = dict.fromkeys((*rule.when.names, *held.policy.parameters_of(rule)))
        shown = dict.fromkeys((*rule.who.names, *needed, *rule.names))
        values = {name: row[name] for name in shown if name in row}
        missing = tuple(name for name in needed if name in row and row[name] is None)
        verdict = NOT_WATCHED if not who else UNKNOWN if when is None else FIRED if when else NOT
        measure = row[f"measure_{number}"]
        assert measure is None or isinstance(measure, float)
        yield Judged(rule, verdict, measure, values, missing if verdict == UNKNOWN else ())
