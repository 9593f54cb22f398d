"""What a publication takes over from the one before: tables that were written from the same.

A night that is renewed because a file arrived changes few of its tables. Of those that it does not
change the Parquet file is copied, and the database is begun as a copy of the one before. On another
night the database is written anew, so that nothing of an older night lies in its free blocks.
Nothing is linked: a disk that loses a file loses it in one version.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipelines import contracts
from pipelines.contracts.promises import OF_THE_RUN, Promise
from pipelines.engine.sql import quoted
from pipelines.errors import JiuzhulianError
from pipelines.lake import fingerprint
from pipelines.lake.home import Home
from pipelines.lake.night import Night
from pipelines.publish import versions
from pipelines.publish.audience import audience

#: in a version's manifest: table → what it was written from
WRITTEN_FROM = "written_from"
#: table → its rows that no place's file holds: place unknown, or known and in none of them
IN_NO_PLACE = "in_no_place"
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Carried:
    """Files of the version before that may be taken over; none of a night's first publication.

    ``parquet``: table → its file. ``database``: the file to begin with, and ``tables`` of it.
    """

    parquet: Mapping[str, Path] = field(default_factory=dict)
    database: Path | None = None
    tables: frozenset[str] = frozenset()

    def begin(self, path: Path) -> None:
        """Lay the database of the version before at ``path``, if it is to be begun with."""
        if self.database is not None:
            shutil.copyfile(self.database, path)

    def clear(self, con: duckdb.DuckDBPyConnection, catalog: str) -> None:
        """Drop everything from the attached copy but the tables that are taken over."""
        if self.database is None:
            return
        for kind, schema, name in con.execute(
            "SELECT 'VIEW', schema_name, view_name FROM duckdb_views() "
            "WHERE database_name = $1 AND NOT internal "
            "UNION ALL SELECT 'TABLE', schema_name, table_name FROM duckdb_tables() "
            "WHERE database_name = $1 AND NOT internal "
            "UNION ALL SELECT CASE function_type WHEN 'macro' THEN 'MACRO' ELSE 'MACRO TABLE' END, "
            "schema_name, function_name FROM duckdb_functions() "
            "WHERE database_name = $1 AND function_type IN ('macro', 'table_macro')",
            [catalog],
        ).fetchall():
            if kind == "TABLE" and f"{schema}.{name}" in self.tables:
                continue
            con.execute(f"DROP {kind} {catalog}.{quoted(schema)}.{quoted(name)}")


def written_from(night: Night, promises: Sequence[Promise]) -> dict[str, str]:
    """Table → a digest of everything on which its published rows rest.

    Left out is what holds run ids and instants, and texts that are looked at one by one.
    """
    reader = audience(night.settings.schemas)
    small = night.settings.small_count_below
    code = [fingerprint.code(folder) for folder in (HERE, Path(contracts.__file__).parent)]
    digests = {}
    for promise in promises:
        pointer = night.pointer(promise.table)
        passing = OF_THE_RUN & set(promise.column_names) or promise.table in reader.masked
        if pointer is None or passing:
            continue
        rows = reader.rows(promise, "lake", small) if promise.published is True else ""
        digests[promise.table] = fingerprint.of(
            pointer.content, pointer.rows, repr(promise), rows, duckdb.__version__, *code
        )
    return digests


def carried(home: Home, as_of: date, wanted: Mapping[str, str]) -> Carried:
    """What of the version that is shown was written from the same, and is as it was written."""
    version, told = _shown(home)
    same = _same(told, wanted)
    if version is None or not same:
        return Carried()
    folder = versions.folder_of(home, version)
    files = {name: f"{versions.PARQUET}/{name.replace('.', '/', 1)}.parquet" for name in same}
    parquet = {name: folder / file for name, file in files.items() if _sound(folder, told, file)}
    if version.as_of != as_of or not _sound(folder, told, versions.DATABASE):
        return Carried(parquet)
    return Carried(parquet, folder / versions.DATABASE, same)


def carried_place(
    home: Home, as_of: date, code: str, wanted: Mapping[str, str]
) -> tuple[Carried, dict[str, Any]]:
    """The same of a place's file, and what the version says of it and of whom no file holds."""
    version, told = _shown(home)
    said = told.get(versions.PLACES, {}).get(code, {})
    same = _same(said, wanted)
    if version is None or version.as_of != as_of or not same:
        return Carried(), {}
    file = f"{versions.PLACES}/{code}/{versions.DATABASE}"
    folder = versions.folder_of(home, version)
    if not _sound(folder, told, file):
        return Carried(), {}
    return Carried({}, folder / file, same), said | {IN_NO_PLACE: told.get(IN_NO_PLACE, {})}


def _shown(home: Home) -> tuple[versions.Version | None, dict[str, Any]]:
    """The version that is shown and its manifest; without one that can be read all is written."""
    version = versions.shown(home)
    try:
        return version, versions.manifest_of(home, version) if version else {}
    except JiuzhulianError:
        return None, {}


def _same(told: Mapping[str, Any], wanted: Mapping[str, str]) -> frozenset[str]:
    held = told.get(WRITTEN_FROM, {})
    return frozenset(name for name, digest in wanted.items() if held.get(name) == digest)


def _sound(folder: Path, told: Mapping[str, Any], name: str) -> bool:
    path, said = folder / name, told["files"].get(name)
    return said is not None and path.is_file() and versions.sha256_of(path) == said["sha256"]
