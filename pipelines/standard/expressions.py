"""Building blocks of generated SQL: quoted names, literals, conditions; nothing is glued as text.

Knows sqlglot and contracts; what a table means stands where it is built.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sqlglot import exp

from pipelines.contracts.model import COUNTY_DIGITS, Contract
from pipelines.contracts.promises import PromisedColumn
from pipelines.contracts.roles import Condition
from pipelines.engine.sql import DIALECT, parsed, read_sql

HERE = Path(__file__).parent
REGION_DIGITS = 12
OPEN_END = dt.date(9999, 12, 31)

S = TypeVar("S", bound=exp.Expr)


def column(name: str, table: str | None = None) -> exp.Column:
    return exp.column(name, table=table, quoted=True)


def text(value: str) -> exp.Literal:
    return exp.Literal.string(value)


def function(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A function call by its DuckDB name, so that its meaning survives another dialect."""
    return exp.func(name, *arguments, dialect=DIALECT)


def date(value: dt.date) -> exp.Expr:
    return exp.cast(text(value.isoformat()), "DATE", dialect=DIALECT)


def day_after(of: exp.Expr | None) -> exp.Expr | None:
    """The following day; None where there is no expression."""
    if of is None:
        return None
    day = exp.Interval(this=text("1"), unit=exp.var("DAY"))
    return typed(exp.Add(this=of, expression=day), "DATE")


def typed(value: exp.Expr, type_: str) -> exp.Expr:
    return exp.cast(value, type_, dialect=DIALECT)


def null(type_: str) -> exp.Expr:
    return typed(exp.null(), type_)


def table(name: str, alias: str | None = None) -> exp.Table:
    """``schema.table`` or the name of a step."""
    schema, _, bare = name.rpartition(".")
    return exp.table_(bare, db=schema or None, quoted=True, alias=alias)


def joined_text(*parts: exp.Expr) -> exp.Expr:
    """Text parts one after the other; NULL where one of them is."""
    first, *rest = parts
    for part in rest:
        first = exp.DPipe(this=first, expression=part)
    return first


def in_list(of: exp.Expr, values: Sequence[str]) -> exp.Expr:
    """Whether text is one of the values; one that ends in ``*`` stands for all that begin so."""
    exact = [text(value) for value in values if not value.endswith("*")]
    found: list[exp.Expr] = []
    if exact:
        found.append(of.copy().isin(*exact))
    for value in values:
        if value.endswith("*"):
            found.append(
                exp.EQ(
                    this=function(
                        "substr",
                        of.copy(),
                        exp.Literal.number(1),
                        exp.Literal.number(len(value) - 1),
                    ),
                    expression=text(value[:-1]),
                )
            )
    return exp.or_(*found)


def condition(contract: Contract, when: Condition, table: str | None = None) -> exp.Expr:
    """True where every column holds one of its values; unknown counts as false."""
    tests: list[exp.Expr] = []
    for name, values in when.items():
        known = contract.column(name)
        of: exp.Expr = column(name, table)
        if known.type == "BOOLEAN":
            of = typed(of, "VARCHAR")
        tests.append(in_list(of, [str(value) for value in values]))
    return function("coalesce", exp.and_(*tests), exp.false())


def county(of: exp.Expr) -> exp.Expr:
    return function("substr", of, exp.Literal.number(1), exp.Literal.number(COUNTY_DIGITS))


def region(of: exp.Expr) -> exp.Expr:
    """A region code as 12 digits, zeros where unknown."""
    length = exp.Literal.number(REGION_DIGITS)
    return function(
        "rpad",
        function("substr", of, exp.Literal.number(1), length),
        length.copy(),
        text("0"),
    )


def rows(name: str, columns: Sequence[tuple[str, str]], values: Iterable[Sequence[Any]]) -> exp.CTE:
    """A step that holds a few given rows."""
    listed = [tuple(value) for value in values]
    names = [column_name for column_name, _ in columns]
    if listed:
        source = exp.values(listed, alias="given", columns=names)
        select = exp.select(
            *(typed(column(n, "given"), t).as_(n, quoted=True) for n, t in columns)
        ).from_(source)
    else:
        select = exp.select(*(null(t).as_(n, quoted=True) for n, t in columns)).where(exp.false())
    return step(name, select)


def step(name: str, select: exp.Expr) -> exp.CTE:
    return exp.CTE(this=select, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True)))


def with_steps(select: S, *steps: exp.CTE) -> S:
    """The statement with these steps before its own."""
    made = select.copy()
    own = made.args.get("with_")
    after = list(own.expressions) if own else []
    made.set("with_", exp.With(expressions=[s.copy() for s in steps] + after))
    return made


def template(file: str, raw: str | None = None) -> exp.Select:
    """A ``.sql`` file of this room; its table ``raw`` stands for the dataset's raw table."""
    made = parsed(read_sql(HERE / file)).copy()
    assert isinstance(made, exp.Select)
    for found in list(made.find_all(exp.Table)):
        if raw is not None and found.name == "raw" and not found.db:
            found.replace(table(raw, alias="raw"))
    return made


def union(columns: Sequence[PromisedColumn], selects: Sequence[exp.Select]) -> exp.Expr:
    """All rows of the selects; with none, no rows but the right columns."""
    if not selects:
        return exp.select(*(null(c.type).as_(c.name, quoted=True) for c in columns)).where(
            exp.false()
        )
    made: exp.Expr = selects[0]
    for select in selects[1:]:
        made = exp.union(made, select, distinct=False, copy=False)
    return made


def as_sql(expression: exp.Expr) -> str:
    return expression.sql(dialect=DIALECT, pretty=True)
