"""monitoring.duckdb and identity.duckdb: complete, commented, swapped in whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import duckdb
import pytest

from pipelines import publish
from pipelines.contracts.promises import load_promises
from pipelines.errors import PublicationHeldBack
from pipelines.lake.home import Home
from pipelines.lake.night import Night
from pipelines.publish.summary import summarise
from tests.publish.conftest import ROWS, open_night, write_all, write_few


def build_all(night: Night) -> None:
    for table in publish.TABLES:
        whole = all(night.exists(read) for read in publish.READS[table])
        if whole or table not in {"meta.region", "meta.night_history"}:
            publish.build(table, night)


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    con = duckdb.connect(str(path), read_only=True)
    try:
        return con.execute(sql).fetchall()
    finally:
        con.close()


def test_the_whole_room(night: Night, home: Home) -> None:
    write_all(
        night,
        linkage__person_identity=[{"person_id": "P1", "name": "王某"}],
    )
    build_all(night)
    failed = "SELECT suite, check_name, errored FROM quality.expectation WHERE NOT success"
    assert night.query(failed).rows() == []

    published = publish.monitoring_file(night)
    identity = publish.identity_file(night)
    page = publish.validation_page(night)

    assert not published.replaced and published.path == home.monitoring
    promised = {n for n, p in load_promises().items() if p.published is True}
    found = rows(home.monitoring, "SELECT schema_name || '.' || table_name FROM duckdb_tables()")
    assert {name for (name,) in found} == promised
    assert published.tables == len(promised)
    assert rows(home.monitoring, "SELECT person_id FROM population.person") == [("P1",), ("P2",)]
    assert rows(home.monitoring, "SELECT count(*) FROM duckdb_columns() WHERE comment IS NULL "
                "AND NOT internal") == [(0,)]  # fmt: skip
    assert rows(home.monitoring, "SELECT count(*) FROM duckdb_tables() WHERE comment IS NULL") == [
        (0,)
    ]
    assert rows(home.monitoring, "SELECT persons, households FROM meta.run") == [(2, 1)]
    assert rows(home.monitoring, "SELECT count(*) > 100 FROM meta.dictionary") == [(True,)]

    assert rows(home.identity, "SELECT name FROM person_identity") == [("王某",)]
    assert stat.S_IMODE(home.identity.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.restricted.stat().st_mode) == 0o700
    assert identity.tables == 3

    text = page.read_text(encoding="utf-8")
    assert "全部通过" in text and "http" not in text and "src=" not in text
    assert sorted(p.name for p in home.published.iterdir()) == [
        "bulletin.html", "current", "history", "monitoring.duckdb", "parquet", "quality",
    ]  # fmt: skip
    assert b"\xe7\x8e\x8b\xe6\x9f\x90" not in home.monitoring.read_bytes()
    assert summarise(home.root)


def test_a_blocking_failure_holds_back(night: Night, home: Home) -> None:
    home.monitoring.write_bytes(b"the night before")
    write_few(
        night,
        population__household_member=[
            {"household_id": "H1", "person_id": "P-nobody", "evidence": "family"}
        ],
    )
    publish.expectation(night)
    with pytest.raises(PublicationHeldBack, match="known_person_id_in_population"):
        publish.monitoring_file(night)
    assert home.monitoring.read_bytes() == b"the night before"
    assert "不发布" in publish.validation_page(night).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text", ["证件 11010119900307123X", "call 13812345678 now", "roll G110101200501011234"]
)
def test_no_identifier_in_the_clear(night: Night, text: str) -> None:
    household = {**ROWS["population.household"][0], "income_source": text}
    write_few(night, population__household=[household])
    publish.expectation(night)
    with pytest.raises(PublicationHeldBack, match="no_identifier_in_the_clear"):
        publish.stop_if_held_back(night)


def test_running_again_says_the_same(home: Home) -> None:
    first = open_night(home, run_id="run-1")
    write_few(first)
    assert not publish.expectation(first).reused
    first.close()
    again = open_night(home, run_id="run-2")
    assert publish.expectation(again).reused
    publish.dictionary(again)
    publish.run(again)
    assert not publish.monitoring_file(again).replaced
    counted = "SELECT table_name, estimated_size FROM duckdb_tables() ORDER BY 1"
    before = rows(home.monitoring, counted)
    assert publish.monitoring_file(again).replaced
    assert rows(home.monitoring, counted) == before
    again.close()


def test_leftovers_of_a_killed_run_are_wiped(night: Night, home: Home) -> None:
    leftover = home.history / ".2026-11-17.partial"
    leftover.mkdir(parents=True)
    (leftover / "monitoring.duckdb").write_bytes(b"half")
    write_few(night)
    build_all(night)
    publish.monitoring_file(night)
    assert not leftover.exists()


def test_older_clients_can_open_it(night: Night, home: Home) -> None:
    write_few(night)
    build_all(night)
    publish.monitoring_file(night)
    tags = rows(home.monitoring, "SELECT tags['storage_version'] FROM duckdb_databases() "
                "WHERE NOT internal")  # fmt: skip
    assert "1.0.0" in str(tags[0][0])
