"""What was found wrong in a register and is read otherwise from the next night on (PIPL art. 46).

One file per decision, kept for good. A correction holds for one row and column, and only while the
register still says what was wrong: once the department mends it, its own word counts again. What
the law asks of the department itself is not replaced by this.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pipelines.contracts.promises import PromisedColumn
from pipelines.engine.sql import literal, quoted
from pipelines.lake import decisions
from pipelines.lake.home import Home


@dataclass(frozen=True)
class Correction:
    """One value of one row: what the register says (``was``, as text) and what is read instead.

    ``values``: the landed columns that follow from the new value, as text; None is unknown.
    ``withdrawn``: a later decision that takes the earlier one back.
    """

    correction_id: str
    source: str
    dataset: str
    record_key: str
    column: str
    was: str | None
    values: Mapping[str, str | None]
    reason: str
    decided_by: str
    recorded_at: str
    withdrawn: bool = False

    @property
    def of(self) -> tuple[str, str, str, str]:
        return self.source, self.dataset, self.record_key, self.column


def record(home: Home, **said: Any) -> Correction:
    """Write a decision down; the fields of Correction but for its id and instant."""
    name, instant = decisions.stamp()
    made = Correction(correction_id=name, recorded_at=instant, **said)
    decisions.keep(home.corrections, name, asdict(made))
    return made


def load_corrections(home: Home) -> list[Correction]:
    """Every decision of the HOME, in the order in which they were made."""
    found = [
        Correction(**json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(home.corrections.glob("*.json"))
    ]
    return sorted(found, key=lambda one: (one.recorded_at, one.correction_id))


def in_force(decisions: Iterable[Correction], dataset: str | None = None) -> list[Correction]:
    """The last decision of each row and column, of one ``source/dataset``; without withdrawn."""
    latest = {one.of: one for one in decisions}
    return [
        one for one in latest.values()
        if not one.withdrawn and dataset in (None, f"{one.source}/{one.dataset}")
    ]  # fmt: skip


def corrected(view: str, columns: Sequence[PromisedColumn], made: Sequence[Correction]) -> str:
    """A statement that reads ``view`` (landed rows of one dataset) with corrections applied."""
    listed = []
    for column in columns:
        whens = [
            f"WHEN record_key = {_text(one.record_key)} AND CAST({quoted(one.column)} AS VARCHAR) "
            f"IS NOT DISTINCT FROM {_text(one.was)} "
            f"THEN CAST({_text(one.values[column.name])} AS {column.type})"
            for one in made if column.name in one.values
        ]  # fmt: skip
        name = quoted(column.name)
        listed.append(f"CASE {' '.join(whens)} ELSE {name} END AS {name}" if whens else name)
    return f"SELECT {', '.join(listed)} FROM {view}"


def _text(value: str | None) -> str:
    return "NULL" if value is None else literal(value)
