"""standard.region: the reference list of regions, with the level that a code's zeros tell."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from pipelines.contracts.promises import PromisedColumn
from pipelines.contracts.roles import Region
from pipelines.standard import expressions as e
from pipelines.standard.roles import Sources, Values, present, project

#: a code with only zeros from this place on is of this level (province … township)
ZEROS_FROM = ((3, 1), (5, 2), (7, 3), (10, 4))
VILLAGE = 5
URBAN, RURAL = "1*", "2*"


def region(columns: Sequence[PromisedColumn], sources: Sources) -> exp.Expr:
    """The regions of the newest reference list."""
    selects = []
    for reader in sources.readers():
        for role in reader.contract.roles_of(Region):
            code = reader.region(role.code)
            kind = reader.column(role.urban_rural)
            values: Values = {
                "region_code": code,
                "name": reader.column(role.name),
                "parent_code": reader.region(role.parent),
                "urban_rural": None if kind is None else _urban_rural(kind),
                "level": None if code is None else _level(code),
            }
            where = [reader.is_current(), present(reader.required(role.code))]
            selects.append(project(columns, reader.lineage() | values, reader.rows(*where)))
    return e.union(columns, selects)


def _level(code: exp.Expr) -> exp.Expr:
    made = exp.case()
    for start, level in ZEROS_FROM:
        digits = e.REGION_DIGITS - start + 1
        rest = e.function(
            "substr", code.copy(), exp.Literal.number(start), exp.Literal.number(digits)
        )
        zeros = exp.EQ(this=rest, expression=e.text("0" * digits))
        made = made.when(zeros, exp.Literal.number(level))
    return made.else_(exp.Literal.number(VILLAGE))


def _urban_rural(kind: exp.Expr) -> exp.Expr:
    """From the first digit of the urban-rural classification of the statistics bureau."""
    return (
        exp.case()
        .when(e.in_list(kind, [URBAN]), e.text("urban"))
        .when(e.in_list(kind, [RURAL]), e.text("rural"))
    )
