"""standard.field_report and standard.disposition: what the field reported and found out."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from pipelines.contracts.promises import PromisedColumn
from pipelines.contracts.roles import Disposition, FieldReport, Person
from pipelines.standard import expressions as e
from pipelines.standard.roles import Sources, Values, project


def field_report(columns: Sequence[PromisedColumn], sources: Sources) -> exp.Expr:
    """A clue; the mention is missing where the report names nobody."""
    selects = []
    for reader in sources.readers():
        for role in reader.contract.roles_of(FieldReport):
            mentions = any(p.suffix == "" for p in reader.contract.roles_of(Person))
            values: Values = {
                "mention_key": reader.person_ref() if mentions else None,
                "report_id": reader.column(role.report),
                "reported_on": reader.day(role.on),
                "reporter_role": reader.word(role.reporter_role),
                "region_code": reader.region(role.region),
                "difficulty": reader.word(role.difficulty),
            }
            selects.append(project(columns, reader.lineage() | values, reader.rows()))
    return e.union(columns, selects)


def disposition(columns: Sequence[PromisedColumn], sources: Sources) -> exp.Expr:
    """What a visit found out about a case."""
    selects = []
    for reader in sources.readers():
        for role in reader.contract.roles_of(Disposition):
            values: Values = {
                "case_id": reader.column(role.case),
                "checked_on": reader.day(role.on),
                "result": reader.word(role.result),
                "reason_code": reader.word(role.reason),
                "aid_types": reader.word(role.aid_types),
                "checker_role": reader.word(role.checker_role),
            }
            selects.append(project(columns, reader.lineage() | values, reader.rows()))
    return e.union(columns, selects)
