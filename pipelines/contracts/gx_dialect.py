"""DuckDB as Great Expectations needs it: a SQLAlchemy dialect whose cursor fetches at execute.

Great Expectations reads results after it has closed the connection, which plain duckdb-engine
answers with nothing. What is checked does not belong here.
"""

from __future__ import annotations

from typing import Any

import duckdb
from duckdb_engine import ConnectionWrapper, Dialect
from sqlalchemy import pool, types
from sqlalchemy.dialects import registry

URL = "duckdb+buffered://"
registry.register("duckdb.buffered", __name__, "BufferedDuckDB")

REFLECTED: dict[str, type[types.TypeEngine[Any]]] = {
    "VARCHAR": types.String,
    "BOOLEAN": types.Boolean,
    "INTEGER": types.Integer,
    "BIGINT": types.BigInteger,
    "DOUBLE": types.Float,
    "DATE": types.Date,
    "TIMESTAMP": types.DateTime,
}


class BufferedCursor:
    """A DB-API cursor that holds the whole (small) result of the last statement."""

    arraysize = 1
    rowcount = -1

    def __init__(self, con: duckdb.DuckDBPyConnection, connection: Any) -> None:
        self._con = con
        self._rows: list[Any] = []
        self.connection = connection
        self.description: Any = None

    def execute(self, statement: str, parameters: Any = None, context: Any = None) -> None:
        executed = (
            self._con.execute(statement, parameters) if parameters else self._con.execute(statement)
        )
        self.description = executed.description
        self._rows = executed.fetchall() if self.description else []

    def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    def fetchmany(self, size: int | None = None) -> list[Any]:
        count = size or self.arraysize
        rows, self._rows = self._rows[:count], self._rows[count:]
        return rows

    def fetchone(self) -> Any:
        return self._rows.pop(0) if self._rows else None

    def close(self) -> None:
        self._rows = []


class BufferedConnection(ConnectionWrapper):
    """A connection that gives buffered cursors and leaves the database open when closed."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        super().__init__(con)
        self._con = con

    def cursor(self) -> Any:
        return BufferedCursor(self._con, self)

    def close(self) -> None:
        self.closed = True


class BufferedDuckDB(Dialect):
    """duckdb-engine's dialect, with columns read by DESCRIBE (its own reflection is slow)."""

    supports_statement_cache = False

    def get_columns(
        self, connection: Any, table_name: str, schema: str | None = None, **kw: Any
    ) -> list[Any]:
        quote = self.identifier_preparer.quote_identifier
        named = ".".join(quote(part) for part in (schema, table_name) if part)
        rows = connection.exec_driver_sql(f"DESCRIBE {named}").fetchall()
        return [
            {
                "name": name,
                "type": REFLECTED.get(type_, types.NullType)(),
                "nullable": True,
                "default": None,
                "autoincrement": False,
                "comment": None,
            }
            for name, type_, *_ in rows
        ]

    def get_pk_constraint(
        self, connection: Any, table_name: str, schema: str | None = None, **kw: Any
    ) -> Any:
        return {"constrained_columns": [], "name": None}


def engine_arguments(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Arguments of ``sqlalchemy.create_engine`` so that it works on the database of ``con``."""
    return {"creator": lambda: BufferedConnection(con.cursor()), "poolclass": pool.StaticPool}
