"""What a SQL text reads and which values it wants bound; nothing is formatted into SQL here."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import sqlglot
from sqlglot import exp

DIALECT = "duckdb"


@lru_cache(maxsize=1024)
def parsed(sql: str) -> exp.Expr:
    """The one statement that ``sql`` holds."""
    return sqlglot.parse_one(sql, read=DIALECT)


@lru_cache(maxsize=1024)
def tables_read(sql: str) -> tuple[str, ...]:
    """``schema.table`` names that the statement reads, sorted; CTE names are not tables."""
    return tuple(
        sorted(
            {f"{table.db}.{table.name}" for table in parsed(sql).find_all(exp.Table) if table.db}
        )
    )


@lru_cache(maxsize=1024)
def parameters(sql: str) -> frozenset[str]:
    """Names of the ``$name`` values that the statement wants bound."""
    return frozenset(
        parameter.name
        for parameter in parsed(sql).find_all(exp.Parameter, exp.Placeholder)
        if parameter.name
    )


@lru_cache(maxsize=512)
def read_sql(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def to_spark(sql: str) -> str:
    """The same statement in Spark's dialect; raises where a meaning would be lost."""
    return parsed(sql).sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE, pretty=True)


def literal(text: str) -> str:
    """A text, quoted."""
    return "'" + text.replace("'", "''") + "'"


@lru_cache(maxsize=4096)
def quoted(name: str) -> str:
    """An identifier, quoted."""
    return exp.to_identifier(name, quoted=True).sql(dialect=DIALECT)
