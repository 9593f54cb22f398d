"""Each place's own file: the rows of its people, all of them, and nobody else's."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import ValidationError

from pipelines import publish
from pipelines.errors import PublicationHeldBack
from pipelines.lake.home import Home
from pipelines.lake.night import Night
from pipelines.publish import versions
from pipelines.publish.audience import allowed_promises
from pipelines.publish.carried import Carried
from pipelines.publish.places import write as writing
from pipelines.publish.places.cuts import ALL, NONE, load_cuts
from pipelines.publish.places.told import Outside, Places
from pipelines.publish.restore import kept, restore
from pipelines.settings import SCHEMAS, Settings
from tests.publish.conftest import AS_OF, open_night, write, write_all

EAST, WEST = "3711", "3702"
CITIES = (EAST, WEST)
NOWHERE = "0" * 12
CUTS = load_cuts(SCHEMAS)
PROMISES = allowed_promises(SCHEMAS)
CODES = {"region_code": 12, "township_code": 9}


def person(name: str, household: str | None, region: str) -> dict[str, Any]:
    return {"person_id": name, "household_id": household, "region_code": region, "alive": True}


def household(name: str, region: str) -> dict[str, Any]:
    return {"household_id": name, "region_code": region, "size": 1}


def merged(old: str, new: str, nights_ago: int = 0) -> dict[str, Any]:
    return {"old_id": old, "new_id": new, "kind": "person", "change": "merged",
            "as_of": AS_OF - timedelta(days=nights_ago)}  # fmt: skip


#: a family in the east, one of whom is insured in the west; one in the west; who is hard to place
WORLD: dict[str, list[dict[str, Any]]] = {
    "population__household": [
        household("H-east", "371102001001"), household("H-west", "370203001000"),
        household("H-lost", NOWHERE), household("H-south", "371322001000"),
    ],
    "population__person": [
        person("P-east", "H-east", "371102001001"),
        person("P-insured-west", "H-east", "370211000000"),
        person("P-west", "H-west", "370203001000"), person("P-lost", "H-lost", NOWHERE),
        person("P-dead-west", None, "370203000000"), person("P-south", "H-south", "371322001000"),
    ],
    "population__id_change": [
        merged("P-once", "P-then", 20), merged("P-then", "P-west", 10),
        {**merged("H-once", "H-east", 5), "kind": "household"},
    ],
    "population__change": [
        {"person_id": name, "as_of": AS_OF, "change": "entered"}
        for name in ("P-east", "P-insured-west", "P-once", "P-gone")
    ],
    "hardship__case_file": [
        {"case_id": "C-east", "household_id": "H-east", "person_id": "P-insured-west",
         "region_code": "370211000000", "status": "open", "rule_ids_ever": ["r1", "r2"],
         "confirmed_on": AS_OF, "last_checked_on": AS_OF},
        {"case_id": "C-once", "household_id": "H-once", "region_code": "370203001000",
         "status": "closed", "rule_ids_ever": ["r1"]},
        {"case_id": "C-moved", "household_id": "H-gone", "region_code": "370203001000",
         "status": "open", "rule_ids_ever": ["r1"], "last_checked_on": AS_OF},
    ],
    "hardship__case_event": [{"case_id": "C-moved", "sequence": n} for n in (1, 2)],
    "hardship__alert": [
        {"person_id": None, "household_id": "H-west"},
        {"person_id": "P-dead-west", "household_id": "H-gone"},
    ],
    "meta__rule": [{"rule_id": "r1", "parameters": []}, {"rule_id": "r2", "parameters": []}],
    "orders__monthly_report": [
        {"township_code": f"{county}00{n}", "county_code": county, "persons": n, "households": n,
         "entries": n, "month": AS_OF}
        for county in ("371102", "370203") for n in (2, 6, 9)
    ],
    "quality__not_judged": [{"rule_id": "r1", "reason": "unknown:age", "persons": 2}],
    "quality__quarantine": [{"file_name": "roll.csv"}],
}  # fmt: skip


def publish_night(
    home: Home, places: Sequence[str] = CITIES, run_id: str = "run-1", **given: list[dict[str, Any]]
) -> publish.PublishedFile:
    """Write every table of a night and publish it, with files of places."""
    night = open_night(home, run_id=run_id)
    night.settings = night.settings.model_copy(update={"publish_places": tuple(places)})
    try:
        write_all(night, **{**WORLD, **given})
        write(night, "quality.expectation", [
            {"suite": "s", "check_name": "c", "unexpected_count": 3, "element_count": 7,
             "success": False, "blocking": False, "as_of": AS_OF}
        ])  # fmt: skip
        for table in (*publish.TABLES[1:], "quality.rule_yield"):
            (night.build if table == "quality.rule_yield" else _built(night))(table)
        return publish.monitoring_file(night)
    finally:
        night.close()


def _built(night: Night) -> Any:
    return lambda table: publish.build(table, night)


def ask(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(sql).fetchall()


def names(home: Home, code: str, table: str, column: str) -> set[str]:
    rows = ask(home.places / code / "monitoring.duckdb", f"SELECT {column} FROM {table}")
    return {str(name) for (name,) in rows}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Places]:
    """`WORLD` published, for tests that look at it."""
    home = Home(tmp_path_factory.mktemp("shown") / "home").create()
    return home, publish_night(home).places


def test_people_are_where_they_live_tonight(shown: tuple[Home, Places]) -> None:
    home, places = shown
    assert names(home, EAST, "population.person", "person_id") == {"P-east", "P-insured-west"}
    assert names(home, WEST, "population.person", "person_id") == {"P-west", "P-dead-west"}
    assert names(home, EAST, "population.household", "household_id") == {"H-east"}
    assert places.outside["population.person"] == Outside(unknown=1, elsewhere=1)
    assert places.outside["population.household"] == Outside(unknown=1, elsewhere=1)


def test_what_was_merged_or_is_gone_is_followed(shown: tuple[Home, Places]) -> None:
    home, places = shown
    assert names(home, EAST, "population.change", "person_id") == {"P-east", "P-insured-west"}
    assert names(home, WEST, "population.change", "person_id") == {"P-once"}
    assert places.outside["population.change"] == Outside(unknown=1)
    assert names(home, EAST, "hardship.case_file", "case_id") == {"C-east", "C-once"}
    assert names(home, WEST, "hardship.case_file", "case_id") == {"C-moved"}
    assert names(home, WEST, "hardship.case_event", "case_id") == {"C-moved"}
    assert names(home, EAST, "hardship.case_event", "case_id") == set()


def test_the_same_tables_and_views_as_the_whole_file(shown: tuple[Home, Places]) -> None:
    home, _ = shown
    asked = (
        "SELECT schema_name, table_name, column_name, data_type, is_nullable, comment "
        "FROM duckdb_columns() WHERE NOT internal ORDER BY ALL",
        "SELECT schema_name, view_name, comment FROM duckdb_views() WHERE NOT internal "
        "ORDER BY ALL",
        "SELECT schema_name, function_name, macro_definition FROM duckdb_functions() "
        "WHERE NOT internal ORDER BY ALL",
    )  # fmt: skip
    for code in CITIES:
        path = home.places / code / "monitoring.duckdb"
        for sql in asked:
            assert ask(path, sql) == ask(home.monitoring, sql)
        for schema, view in ask(path, "SELECT schema_name, view_name FROM duckdb_views() "
                                "WHERE NOT internal"):  # fmt: skip
            ask(path, f"FROM {schema}.{view}")


def test_counts_are_the_places_own_or_not_there(shown: tuple[Home, Places]) -> None:
    home, _ = shown
    counted = "SELECT persons, households, alerts, open_cases, checks_failed, as_of FROM meta.run"
    east, west = (home.places / code / "monitoring.duckdb" for code in CITIES)
    assert ask(home.monitoring, counted) == [(6, 4, 2, 2, 1, AS_OF)]
    assert ask(east, counted) == [(2, 1, 0, 1, 1, AS_OF)]
    assert ask(west, counted) == [(2, 1, 2, 1, 1, AS_OF)]
    ran = "SELECT rule_id, flagged, checked, confirmed FROM quality.rule_yield ORDER BY 1"
    assert ask(home.monitoring, ran) == [("r1", 3, 2, 1), ("r2", 1, 1, 1)]
    assert ask(east, ran) == [("r1", 2, 1, 1), ("r2", 1, 1, 1)]
    assert ask(west, ran) == [("r1", 1, 1, 0), ("r2", 0, 0, 0)]
    figures = "SELECT success, unexpected_count, element_count FROM quality.expectation"
    assert ask(home.monitoring, figures) == [(False, 3, 7)] and ask(east, figures) == [
        (False, None, None)
    ]
    unjudged = "SELECT rule_id, not_judged FROM analysis.rule_result ORDER BY 1"
    assert ask(home.monitoring, unjudged) == [("r1", 2), ("r2", 0)]
    assert ask(east, unjudged) == [("r1", None), ("r2", 0)]
    assert ask(home.monitoring, "FROM quality.quarantine")
    assert not ask(east, "FROM quality.quarantine")
    assert ask(home.monitoring, "FROM meta.night_history")
    assert not ask(east, "FROM meta.night_history")


def test_small_counts_stay_hidden(shown: tuple[Home, Places]) -> None:
    home, _ = shown
    for code, county in (("3711", "371102"), ("3702", "370203")):
        assert ask(
            home.places / code / "monitoring.duckdb",
            "SELECT township_code, persons FROM orders.monthly_report ORDER BY 1",
        ) == [(f"{county}002", None), (f"{county}006", None), (f"{county}009", 9)]


def test_a_county_is_a_place_too(home: Home) -> None:
    """It may lie in a city that has a file as well; who is known to the city alone is unplaced."""
    vague = household("H-vague", "371100000000")
    places = publish_night(
        home, (EAST, "371102", "371121"),
        population__household=[*WORLD["population__household"], vague],
    ).places  # fmt: skip
    assert names(home, EAST, "population.household", "household_id") == {"H-east", "H-vague"}
    assert names(home, "371102", "population.household", "household_id") == {"H-east"}
    assert places.held["371121"]["population.household"].rows == 0
    assert places.outside["population.household"] == Outside(unknown=1, elsewhere=2)
    alone = publish_night(
        home, ("371102",), run_id="run-2",
        population__household=[*WORLD["population__household"], vague],
    ).places  # fmt: skip
    assert alone.outside["population.household"] == Outside(unknown=2, elsewhere=2)


def test_a_place_without_people_is_said(home: Home, capfd: pytest.CaptureFixture[str]) -> None:
    publish_night(home, ("3706",))
    assert "nobody lives in 3706" in capfd.readouterr().err


REGIONS = (
    "371102001001", "371102000000", "371121003000", "370203001000", "370211000000",
    "371300000000", "370000000000", NOWHERE,
)  # fmt: skip


class Slowly:
    """Where everything lives, worked out row by row."""

    def __init__(self, world: dict[str, list[dict[str, Any]]]) -> None:
        self.home: dict[str, str | None] = {}
        for one in world["population.household"]:
            self.home[one["household_id"]] = known(one["region_code"])
        for one in world["population.person"]:
            of_household = self.home.get(str(one["household_id"]))
            self.home[one["person_id"]] = of_household or known(one["region_code"])
        alive = dict(self.home)
        for one in sorted(world["population.id_change"], key=lambda row: row["as_of"]):
            old, new = one["old_id"], one["new_id"]
            if old not in alive:
                while new not in alive and (after := self.next_of(world, new)):
                    new = after
                self.home[old] = alive.get(new)
        for one in world["hardship.case_file"]:
            self.home[one["case_id"]] = self.first(
                one, ("household_id", "person_id", "region_code")
            )

    @staticmethod
    def next_of(world: dict[str, list[dict[str, Any]]], name: str) -> str | None:
        return next(
            (row["new_id"] for row in world["population.id_change"] if row["old_id"] == name), None
        )

    def first(self, row: dict[str, Any], columns: Sequence[str]) -> str | None:
        for column in columns:
            value = row[column]
            region = known(value) if column in CODES else self.home.get(str(value))
            if region:
                return region
        return None


def known(code: str | None) -> str | None:
    return code if code and code.strip("0") else None


def random_world(seed: int) -> dict[str, list[dict[str, Any]]]:
    """People, households, merges and cases at random, and rows of every table that is cut."""
    chance = random.Random(seed)
    homes = [f"H{n}" for n in range(12)]
    people = [f"P{n}" for n in range(30)]
    ids = [*homes, *people, "P-gone", "H-gone", *(f"P-old{n}" for n in range(8))]
    world: dict[str, list[dict[str, Any]]] = {
        "population.household": [household(name, chance.choice(REGIONS)) for name in homes],
        "population.person": [
            person(name, chance.choice([*homes, None]), chance.choice(REGIONS)) for name in people
        ],
        # each old id became one that is older, one that is alive, or nobody
        "population.id_change": [
            merged(f"P-old{n}", chance.choice([*people, "P-gone", f"P-old{n + 1}"]), 20 - n)
            for n in range(7)
        ],
        "hardship.case_file": [
            {"case_id": f"C{n}", "household_id": chance.choice([*homes, "H-gone", None]),
             "person_id": chance.choice([*people, None]), "region_code": chance.choice(REGIONS)}
            for n in range(15)
        ],
    }  # fmt: skip
    cases = [f"C{n}" for n in range(15)] + ["C-gone"]
    for table, cut in CUTS.items():
        if not cut.by or table in world:
            continue
        drawn = {
            column: [code[: CODES[column]] for code in REGIONS] if is_code
            else cases if column == "case_id" else ids
            for column, is_code in cut.by
        }  # fmt: skip
        world[table] = [
            keyed(table, number, {name: chance.choice(values) for name, values in drawn.items()})
            for number in range(25)
        ]
    return {table: distinct(table, rows) for table, rows in world.items()}


def keyed(table: str, number: int, row: dict[str, Any]) -> dict[str, Any]:
    """A row with a key of its own, where columns that place it are not all of its key."""
    promise = PROMISES[table]
    types = {column.name: column.type for column in promise.columns}
    values = {"VARCHAR": f"n{number}", "DATE": AS_OF - timedelta(days=number)}
    free = {name: values.get(types[name], number) for name in promise.key if name not in row}
    return free | row


def distinct(table: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    key = PROMISES[table].key
    return list({tuple(str(row.get(name)) for name in key) if key else n: row
                 for n, row in enumerate(rows)}.values())  # fmt: skip


def rows_of(path: Path, table: str) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(map(str, row)) for row in ask(path, f"FROM {table}"))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_every_row_stands_in_the_file_of_its_place_alone(home: Home, seed: int) -> None:
    """Cities and those that nobody knows or that lie elsewhere make up the whole; none overlap."""
    world = random_world(seed)
    done = publish_night(home, **{name.replace(".", "__"): rows for name, rows in world.items()})
    slow = Slowly(world)
    files = {code: home.places / code / "monitoring.duckdb" for code in CITIES}
    moved = 0
    for table, cut in CUTS.items():
        if not cut.by:
            continue
        columns = [column for column, _ in cut.by]
        told = PROMISES[table].column_names
        whole = rows_of(home.monitoring, table)
        expected: dict[str, Counter[tuple[Any, ...]]] = {code: Counter() for code in CITIES}
        rest = 0
        for row, times in whole.items():
            region = slow.first(
                {name: None if value == "None" else value
                 for name, value in zip(told, row, strict=True)},
                columns,
            )  # fmt: skip
            code = next((code for code in CITIES if region and region.startswith(code)), None)
            if code:
                expected[code][row] = times
            else:
                rest += times
        assert {code: rows_of(path, table) for code, path in files.items()} == expected, table
        outside = done.places.outside[table]
        assert outside.unknown + outside.elsewhere == rest, table
        moved += sum(whole.values()) - rest
    assert moved > 300, "a test of empty files says nothing"


def test_tables_without_people_are_whole_or_empty(shown: tuple[Home, Places]) -> None:
    home, _ = shown
    path = home.places / EAST / "monitoring.duckdb"
    for table, cut in CUTS.items():
        if cut.rows == ALL and not cut.empty and not cut.counted:
            assert rows_of(path, table) == rows_of(home.monitoring, table), table
        elif cut.rows == NONE:
            assert not rows_of(path, table), table


def test_it_appears_with_its_version_and_is_readable(home: Home) -> None:
    publish_night(home)
    assert home.places.is_symlink() and home.places.resolve().parent == home.current.resolve()
    version = versions.Version(AS_OF, 1)
    assert versions.damaged(home, version) == []
    for path in (home.places, *home.places.resolve().rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644), path.name
    listed = json.loads((home.places / "places.json").read_text(encoding="utf-8"))
    assert listed["places"][EAST] == {"persons": 2, "households": 1}
    told = versions.manifest_of(home, version)
    assert told["places"][EAST]["tables"]["population.person"][0] == 2
    assert told["in_no_place"]["population.person"] == {"unknown": 1, "elsewhere": 1}
    assert [set(one.places) for one in kept(home.root)] == [set(CITIES)]

    file = home.places.resolve() / WEST / "monitoring.duckdb"
    file.write_bytes(file.read_bytes()[:-1])
    assert versions.damaged(home, version) == [f"places/{WEST}/monitoring.duckdb"]

    publish_night(home, (), run_id="run-2")
    assert not home.places.is_symlink() and versions.shown(home) == versions.Version(AS_OF, 2)


@pytest.mark.long
def test_a_restored_version_shows_its_places(home: Home) -> None:
    publish_night(home, run_id="run-1")
    publish_night(home, (EAST,), run_id="run-2")
    assert not (home.places / WEST).exists()
    restore(Settings(home=home.root), f"{AS_OF}.1")
    assert names(home, WEST, "population.household", "household_id") == {"H-west"}


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """(place, table) as they are written."""
    found: list[tuple[str, str]] = []
    make = writing._table

    def noted(con: Any, night: Any, promise: Any, cut: Any, code: str, tables: Any) -> None:
        found.append((code, promise.table))
        make(con, night, promise, cut, code, tables)

    monkeypatch.setattr(writing, "_table", noted)
    yield found


@pytest.mark.long
def test_a_renewal_writes_what_changed_alone(
    home: Home, written: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_night(home)
    assert (EAST, "population.death") in written
    written.clear()
    more = [{"person_id": "P-west", "doubtful": False, "evidence": []}]
    renewed = publish_night(home, run_id="run-2", population__death=more)
    assert {table for _, table in written} >= {"population.death", "meta.run"}
    assert not {table for _, table in written} & {"population.person", "hardship.case_file"}
    written.clear()
    moved = [household("H-east", "370203001000"), *WORLD["population__household"][1:]]
    publish_night(home, run_id="run-3", population__death=more, population__household=moved)
    assert {(EAST, "population.person"), (WEST, "quality.rule_yield")} <= set(written)
    assert names(home, EAST, "population.person", "person_id") == set()
    monkeypatch.setattr(writing, "carried_place", lambda *_: (Carried(), {}))
    anew = publish_night(home, run_id="run-4", population__death=more)
    assert anew.places.held == renewed.places.held
    assert anew.places.outside == renewed.places.outside


def test_a_file_with_somebody_elses_people_is_not_published(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The audit looks at the finished file, whatever the statements did."""
    all_east = f"SELECT id, '371102001001' AS region_code FROM ({writing.HOME_SQL})"
    monkeypatch.setattr(writing, "HOME_SQL", all_east)
    with pytest.raises(PublicationHeldBack, match="of another place") as held:
        publish_night(home)
    assert "P-" not in str(held.value) and "H-" not in str(held.value)
    assert versions.versions(home) == []


@pytest.mark.parametrize("code", ["371", "3700", "371100", "371102000", "日照", "3711 ", ""])
def test_a_place_that_is_none_is_refused(code: str) -> None:
    with pytest.raises(ValidationError, match="a place is the first"):
        Settings(publish_places=(code,))


def test_a_place_that_stands_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match="twice"):
        Settings(publish_places=("3711", "371102", "3711"))
