"""Views and macros of the published file are what their promises say, and clients find them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.contracts.promises import load_macros, load_views
from pipelines.publish.analysis import HERE, add_questions, views_over
from tests.publish import bulletin_world

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bulletin_world.city(tmp_path_factory.mktemp("analysis") / "city.duckdb", 2, 3, 3)


def asked(path: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(sql).fetchall()


@pytest.mark.parametrize("name", sorted(load_views()))
def test_a_view_has_its_promised_columns(name: str, city: Path) -> None:
    found = [row[:2] for row in asked(city, f"DESCRIBE {name}")]
    assert found == [(column.name, column.type) for column in load_views()[name].columns]


@pytest.mark.parametrize("name", sorted(load_views()))
def test_a_view_has_its_promised_key(name: str, city: Path) -> None:
    if key := load_views()[name].key:
        [(rows, keys)] = asked(
            city, f"SELECT count(*), count(DISTINCT ({', '.join(key)})) FROM {name}"
        )
        assert rows == keys > 0


def test_statements_and_promises_are_the_same_ones() -> None:
    assert {f"analysis.{path.stem}" for path in HERE.glob("*.sql")} == set(load_views())
    assert {f"analysis.{path.stem}" for path in (HERE / "macros").glob("*.sql")} == set(
        load_macros()
    )


def test_everything_says_what_it_is(city: Path) -> None:
    unsaid = asked(city, "SELECT table_name FROM duckdb_columns() "
                   "WHERE schema_name = 'analysis' AND comment IS NULL")  # fmt: skip
    unsaid += asked(city, "SELECT function_name FROM duckdb_functions() "
                    "WHERE schema_name = 'analysis' AND comment IS NULL")  # fmt: skip
    assert unsaid == []
    macros = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE schema_name = 'analysis'"
    assert len(asked(city, macros)) == len(load_macros())


def test_no_view_identifies_anybody() -> None:
    classes = {c.class_ for view in load_views().values() for c in view.columns}
    assert "identifying" not in classes


def test_macros_answer(city: Path) -> None:
    assert asked(city, "SELECT analysis.county_of('991021003000'), "
                 "analysis.township_of('991021003000'), analysis.township_of('991021000000')") == [
        ("991021", "991021003", None)
    ]  # fmt: skip
    assert asked(city, "SELECT analysis.small_hidden(n) FROM (VALUES (0), (4), (5)) AS v (n)") == [
        ("0",), ("<5",), ("5",),
    ]  # fmt: skip
    flagged = "FROM analysis.flagged_between(DATE '2026-11-20', DATE '2026-11-20')"
    wanted = "SELECT count(*) FROM hardship.case_file WHERE first_flagged_on = DATE '2026-11-20'"
    assert len(asked(city, flagged)) == asked(city, wanted)[0][0] > 0


def test_small_counts_are_small_as_the_setting_says() -> None:
    with duckdb.connect() as con:
        add_questions(con, [], small_count_below=11)
        shown = "SELECT analysis.small_hidden(n) FROM (VALUES (0), (1), (10), (11)) AS v (n)"
        assert con.execute(shown).fetchall() == [("0",), ("<11",), ("<11",), ("11",)]


def test_views_stand_under_another_name_too(city: Path) -> None:
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{city}' AS night (READ_ONLY)")
        [(cases,)] = con.execute("SELECT count(*) FROM night.analysis.open_case").fetchall()
        assert cases > 0
        con.execute("USE night")
        con.execute("FROM analysis.tier_on(DATE '2026-11-20')")


def test_a_view_without_its_tables_is_left_out() -> None:
    assert views_over(["meta.night_history"]) == [load_views()["analysis.night_change"]]
