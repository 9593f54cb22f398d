"""Three nights of a synthetic city against the slow oracle, the receipts and themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from benchmarks.floor.compare import compare as compare_floor
from benchmarks.floor.duck import run as floor
from benchmarks.rivals import pandas_floor
from benchmarks.rivals.same import same
from pipelines.settings import SCHEMAS
from pipelines.synthetic.arrivals import stage
from tests.oracle.compare import Agreement, Tally
from tests.oracle.help_compare import planted
from tests.oracle.identity import read_table
from tests.oracle.nights import PACKS, Nights

pytestmark = pytest.mark.long

NIGHTS = (date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20))
# what may differ when a night is made again: who ran when
OF_THE_RUN = {"run_id", "recorded_at"}


@pytest.fixture(scope="module")
def agreements(town: Nights) -> dict[date, Agreement]:
    assert town.nights == NIGHTS
    return {night: town.agreement(night) for night in NIGHTS}


@pytest.fixture(scope="module")
def elsewhere(town: Nights) -> dict[str, Agreement]:
    """The last night under every other pack."""
    of = town.facts(NIGHTS[-1], town.published(NIGHTS[-1]))
    others = sorted(p.name for p in PACKS.iterdir() if p.is_dir() and p.name != "rizhao")
    return {pack: town.agreement_elsewhere(NIGHTS[-1], pack, of) for pack in others}


@pytest.fixture(params=NIGHTS, ids=str)
def found(request: pytest.FixtureRequest, agreements: dict[date, Agreement]) -> Agreement:
    return agreements[request.param]


def differing(tallies: dict[str, Tally]) -> dict[str, dict[str, Any]]:
    """Name → what stands on one side only (ids of the synthetic city), the first few."""
    return {
        name: {"pipeline": tally.pipeline_only[:5], "oracle": tally.oracle_only[:5]}
        for name, tally in tallies.items()
        if tally.differences
    }


def test_tiers(found: Agreement) -> None:
    assert differing(found.tiers | {"history": found.history}) == {}
    assert sum(tally.agreed for tally in found.tiers.values()) > 50


def test_households(found: Agreement) -> None:
    assert differing({"composition": found.households}) == {}
    assert found.households.agreed > 1000


def test_indicators(found: Agreement) -> None:
    assert differing(found.indicators) == {}


def test_alerts(found: Agreement) -> None:
    assert differing(found.alerts) == {}
    assert sum(tally.agreed for tally in found.alerts.values()) > 30


def test_near_misses(found: Agreement) -> None:
    assert differing(found.near_misses) == {}


def test_every_rule_of_every_pack(elsewhere: dict[str, Agreement]) -> None:
    assert len(elsewhere) >= 5
    for pack, found in elsewhere.items():
        assert differing(found.alerts | found.indicators) == {}, pack
        assert differing(found.near_misses) == {}, pack
        assert sum(tally.agreed for tally in found.alerts.values()) > 0, pack


def test_something_happened_on_these_nights(
    town: Nights, agreements: dict[date, Agreement]
) -> None:
    """What the figures above would not show if it were missing."""
    first, second, last = (agreements[night] for night in NIGHTS)
    general = "illness.burden_over_income.general"
    assert second.alerts[general].agreed > first.alerts[general].agreed  # a lower income line
    assert "illness.long_stay" in last.alerts and "illness.long_stay" not in second.alerts
    assert "tier.income_below_edge" in second.alerts
    assert "tier.income_below_edge" not in last.alerts
    assert second.tiers["其他"].agreed > 0 and "其他" not in first.tiers
    assert sum(tally.agreed for tally in last.near_misses.values()) > 0
    deaths = read_table(town.kept[NIGHTS[-1].isoformat()][0], "population.death")
    assert {row["doubtful"] for row in deaths} == {True, False}
    changes = {row["change"] for row in town.truth.rows["medical_insurance/settlement"]}
    assert {"refund", "flag", "late", "correction"} <= changes


def test_help(found: Agreement) -> None:
    """Chain, gaps and overlaps: nothing missed and nothing false where identity is certain."""
    assert differing(found.help) == {}
    assert found.help["chain of persons"].agreed > 150
    kinds = {name for name, tally in found.help.items() if tally.agreed}
    assert kinds >= {
        "no_payment_90_days", "paid_after_death", "same_aid_twice", "two_tiers", "two_places"
    }  # fmt: skip


def test_help_to_cases(agreements: dict[date, Agreement]) -> None:
    """Visits on the first night, and help to a third of the households since then."""
    help_lines = agreements[NIGHTS[-1]].help
    assert help_lines["confirmed_without_help"].agreed > 0
    assert help_lines["needs_half_answered"].agreed > 0


@pytest.mark.parametrize("night", NIGHTS, ids=str)
def test_planted_help(night: date, town: Nights, agreements: dict[date, Agreement]) -> None:
    said = agreements[night]
    monitoring = town.kept[night.isoformat()][0]
    found = planted(town.city, monitoring, said.people_certain, said.pupils_without_aid)
    assert (found.missed, found.false) == ([], [])
    assert found.found >= 5
    assert found.left_alone >= 5


def test_not_judged_differs_by_no_more_than_the_uncertain(found: Agreement) -> None:
    unsure = found.unmatched
    assert {
        rule: (got, want) for rule, (got, want) in found.not_judged.items()
        if abs(got - want) > unsure
    } == {}  # fmt: skip


def test_few_are_set_aside(found: Agreement) -> None:
    assert len(found.set_aside) < 0.02 * found.people


def test_linkage(found: Agreement) -> None:
    figures = found.linkage
    assert figures.precision >= 0.9999
    assert figures.recall >= 0.98
    assert figures.precision_without >= 0.999
    assert figures.recall_without >= 0.85


@pytest.mark.parametrize("night", NIGHTS, ids=str)
def test_every_row_of_every_file_is_accounted_for(night: date, town: Nights) -> None:
    receipts = read_table(town.kept[night.isoformat()][0], "quality.receipt")
    read = [r for r in receipts if r["rows_read"] is not None]
    assert len(read) > 100
    assert all(
        r["rows_read"] == r["rows_landed"] + r["rows_quarantined"] + r["rows_superseded"]
        for r in read
    )
    assert {r["status"] for r in receipts} <= {"landed", "repeated"}


def test_the_same_night_again_gives_the_same_tables(town: Nights) -> None:
    first, again = town.kept[NIGHTS[-1].isoformat()][0], town.kept["again"][0]
    names = list(tables(first))
    assert names == list(tables(again))
    assert "hardship.alert" in names
    assert [name for name in names if content(first, name) != content(again, name)] == []


def tables(file: Path) -> Iterator[str]:
    with duckdb.connect(str(file), read_only=True) as connection:
        rows = connection.execute(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables ORDER BY 1"
        ).fetchall()
    for (name,) in rows:
        yield name


def content(file: Path, table: str) -> list[str]:
    """Every row of a table as text, sorted, without what belongs to the run."""
    return sorted(
        repr([(k, v) for k, v in row.items() if k not in OF_THE_RUN])
        for row in read_table(file, table)
    )


def test_the_floor_comes_to_the_same(town: Nights, tmp_path: Path) -> None:
    """The benchmarks' yardstick, a bare script that knows people by number alone: on the first
    night it finds what the night found wherever a number is enough, and so does pandas."""
    night = NIGHTS[0]
    stage(town.city, tmp_path / "landing", night)
    given = (tmp_path / "landing", SCHEMAS, town.settings.policy, night)
    floor(*given, tmp_path / "floor", mentions=True)
    found = compare_floor(tmp_path / "floor", *town.kept[night.isoformat()])
    assert found["alike"]["persons"] > 0.85 * found["alike"]["of_persons"]
    assert found["agree"] > 100
    # a school charge may show one pupil's number under another's roll number
    assert found["differ"] <= 0.01 * found["agree"], found["findings"]
    pandas_floor.run(*given[:1], *given[2:], tmp_path / "pandas")
    for table, counted in same(tmp_path / "floor", tmp_path / "pandas").items():
        assert (counted["floor_only"], counted["rival_only"]) == (0, 0), table
        assert counted["both"] > 30
