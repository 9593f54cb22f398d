"""What every kind of database server must be able to do, and how it says that it could not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pipelines.delivery_settings import MYSQL, Database
from pipelines.intake.errors import Refusal
from pipelines.intake.pull.spool import Spool
from pipelines.intake.pulled import DATE, NUMBER, TIME

#: sessions of two machines that pull the same database know each other by this name
LEASE = "jiuzhulian pull"
HELD = "another night is pulling this database now: the next night takes it"
CURSOR_KINDS = (TIME, DATE, NUMBER)


class Interrupted(Exception):
    """A database that cannot be read now. ``str()`` goes into receipts and is published.

    ``again``: another try may help. ``detail``: the server's own words, for the log alone.
    """

    def __init__(self, reason: str, *, again: bool, detail: str = "") -> None:
        super().__init__(reason)
        self.again = again
        self.detail = " ".join(detail.split())


@dataclass(frozen=True)
class SourceColumn:
    """A column as the server describes it; ``kind`` is what a cursor needs to know of it."""

    name: str
    type: str
    kind: str


@dataclass(frozen=True)
class SourceTable:
    """A table that can be read: its names as the server spells them, its columns in order."""

    schema: str
    name: str
    columns: tuple[SourceColumn, ...]
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def cursor(self, name: str) -> SourceColumn:
        """The column of that name; raises Refusal where it cannot serve as cursor."""
        exact = [column for column in self.columns if column.name == name]
        near = [column for column in self.columns if column.name.lower() == name.lower()]
        found = exact or near
        if len(found) != 1:
            raise Refusal(f"no readable column {name}, which should be the cursor: correct it")
        if found[0].kind not in CURSOR_KINDS:
            raise Refusal(
                f"cursor {found[0].name} is {found[0].type}: it must be a date, a time or a number"
            )
        return found[0]


@dataclass(frozen=True)
class Since:
    """Rows from ``low`` on (all, if None), and those without a value, in the cursor's order."""

    column: SourceColumn
    low: str | None


class Session(Protocol):
    """A read-only transaction that sees one state of the database and holds its lease."""

    def now(self) -> datetime:
        """The server's clock, in Shanghai's time."""
        ...

    def table(self, name: str) -> SourceTable:
        """Raises Refusal where the table is not there or may not be read."""
        ...

    def read(self, table: SourceTable, since: Since | None, spool: Spool) -> None:
        """Write all rows as texts. Raises Refusal (this table) or Interrupted (all of them)."""
        ...

    def close(self) -> None:
        """Let go of snapshot and lease, without waiting for rows that nobody wants any more."""
        ...


def unreachable(error: Exception) -> Interrupted:
    """No connection came about; what the server or the driver said is for the log alone."""
    return Interrupted(
        "the database could not be reached, or refused the login", again=True, detail=str(error)
    )


def opened(database: Database, password: str | None) -> Session:
    """Connect, take the lease and fix the snapshot. Raises Interrupted."""
    session: Callable[[Database, str | None], Session]
    if database.kind == MYSQL:
        from pipelines.intake.pull.mysql import MySQLSession

        session = MySQLSession
    else:
        from pipelines.intake.pull.postgresql import PostgreSQLSession

        session = PostgreSQLSession
    return session(database, password)
