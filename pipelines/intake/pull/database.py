"""One exchange database: all its tables out of one snapshot, tried again when the line breaks.

The transaction ends when the rows lie in temporary files; they are looked at afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from pipelines.contracts.model import Contract
from pipelines.delivery_settings import Database, Table
from pipelines.engine.duck import DuckEngine
from pipelines.intake.discover import Found
from pipelines.intake.errors import Refusal
from pipelines.intake.pull.again import tried
from pipelines.intake.pull.cursor import last_cursor, lower_bound, pulled_on, settled
from pipelines.intake.pull.refused import refused
from pipelines.intake.pull.session import Interrupted, Session, Since, SourceTable, opened
from pipelines.intake.pull.spool import Spool
from pipelines.intake.pulled import Cursor, Origin, Pulled
from pipelines.lake.home import Home
from pipelines.lake.receipt import Receipt

Log = Callable[[str], None]


@dataclass(frozen=True)
class Target:
    """A table of a database, for one night."""

    table: Table
    contract: Contract
    origin: Origin
    as_of: date
    before: Cursor | None

    @property
    def file_name(self) -> str:
        return f"{self.origin.database}.{self.origin.table}@{self.as_of}"

    def refused(self, fault: str) -> Found:
        return refused(self.contract.name, self.file_name, self.as_of, fault)


@dataclass(frozen=True)
class _Read:
    """A table's rows, not yet looked at."""

    target: Target
    table: SourceTable
    spool: Spool
    kind: str | None
    now: datetime


def targets(
    name: str, database: Database, contracts: Mapping[str, Contract], receipts: Sequence[Receipt],
    home: Home, as_of: date, log: Log,
) -> list[Target]:  # fmt: skip
    """What is to be pulled; a snapshot once per extract date, so that a night stays what it is."""
    found: list[Target] = []
    for table in database.tables:
        contract = contracts[table.dataset]
        origin = Origin(name, table.table, table.cursor)
        if table.cursor is None and pulled_on(receipts, table.dataset, origin, as_of):
            log(f"  {table.dataset}: was pulled for {as_of} before")
            continue
        before = last_cursor(home, receipts, table.dataset, origin) if table.cursor else None
        found.append(Target(table, contract, origin, as_of, before))
    return found


def pull_database(
    database: Database,
    password: str | None,
    wanted: Sequence[Target],
    folder: Path,
    engine: DuckEngine,
    log: Log,
    warn: Log,
) -> list[Found]:
    """Read every table that is wanted; nothing is raised, what could not be had is refused."""
    name = f"database {wanted[0].origin.database}"
    try:
        read, faulty = tried(
            name, database, lambda: _read(database, password, wanted, folder), log, warn
        )
    except Interrupted as error:
        return [target.refused(str(error)) for target in wanted]
    for found in faulty:
        warn(f"{found.relative_path}: {found.fault}")
    return [*faulty, *(_found(one, engine) for one in read)]


def _read(
    database: Database, password: str | None, wanted: Sequence[Target], folder: Path
) -> tuple[list[_Read], list[Found]]:
    """All tables in one transaction. Raises Interrupted where none of them can be read."""
    read: list[_Read] = []
    faulty: list[Found] = []
    with closing(opened(database, password)) as session:
        now = session.now()
        for target in wanted:
            try:
                read.append(_read_table(session, target, folder, now))
            except Refusal as refusal:
                faulty.append(target.refused(str(refusal)))
    return read, faulty


def _read_table(session: Session, target: Target, folder: Path, now: datetime) -> _Read:
    table = session.table(target.table.table)
    since, kind = None, None
    if target.table.cursor is not None:
        column = table.cursor(target.table.cursor)
        kind = column.kind
        since = Since(column, lower_bound(target.before, kind, target.table.overlap))
    path = folder / target.contract.source / target.contract.dataset / target.file_name
    spool = Spool(path, len(table.columns), cursor=since is not None)
    try:
        session.read(table, since, spool)
    finally:
        spool.close()
    return _Read(target, table, spool, kind, now)


def _found(one: _Read, engine: DuckEngine) -> Found:
    """The delivery that a table's rows make."""
    headers = tuple(column.name for column in one.table.columns)
    target = one.target
    done = settled(
        one.spool, headers, engine,
        kind=one.kind, before=target.before, overlap=target.table.overlap, now=one.now,
    )  # fmt: skip
    notes = list(one.table.notes)
    if one.table.left_out:
        notes.append(f"columns that cannot be read left out: {', '.join(one.table.left_out)}")
    if done.known:
        notes.append(f"{done.known} rows of the overlap came before")
    stat = one.spool.path.stat()
    return Found(
        path=one.spool.path,
        relative_path=f"{target.contract.name}/{target.file_name}",
        source=target.contract.source, dataset=target.contract.dataset,
        ending="parquet", extract_date=target.as_of,
        size=stat.st_size, mtime_ns=stat.st_mtime_ns,
        pulled=Pulled(done.sha256, headers, tuple(notes), target.origin, done.cursor),
    )  # fmt: skip
