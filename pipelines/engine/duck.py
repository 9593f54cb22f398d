"""DuckDB as engine: views over Parquet, statements with bound values, results into Parquet."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines import scratch
from pipelines.contracts.promises import PromisedColumn
from pipelines.engine.sql import parameters, quoted
from pipelines.errors import EngineFault

#: tables of the lake are read many times between two writes, so speed of reading counts most
COMPRESSION = "snappy"
PARQUET = f"FORMAT parquet, COMPRESSION {COMPRESSION}"

#: faults whose text speaks of the statement and the machine alone, never of a row's value
_SPEAKABLE = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ParserException,
    duckdb.OutOfMemoryException,
    duckdb.IOException,
)


def listed_columns(columns: Iterable[PromisedColumn], missing: Collection[str] = ()) -> list[str]:
    """Columns as texts of SQL; those ``missing`` in the files, promised later, are unknown."""
    return [
        f"CAST(NULL AS {c.type}) AS {quoted(c.name)}" if c.name in missing else quoted(c.name)
        for c in columns
    ]


def no_rows(columns: Iterable[PromisedColumn]) -> str:
    """A statement that gives the columns and no row."""
    columns = list(columns)
    return f"SELECT {', '.join(listed_columns(columns, [c.name for c in columns]))} LIMIT 0"


def interrupted(error: BaseException) -> bool:
    """Whether a statement ended because of Ctrl-C: DuckDB then raises this in place of the
    signal handler's own exception.
    """
    return isinstance(error, duckdb.InterruptException) or (
        type(error) is RuntimeError and str(error) == "Query interrupted"
    )


@contextmanager
def _without_values() -> Iterator[None]:
    """Let no value of a row out in the text of an engine's error."""
    try:
        yield
    except _SPEAKABLE:
        raise
    except duckdb.Error as error:
        raise EngineFault(
            f"{type(error).__name__}: a value could not be computed or converted "
            "(its text is withheld, since it may be a person's)"
        ) from None


class DuckEngine:
    """One in-memory database whose tables are views over the lake's Parquet files."""

    def __init__(self, temp: Path, memory_limit: str = "2GB", threads: int | None = None) -> None:
        config = scratch.config(temp, memory_limit) | {"preserve_insertion_order": False}
        if threads:
            config["threads"] = threads
        self.con = duckdb.connect(":memory:", config=config)
        self.con.execute("load icu")
        self.con.execute("set TimeZone = 'Asia/Shanghai'")
        self._schemas: set[str] = set()

    def close(self) -> None:
        self.con.close()

    def view_parquet(
        self,
        name: str,
        paths: Sequence[Path],
        columns: Iterable[PromisedColumn],
    ) -> None:
        """``name`` (schema.table) reads ``paths``; with none it is empty with ``columns``."""
        columns = list(columns)
        if not paths:
            self.view(name, no_rows(columns))
            return
        files = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
        listed = ", ".join(listed_columns(columns))
        self.view(name, f"SELECT {listed} FROM read_parquet([{files}], hive_partitioning = false)")

    def view(self, name: str, sql: str) -> None:
        """``name`` (schema.table) stands for a statement without bound values."""
        schema, table = name.split(".", 1)
        if schema not in self._schemas:
            self.con.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
            self._schemas.add(schema)
        self.con.execute(f"CREATE OR REPLACE VIEW {quoted(schema)}.{quoted(table)} AS {sql}")

    def register(self, name: str, data: Any) -> None:
        """``name`` (no schema) stands for a Polars frame or an Arrow table until unregistered."""
        self.con.register(name, data.to_arrow() if isinstance(data, pl.DataFrame) else data)

    def unregister(self, name: str) -> None:
        self.con.unregister(name)

    def query(self, sql: str, values: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """A small result as a frame."""
        wanted = parameters(sql)
        given = {name: (values or {})[name] for name in wanted}
        with _without_values():
            relation = self.con.sql(sql, params=given) if given else self.con.sql(sql)
            frame = pl.from_arrow(relation.to_arrow_table())
        assert isinstance(frame, pl.DataFrame)
        return frame

    def frame(self, sql: str) -> pl.DataFrame:
        """The result of a statement that binds no value."""
        with _without_values():
            frame = pl.from_arrow(self.con.sql(sql).to_arrow_table())
        assert isinstance(frame, pl.DataFrame)
        return frame

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a statement that binds no value."""
        return self._executed(sql, None, wanted=frozenset()).fetchall()

    def rows(self, sql: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        return self._executed(sql, values).fetchall()

    def described(self, sql: str, values: Mapping[str, Any] | None = None) -> list[tuple[str, str]]:
        """Names and types of the columns that a statement gives."""
        rows = self._executed(f"DESCRIBE {sql}", values, wanted=parameters(sql)).fetchall()
        return [(str(row[0]), str(row[1])) for row in rows]

    def copy(
        self,
        sql: str,
        path: Path,
        values: Mapping[str, Any] | None = None,
        *,
        wanted: frozenset[str] = frozenset(),
        options: str = PARQUET,
    ) -> None:
        """Write a statement's rows to Parquet; ``wanted`` names the values it binds."""
        target = str(path).replace("'", "''")
        self._executed(f"COPY ({sql}) TO '{target}' ({options})", values, wanted=wanted)

    def _executed(
        self,
        sql: str,
        values: Mapping[str, Any] | None,
        wanted: frozenset[str] | None = None,
    ) -> duckdb.DuckDBPyConnection:
        wanted = parameters(sql) if wanted is None else wanted
        given = dict(values or {})
        with _without_values():
            if not wanted:
                return self.con.execute(sql)
            return self.con.execute(sql, {name: given[name] for name in wanted})
