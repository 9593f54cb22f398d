"""The hard cases, published for each of their townships: nobody twice, nobody's id next door."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb

from pipelines.lake.home import Home
from pipelines.publish import versions
from pipelines.publish.places.cuts import load_cuts
from pipelines.publish.restore import restore
from pipelines.settings import SCHEMAS, Settings

TOWNSHIPS = ("371121901", "371121902")
IDS = ("population.person.person_id", "population.household.household_id",
       "hardship.case_file.case_id")  # fmt: skip


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_townships_of_a_real_night(hard_cases: Path, tmp_path: Path) -> None:
    """Whole = the townships' files and whom none of them holds; no id stands in two of them."""
    home = Home(shutil.copytree(hard_cases, tmp_path / "home", symlinks=True))
    shown = versions.shown(home)
    assert shown is not None
    shutil.rmtree(versions.folder_of(home, shown))
    made = restore(Settings(home=home.root, publish_places=TOWNSHIPS), str(shown.as_of))
    outside = versions.manifest_of(home, made.version)["in_no_place"]
    files = [home.places / code / "monitoring.duckdb" for code in TOWNSHIPS]
    held = 0
    for table, cut in load_cuts(SCHEMAS).items():
        if not cut.by:
            continue
        whole = Counter(map(str, rows(home.monitoring, f"FROM {table}")))
        parts = [Counter(map(str, rows(path, f"FROM {table}"))) for path in files]
        together = parts[0] + parts[1]
        assert together <= whole, table
        assert (whole - together).total() == sum(outside[table].values()), table
        held += min(part.total() for part in parts)
    assert held > 20, "both townships have something"

    lives = [
        {name for column in IDS for (name,) in rows(
            path, f"SELECT {column.rsplit('.', 1)[1]} FROM {column.rsplit('.', 1)[0]}")}
        for path in files
    ]  # fmt: skip
    assert lives[0] and lives[1] and not lives[0] & lives[1]
    for path, others in zip(files, reversed(lives), strict=True):
        for schema, table, column, kind in rows(
            path, "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() "
            "WHERE NOT internal AND data_type IN ('VARCHAR', 'VARCHAR[]')",
        ):  # fmt: skip
            value = f'unnest("{column}")' if kind.endswith("[]") else f'"{column}"'
            found = {name for (name,) in rows(path, f'SELECT {value} FROM {schema}."{table}"')}
            assert not found & others, f"{schema}.{table}.{column}"
