"""monitoring.duckdb and identity.duckdb: built beside the old file, audited, swapped in at once.

Which tables go in is said by their promises; the format is one that older clients open.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.contracts.promises import Promise, load_promises
from pipelines.engine.sql import quoted
from pipelines.lake.night import Night
from pipelines.publish.audit import audit
from pipelines.publish.validation import stop_if_held_back

STORAGE_VERSION = "v1.2.0"
MADE = "made"


@dataclass(frozen=True)
class PublishedFile:
    """A database file that was swapped in."""

    path: Path
    tables: int
    rows: int
    size: int
    replaced: bool


def monitoring_file(night: Night) -> PublishedFile:
    """Swap in what analysts open; raises PublicationHeldBack where a blocking check failed."""
    stop_if_held_back(night)
    promises = [p for p in _promises(night) if p.published is True]
    return _file(night, promises, night.home.monitoring, 0o644)


def identity_file(night: Night) -> PublishedFile:
    """Swap in who is who, for those who may know; nobody else can read the file."""
    promises = [p for p in _promises(night) if p.published == "restricted"]
    return _file(night, promises, night.home.identity, 0o600, flat=True)


def _promises(night: Night) -> list[Promise]:
    """Promises of the tables that the night has, by table name."""
    promises = load_promises(night.settings.schemas)
    return [promises[name] for name in sorted(promises) if night.exists(name)]


def _file(
    night: Night, promises: Sequence[Promise], target: Path, mode: int, *, flat: bool = False
) -> PublishedFile:
    partial = target.with_name(f".{target.name}.{night.run_id}.partial")
    _wipe(target)
    try:
        with _made(night, partial, mode) as con:
            for promise in promises:
                _table(con, night, promise, _named(promise, flat=flat))
        audit(night, promises, partial, flat=flat)
        _sync(partial)
        replaced, size = target.exists(), partial.stat().st_size
        os.replace(partial, target)
        _sync(target.parent)
    finally:
        _wipe(target)
    rows = sum(pointer.rows for p in promises if (pointer := night.pointer(p.table)))
    return PublishedFile(target, len(promises), rows, size, replaced)


def _named(promise: Promise, *, flat: bool) -> str:
    """Where a table stands in the file; identity.duckdb has no schemas (interface §3.3)."""
    schema = "main" if flat else promise.schema
    return f"{MADE}.{quoted(schema)}.{quoted(promise.name)}"


@contextmanager
def _made(night: Night, partial: Path, mode: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A new database file, attached; complete in one file when the block ends."""
    con = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": night.settings.memory_limit,
            "temp_directory": str(night.temp),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    before = os.umask(0o777 & ~mode)
    try:
        path = str(partial).replace("'", "''")
        con.execute(f"ATTACH '{path}' AS {MADE} (STORAGE_VERSION '{STORAGE_VERSION}')")
        os.chmod(partial, mode)
        yield con
        con.execute(f"CHECKPOINT {MADE}")
        con.execute(f"DETACH {MADE}")
    finally:
        os.umask(before)
        con.close()


def _table(con: duckdb.DuckDBPyConnection, night: Night, promise: Promise, name: str) -> None:
    """Create, fill (in key order, so that equal nights give equal files) and comment a table."""
    columns = ", ".join(
        f"{quoted(c.name)} {c.type}"
        + ("" if c.nullable and c.name not in promise.key else " NOT NULL")
        for c in promise.columns
    )
    con.execute(f"CREATE SCHEMA IF NOT EXISTS {name.rsplit('.', 1)[0]}")
    con.execute(f"CREATE TABLE {name} ({columns})")
    pointer = night.pointer(promise.table)
    if pointer and pointer.base_files():
        rows = pointer.select(night.home.lake, [quoted(column) for column in promise.column_names])
        order = ", ".join(quoted(column) for column in promise.key) or "ALL"
        con.execute(f"INSERT INTO {name} SELECT * FROM ({rows}) AS made ORDER BY {order}")
    con.execute(f"COMMENT ON TABLE {name} IS {_comment(promise)}")
    for column in promise.columns:
        text = f"{column.zh} / {column.en}".replace("'", "''")
        con.execute(f"COMMENT ON COLUMN {name}.{quoted(column.name)} IS '{text}'")


def _comment(promise: Promise) -> str:
    text = f"{promise.title_zh} / {promise.title_en}: {promise.zh} / {promise.en}"
    return "'" + text.replace("'", "''") + "'"


def _wipe(target: Path) -> None:
    """Remove what a run that was cut off left beside ``target``."""
    for leftover in target.parent.glob(f".{target.name}.*.partial*"):
        leftover.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Force a file or a folder to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
