"""The score of a case and its parts, worked out by hand; households; reports from the field."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.orders.town import Town

AS_OF = date(2026, 11, 18)


ONE, TWO, THREE = "371102001", "371102002", "371102003"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Three townships after a night: one case alone, two households, reports from the field."""
    made = Town(tmp_path_factory.mktemp("rank"))
    made.poor("p0", ONE + "001", income=2550)
    made.world.rows["population.person"][0]["identity_confidence"] = 0.9
    made.poor("alone", TWO + "001", income=2550)
    made.poor("family", TWO + "001", income=2550 * 3)
    made.world.person("child", "Hfamily", age=8)
    made.world.person("old", "Hfamily", age=80, disability_level="二")
    made.world.rows["population.household"][2]["size"] = 3
    made.world.person("orphan", "Horphan", age=5, is_orphan=True, region_code=TWO + "001")
    made.world.household("Horphan", annual_income=90_000, region_code=TWO + "001")
    made.poor("q0", THREE + "001", income=9000)
    made.poor("q1", THREE + "001", income=5000)
    made.poor("rich", THREE + "001", income=90_000)
    for number, (word, day) in enumerate((("q0", AS_OF), ("rich", AS_OF - timedelta(days=3)))):
        made.world.add("standard.field_report", source="c", dataset="f", record_key=str(number),
                       report_id=f"R{number}", mention_key=f"mention:{word}", reported_on=day,
                       delivery_id="d", extract_date=day)  # fmt: skip
    made.run(AS_OF)
    return made


def ranked(town: Town, **wanted: Any) -> list[dict[str, Any]]:
    return sorted(town.rows("orders.case_rank", **wanted), key=lambda row: row["rank"])


def test_the_score_is_the_weighted_mean_of_its_parts(town: Town) -> None:
    """Income 2,550 a year under a line of 850 a month: measure 0.75, red, no visit so far."""
    (row,) = ranked(town, township_code=ONE)
    parts = {name.removesuffix("_part"): row[name] for name in row if name.endswith("_part")}
    assert parts == {
        "measure": pytest.approx(0.75), "level": 1.0, "household": 0.0, "agreement": 0.0,
        "identity": 0.9, "yield": pytest.approx(0.15), "waiting": 0.0,
    }  # fmt: skip
    by_hand = 0.30 * 0.75 + 0.20 * 1 + 0.20 * 0 + 0.10 * 0 + 0.10 * 0.9 + 0.05 * 0.15 + 0.05 * 0
    assert row["score"] == pytest.approx(by_hand, abs=1e-6)
    said = {p["name"]: p for p in town.rows("orders.parameter", township_code=ONE)}
    assert sum(p["value"] for name, p in said.items() if "weight" in name) == pytest.approx(1)
    assert all(p["title_zh"] and p["title_en"] and p["source"] for p in said.values())


def test_children_old_and_disabled_people_come_first(town: Town) -> None:
    ranks = {row["household_id"]: row for row in ranked(town, township_code=TWO)}
    assert ranks["Hfamily"]["household_part"] == pytest.approx(0.3 + 0.2 + 0.25)
    assert ranks["Hfamily"]["rank"] < ranks["Halone"]["rank"]


def test_a_part_that_is_unknown_is_left_out_of_the_mean(town: Town) -> None:
    """An orphan's rule has no line to be beyond."""
    (row,) = ranked(town, list="child_protection")
    assert row["measure_part"] is None
    others = 0.20 * row["level_part"] + 0.20 * 0.3 + 0.10 * 1.0 + 0.05 * row["yield_part"]
    assert row["score"] == pytest.approx(others / 0.7, abs=1e-6)


def test_cases_of_one_household_stand_together(town: Town) -> None:
    homes = [row["household_id"] for row in ranked(town, township_code=THREE)]
    at = homes.index("Hq0")
    assert (homes.count("Hq0"), homes[at + 1]) == (2, "Hq0")
    both = ranked(town, household_id="Hq0")
    assert {row["agreement_part"] for row in both} == {0.5}


def test_reports_from_the_field_meet_what_data_found_and_go_the_same_way(town: Town) -> None:
    found = {row["report_id"]: row for row in town.tables["orders.field_match"]}
    assert found["R0"]["found_by"] == "data_first"
    assert found["R0"]["data_case_ids"] == [town.case_of("q0")["case_id"]]
    assert (found["R1"]["found_by"], found["R1"]["data_case_ids"]) == ("field_only", [])
    (field_case,) = town.rows("hardship.case_file", household_id="Hrich")
    assert found["R1"]["field_case_id"] == field_case["case_id"]
    assert field_case["case_id"] in {row["case_id"] for row in town.tables["orders.order_line"]}
