"""MySQL and MariaDB, over an unbuffered cursor: rows come as texts and are written in blocks.

One transaction WITH CONSISTENT SNAPSHOT for all tables; the lease is GET_LOCK, which any user may
take. Tables of engines without transactions (MyISAM) are read as they are, and that is noted.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import pymysql
import pymysql.converters
import pymysql.cursors

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

_BLOCK_ROWS = 20_000
_TIMES = {"datetime": TIME, "timestamp": TIME, "date": DATE}
_NUMBERS = {"tinyint", "smallint", "mediumint", "int", "bigint", "decimal"}
_BINARY = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "geometry"}
#: connection lost or refused for want of room, server going down, deadlock
_AGAIN = {1040, 1053, 1205, 1213, 2002, 2003, 2006, 2013, 2055}
_TOO_LONG = {1969, 3024}
_NOT_ALLOWED = {1142, 1143}
_TABLES = """
SELECT table_schema, table_name, engine FROM information_schema.tables
WHERE lower(table_name) = lower(%s) AND lower(table_schema) = lower(%s)
"""
_COLUMNS = """
SELECT column_name, data_type FROM information_schema.columns
WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position
"""
#: what comes over the wire stays the text that it is
_AS_TEXT = {key: value for key, value in pymysql.converters.conversions.items()
            if not isinstance(key, int)}  # fmt: skip


class MySQLSession:
    """A transaction of one snapshot that holds the lease until it is closed."""

    def __init__(self, database: Database, password: str | None) -> None:
        self._database = database.name
        query = database.query
        tls: dict[str, Any] = {key: query[key] for key in query if key.startswith("ssl_")}
        if "ssl_ca" in tls:
            tls |= {"ssl_verify_cert": True, "ssl_verify_identity": True}
        try:
            self._con: Any = pymysql.connect(
                host=database.parts.hostname, port=database.parts.port or 3306,
                unix_socket=query.get("unix_socket"), user=database.user,
                password=password or "", database=database.name, charset="utf8mb4",
                connect_timeout=database.connect_seconds, read_timeout=database.quiet_seconds,
                write_timeout=database.quiet_seconds, conv=_AS_TEXT, autocommit=True, **tls,
            )  # fmt: skip
        except (pymysql.MySQLError, OSError) as error:
            raise unreachable(error) from None
        try:
            self._begin(database)
        except BaseException:
            self._con.close()
            raise

    def _begin(self, database: Database) -> None:
        lease = f"{LEASE} {hashlib.sha256(self._database.encode()).hexdigest()[:24]}"
        seconds = database.table_seconds
        limit = (
            f"max_statement_time = {seconds}" if "mariadb" in self._con.server_version.lower()
            else f"max_execution_time = {seconds * 1000}"
        )  # fmt: skip
        if self._asked("SELECT GET_LOCK(%s, 0)", lease)[0][0] != "1":
            raise Interrupted(HELD, again=True)
        self._asked("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        self._asked(
            f"SET SESSION time_zone = '+08:00', {limit}, "
            f"net_write_timeout = {database.quiet_seconds}"
        )
        self._asked("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def now(self) -> datetime:
        return datetime.fromisoformat(self._asked("SELECT now()")[0][0])

    def table(self, name: str) -> SourceTable:
        schema, _, table = name.rpartition(".")
        found = self._asked(_TABLES, table, schema or self._database)
        found = [row for row in found if row[1] == table] or found
        if len(found) != 1:
            seen = "there is no" if not found else "there are several tables"
            raise Refusal(
                f"{seen} table {name} that may be read: correct it in the settings, or have the "
                "department GRANT SELECT on it"
            )
        schema, table, engine = found[0]
        columns = self._asked(_COLUMNS, schema, table)
        taken = [row for row in columns if row[1].lower() not in _BINARY]
        notes: tuple[str, ...] = ()
        if engine is not None and engine.lower() in ("myisam", "aria", "memory", "csv"):
            notes = (f"engine {engine} knows no snapshot",)
        return SourceTable(
            schema, table,
            tuple(SourceColumn(row[0], row[1].lower(), _kind(row[1].lower())) for row in taken),
            tuple(row[0] for row in columns if row not in taken),
            notes,
        )  # fmt: skip

    def read(self, table: SourceTable, since: Since | None, spool: Spool) -> None:
        statement, values = _select(table, since)
        cursor = self._con.cursor(pymysql.cursors.SSCursor)
        try:
            cursor.execute(statement, values)
            while rows := cursor.fetchmany(_BLOCK_ROWS):
                spool.write_rows(rows)
            cursor.close()
        except BaseException as error:
            _abandon(cursor)
            if isinstance(error, pymysql.MySQLError | OSError):
                raise _fault(error, of_table=True) from None
            raise

    def _asked(self, statement: str, *values: str) -> list[tuple[str, ...]]:
        try:
            with self._con.cursor() as cursor:
                cursor.execute(statement, values or None)
                return list(cursor.fetchall())
        except (pymysql.MySQLError, OSError) as error:
            raise _fault(error, of_table=False) from None

    def close(self) -> None:
        self._con._force_close()  # closing in good manners would first read the rest of the rows


def _abandon(cursor: Any) -> None:
    """Keep the driver from reading the rest of the rows, which may be on a line that is cut."""
    result = getattr(cursor, "_result", None)
    if result is not None:
        result.unbuffered_active = False
    cursor.connection = None


def _fault(error: Exception, *, of_table: bool) -> Interrupted | Refusal:
    """A fault of one table if the connection still stands, else one of the database."""
    number = error.args[0] if error.args and isinstance(error.args[0], int) else None
    what = f"{type(error).__name__}{f' {number}' if number else ''}"
    if number is None or number in _AGAIN:
        return Interrupted(f"the connection was lost ({what})", again=True)
    if of_table and number in _TOO_LONG:
        return Refusal("reading the table took longer than table_seconds: raise it")
    if of_table and number in _NOT_ALLOWED:
        return Refusal("the table may not be read: the department must GRANT SELECT on it")
    if of_table:
        return Refusal(f"the table could not be read ({what})")
    return Interrupted(f"the database could not be asked ({what})", again=False)


def _kind(type_: str) -> str:
    return _TIMES.get(type_, NUMBER if type_ in _NUMBERS else "other")


def _quoted(name: str) -> str:
    """A name as MySQL quotes it; ``%`` is doubled because values are bound by ``%s``."""
    return "`" + name.replace("`", "``").replace("%", "%%") + "`"


def _select(table: SourceTable, since: Since | None) -> tuple[str, list[str]]:
    listed = [_text(column) for column in table.columns]
    where, order = "", ""
    values: list[str] = ["%Y-%m-%d %H:%i:%s" for text in listed if "%s" in text]
    if since is not None:
        cursor = _quoted(since.column.name)
        listed.append(f"CAST({cursor} AS CHAR)")
        order = f" ORDER BY {cursor}"
        if since.low is not None:
            where = f" WHERE {cursor} >= %s OR {cursor} IS NULL"
            if since.column.kind != NUMBER:
                where += f" OR {cursor} < '1000-01-01'"
            values.append(since.low)
    place = f"{_quoted(table.schema)}.{_quoted(table.name)}"
    return f"SELECT {', '.join(listed)} FROM {place}{where}{order}", values


def _text(column: SourceColumn) -> str:
    name = _quoted(column.name)
    if column.type in ("datetime", "timestamp"):
        return f"DATE_FORMAT({name}, %s)"
    if column.type == "bit":
        return f"CAST({name} AS UNSIGNED)"
    return name
