"""standard.help, standard.income_check, standard.education_charge: help, income and charges."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from pipelines.contracts.promises import PromisedColumn
from pipelines.contracts.roles import Help, Income, SpendingEducation
from pipelines.standard import expressions as e
from pipelines.standard.roles import Reader, Sources, Values, project

CERTIFICATE = "certificate"


def help_given(columns: Sequence[PromisedColumn], sources: Sources) -> exp.Expr:
    """A piece of help; the person it went to is unknown where the row names nobody."""
    return e.union(
        columns,
        [
            _help(columns, reader, role)
            for reader in sources.readers()
            for role in reader.contract.roles_of(Help)
        ],
    )


def _help(columns: Sequence[PromisedColumn], reader: Reader, role: Help) -> exp.Select:
    group = None
    if role.group is not None:
        key = e.typed(reader.required(role.group), "VARCHAR")
        group = e.joined_text(e.text(f"{CERTIFICATE}:"), key)
    values: Values = {
        "person_ref": reader.person_ref(),
        "group_key": group,
        "kind": e.text(role.kind),
        "aid_type": reader.value(role.aid_type),
        "subtype": reader.word(role.subtype),
        "amount": reader.column(role.amount),
        "hours": reader.column(role.hours),
        "given_on": reader.day(role.on),
        "benefit_month": reader.day(role.month),
        "department": reader.value(role.department),
        "region_code": reader.region(role.region),
    }
    when = reader.when(role.aid_type)
    return project(columns, reader.lineage() | values, reader.rows(when))


def income_check(columns: Sequence[PromisedColumn], sources: Sources) -> exp.Expr:
    """One kind of income that an economic check found of a person; a missing amount is unknown."""
    selects = []
    for reader in sources.readers():
        for role in reader.contract.roles_of(Income):
            values: Values = {
                "person_ref": reader.person_ref(),
                "check_id": reader.column(role.check),
                "checked_on": reader.day(role.on),
                "income_type": reader.word(role.type),
                "annual_amount": reader.column(role.amount),
                "provider": reader.word(role.provider),
            }
            selects.append(project(columns, reader.lineage() | values, reader.rows()))
    return e.union(columns, selects)


def education_charge(columns: Sequence[PromisedColumn], sources: Sources) -> exp.Expr:
    """A school charge that was paid for a pupil."""
    selects = []
    for reader in sources.readers():
        for role in reader.contract.roles_of(SpendingEducation):
            values: Values = {
                "person_ref": reader.person_ref(),
                "charge_item": reader.word(role.item),
                "amount_paid": reader.column(role.amount),
                "paid_on": reader.day(role.on),
            }
            selects.append(project(columns, reader.lineage() | values, reader.rows()))
    return e.union(columns, selects)
