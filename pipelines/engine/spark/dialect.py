"""What a statement of the rooms reads as on Spark.

The rooms write DuckDB's dialect; sqlglot says most of it in Spark's. Where both have the same word
and mean something else by it, the rewrites here say it in other words, and what cannot be said is
refused. Running a statement does not belong here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types

from pipelines.engine.sql import DIALECT, parsed
from pipelines.errors import EngineFault

#: what a condition's columns are thought to be of
ROW = "row_asked"


def view_name(table: str) -> str:
    """The name under which Spark knows ``schema.table``: its temporary views have no schema."""
    return table.replace(".", "__")


@lru_cache(maxsize=1024)
def spark_sql(sql: str, empty: frozenset[str] = frozenset()) -> str:
    """The statement in Spark's words; ``$name`` becomes ``:name``.

    Those in ``empty`` are empty lists of texts, which Spark binds no value for. Raises
    EngineFault, or sqlglot's UnsupportedError, where a meaning would be lost.
    """
    tree = parsed(sql).copy()
    for parameter in list(tree.find_all(exp.Parameter, exp.Placeholder)):
        if parameter.name in empty:
            parameter.replace(
                exp.cast(exp.Anonymous(this="array"), "array<string>", dialect="spark")
            )
    _name_apart(tree)
    _rewritten(tree)
    return _said(tree)


@lru_cache(maxsize=1024)
def spark_condition(sql: str, columns: tuple[tuple[str, str], ...] = ()) -> str:
    """A condition on a row in Spark's words; ``columns``: its columns with their promised types.

    Only by its type is it known whether a ``len`` counts characters or elements. Raises as
    `spark_sql`.
    """
    tree = parsed(f"SELECT {sql} AS held FROM {ROW}").copy()
    alone = [column for column in tree.find_all(exp.Column) if not column.table]
    for column in alone:
        column.set("table", exp.to_identifier(ROW))
    annotate_types(tree, schema={ROW: dict(columns)} if columns else None, dialect=DIALECT)
    for column in alone:
        column.set("table", None)
    _rewritten(tree)
    return _said(tree.expressions[0].this)


def _rewritten(tree: exp.Expr) -> None:
    for node in reversed(list(tree.bfs())):  # parts before what they are parts of
        if (rewrite := _REWRITES.get(type(node))) is not None:
            made = rewrite(node)
            if made is not node:
                node.replace(made)


def _said(tree: exp.Expr) -> str:
    return tree.sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE, comments=False)


def spark_type(type_: str) -> str:
    """A promised type in Spark's words."""
    return exp.DataType.build(type_, dialect="duckdb").sql(dialect="spark")


def _name_apart(tree: exp.Expr) -> None:
    """sqlglot lifts the CTEs of inner queries to the top, where Spark wants every name once."""
    names = [cte.alias for cte in tree.find_all(exp.CTE)]
    taken = set(names)
    for within in reversed(list(tree.find_all(exp.With))):  # the innermost first
        owner = within.parent
        if owner is None or owner is tree:
            continue
        for place, cte in enumerate(within.expressions):
            if names.count(name := cte.alias) > 1:
                other = next(n for i in range(2, 10_000) if (n := f"{name}_{i}") not in taken)
                taken.add(other)
                cte.args["alias"].set("this", exp.to_identifier(other))
                readers = [*within.expressions[place + 1 :], owner]
                _rename(readers, within, name, other)


def _rename(readers: list[exp.Expr], within: exp.Expr, name: str, other: str) -> None:
    """Let those that may read a CTE, its own WITH clause aside, call it by its other name."""
    for reader in readers:
        for table in list(reader.find_all(exp.Table)):
            if table.name != name or table.db or (reader is within.parent and _in(table, within)):
                continue
            alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name))
            table.set("this", exp.to_identifier(other))
            table.set("alias", alias)


def _in(node: exp.Expr, within: exp.Expr) -> bool:
    step: exp.Expr | None = node
    while step is not None and step is not within:
        step = step.parent
    return step is not None


def _table(table: exp.Expr) -> exp.Expr:
    assert isinstance(table, exp.Table)
    if table.db:
        alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(table.name))
        table.set("this", exp.to_identifier(view_name(f"{table.db}.{table.name}")))
        table.set("db", None)
        table.set("alias", alias)
    return table


def _parameter(node: exp.Expr) -> exp.Expr:
    return exp.Placeholder(this=node.name)


def _aggregate(node: exp.Expr) -> exp.Expr:
    return node if isinstance(node.parent, exp.Filter) else _aggregated(node, None)


def _filtered(node: exp.Expr) -> exp.Expr:
    if isinstance(node.this, exp.ArrayAgg | exp.ArgMax | exp.ArgMin):
        return _aggregated(node.this, node.expression.this)
    return node


def _aggregated(node: exp.Expr, kept: exp.Expr | None) -> exp.Expr:
    return _list(node, kept) if isinstance(node, exp.ArrayAgg) else _at_most(node, kept)


def _list(node: exp.Expr, kept: exp.Expr | None) -> exp.Expr:
    """``list`` keeps NULLs and is NULL where there is no row; ``collect_list`` drops NULLs and is
    empty. Neither engine promises an order of rows, so it must be said by ``list_sort``.
    """
    said = node.this
    if isinstance(said, exp.Order):
        raise EngineFault("list(… ORDER BY …) loses its order on Spark: write list_sort(list(…))")
    if isinstance(node.parent, exp.Window):
        raise EngineFault("list(…) OVER is not said for Spark: write a GROUP BY")
    distinct = isinstance(said, exp.Distinct)
    value = said.expressions[0] if distinct else said
    if isinstance(value, exp.Struct) or _known(value) in _parts(kept):
        return _or_null(_where(exp.ArrayAgg(this=said.copy()), kept))
    held = exp.Struct(expressions=[exp.PropertyEQ(this=_name("held"), expression=value.copy())])
    given = exp.Distinct(expressions=[held]) if distinct else held
    one = exp.Dot(this=_name("one"), expression=_name("held"))
    return _or_null(
        exp.Transform(
            this=_where(exp.ArrayAgg(this=given), kept),
            expression=exp.Lambda(this=one, expressions=[_name("one")]),
        )
    )


def _at_most(node: exp.Expr, kept: exp.Expr | None) -> exp.Expr:
    """``arg_max`` and ``arg_min`` pass over rows whose argument is NULL; ``max_by`` does not."""
    known = _known(node.this)
    return _where(node.copy(), exp.and_(kept, known) if kept is not None else known)


def _where(aggregate: exp.Expr, kept: exp.Expr | None) -> exp.Expr:
    if kept is None:
        return aggregate
    return exp.Filter(this=aggregate, expression=exp.Where(this=kept.copy()))


def _or_null(made: exp.Expr) -> exp.Expr:
    return exp.Nullif(this=made, expression=exp.Anonymous(this="array"))


def _known(value: exp.Expr) -> exp.Expr:
    held = value.copy() if isinstance(value, exp.Column) else exp.Paren(this=value.copy())
    return exp.Not(this=exp.Is(this=held, expression=exp.null()))


def _parts(condition: exp.Expr | None) -> list[exp.Expr]:
    if condition is None:
        return []
    return list(condition.flatten()) if isinstance(condition, exp.And) else [condition]


def _name(name: str) -> exp.Identifier:
    return exp.to_identifier(name)


def _division(node: exp.Expr) -> exp.Expr:
    """``/`` is of doubles; Spark divides decimals as decimals of few places."""
    node.set("this", exp.cast(node.this.copy(), "double"))
    return node


def _round(node: exp.Expr) -> exp.Expr:
    """A double is rounded as it is held (1.005 is below 1.005); Spark rounds what it prints.

    For a decimal both ways give the same.
    """
    decimals = node.args.get("decimals")
    if decimals is None or decimals.name == "0":
        return node
    if not decimals.is_int:
        raise EngineFault("round(…) to a number of places that is no literal: write the number")
    scale = exp.Literal.number(10 ** int(decimals.name))
    whole = exp.Round(this=exp.Mul(this=exp.Paren(this=node.this.copy()), expression=scale))
    return exp.Paren(this=exp.Div(this=whole, expression=scale.copy()))


def _contains(node: exp.Expr) -> exp.Expr:
    """Not found in a list that holds a NULL is false; Spark says unknown."""
    found = exp.Coalesce(this=node.copy(), expressions=[exp.false()])
    unknown = exp.or_(
        *(exp.Is(this=part.copy(), expression=exp.null()) for part in (node.this, node.expression))
    )
    return exp.Case().when(exp.Not(this=exp.Paren(this=unknown)), found)


def _trim(node: exp.Expr) -> exp.Expr:
    """Every Unicode space is trimmed, the wide one of Chinese texts too; Spark trims one kind."""
    if node.expression:
        return node
    ends = {"LEADING": ("^",), "TRAILING": ("$",)}.get(node.args.get("position") or "", ("^", "$"))
    spaces = "|".join(r"^\p{Zs}+" if end == "^" else r"\p{Zs}+$" for end in ends)
    said = [node.this.copy(), exp.Literal.string(spaces), exp.Literal.string("")]
    return exp.Anonymous(this="regexp_replace", expressions=said)


def _difference(node: exp.Expr) -> exp.Expr:
    """``date_diff`` counts the months and years that begin between; Spark counts whole ones."""
    unit = node.text("unit").upper() or "DAY"
    if unit == "DAY":
        return node
    if unit not in ("MONTH", "YEAR"):
        raise EngineFault(f"date_diff in {unit} is not said for Spark: use days, months or years")

    def counted(day: exp.Expr) -> exp.Expr:
        year: exp.Expr = exp.Anonymous(this="year", expressions=[day.copy()])
        if unit == "YEAR":
            return year
        month = exp.Anonymous(this="month", expressions=[day.copy()])
        return exp.Paren(
            this=exp.Add(this=exp.Mul(this=year, expression=exp.Literal.number(12)),
                         expression=month)
        )  # fmt: skip

    return exp.Paren(this=exp.Sub(this=counted(node.this), expression=counted(node.expression)))


def _length(node: exp.Expr) -> exp.Expr:
    """``len`` counts the elements of a list too; Spark has another word for these."""
    if node.this.is_type(exp.DataType.Type.ARRAY, exp.DataType.Type.LIST):
        return exp.ArraySize(this=node.this.copy())
    return node


def _overlap(node: exp.Expr) -> exp.Expr:
    """NULLs in lists are passed over; to Spark they leave it unknown whether the lists meet."""
    return _overlapping(node.this, node.expression)


def _overlapping(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    met = exp.Anonymous(this="arrays_overlap", expressions=[one.copy(), other.copy()])
    return _if_known([one, other], exp.Coalesce(this=met, expressions=[exp.false()]))


def _hamming(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """How many bytes differ, of two texts as long as each other; Spark has no word for it."""
    left, right = _bytes(one), _bytes(other)
    place = exp.Column(this=_name("byte_place"))
    at = [
        exp.Anonymous(this="substring", expressions=[side, place, exp.Literal.number(1)])
        for side in (left, right)
    ]
    places = exp.Anonymous(
        this="sequence", expressions=[exp.Literal.number(1), exp.Length(this=left)]
    )
    differ = exp.Lambda(
        this=exp.NEQ(this=at[0], expression=at[1]), expressions=[_name("byte_place")]
    )
    found = exp.Anonymous(
        this="size", expressions=[exp.Anonymous(this="filter", expressions=[places, differ])]
    )
    lengths = [exp.Length(this=side.copy()) for side in (left, right)]
    unequal = exp.or_(
        exp.NEQ(this=lengths[0], expression=lengths[1]),
        exp.EQ(this=lengths[0].copy(), expression=exp.Literal.number(0)),
    )
    wrong = exp.Literal.string("hamming wants texts of one length, at least one long")
    fails = exp.Anonymous(this="raise_error", expressions=[wrong])
    return _if_known([one, other], exp.Case().when(unequal, fails).else_(found))


def _damerau(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """Of Splink's jar, which the session registers; it counts characters and knows no NULL."""
    found = exp.Anonymous(this="damerau_levenshtein", expressions=[_bytes(one), _bytes(other)])
    return _if_known([one, other], exp.cast(found, "bigint"))


def _levenshtein(node: exp.Expr) -> exp.Expr:
    return exp.Levenshtein(this=_bytes(node.this), expression=_bytes(node.expression))


def _bytes(text: exp.Expr) -> exp.Expr:
    """A text of one character per byte, since the distances of DuckDB count bytes."""
    encoded = exp.Anonymous(this="encode", expressions=[text.copy(), exp.Literal.string("UTF-8")])
    return exp.Anonymous(this="decode", expressions=[encoded, exp.Literal.string("ISO-8859-1")])


def _if_known(values: list[exp.Expr], made: exp.Expr) -> exp.Expr:
    unknown = exp.or_(*(exp.Is(this=value.copy(), expression=exp.null()) for value in values))
    return exp.Case().when(exp.Not(this=exp.Paren(this=unknown)), made)


def _like(node: exp.Expr) -> exp.Expr:
    """A backslash of a pattern is one; to Spark it is an escape."""
    pattern = node.expression
    if isinstance(node.parent, exp.Escape):
        raise EngineFault("LIKE … ESCAPE is not said for Spark: write a regular expression")
    if not pattern.is_string:
        twice = [pattern.copy(), exp.Literal.string("\\"), exp.Literal.string("\\\\")]
        node.set("expression", exp.Anonymous(this="replace", expressions=twice))
    elif "\\" in pattern.name:
        node.set("expression", exp.Literal.string(pattern.name.replace("\\", "\\\\")))
    return node


def _named(node: exp.Expr) -> exp.Expr:
    """What sqlglot knows no class of."""
    rewrite = _NAMED.get(node.name.lower())
    return rewrite(*node.expressions) if rewrite is not None else node


_NAMED: dict[str, Callable[[exp.Expr, exp.Expr], exp.Expr]] = {
    "array_has_any": _overlapping,
    "damerau_levenshtein": _damerau,
    "hamming": _hamming,
}

_REWRITES: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    exp.Table: _table,
    exp.Parameter: _parameter,
    exp.ArrayAgg: _aggregate,
    exp.ArgMax: _aggregate,
    exp.ArgMin: _aggregate,
    exp.Filter: _filtered,
    exp.Div: _division,
    exp.Round: _round,
    exp.ArrayContains: _contains,
    exp.Trim: _trim,
    exp.DateDiff: _difference,
    exp.Length: _length,
    exp.ArrayOverlaps: _overlap,
    exp.Levenshtein: _levenshtein,
    exp.Like: _like,
    exp.ILike: _like,
    exp.Anonymous: _named,
}
