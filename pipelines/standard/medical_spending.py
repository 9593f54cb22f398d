"""standard.medical_spending: a view over every landed medical settlement, never a table of its own.

All versions of a row stand in it (``received_order`` tells them apart): the room that keeps
person-day facts works in new deliveries only. Refunds and corrections do not belong here.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from pipelines.contracts.codes import CodeList
from pipelines.contracts.model import Contract
from pipelines.contracts.promises import PromisedColumn
from pipelines.contracts.roles import Person, SpendingMedical
from pipelines.standard import expressions as e
from pipelines.standard.roles import Reader, Values, either, present, project

VIEW = "standard.medical_spending"
DELIVERY = "standard.spending_delivery"
MONEY = "DECIMAL(12,2)"
COLUMNS = tuple(
    PromisedColumn(name, type_)
    for name, type_ in (
        ("source", "VARCHAR"),
        ("dataset", "VARCHAR"),
        ("row_ref", "VARCHAR"),
        ("record_key", "VARCHAR"),
        ("register_ref", "VARCHAR"),
        ("register_key", "VARCHAR"),
        ("id_number", "VARCHAR"),
        ("id_number_status", "VARCHAR"),
        ("name", "VARCHAR"),
        ("settlement_id", "VARCHAR"),
        ("visit_id", "VARCHAR"),
        ("settled_on", "DATE"),
        ("begin_on", "DATE"),
        ("end_on", "DATE"),
        ("refunded", "BOOLEAN"),
        ("original_settlement_id", "VARCHAR"),
        ("care_type", "VARCHAR"),
        ("total_cost", MONEY),
        ("in_scope_cost", MONEY),
        ("fund_total", MONEY),
        ("personal_burden", MONEY),
        ("medical_aid", MONEY),
        ("delivery_id", "VARCHAR"),
        ("row_number", "BIGINT"),
        ("extract_date", "DATE"),
        ("received_order", "BIGINT"),
    )
)


def medical_spending_sql(contracts: Mapping[str, Contract], codes: Mapping[str, CodeList]) -> str:
    """The view's statement: the settlements of every dataset with the role spending_medical."""
    return e.as_sql(
        e.union(
            COLUMNS,
            [
                _settlements(Reader(contracts[name], codes), role)
                for name in sorted(contracts)
                for role in contracts[name].roles_of(SpendingMedical)
            ],
        )
    )


def _settlements(reader: Reader, role: SpendingMedical) -> exp.Select:
    contract = reader.contract
    register_key = reader.required(role.register_key)
    refers = next((p.refers for p in contract.roles_of(Person) if p.refers), role.register_key)
    status = f"{role.id_number}_status"
    values: Values = {
        "row_ref": reader.mention_key(""),
        "register_ref": e.joined_text(e.text(f"{refers}:"), register_key),
        "register_key": register_key,
        "id_number": reader.column(role.id_number),
        "id_number_status": e.column(status, "record") if status in contract.types() else None,
        "name": reader.column(role.name),
        "settlement_id": reader.column(role.settlement_id),
        "visit_id": either(reader.column(role.visit_id), reader.column(role.settlement_id)),
        "settled_on": reader.day(role.settled_on),
        "begin_on": reader.day(role.begin_on),
        "end_on": reader.day(role.end_on),
        "refunded": reader.column(role.refunded),
        "original_settlement_id": reader.column(role.original_settlement_id),
        "care_type": reader.column(role.care_type),
        "total_cost": reader.column(role.total_cost),
        "in_scope_cost": reader.column(role.in_scope_cost),
        "fund_total": either(reader.column(role.fund_total), _sum_of_parts(reader, role)),
        "personal_burden": reader.column(role.personal_burden),
        "medical_aid": reader.column(role.medical_aid),
        "received_order": e.column("received_order", "delivery"),
    }
    rows = (
        exp.Select()
        .from_(e.table(contract.raw_table, "record"))
        .join(
            e.table(DELIVERY, "delivery"),
            on=exp.and_(
                _equal("delivery_id"),
                exp.EQ(this=e.column("source", "delivery"), expression=e.text(contract.source)),
                exp.EQ(this=e.column("dataset", "delivery"), expression=e.text(contract.dataset)),
            ),
        )
    )
    return project(COLUMNS, reader.lineage() | values, rows)


def _equal(name: str) -> exp.Expr:
    return exp.EQ(this=e.column(name, "record"), expression=e.column(name, "delivery"))


def _sum_of_parts(reader: Reader, role: SpendingMedical) -> exp.Expr | None:
    """The fund's parts that are there, added; unknown where none is."""
    parts = [reader.required(name) for name in role.fund_parts]
    if not parts:
        return None
    total: exp.Expr | None = None
    for part in parts:
        known = e.function("coalesce", part.copy(), exp.Literal.number(0))
        total = known if total is None else exp.Add(this=total, expression=known)
    assert total is not None
    return exp.case().when(exp.or_(*(present(part) for part in parts)), exp.paren(total))
