"""The hand-written hard cases, held against data_samples/hard_cases/expected.yaml."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import expected
from tests.oracle.identity import Frame, read_table

CASES: dict[str, dict[str, Any]] = expected("hard_cases")["cases"]
PUBLISHED = (
    "population.person", "population.household", "population.monitored_person",
    "population.tier_history", "hardship.person_indicator", "hardship.household_indicator",
    "hardship.alert", "hardship.case_file", "assistance.chain", "assistance.gap",
    "assistance.overlap",
)  # fmt: skip


class Result:
    """What the night published, asked by mention."""

    def __init__(self, home: Path) -> None:
        monitoring = home / "published" / "monitoring.duckdb"
        self.tables = {name: read_table(monitoring, name) for name in PUBLISHED}
        links = read_table(home / "restricted" / "identity.duckdb", "person_link")
        self.ids = {
            f"{r['source']}/{r['dataset']} {r['record_key']}": r["person_id"] for r in links
        }
        self.homes = {r["person_id"]: r["household_id"] for r in self.tables["population.person"]}

    def of(self, table: str, mention: str) -> Frame:
        """Rows of a table about the mention's person, or about the household."""
        person = self.ids[mention]
        household = self.homes[person]
        rows = self.tables[table]
        if "person_id" in rows[0]:
            return [
                r
                for r in rows
                if r["person_id"] == person
                or (r["person_id"] is None and r["household_id"] == household)
            ]
        return [r for r in rows if r["household_id"] == household]

    def cases(self, mention: str) -> Frame:
        household = self.homes[self.ids[mention]]
        rows = self.tables["hardship.case_file"]
        return [r for r in rows if r["household_id"] == household]


def stated(kind: str) -> list[Any]:
    """Every expectation of a kind, with the name of its case as test id."""
    return [
        pytest.param(entry, id=f"{name}-{number}")
        for name, case in CASES.items()
        for number, entry in enumerate(case.get(kind, []))
    ]


@pytest.fixture(scope="module")
def result(hard_cases: Path) -> Result:
    return Result(hard_cases)


@pytest.mark.parametrize("mentions", stated("together"))
def test_together(mentions: list[str], result: Result) -> None:
    assert len({result.ids[m] for m in mentions}) == 1


@pytest.mark.parametrize("mentions", stated("apart"))
def test_apart(mentions: list[str], result: Result) -> None:
    assert len({result.ids[m] for m in mentions}) == len(mentions)


@pytest.mark.parametrize("entry", stated("household"))
def test_household(entry: dict[str, Any], result: Result) -> None:
    homes = {result.homes[result.ids[m]] for m in entry["members"]}
    assert len(homes) == 1
    (row,) = result.of("population.household", entry["members"][0])
    assert row["size"] == entry["size"]


@pytest.mark.parametrize("entry", stated("alive"))
def test_alive(entry: dict[str, Any], result: Result) -> None:
    (row,) = result.of("population.person", entry["of"])
    assert row["alive"] is entry["alive"]


@pytest.mark.parametrize("entry", stated("tiers"))
def test_tiers(entry: dict[str, Any], result: Result) -> None:
    rows = result.of("population.monitored_person", entry["of"])
    assert [tier for row in rows for tier in row["tiers"]] == entry["tiers"]


@pytest.mark.parametrize("entry", stated("history"))
def test_history(entry: dict[str, Any], result: Result) -> None:
    rows = result.of("population.tier_history", entry["of"])
    spans = [(r["tier"], r["valid_from"], r["valid_to"]) for r in rows]
    assert spans == [(entry["tier"], entry["valid_from"], entry["valid_to"])]


@pytest.mark.parametrize("entry", stated("person_values"))
def test_person_values(entry: dict[str, Any], result: Result) -> None:
    (row,) = result.of("hardship.person_indicator", entry["of"])
    assert plain(row, entry["values"]) == entry["values"]


@pytest.mark.parametrize("entry", stated("household_values"))
def test_household_values(entry: dict[str, Any], result: Result) -> None:
    (row,) = result.of("hardship.household_indicator", entry["of"])
    assert plain(row, entry["values"]) == entry["values"]


@pytest.mark.parametrize("entry", stated("alerts"))
def test_alerts(entry: dict[str, Any], result: Result) -> None:
    rows = result.of("hardship.alert", entry["of"])
    assert [r["level"] for r in rows if r["rule_id"] == entry["rule"]] == [entry["level"]]


@pytest.mark.parametrize("entry", stated("no_alerts"))
def test_no_alerts(entry: dict[str, Any], result: Result) -> None:
    rows = result.of("hardship.alert", entry["of"])
    assert [r for r in rows if entry.get("rule") in (None, r["rule_id"])] == []


@pytest.mark.parametrize("entry", stated("on_lists"))
def test_on_lists(entry: dict[str, Any], result: Result) -> None:
    rows = [r for r in result.cases(entry["of"]) if r["list"] == entry["list"]]
    assert [r["status"] for r in rows] == [entry["status"]]


@pytest.mark.parametrize("entry", stated("chains"))
def test_chains(entry: dict[str, Any], result: Result) -> None:
    (row,) = [
        r
        for r in result.tables["assistance.chain"]
        if r["household_id"] == result.homes[result.ids[entry["of"]]]
    ]
    assert [event["aid_type"] for event in row["events"]] == entry["aid"]
    wanted = {name: entry[name] for name in ("first_on", "last_on", "total_12m", "departments")}
    assert plain(row, wanted) == wanted
    for table in ("assistance.gap", "assistance.overlap"):
        found = [r for r in result.tables[table] if r["household_id"] == row["household_id"]]
        assert found == []


def test_what_was_paid_after_a_death(result: Result) -> None:
    (row,) = result.tables["assistance.overlap"]
    assert (row["overlap_type"], row["certainty"]) == ("paid_after_death", "certain")
    assert float(row["amount_12m"]) == 2 * 520  # October and November, after a death in September


def test_the_report_from_the_field_opens_a_case(result: Result) -> None:
    rows = [r for r in result.tables["hardship.alert"] if r["rule_id"] == "field.report"]
    assert len(rows) == 1
    lists = {
        r["household_id"]
        for r in result.tables["hardship.case_file"]
        if r["list"] == "field_report"
    }
    assert lists == {rows[0]["household_id"]}


def plain(row: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """The row's values as YAML writes them."""
    return {
        name: float(row[name]) if isinstance(row[name], Decimal) else row[name] for name in wanted
    }
