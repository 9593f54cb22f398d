"""First mention of a group by a row whose group changed: the statement over the landed extracts.

A row of a snapshot stands once, in its newest version; when it began to name its group is only in
the extracts. Rows whose group never changed are left out: their first extract date says it.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from pipelines.contracts.model import Contract
from pipelines.contracts.roles import Household
from pipelines.engine.sql import DIALECT

COLUMNS = ("source", "dataset", "record_key", "group_key", "first_seen_on")


def statement(contracts: Mapping[str, Contract]) -> str:
    """One select per dataset whose rows can come to name another group."""
    selects = [
        _changed(contract, role)
        for _, contract in sorted(contracts.items())
        for role in contract.roles_of(Household)
        if contract.mode == "snapshot" and role.group not in contract.key
    ]
    made: exp.Query = selects[0] if selects else _nothing()
    for select in selects[1:]:
        made = exp.union(made, select, distinct=False)
    return made.sql(dialect=DIALECT, pretty=True)


def _changed(contract: Contract, role: Household) -> exp.Select:
    group = exp.column(role.group, quoted=True)
    key = exp.column("record_key")
    named = (
        exp.select(
            key.copy(),
            group.copy().as_("group_number"),
            exp.Min(this=exp.column("extract_date")).as_("first_seen_on"),
            exp.Window(
                this=exp.Count(this=exp.Star()), partition_by=[exp.column("record_key")]
            ).as_("groups"),
        )
        .from_(exp.to_table(contract.raw_table))
        .group_by(key.copy(), group.copy())
    )
    return (
        exp.select(
            exp.Literal.string(contract.source).as_("source"),
            exp.Literal.string(contract.dataset).as_("dataset"),
            exp.column("record_key"),
            exp.DPipe(
                this=exp.Literal.string(f"{role.evidence}:"),
                expression=exp.cast(exp.column("group_number"), "VARCHAR"),
            ).as_("group_key"),
            exp.column("first_seen_on"),
        )
        .from_(named.subquery("named"))
        .where("groups > 1 AND NOT group_number IS NULL")
    )


def _nothing() -> exp.Select:
    types = {"first_seen_on": "DATE"}
    return exp.select(
        *(exp.cast(exp.null(), types.get(name, "VARCHAR")).as_(name) for name in COLUMNS)
    ).where(exp.false())
