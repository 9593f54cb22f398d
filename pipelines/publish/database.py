"""Database files in the making, in a format that older clients open.

What goes into them, and when they are swapped in, does not belong here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import duckdb

from pipelines.contracts.promises import Promise
from pipelines.engine.sql import literal, quoted
from pipelines.lake.night import Night
from pipelines.publish.analysis import comment
from pipelines.publish.carried import Carried
from pipelines.scratch import scratch

#: the oldest that DuckDB 2.0 writes; clients from 1.1 on read all of it (1.0 opens the file but
#: cannot read a column of lists that are all empty)
STORAGE_VERSION = "v1.0.0"
MADE = "made"
NOTHING = Carried()


def connection(night: Night) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    """A database in memory that spills into the night's folder; files are attached to it."""
    return scratch(night.temp, night.settings.memory_limit)


@contextmanager
def database(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    mode: int,
    taken: Carried = NOTHING,
    catalog: str = MADE,
) -> Iterator[None]:
    """A database file, attached as ``catalog``; complete in one file when the block ends."""
    before = os.umask(0o777 & ~mode)
    try:
        taken.begin(path)
        named = f"{literal(str(path))} AS {quoted(catalog)}"
        con.execute(f"ATTACH {named} (STORAGE_VERSION '{STORAGE_VERSION}')")
        os.chmod(path, mode)
        taken.clear(con, catalog)
        yield
        con.execute(f"CHECKPOINT {quoted(catalog)}")
        con.execute(f"DETACH {quoted(catalog)}")
    finally:
        os.umask(before)


def create(con: duckdb.DuckDBPyConnection, promise: Promise, name: str) -> None:
    """Create an empty table of a file; ``name`` with catalog and schema, quoted."""
    columns = ", ".join(
        f"{quoted(c.name)} {c.type}"
        + ("" if c.nullable and c.name not in promise.key else " NOT NULL")
        for c in promise.columns
    )
    con.execute(f"CREATE SCHEMA IF NOT EXISTS {name.rsplit('.', 1)[0]}")
    con.execute(f"CREATE TABLE {name} ({columns})")


def fill(
    con: duckdb.DuckDBPyConnection,
    promise: Promise,
    name: str,
    rows: str,
    values: Mapping[str, Any] | None = None,
) -> None:
    """Write the rows of a statement, in key order, so that equal nights give equal files."""
    order = ", ".join(quoted(column) for column in promise.key) or "ALL"
    con.execute(f"INSERT INTO {name} FROM ({rows}) ORDER BY {order}", dict(values or {}))


def describe(con: duckdb.DuckDBPyConnection, promise: Promise, name: str) -> None:
    """Comment a table and its columns with what the promise says."""
    con.execute(f"COMMENT ON TABLE {name} IS {comment(promise)}")
    for column in promise.columns:
        text = literal(f"{column.zh} / {column.en}")
        con.execute(f"COMMENT ON COLUMN {name}.{quoted(column.name)} IS {text}")
