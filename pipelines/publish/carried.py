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
    version = versions.shown(home)
    try:
        told = versions.manifest_of(home, version) if version else {}
    except JiuzhulianError:
        return Carried()  # it cannot be read: everything is written anew
    held = told.get(WRITTEN_FROM, {})
    same = frozenset(name for name, digest in wanted.items() if held.get(name) == digest)
    if version is None or not same:
        return Carried()
    folder = versions.folder_of(home, version)

    def sound(name: str) -> bool:
        path, said = folder / name, told["files"].get(name)
        return said is not None and path.is_file() and versions.sha256_of(path) == said["sha256"]

    files = {name: f"{versions.PARQUET}/{name.replace('.', '/', 1)}.parquet" for name in same}
    parquet = {name: folder / file for name, file in files.items() if sound(file)}
    if version.as_of != as_of or not sound(versions.DATABASE):
        return Carried(parquet)
    return Carried(parquet, folder / versions.DATABASE, same)
