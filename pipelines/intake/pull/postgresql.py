"""PostgreSQL, by COPY: the server writes its rows as CSV, as ``\\copy`` would give them.

One REPEATABLE READ transaction for all tables; its advisory lock is the lease, which a user who
may only read can take, also behind a pooler and on a standby.
"""

from __future__ import annotations

import hashlib
import select
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv
from psycopg import errors, pq, sql
from psycopg.conninfo import make_conninfo

from pipelines.delivery_settings import Database
from pipelines.intake.errors import Refusal
from pipelines.intake.pull.session import (
    HELD,
    LEASE,
    Interrupted,
    Since,
    SourceColumn,
    SourceTable,
    unreachable,
)
from pipelines.intake.pull.spool import Spool
from pipelines.intake.pulled import DATE, NUMBER, TIME

_BLOCK = 8 << 20
_NULL = r"\N"
_ZONE = "Asia/Shanghai"
_TIMES = {"timestamp": TIME, "timestamptz": TIME, "date": DATE}
_NUMBERS = {"int2", "int4", "int8", "numeric", "oid"}
#: no text of a person; nothing that a contract could read
_BINARY = {"bytea", "tsvector"}
#: another try may help: connection lost, server going down or full, conflict with a standby
_AGAIN = ("08", "40", "53", "57P", "58")
_TABLES = """
SELECT c.oid, n.nspname, c.relname,
       has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT')
FROM pg_catalog.pg_class AS c
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p')
  AND lower(c.relname) = lower(%(table)s)
  AND CASE WHEN %(schema)s = '' THEN pg_catalog.pg_table_is_visible(c.oid)
           ELSE lower(n.nspname) = lower(%(schema)s) END
"""
_COLUMNS = """
SELECT a.attname, coalesce(base.typname, t.typname), t.typcategory,
       has_column_privilege(a.attrelid, a.attnum, 'SELECT')
FROM pg_catalog.pg_attribute AS a
INNER JOIN pg_catalog.pg_type AS t ON a.atttypid = t.oid
LEFT JOIN pg_catalog.pg_type AS base ON t.typbasetype = base.oid
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""


class PostgreSQLSession:
    """A transaction of one snapshot that holds the lease until it is closed."""

    def __init__(self, database: Database, password: str | None) -> None:
        self._quiet = database.quiet_seconds
        parts, query = database.parts, database.query
        try:
            place = make_conninfo(
                host=query.pop("host", parts.hostname), port=parts.port, dbname=database.name,
                user=database.user, password=password, application_name="jiuzhulian",
                connect_timeout=database.connect_seconds, keepalives_idle=30,
                keepalives_interval=10, keepalives_count=3, client_encoding="utf8", **query,
            )  # fmt: skip
            self._con = psycopg.connect(place, autocommit=True, prepare_threshold=None)
        except psycopg.Error as error:
            raise unreachable(error) from None
        try:
            self._begin(database)
        except BaseException:
            self._con.close()
            raise

    def _begin(self, database: Database) -> None:
        try:
            self._con.execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            self._con.execute(
                "SELECT set_config('statement_timeout', %s, true),"
                " set_config('TimeZone', %s, true), set_config('DateStyle', 'ISO, YMD', true),"
                " set_config('lock_timeout', %s, true),"
                " set_config('idle_in_transaction_session_timeout', '0', true)",
                [f"{database.table_seconds}s", _ZONE, f"{database.quiet_seconds}s"],
            )
            lease = int.from_bytes(hashlib.sha256(LEASE.encode()).digest()[:8], signed=True)
            row = self._con.execute("SELECT pg_try_advisory_xact_lock(%s)", [lease]).fetchone()
        except psycopg.Error as error:
            raise self._interrupted(error) from None
        if row is None or not row[0]:
            raise Interrupted(HELD, again=True)

    def now(self) -> datetime:
        try:
            row = self._con.execute(
                "SELECT to_char(transaction_timestamp(), 'YYYY-MM-DD HH24:MI:SS')"
            ).fetchone()
        except psycopg.Error as error:
            raise self._interrupted(error) from None
        assert row is not None
        return datetime.fromisoformat(row[0])

    def table(self, name: str) -> SourceTable:
        schema, _, table = name.rpartition(".")
        try:
            found = self._con.execute(_TABLES, {"table": table, "schema": schema}).fetchall()
            exact = [row for row in found if row[2] == table and schema in ("", row[1])]
            found = exact or found
            if len(found) != 1:
                seen = "there is no" if not found else "there are several tables"
                raise Refusal(f"{seen} table {name}: correct it in the settings")
            oid, schema, table, readable = found[0]
            columns = self._con.execute(_COLUMNS, [oid]).fetchall()
        except psycopg.Error as error:
            raise self._interrupted(error) from None
        if not readable:
            raise Refusal(f"table {name} may not be read: the department must GRANT SELECT on it")
        taken = [row for row in columns if row[3] and row[1] not in _BINARY]
        left_out = [row for row in columns if row not in taken]
        return SourceTable(
            schema, table,
            tuple(SourceColumn(row[0], row[1], _kind(row[1])) for row in taken),
            tuple(str(row[0]) for row in left_out),
        )  # fmt: skip

    def read(self, table: SourceTable, since: Since | None, spool: Spool) -> None:
        try:
            with self._con.transaction():
                self._copied(_copy(table, since), spool)
        except psycopg.Error as error:
            raise self._interrupted(error, table) from None

    def _copied(self, statement: sql.Composed, spool: Spool) -> None:
        """Parse and write one block while the next one comes over the network."""
        with self._con.cursor() as cursor, cursor.copy(statement), ThreadPoolExecutor(1) as pool:
            writing: Future[None] | None = None
            rows = 0
            for block, count in self._blocks():
                rows += count
                if writing is not None:
                    writing.result()
                writing = pool.submit(_written, block, spool)
            if writing is not None:
                writing.result()
        if rows != spool.rows:
            raise Refusal(f"{rows} rows came, {spool.rows} could be read as text")

    def _blocks(self) -> Iterator[tuple[bytes, int]]:
        """Whole rows in blocks, and how many: the server sends a message per row."""
        connection = self._con.pgconn
        waiting: list[bytes] = []
        size = 0
        while True:
            length, data = connection.get_copy_data(1)
            if length > 0:
                waiting.append(bytes(data))
                size += length
                if size >= _BLOCK:
                    yield b"".join(waiting), len(waiting)
                    waiting, size = [], 0
            elif length == 0:
                self._wait(connection)
            else:
                break
        result = connection.get_result()
        while connection.get_result() is not None:
            pass
        if result is None or result.status != pq.ExecStatus.COMMAND_OK:
            if result is None:
                raise psycopg.OperationalError("the COPY ended without a result")
            raise errors.error_from_result(result)
        if waiting:
            yield b"".join(waiting), len(waiting)

    def _wait(self, connection: pq.abc.PGconn) -> None:
        poll = select.poll()
        poll.register(connection.socket, select.POLLIN)
        if not poll.poll(self._quiet * 1000):
            self._con.close()
            raise Interrupted(f"the server was silent for {self._quiet} s", again=True)
        connection.consume_input()

    def _interrupted(
        self, error: psycopg.Error, table: SourceTable | None = None
    ) -> Interrupted | Refusal:
        """A fault of one table if the connection still stands, else one of the database."""
        state = error.sqlstate or ""
        what = f"{type(error).__name__}{f' {state}' if state else ''}"
        if isinstance(error, errors.QueryCanceled) and table is not None:
            return Refusal("reading the table took longer than table_seconds: raise it")
        if self._con.closed or self._con.broken or state.startswith(_AGAIN) or not state:
            return Interrupted(f"the connection was lost ({what})", again=True)
        if table is not None:
            return Refusal(f"the table could not be read ({what})")
        return Interrupted(f"the database could not be asked ({what})", again=False)

    def close(self) -> None:
        self._con.close()


def _kind(type_: str) -> str:
    return _TIMES.get(type_, NUMBER if type_ in _NUMBERS else "other")


def _copy(table: SourceTable, since: Since | None) -> sql.Composed:
    """COPY of every column as a person would write its value."""
    listed = [_text(column) for column in table.columns]
    where: sql.Composable = sql.SQL("")
    order: sql.Composable = sql.SQL("")
    if since is not None:
        cursor = sql.Identifier(since.column.name)
        listed.append(_full(since.column))
        order = sql.SQL(" ORDER BY {} NULLS FIRST").format(cursor)
        if since.low is not None:
            where = sql.SQL(" WHERE {0} >= CAST({1} AS {2}) OR {0} IS NULL").format(
                cursor, sql.Literal(since.low), sql.Identifier("pg_catalog", since.column.type)
            )
    return sql.SQL(
        "COPY (SELECT {columns} FROM {table}{where}{order}) "
        "TO STDOUT (FORMAT csv, NULL {null}, ENCODING 'UTF8')"
    ).format(
        columns=sql.SQL(", ").join(listed), table=sql.Identifier(table.schema, table.name),
        where=where, order=order, null=sql.Literal(_NULL),
    )  # fmt: skip


def _text(column: SourceColumn) -> sql.Composable:
    name = sql.Identifier(column.name)
    if column.type == "timestamptz":
        return sql.SQL("date_trunc('second', {} AT TIME ZONE {})").format(name, _ZONE)
    if column.type == "timestamp":
        return sql.SQL("date_trunc('second', {})").format(name)
    if column.type == "money":
        return sql.SQL("CAST({} AS numeric)").format(name)
    if column.type == "bpchar":
        return sql.SQL("CAST({} AS text)").format(name)
    if column.type.startswith("_"):
        return sql.SQL("array_to_string({}, '、')").format(name)
    return name


def _full(column: SourceColumn) -> sql.Composable:
    """The cursor with all its digits; an instant in Shanghai's time."""
    name = sql.Identifier(column.name)
    if column.type == "timestamptz":
        return sql.SQL("{} AT TIME ZONE {}").format(name, _ZONE)
    return name


def _written(block: bytes, spool: Spool) -> None:
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(block),
            pa_csv.ReadOptions(column_names=spool.names, block_size=len(block) + 1),
            pa_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            pa_csv.ConvertOptions(
                column_types={name: pa.string() for name in spool.names},
                null_values=[_NULL], strings_can_be_null=True, quoted_strings_can_be_null=False,
            ),
        )  # fmt: skip
    except pa.ArrowInvalid:
        raise Refusal(
            "the texts are not UTF-8: the database is kept in SQL_ASCII; have the department "
            "offer the table in a database with an encoding, or send files"
        ) from None
    spool.write(table)
