"""standard.death_claim: rows that say that their person died; whether that holds comes later."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from pipelines.contracts.promises import PromisedColumn
from pipelines.contracts.roles import EXTRACT_FIRST_SEEN, Death
from pipelines.standard import expressions as e
from pipelines.standard.roles import Reader, Sources, Values, present, project

RECORD = "death_record"
STATUS = "survival_status"


def death_claim(columns: Sequence[PromisedColumn], sources: Sources) -> exp.Expr:
    """A death with its day: recorded, or the first extract that says so."""
    return e.union(
        columns,
        [
            _claims(columns, reader, role, sources)
            for reader in sources.readers()
            for role in reader.contract.roles_of(Death)
        ],
    )


def _claims(
    columns: Sequence[PromisedColumn], reader: Reader, role: Death, sources: Sources
) -> exp.Select:
    contract = reader.contract
    person = reader.person("")
    named = reader.named(person) if person.refers is None else None
    when = e.condition(contract, role.when, "record") if role.when else None
    rows = reader.rows(when, named)
    died_on: exp.Expr | None
    if role.date != EXTRACT_FIRST_SEEN:
        died_on = reader.day(role.date)
        assert died_on is not None
        rows = rows.where(present(died_on.copy()))
    elif contract.mode == "snapshot" and role.when:
        said = sources.since(contract, e.condition(contract, role.when, "raw"))
        rows = rows.join(
            said.subquery("said"),
            on=exp.EQ(
                this=e.column("record_key", "record"), expression=e.column("record_key", "said")
            ),
        )
        died_on = e.column("since", "said")
    else:
        died_on = reader.first_seen_on()
    values: Values = {
        "person_ref": reader.person_ref(),
        "died_on": died_on,
        "kind": e.text(STATUS if role.date == EXTRACT_FIRST_SEEN else RECORD),
        "is_current": reader.is_current(),
    }
    return project(columns, reader.lineage() | values, rows)
