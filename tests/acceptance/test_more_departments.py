"""Two departments that came by contract alone, through a whole night: they change what they should.

Expected: data_samples/more_departments/expected.yaml. People of the same kind whom the two do not
mention stand beside them and stay as they would be without.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from pipelines.run import run_night
from pipelines.settings import Settings
from tests.acceptance.conftest import POLICY, SAMPLES, expected
from tests.acceptance.test_hard_cases import Result, plain
from tests.oracle.identity import read_table

pytestmark = pytest.mark.long

EXPECTED = expected("more_departments")


def stated(kind: str) -> list[Any]:
    return [
        pytest.param(entry, id=f"{name}-{number}")
        for name, case in EXPECTED["cases"].items()
        for number, entry in enumerate(case.get(kind, []))
    ]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """HOME after the one night."""
    folder = tmp_path_factory.mktemp("more_departments")
    shutil.copytree(SAMPLES / "more_departments" / "landing", folder / "landing")
    settings = Settings(
        landing=folder / "landing", home=folder / "home", policy=POLICY, settle_seconds=0
    )
    run_night(settings, EXPECTED["as_of"])
    return folder / "home"


@pytest.fixture(scope="module")
def result(home: Path) -> Result:
    return Result(home)


@pytest.fixture(scope="module")
def monitoring(home: Path) -> Path:
    return home / "published" / "monitoring.duckdb"


@pytest.mark.parametrize("entry", stated("households"))
def test_households(entry: dict[str, Any], result: Result) -> None:
    homes = {result.homes[result.ids[mention]] for mention in entry["members"]}
    assert len(homes) == 1
    (row,) = result.of("population.household", entry["members"][0])
    assert (row["size"], row["composition_evidence"]) == (
        entry["size"], entry["composition_evidence"],
    )  # fmt: skip


@pytest.mark.parametrize("entry", stated("person_values"))
def test_person_values(entry: dict[str, Any], result: Result) -> None:
    (row,) = result.of("hardship.person_indicator", entry["of"])
    assert plain(row, entry["values"]) == entry["values"]


@pytest.mark.parametrize("entry", stated("household_values"))
def test_household_values(entry: dict[str, Any], result: Result) -> None:
    (row,) = result.of("hardship.household_indicator", entry["of"])
    assert plain(row, entry["values"]) == entry["values"]


@pytest.mark.parametrize("entry", stated("on_lists"))
def test_on_lists(entry: dict[str, Any], result: Result) -> None:
    assert entry["list"] in [row["list"] for row in result.cases(entry["of"])]


def test_their_people_are_those_of_the_other_registers(result: Result) -> None:
    for case in ("disabled_persons/card_holder", "public_security/household_register"):
        theirs = {person for mention, person in result.ids.items() if mention.startswith(case)}
        insured = {p for m, p in result.ids.items() if m.startswith("medical_insurance/")}
        assert theirs and theirs <= insured


def test_what_could_not_be_used_and_what_is_checked(monitoring: Path) -> None:
    rows = read_table(monitoring, "quality.quarantine")
    assert [plain(row, wanted) for row, wanted in zip(rows, EXPECTED["quarantine"], strict=True)] \
        == EXPECTED["quarantine"]  # fmt: skip
    assert {row["owner"] for row in rows} == {"公安局 / Public security bureau"}
    suites = {row["suite"] for row in read_table(monitoring, "quality.expectation")}
    assert {f"landed.{name}" for name in EXPECTED["never_late"]} <= suites


def test_a_feed_that_never_came_is_late_only_where_every_site_has_it(
    hard_cases: Path, monitoring: Path
) -> None:
    """The hard cases have neither of the two; both nights have no pupils' aid."""
    for place in (hard_cases / "published" / "monitoring.duckdb", monitoring):
        late = {
            f"{row['source']}/{row['dataset']}"
            for row in read_table(place, "quality.freshness")
            if row["late"]
        }
        assert not late & set(EXPECTED["never_late"])
        assert "education/student_aid" in late
