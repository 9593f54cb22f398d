"""Views and macros for the usual questions, in the published file beside its tables.

What each holds is promised in ``schemas/views`` and ``schemas/macros``; its statement stands here,
named for it. Tables do not belong here: these keep nothing of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb
from sqlglot import exp

from pipelines.contracts.promises import Promise, load_macros, load_views
from pipelines.engine.sql import DIALECT, literal, parsed, quoted, read_sql, tables_read

HERE = Path(__file__).parent


def views_over(tables: Collection[str], schemas: Path | None = None) -> list[Promise]:
    """Promises of the views that can stand on ``tables``, each behind those that it reads."""
    promised = load_views(schemas)
    reads = {name: set(tables_read(_view_sql(promise))) for name, promise in promised.items()}
    known, usable = set(tables), list[Promise]()
    order = TopologicalSorter({name: read & set(promised) for name, read in reads.items()})
    for name in order.static_order():
        if reads[name] <= known:
            known.add(name)
            usable.append(promised[name])
    return usable


def macros_over(tables: Collection[str], schemas: Path | None = None) -> list[Promise]:
    """Promises of the macros whose tables are all there, by name."""
    return [
        promise
        for _, promise in sorted(load_macros(schemas).items())
        if set(tables_read(_macro_sql(promise))) <= set(tables)
    ]


def add_questions(
    con: duckdb.DuckDBPyConnection,
    tables: Collection[str],
    small_count_below: int,
    schemas: Path | None = None,
) -> None:
    """Create and comment views and macros in the current database of ``con``, over ``tables``.

    ``small_count_below``: counts below it are hidden by the macro that is for that.
    """
    for statement in _statements(tables, small_count_below, schemas):
        con.execute(statement)


def _statements(
    tables: Collection[str], small_count_below: int, schemas: Path | None
) -> Iterator[str]:
    for promise in [*views_over(tables, schemas), *macros_over(tables, schemas)]:
        yield f"CREATE SCHEMA IF NOT EXISTS {quoted(promise.schema)}"
    for promise in views_over(tables, schemas):
        name = _named(promise)
        yield f"CREATE VIEW {name} AS {_view_sql(promise)}"
        yield f"COMMENT ON VIEW {name} IS {comment(promise)}"
        for column in promise.columns:
            text = literal(f"{column.zh} / {column.en}")
            yield f"COMMENT ON COLUMN {name}.{quoted(column.name)} IS {text}"
    for promise in macros_over(tables, schemas):
        name, sql = _named(promise), _macro_sql(promise)
        arguments = ", ".join(quoted(column.name) for column in promise.columns)
        value = _value(sql, {"small_count_below": small_count_below})
        yield f"CREATE MACRO {name}({arguments}) AS {value or f'TABLE {sql}'}"
        yield f"COMMENT ON MACRO {'' if value else 'TABLE '}{name} IS {comment(promise)}"


def comment(promise: Promise) -> str:
    """What a table, view or macro is, as an SQL text."""
    return literal(f"{promise.title_zh} / {promise.title_en}: {promise.zh} / {promise.en}")


def _named(promise: Promise) -> str:
    return f"{quoted(promise.schema)}.{quoted(promise.name)}"


def _view_sql(promise: Promise) -> str:
    return read_sql(HERE / f"{promise.name}.sql")


def _macro_sql(promise: Promise) -> str:
    return read_sql(HERE / "macros" / f"{promise.name}.sql")


def _value(sql: str, values: Mapping[str, int]) -> str | None:
    """The one value that a macro's statement gives, if it reads no table; what it binds is fixed
    in the file.
    """
    statement = parsed(sql)
    if not isinstance(statement, exp.Select) or statement.find(exp.From):
        return None
    answer = exp.replace_placeholders(statement.selects[0].unalias(), **values)
    value: str = answer.sql(dialect=DIALECT)
    return value
