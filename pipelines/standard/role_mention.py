"""standard.mention: every place where a dataset names a person of its own.

Rows that carry another register's key mention nobody here; linkage decides about them.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from pipelines.contracts.model import Contract
from pipelines.contracts.promises import PromisedColumn
from pipelines.contracts.roles import Person
from pipelines.standard import expressions as e
from pipelines.standard.roles import Reader, Sources, Values, group_number, present, project

ROLL_NUMBER = "^[A-Z][0-9]{17}[0-9X]$"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"


def mention(columns: Sequence[PromisedColumn], sources: Sources) -> exp.Expr:
    """One row per person named in a row of any dataset."""
    return e.union(
        columns,
        [
            _mentions(columns, reader, person)
            for reader in sources.readers()
            for person in reader.contract.roles_of(Person)
            if person.refers is None
        ],
    )


def _mentions(columns: Sequence[PromisedColumn], reader: Reader, person: Person) -> exp.Select:
    region = person.region
    values: Values = {
        "mention_key": reader.mention_key(person.suffix),
        "suffix": e.text(person.suffix),
        "register_domain": e.text(person.holds) if person.holds else None,
        "register_key": reader.column(person.key or person.holds) if person.holds else None,
        "name": reader.column(person.name),
        "id_type": reader.column(person.id_type),
        "id_number": reader.column(person.id_number),
        "id_status": _id_status(reader.contract, person),
        "roll_id_number": _roll_id_number(reader.column(person.roll_number)),
        "birth_date": reader.day(person.birth_date),
        "sex": reader.column(person.sex),
        "ethnicity": reader.column(person.ethnicity),
        "phone": reader.column(person.phone),
        "address": reader.column(person.address),
        "organisation": reader.column(person.organisation),
        "region_code": reader.region(region.code) if region else None,
        "township": reader.column(region.township) if region else None,
        "village": reader.column(region.village) if region else None,
        "region_rank": exp.Literal.number(region.rank) if region and region.rank else None,
        "group_keys": _group_keys(reader, person),
        "relation": reader.word(person.relation),
        "is_current": reader.is_current(),
    }
    rows = reader.rows(reader.named(person))
    return project(columns, reader.lineage() | values, rows)


def _id_status(contract: Contract, person: Person) -> exp.Expr | None:
    if person.id_number is None:
        return None
    status = f"{person.id_number}_status"
    if status not in contract.types():
        return None
    return e.function("coalesce", e.column(status, "record"), e.text("missing"))


def _group_keys(reader: Reader, person: Person) -> exp.Expr | None:
    """``<kind>:<key>`` of each group the row names; a group without a key is left out."""
    keys = [
        e.joined_text(e.text(f"{group.kind}:"), group_number(reader.required(group.key)))
        for group in person.groups
    ]
    if not keys:
        return None
    item = exp.column("item")
    return e.function("list_filter", exp.Array(expressions=keys), exp.Lambda(
        this=present(item), expressions=[exp.to_identifier("item")]
    ))  # fmt: skip


def _roll_id_number(of: exp.Expr | None) -> exp.Expr | None:
    """The identity number inside a school roll number, where its date and check digit are right."""
    if of is None:
        return None

    def part(start: int, length: int) -> exp.Expr:
        return e.function(
            "substr", of.copy(), exp.Literal.number(start), exp.Literal.number(length)
        )

    total: exp.Expr = exp.Literal.number(0)
    for place, weight in enumerate(WEIGHTS, start=2):
        digit = exp.Mul(
            this=exp.TryCast(this=part(place, 1), to=exp.DataType.build("INTEGER"), safe=True),
            expression=exp.Literal.number(weight),
        )
        total = exp.Add(this=total, expression=digit)
    place_of_check = exp.Add(
        this=exp.Mod(this=exp.paren(total), expression=exp.Literal.number(11)),
        expression=exp.Literal.number(1),
    )
    expected = e.function("substr", e.text(CHECK_DIGITS), place_of_check, exp.Literal.number(1))
    born = e.joined_text(part(8, 4), e.text("-"), part(12, 2), e.text("-"), part(14, 2))
    right = exp.and_(
        e.function("regexp_matches", of.copy(), e.text(ROLL_NUMBER)),
        present(exp.TryCast(this=born, to=exp.DataType.build("DATE"), safe=True)),
        exp.EQ(this=part(19, 1), expression=expected),
    )
    return exp.case().when(right, part(2, 18))
