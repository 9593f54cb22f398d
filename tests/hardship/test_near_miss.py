"""Who is on course to cross a line before the year ends, and that nobody becomes a case by it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.hardship.world import World

AS_OF = date(2026, 11, 20)  # 41 days are left; the 12 months before have 365
Rows = dict[tuple[str, str], dict[str, Any]]
GENERAL = "illness.burden_over_income.general"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    world = World(tmp_path_factory.mktemp("near"))
    # 16000 of this year: 16000 + 16000 × 41 ÷ 365 = 17797.26, over 17122
    world.person("coming", age=50)
    world.settle("coming", "coming", date(2026, 5, 1), 16000)
    world.household("Hcoming", annual_income=60000)
    # 15000: 15000 + 15000 × 41 ÷ 365 = 16684.93, not over 17122
    world.person("slow", age=50)
    world.settle("slow", "slow", date(2026, 5, 1), 15000)
    world.household("Hslow", annual_income=60000)
    # 16000, but half of it of last December: the year ends with 8000 + 16000 × 41 ÷ 365
    world.person("falling", age=50)
    world.settle("falling", "fall1", date(2025, 12, 10), 8000)
    world.settle("falling", "fall2", date(2026, 5, 1), 8000)
    world.household("Hfalling", annual_income=60000)
    world.person("over", age=50)
    world.settle("over", "over", date(2026, 5, 1), 30000)
    world.household("Hover", annual_income=60000)
    world.person("served", age=50, tier="低保")
    world.settle("served", "served", date(2026, 5, 1), 16000)
    world.household("Hserved", annual_income=0, tier="低保", any_tier="低保")
    # a household: 9500 of 10000 spent, of which 3000 for school, which no pace is told of:
    # 6500 + 6500 × 41 ÷ 365 + 3000 = 10230.14
    world.person("parent", "Hhome", age=40)
    world.person("pupil", "Hhome", age=10, is_student=True, stage="2")
    world.settle("parent", "parent", date(2026, 5, 1), 6500)
    world.add(
        "standard.education_charge", person_ref="student_no:pupil", amount_paid=3000,
        paid_on=date(2026, 9, 1), record_key="c1",
    )  # fmt: skip
    world.household("Hhome", size=2, annual_income=10000)
    return world.run(AS_OF)


@pytest.fixture(scope="module")
def near(tables: dict[str, list[dict[str, Any]]]) -> Rows:
    found = tables["hardship.near_miss"]
    return {(r["rule_id"], r["person_id"] or r["household_id"]): r for r in found}


def test_who_is_on_course(near: Rows) -> None:
    row = near[(GENERAL, "coming")]
    assert row["household_id"] == "Hcoming" and row["list"] == "suspected_illness_poverty"
    assert row["measure"] == pytest.approx(16000 / 34244)
    assert row["measure_year_end"] == pytest.approx(17797.26 / 34244)
    assert row["threshold"] == 0.5 and row["days_left"] == 41
    assert row["share_reached"] == pytest.approx(16000 / 34244 / 0.5)
    assert row["reason_zh"].startswith("疑似将越线：") and "剩余 41 天" in row["reason_zh"]
    assert "not crossed yet" in row["reason_en"] and "34244.00" in row["reason_en"]


@pytest.mark.parametrize("person", ["slow", "falling", "over", "served"])
def test_who_is_not(near: Rows, person: str) -> None:
    assert (GENERAL, person) not in near


def test_school_costs_and_income_are_taken_as_they_are(near: Rows) -> None:
    row = near[("expenditure.income_exceeded", "Hhome")]
    assert row["person_id"] is None
    assert row["measure"] == pytest.approx(0.95)
    assert row["measure_year_end"] == pytest.approx((6500 + 730.14 + 3000) / 10000)


def test_nobody_is_in_both_lists(tables: dict[str, list[dict[str, Any]]], near: Rows) -> None:
    crossed = {
        (r["rule_id"], r["person_id"] or r["household_id"]) for r in tables["hardship.alert"]
    }
    assert (GENERAL, "over") in crossed
    assert crossed & near.keys() == set()


def test_a_near_miss_opens_no_case(tables: dict[str, list[dict[str, Any]]]) -> None:
    homes = {case["household_id"] for case in tables["hardship.case_file"]}
    assert "Hover" in homes and "Hcoming" not in homes


def test_assumed_values_say_so(near: Rows) -> None:
    rigid = [r for (rule, _), r in near.items() if rule == "expenditure.rigid"]
    assert all("（假定值）" in r["reason_zh"] for r in rigid)


def test_on_the_last_day_nobody_is_on_course(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.person("coming", age=50)
    world.settle("coming", "coming", date(2026, 5, 1), 17000)
    world.household("Hcoming", annual_income=60000)
    assert world.run(date(2026, 12, 31))["hardship.near_miss"] == []


def test_a_policy_without_rules_misses_nobody(tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    policy.mkdir()
    (policy / "rules.yaml").write_text("[]", encoding="utf-8")
    world = World(tmp_path, policy=policy)
    world.person("coming", age=50)
    world.household("Hcoming")
    assert world.run(AS_OF)["hardship.near_miss"] == []
