"""Components against networkx, keyed ids, and the statement over the landed extracts."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import duckdb
import networkx as nx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import households, population
from pipelines.contracts.load import load_codes, load_contracts
from pipelines.engine.sql import read_sql, to_spark
from pipelines.households import group_seen
from pipelines.households.components import components, household_id, new_ids
from pipelines.population import roll_parent

TIES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 19)), max_size=40)


def grouped(people: list[str], ties: list[tuple[str, str]]) -> dict[str, str]:
    frame = components(
        pl.DataFrame({"person_id": people}, schema={"person_id": pl.String}),
        pl.DataFrame(ties, schema={"group_key": pl.String, "person_id": pl.String}, orient="row"),
    )
    return dict(frame.iter_rows())


@settings(max_examples=100)
@given(TIES)
def test_components_are_those_of_networkx(ties: list[tuple[int, int]]) -> None:
    people = [f"p{i:02}" for i in range(20)]
    named = [(f"g{group}", f"p{person:02}") for group, person in ties]
    graph = nx.Graph()
    graph.add_nodes_from(people)
    graph.add_edges_from(named)
    expected = {
        person: min(n for n in part if n.startswith("p"))
        for part in nx.connected_components(graph)
        for person in part
        if person.startswith("p")
    }
    assert grouped(people, named) == expected


def test_a_long_chain_is_one_component() -> None:
    people = [f"p{i:05}" for i in range(2000)]
    ties = [(f"g{i}", person) for i in range(2000) for person in people[i : i + 2]]
    assert set(grouped(people, ties).values()) == {"p00000"}


def test_the_order_of_rows_does_not_matter() -> None:
    ties = [("g1", "b"), ("g1", "c"), ("g2", "c"), ("g2", "a")]
    found = [grouped(["c", "a", "b", "z"], list(order)) for order in permutations(ties)]
    assert all(made == {"a": "a", "b": "a", "c": "a", "z": "z"} for made in found)


def test_ids_are_keyed_and_never_given_twice() -> None:
    as_of = date(2026, 11, 20)
    first = list(new_ids(b"k", ["a", "b"], (), (), as_of))
    assert first == [household_id(b"k", "a"), household_id(b"k", "b")]
    assert all(len(made) == 25 and made.startswith("H") for made in first)
    for known, taken in ((["a"], []), ([], first)):
        again = list(new_ids(b"k", ["a"], known, taken, as_of))
        assert again == [household_id(b"k", "a", "2026-11-20")] and again[0] not in first
    assert household_id(b"k", "a") != household_id(b"other", "a")


def raw(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, object]]) -> None:
    con.execute("create schema if not exists intake")
    con.register("landed", pl.DataFrame(rows, infer_schema_length=None).to_arrow())
    con.execute(f"create table {table} as select * from landed")


def test_a_row_that_came_to_name_another_group_says_since_when() -> None:
    sql = group_seen.statement(load_contracts())
    con = duckdb.connect()
    extracts = [
        ("changed", "F1", "2026-09-01"), ("changed", "F1", "2026-10-01"),
        ("changed", "F2", "2026-11-01"), ("changed", "F2", "2026-11-10"),
        ("same", "F1", "2026-09-01"), ("same", "F1", "2026-11-10"),
        ("came", None, "2026-09-01"), ("came", "F3", "2026-10-01"),
    ]  # fmt: skip
    raw(con, "intake.raw_medical_insurance__insured_person", [
        {"record_key": key, "family_no": group, "extract_date": date.fromisoformat(on)}
        for key, group, on in extracts
    ])  # fmt: skip
    found = con.execute(f"select record_key, group_key, first_seen_on from ({sql})").fetchall()
    assert sorted(found) == [
        ("came", "family:F3", date(2026, 10, 1)),
        ("changed", "family:F1", date(2026, 9, 1)),
        ("changed", "family:F2", date(2026, 11, 1)),
    ]


def test_every_roll_tells_the_parents_it_named() -> None:
    sql = roll_parent.statement(load_contracts(), load_codes())
    con = duckdb.connect()
    blank = {
        f"guardian{n}_{name}": None
        for n in (1, 2) for name in ("relation", "id_number", "id_number_status")
    }  # fmt: skip
    raw(con, "intake.raw_education__student", [
        {"record_key": "G1", **blank, "guardian1_relation": "51", "guardian1_id_number": "N1",
         "guardian1_id_number_status": "valid"},
        {"record_key": "G1", **blank, "guardian1_relation": "62", "guardian1_id_number": "N2",
         "guardian1_id_number_status": "valid"},
        {"record_key": "G2", **blank, "guardian2_relation": "52", "guardian2_id_number": "N3",
         "guardian2_id_number_status": "invalid"},
        {"record_key": "G2", **blank, "guardian2_relation": "52", "guardian2_id_number": "N4",
         "guardian2_id_number_status": "converted_15"},
    ])  # fmt: skip
    found = con.execute(f"select person_ref, id_number from ({sql})").fetchall()
    assert sorted(found) == [
        ("education/student:G1", "N1"), ("education/student:G2", "N4"),
    ]  # fmt: skip


@pytest.mark.parametrize("room", [households, population])
def test_every_statement_is_sparks_too(room: object) -> None:
    for path in sorted(room.HERE.glob("*.sql")):  # type: ignore[attr-defined]
        to_spark(read_sql(path))
    to_spark(group_seen.statement(load_contracts()))
    to_spark(roll_parent.statement(load_contracts(), load_codes()))


@pytest.mark.parametrize("room", [households, population])
def test_tables_come_after_what_they_read(room: object) -> None:
    made: set[str] = set()
    reads = room.reads()  # type: ignore[attr-defined]
    for table in room.TABLES:  # type: ignore[attr-defined]
        own = {name for name in reads[table] if name in room.TABLES}  # type: ignore[attr-defined]
        assert own <= made, table
        made.add(table)
