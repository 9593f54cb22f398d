"""monitoring.duckdb and identity.duckdb: built beside the old file, audited, swapped in at once.

Which tables go in is said by their promises; the format is one that older clients open. The same
tables as Parquet, files of places and what they were made from appear in the same step.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl

from pipelines.contracts.promises import Promise, load_promises
from pipelines.engine.sql import quoted
from pipelines.lake.durable import sync
from pipelines.lake.night import Night
from pipelines.logs import warn
from pipelines.publish import bulletin, versions
from pipelines.publish.analysis import add_questions
from pipelines.publish.audience import SHOWN, allowed_promises, audience, shown_texts
from pipelines.publish.audit import audit, audit_parquet
from pipelines.publish.carried import WRITTEN_FROM, carried, written_from
from pipelines.publish.database import (
    MADE,
    STORAGE_VERSION,
    connection,
    create,
    database,
    describe,
    fill,
)
from pipelines.publish.made_from import digest, made_from, remember
from pipelines.publish.parquet import Selection, write_dictionary, write_parquet
from pipelines.publish.places.told import Places, tell
from pipelines.publish.places.write import write_places
from pipelines.publish.validation import stop_if_held_back

NO_PLACES = Places()


@dataclass(frozen=True)
class PublishedFile:
    """A database file that was finished; ``shown``: whether it is the one that people open.

    ``places``: the files of places that lie beside it, and whom none of them holds.
    """

    path: Path
    tables: int
    rows: int
    size: int
    replaced: bool
    shown: bool = True
    version: str = ""
    places: Places = NO_PLACES


def monitoring_file(night: Night) -> PublishedFile:
    """Publish what analysts open; raises PublicationHeldBack where a blocking check failed.

    A night older than the one that is shown is kept as a version and does not replace it.
    """
    stop_if_held_back(night)
    published = publish(night)
    tell(published.places)
    if not published.shown:
        warn(
            f"the night of {night.as_of} is kept as version {published.version}; "
            f"{versions.shown(night.home)} is newer and stays published (jiuzhulian restore "
            f"{published.version} shows the older one)"
        )
    return published


def publish(night: Night, *, whatever_is_shown: bool = False) -> PublishedFile:
    """Build a version beside, audit it as a whole, and let it be seen by one rename."""
    home, before = night.home, versions.shown(night.home)
    allowed = allowed_promises(night.settings.schemas)
    promises = [allowed[p.table] for p in _promises(night) if p.table in allowed]
    selected = [Selection.whole(promise) for promise in promises]
    told, sources = made_from(night), written_from(night, promises)
    taken = carried(home, night.as_of, sources)
    with versions.draft(home, night.as_of) as folder:
        path, parquet = folder / versions.DATABASE, folder / versions.PARQUET
        with connection(night) as con, database(con, path, 0o644, taken):
            for promise in promises:
                if promise.table not in taken.tables:
                    _table(con, night, promise, _named(promise, flat=False))
            con.execute(f"USE {MADE}")
            small = night.settings.small_count_below
            add_questions(con, [p.table for p in promises], small, night.settings.schemas)
            con.execute("USE memory")
            write_parquet(con, MADE, selected, parquet, taken.parquet)
        write_dictionary(selected, parquet)
        held = audit(night, promises, path, flat=False, known=taken.tables)
        audit_parquet(night, selected, parquet)
        bulletin.write_bulletin(path, folder / versions.BULLETIN, small)
        places = write_places(night, folder, promises, sources)
        tables = {name: [one.rows, one.hash] for name, one in sorted(held.items())}
        versions.write_manifest(folder, {
            "as_of": night.as_of.isoformat(),
            "run_id": night.run_id,
            "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "storage_version": STORAGE_VERSION,
            "made_from": told,
            "made_from_sha256": digest(told),
            "tables": tables,
            WRITTEN_FROM: sources,
            "tables_sha256": digest(tables),
            "row_counts_accepted": night.settings.accept_row_counts == night.as_of,
            **places.told,
        })  # fmt: skip
        size = path.stat().st_size
        version = versions.seal(home, folder, night.as_of)
    visible = whatever_is_shown or before is None or version.as_of >= before.as_of
    if visible:
        versions.show(home, version)
    versions.prune(home, night.settings.keep_published_nights, before if visible else version)
    remember(night, digest(told))
    return PublishedFile(
        home.monitoring, len(promises), sum(one.rows for one in held.values()), size,
        replaced=before is not None and visible, shown=visible, version=version.name,
        places=places,
    )  # fmt: skip


def identity_file(night: Night) -> PublishedFile:
    """Swap in who is who, for those who may know; nobody else can read the file.

    It goes with what is shown: that of an older night is not written.
    """
    promises = [p for p in _promises(night) if p.published == "restricted"]
    seen = versions.shown(night.home)
    if seen is not None and seen.as_of > night.as_of:
        return PublishedFile(night.home.identity, 0, 0, 0, replaced=False, shown=False)
    return _file(night, promises, night.home.identity, 0o600)


def _promises(night: Night) -> list[Promise]:
    """Promises of the tables that the night has, by table name."""
    promises = load_promises(night.settings.schemas)
    return [promises[name] for name in sorted(promises) if night.exists(name)]


def _file(night: Night, promises: Sequence[Promise], target: Path, mode: int) -> PublishedFile:
    partial = target.with_name(f".{target.name}.{night.run_id}.partial")
    _wipe(target)
    try:
        with connection(night) as con, database(con, partial, mode):
            for promise in promises:
                _table(con, night, promise, _named(promise, flat=True))
        held = audit(night, promises, partial, flat=True)
        sync(partial)
        replaced, size = target.exists(), partial.stat().st_size
        os.replace(partial, target)
        sync(target.parent)
    finally:
        _wipe(target)
    rows = sum(one.rows for one in held.values())
    return PublishedFile(target, len(promises), rows, size, replaced)


def _named(promise: Promise, *, flat: bool) -> str:
    """Where a table stands in the file; identity.duckdb has no schemas (interface §3.3)."""
    schema = "main" if flat else promise.schema
    return f"{MADE}.{quoted(schema)}.{quoted(promise.name)}"


def _table(con: duckdb.DuckDBPyConnection, night: Night, promise: Promise, name: str) -> None:
    """Create, fill and comment a table."""
    create(con, promise, name)
    pointer = night.pointer(promise.table)
    if pointer and pointer.base_files():
        listed = [
            quoted(c.name)
            if c.name in pointer.columns
            else f"CAST(NULL AS {c.type}) AS {quoted(c.name)}"
            for c in promise.columns
        ]
        source = f"({pointer.select(night.home.lake, listed)})"
        fill(con, promise, name, _rows(con, night, promise, source))
    describe(con, promise, name)


def _rows(con: duckdb.DuckDBPyConnection, night: Night, promise: Promise, source: str) -> str:
    """A statement that gives the rows of a table as its readers may see them."""
    if promise.published is not True:
        listed = ", ".join(quoted(column) for column in promise.column_names)
        return f"SELECT {listed} FROM {source}"
    reader = audience(night.settings.schemas)
    if (texts := reader.texts(promise, source)) is not None:
        shown = shown_texts(text for (text,) in con.execute(texts).fetchall())
        pairs = {"text": list(shown), "shown": list(shown.values())}
        schema = {"text": pl.String, "shown": pl.String}
        con.register(SHOWN, pl.DataFrame(pairs, schema).to_arrow())
    return reader.rows(promise, source, night.settings.small_count_below)


def _wipe(target: Path) -> None:
    """Remove what a run that was cut off left beside ``target``."""
    for leftover in target.parent.glob(f".{target.name}.*.partial*"):
        leftover.unlink(missing_ok=True)
