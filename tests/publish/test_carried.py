"""A renewed publication takes over what did not change, and says what writing it whole would."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import publish
from pipelines.lake.home import Home
from pipelines.lake.night import Night
from pipelines.publish import files
from pipelines.publish.carried import Carried
from tests.publish.conftest import AS_OF, ROWS, open_night, write, write_all

pytestmark = pytest.mark.long

PEOPLE = ROWS["population.person"]


def published(home: Home, as_of: date = AS_OF, **given: list[dict[str, Any]]) -> Path:
    """Write every table of a night, publish it, and return its folder."""
    night: Night = open_night(home, as_of)
    try:
        write_all(night, **given)
        write(night, "quality.expectation", [])  # checked elsewhere
        for table in publish.TABLES:
            if table != "quality.expectation":
                publish.build(table, night)
        publish.monitoring_file(night)
    finally:
        night.close()
    return home.current.resolve()


def everything(folder: Path) -> dict[str, Any]:
    """Rows, comments and definitions of all that the file holds, but for run ids and instants."""
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    with duckdb.connect(str(folder / "monitoring.duckdb"), read_only=True) as con:
        asked = (
            "SELECT schema_name, view_name, sql, comment FROM duckdb_views() WHERE NOT internal",
            "SELECT schema_name, function_name, macro_definition, comment FROM duckdb_functions() "
            "WHERE NOT internal",
            "SELECT schema_name, table_name, column_name, data_type, is_nullable, comment "
            "FROM duckdb_columns() WHERE NOT internal",
            "SELECT schema_name, table_name, comment FROM duckdb_tables()",
        )
        listed = [sorted(map(repr, con.execute(sql).fetchall())) for sql in asked]
        ordered = con.execute("SELECT person_id FROM population.person").fetchall()
    return {
        "tables": told["tables"], "listed": listed, "people": ordered,
        "written_from": told["written_from"],
    }  # fmt: skip


def same_file(a: Path, b: Path, table: str) -> bool:
    """Whether the file of ``b`` is a copy of that of ``a``, and no link to it."""
    name = f"parquet/{table.replace('.', '/')}.parquet"
    held = [(folder / name).stat() for folder in (a, b)]
    return held[0].st_mtime_ns == held[1].st_mtime_ns and held[0].st_ino != held[1].st_ino


def test_a_renewal_says_what_writing_it_whole_would(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = published(home)
    more = [*PEOPLE, PEOPLE[0] | {"person_id": "P0"}]
    renewed = published(home, population__person=more)

    assert (first.name, renewed.name) == (f"{AS_OF}.1", f"{AS_OF}.2")
    assert same_file(first, renewed, "population.household_member")
    assert not same_file(first, renewed, "population.person")
    assert not same_file(first, renewed, "quality.receipt")  # it holds instants
    held = everything(renewed)
    assert held["people"] == [("P0",), ("P1",), ("P2",)]

    monkeypatch.setattr(files, "carried", lambda *_: Carried())
    whole = published(home, population__person=more)
    assert everything(whole) == held
    assert not same_file(renewed, whole, "population.household_member")
    parquet = sorted(p.relative_to(whole) for p in (whole / "parquet").rglob("*.parquet"))
    with duckdb.connect() as con:
        for name in parquet:
            if f"{name.parent.name}.{name.stem}" in held["written_from"]:
                sides = [f"SELECT * FROM '{folder / name}'" for folder in (whole, renewed)]
                differ = con.execute(f"{sides[0]} EXCEPT ALL {sides[1]}").fetchall()
                assert differ == [], name
    assert "population/household_member.parquet" in {str(p)[len("parquet/") :] for p in parquet}


def test_another_night_begins_no_database_with_an_older_one(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = published(home)
    begun = []
    monkeypatch.setattr(Carried, "begin", lambda self, path: begun.append(self.database))
    second = published(home, AS_OF + timedelta(days=1))
    assert begun == [None]
    assert same_file(first, second, "population.household_member")
    assert everything(second)["people"] == [("P1",), ("P2",)]


@pytest.mark.parametrize("lost", ["database", "parquet", "manifest"])
def test_what_was_damaged_is_written_anew(home: Home, lost: str) -> None:
    first = published(home)
    file = {"database": "monitoring.duckdb", "manifest": "manifest.json"}.get(
        lost, "parquet/population/household_member.parquet"
    )
    held = everything(first)
    path = first / file
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    renewed = published(home)
    assert everything(renewed) == held
    with duckdb.connect() as con:
        read = (renewed / "parquet" / "population" / "household_member.parquet").as_posix()
        assert con.execute(f"SELECT count(*) FROM '{read}'").fetchall() == [(2,)]


def test_nothing_stays_that_is_written_for_nobody_any_more(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(home)
    allowed = files.allowed_promises
    gone = "population.household_member"

    def without(schemas: Path) -> dict[str, Any]:
        return {name: one for name, one in allowed(schemas).items() if name != gone}

    monkeypatch.setattr(files, "allowed_promises", without)
    monkeypatch.setattr("pipelines.publish.audit.allowed_promises", without)
    renewed = published(home)
    with duckdb.connect(str(renewed / "monitoring.duckdb"), read_only=True) as con:
        found = con.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    assert ("person",) in found and ("household_member",) not in found
    assert not (renewed / "parquet" / "population" / "household_member.parquet").exists()
