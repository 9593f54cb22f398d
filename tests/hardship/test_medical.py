"""What stands of settlements after refunds, corrections and windows."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.hardship.world import World

AS_OF = date(2026, 11, 20)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    for person_id in ("P1", "P2"):
        world.person(person_id)
        world.household(f"H{person_id}")
    return world


def of(tables: dict[str, list[dict[str, Any]]], person_id: str = "P1") -> dict[str, Any]:
    (row,) = [r for r in tables["hardship.person_indicator"] if r["person_id"] == person_id]
    return row


def test_refund_that_names_its_original_is_nothing(world: World) -> None:
    world.settle("P1", "a", date(2026, 5, 1), 100)
    world.settle("P1", "b", date(2026, 5, 3), -100, visit_id="other", original_settlement_id="a")
    world.settle("P1", "c", date(2026, 5, 4), 30)
    tables = world.run(AS_OF)
    assert of(tables)["burden_all_12m"] == 30
    assert of(tables)["visits_12m"] == 1
    (pair,) = tables["hardship.refund_pair"]
    assert pair["positive_ref"].endswith(":a") and pair["paired_by"] == "original"


def test_refund_of_the_same_visit_and_amount_is_one_to_one(world: World) -> None:
    for number in ("a", "b"):
        world.settle("P1", number, date(2026, 5, 1), 100, visit_id="v", refunded=number == "b")
    world.settle("P1", "n", date(2026, 5, 2), -100, visit_id="v", refunded=True)
    tables = world.run(AS_OF)
    assert of(tables)["burden_all_12m"] == 100
    assert tables["hardship.refund_pair"][0]["positive_ref"].endswith(":b")


def test_two_refunds_cannot_cancel_one_settlement(world: World) -> None:
    world.settle("P1", "a", date(2026, 5, 1), 100, visit_id="v")
    world.settle("P1", "m", date(2026, 5, 2), -100, visit_id="v")
    world.settle("P1", "n", date(2026, 5, 3), -100, visit_id="v")
    world.settle("P1", "c", date(2026, 5, 3), 500, visit_id="w")
    tables = world.run(AS_OF)
    assert of(tables)["burden_all_12m"] == 400
    assert sorted(p["paired_by"] for p in tables["hardship.refund_pair"]) == ["none", "visit"]


def test_flagged_positive_without_pair_does_not_count(world: World) -> None:
    world.settle("P1", "a", date(2026, 5, 1), 100, refunded=True)
    world.settle("P1", "b", date(2026, 5, 1), 40)
    assert of(world.run(AS_OF))["burden_all_12m"] == 40


def test_lone_negative_counts_but_burden_is_never_below_nothing(world: World) -> None:
    world.settle("P1", "n", date(2026, 5, 2), -100)
    tables = world.run(AS_OF)
    assert of(tables)["burden_all_12m"] == 0
    assert of(tables)["total_cost_12m"] == -100


def test_refund_of_everything_equals_never_having_been_there(world: World) -> None:
    world.settle("P1", "a", date(2026, 5, 1), 100, care_type="21")
    world.settle("P1", "n", date(2026, 5, 1), -100, visit_id="va")
    tables = world.run(AS_OF)
    same = dict(of(tables)), dict(of(tables, "P2"))
    for row in same:
        row.pop("person_id")
        row.pop("household_id")
    assert same[0] == same[1]


def test_window_of_twelve_months_and_of_the_year(world: World) -> None:
    world.settle("P1", "out", date(2025, 11, 20), 1)
    world.settle("P1", "in", date(2025, 11, 21), 10)
    world.settle("P1", "eve", date(2025, 12, 31), 100)
    world.settle("P1", "new", date(2026, 1, 1), 1000)
    world.settle("P1", "today", AS_OF, 10000)
    world.settle("P1", "later", AS_OF + timedelta(days=1), 100000)
    row = of(world.run(AS_OF))
    assert row["burden_all_12m"] == 11110
    assert row["burden_all_ytd"] == 11000


def test_unknown_amount_stays_unknown(world: World) -> None:
    world.settle("P1", "a", date(2026, 5, 1), 100, in_scope_cost=None)
    world.settle("P1", "b", date(2026, 5, 2), 100)
    row = of(world.run(AS_OF))
    assert row["burden_in_scope_12m"] is None
    assert row["burden_in_scope_known_12m"] == 100
    assert row["burden_all_12m"] == 200
    assert row["burden_in_scope_inpatient_chronic_12m"] == 0


def test_what_is_known_of_a_burden_is_a_sum_of_its_own(world: World) -> None:
    world.settle("P1", "a", date(2026, 5, 1), 100, in_scope_cost=None, visit_id="v")
    world.settle("P1", "b", date(2026, 5, 1), 3000, visit_id="v")  # of the same day and visit
    world.settle("P1", "c", date(2026, 5, 2), 20, fund_total=None)
    world.settle("P1", "old", date(2025, 5, 2), 7000)
    world.pay_aid("P1", "aid", date(2026, 6, 1), 500)
    row = of(world.run(AS_OF))
    assert row["burden_in_scope_12m"] is None
    assert row["burden_in_scope_known_12m"] == 2500


def test_of_a_burden_that_is_known_all_is_known(world: World) -> None:
    world.settle("P1", "b", date(2026, 5, 1), 3000)
    world.pay_aid("P1", "aid", date(2026, 6, 1), 5000)
    row = of(world.run(AS_OF))
    assert row["burden_in_scope_12m"] == row["burden_in_scope_known_12m"] == 0


def test_stays_are_summed_by_visit(world: World) -> None:
    world.settle(
        "P1", "a", date(2026, 5, 1), 100, care_type="21", visit_id="s",
        begin_on=date(2026, 4, 20), end_on=date(2026, 4, 25),
    )  # fmt: skip
    world.settle(
        "P1", "b", date(2026, 5, 9), 200, care_type="21", visit_id="s",
        begin_on=date(2026, 4, 25), end_on=date(2026, 5, 9),
    )  # fmt: skip
    world.settle("P1", "c", date(2026, 5, 9), 50, care_type="3101")
    world.settle("P1", "d", date(2026, 5, 9), 7, care_type="140104")
    row = of(world.run(AS_OF))
    assert row["largest_stay_burden_12m"] == 300
    assert row["inpatient_burden_12m"] == 350
    assert row["inpatient_days_12m"] == 19
    assert row["visits_12m"] == 3
    assert row["burden_in_scope_inpatient_chronic_12m"] == 357


def test_aid_paid_later_is_deducted_once(world: World) -> None:
    world.settle("P1", "a", date(2026, 5, 1), 1000, medical_aid=200)
    world.pay_aid("P1", "same", date(2026, 7, 30), 200.01)
    world.pay_aid("P1", "late", date(2026, 7, 31), 200)
    world.pay_aid("P1", "more", date(2026, 8, 1), 300)
    row = of(world.run(AS_OF))
    assert row["burden_all_12m"] == 500
    assert row["medical_aid_12m"] == 700


def test_correction_replaces_the_older_row(world: World) -> None:
    world.settle("P1", "a", date(2026, 5, 1), 100)
    world.settle("P1", "a", date(2026, 5, 2), 90, extract_date=date(2026, 11, 2), delivery_id="d2")
    tables = world.run(AS_OF)
    assert of(tables)["burden_all_12m"] == 90
    assert [d["settled_on"] for d in tables["hardship.medical_day"]] == [date(2026, 5, 2)]


def test_redirected_row_belongs_to_whom_its_number_names(world: World) -> None:
    world.settle("P1", "a", date(2026, 5, 1), 100)
    ref = "medical_insurance/settlement:a"
    world.add("linkage.redirect", row_ref=ref, person_id="P2", method="id_exact", probability=1.0)
    world.add("linkage.person_ref", person_ref=ref, person_id="P2", probability=1.0)
    tables = world.run(AS_OF)
    assert of(tables)["burden_all_12m"] == 0
    assert of(tables, "P2")["burden_all_12m"] == 100


def test_warm_night_gives_what_a_cold_one_gives(world: World, tmp_path: Path) -> None:
    for day in range(1, 11):
        world.settle("P1", f"a{day}", date(2026, 5, day), 100 + day, visit_id=f"v{day}")
    world.run(date(2026, 11, 18))
    world.settle(
        "P1", "a1", date(2026, 5, 21), 5, extract_date=date(2026, 11, 18), delivery_id="d2"
    )
    world.settle("P1", "n3", date(2026, 6, 1), -103, visit_id="v3", delivery_id="d2")
    world.run(date(2026, 11, 19))
    ref = "medical_insurance/settlement:a5"
    world.add("linkage.redirect", row_ref=ref, person_id="P2", method="id_exact", probability=1.0)
    world.add("linkage.person_ref", person_ref=ref, person_id="P2", probability=1.0)
    world.settle("P1", "a9", date(2026, 5, 9), 9, extract_date=date(2026, 11, 19), delivery_id="d3")
    with world.night(AS_OF) as night:
        before = night.pointer("prev_hardship.medical_day")
    assert before is not None
    warm = world.run(AS_OF)
    with world.night(AS_OF) as night:
        after = night.pointer("hardship.medical_day")
    assert after is not None
    kept = {day for day, file in after.partitions.items() if before.partitions.get(day) == file}
    assert kept == {f"2026-05-{d:02}" for d in (2, 4, 6, 7, 8, 10, 21)}
    world.root = tmp_path / "cold"
    world.root.mkdir()
    cold = world.run(AS_OF)
    for table in ("medical_day", "person_indicator", "household_indicator", "refund_pair"):
        name = f"hardship.{table}"
        assert _sorted(warm[name]) == _sorted(cold[name]), name
    assert _sorted(world.run(AS_OF, rebuild=True)["hardship.medical_day"]) == _sorted(
        cold["hardship.medical_day"]
    )


def _sorted(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(repr(sorted(row.items())) for row in rows)
