"""The last look at a file before it is swapped in: it holds what the night has, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from pipelines.contracts.promises import Promise
from pipelines.engine.sql import quoted
from pipelines.errors import NotFound, PublicationHeldBack
from pipelines.lake.night import Night
from pipelines.publish.analysis import views_over


def audit(night: Night, promises: Sequence[Promise], path: Path, *, flat: bool) -> None:
    """Raise PublicationHeldBack with everything that is wrong with the file at ``path``."""
    con = duckdb.connect(str(path), read_only=True)
    try:
        known = [promise.table for promise in promises]
        views = [] if flat else views_over(known, night.settings.schemas)
        faults = [
            *_as_promised(con, [*promises, *views], flat),
            *_complete(con, night, promises, flat),
        ]
    finally:
        con.close()
    faults += _lost_tables(night, promises)
    if faults:
        raise PublicationHeldBack(
            f"night {night.as_of} is not published, {path.name.split('.')[1]} does not pass its "
            "audit: " + "; ".join(faults)
        )


def _place(promise: Promise, flat: bool) -> tuple[str, str]:
    return ("main" if flat else promise.schema), promise.name


def _as_promised(
    con: duckdb.DuckDBPyConnection, promises: Sequence[Promise], flat: bool
) -> list[str]:
    """Tables and columns are those of the promises, commented, and none identifies."""
    found: dict[tuple[str, str], list[tuple[str, bool]]] = {}
    for schema, table, column, comment in con.execute(
        "SELECT schema_name, table_name, column_name, comment FROM duckdb_columns() "
        "WHERE NOT internal ORDER BY schema_name, table_name, column_index"
    ).fetchall():
        found.setdefault((schema, table), []).append((column, bool(comment)))
    faults = []
    for promise in promises:
        columns = found.pop(_place(promise, flat), [])
        if tuple(name for name, _ in columns) != promise.column_names:
            faults.append(f"{promise.table} does not have its promised columns")
        faults += [f"{promise.table}.{name} has no comment" for name, told in columns if not told]
        if promise.published is True:
            faults += [
                f"{promise.table}.{column.name} identifies a person"
                for column in promise.columns
                if column.class_ == "identifying"
            ]
    return faults + [f"{schema}.{table} is not promised" for schema, table in sorted(found)]


def _complete(
    con: duckdb.DuckDBPyConnection, night: Night, promises: Sequence[Promise], flat: bool
) -> list[str]:
    """As many rows as in the lake, table by table."""
    faults = []
    for promise in promises:
        schema, table = _place(promise, flat)
        rows = con.execute(f"SELECT count(*) FROM {quoted(schema)}.{quoted(table)}").fetchall()
        pointer = night.pointer(promise.table)
        expected = pointer.rows if pointer else None
        if rows[0][0] != expected:
            faults.append(f"{promise.table} has {rows[0][0]} rows where the lake has {expected}")
    return faults


def _lost_tables(night: Night, promises: Sequence[Promise]) -> list[str]:
    """Tables that the night before published and this one, though still promised, has not."""
    manifest = night.previous_manifest
    present = {promise.table for promise in promises}
    kinds = {promise.published for promise in promises}
    lost = []
    for name in sorted(manifest.tables if manifest else ()):
        try:
            promised = night.promise(name)
        except NotFound:  # a table that nobody promises any more is not missed
            continue
        if promised.published is not False and promised.published in kinds and name not in present:
            lost.append(f"{name} was published the night before and is not there")
    return lost
