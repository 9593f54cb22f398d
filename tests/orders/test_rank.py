"""The score of a case and its parts, worked out by hand; households; reports from the field."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.orders.town import Town

AS_OF = date(2026, 11, 18)


def test_the_score_is_the_weighted_mean_of_its_parts(tmp_path: Path) -> None:
    """Income 2,550 a year under a line of 850 a month: measure 0.75, red, no visit so far."""
    town = Town(tmp_path)
    town.poor("p0", income=2550)
    town.world.rows["population.person"][0]["identity_confidence"] = 0.9
    town.run(AS_OF)
    (row,) = town.tables["orders.case_rank"]
    parts = {name.removesuffix("_part"): row[name] for name in row if name.endswith("_part")}
    assert parts == {
        "measure": pytest.approx(0.75), "level": 1.0, "household": 0.0, "agreement": 0.0,
        "identity": 0.9, "yield": pytest.approx(0.15), "waiting": 0.0,
    }  # fmt: skip
    by_hand = 0.30 * 0.75 + 0.20 * 1 + 0.20 * 0 + 0.10 * 0 + 0.10 * 0.9 + 0.05 * 0.15 + 0.05 * 0
    assert row["score"] == pytest.approx(by_hand, abs=1e-6)
    sentences = {p["name"]: p for p in town.tables["orders.parameter"]}
    assert sum(p["value"] for name, p in sentences.items() if "weight" in name) == pytest.approx(1)
    assert all(p["title_zh"] and p["title_en"] and p["source"] for p in sentences.values())


def test_children_old_and_disabled_people_come_first(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.poor("alone", income=2550)
    town.poor("family", income=2550 * 3)
    town.world.person("child", "Hfamily", age=8)
    town.world.person("old", "Hfamily", age=80, disability_level="二")
    town.world.rows["population.household"][1]["size"] = 3
    town.run(AS_OF)
    ranks = {r["household_id"]: r for r in town.rows("orders.case_rank", list="tier_candidate")}
    assert ranks["Hfamily"]["household_part"] == pytest.approx(0.3 + 0.2 + 0.25)
    assert ranks["Hfamily"]["rank"] < ranks["Halone"]["rank"]


def test_cases_of_one_household_stand_together_and_reports_meet_what_data_found(
    tmp_path: Path,
) -> None:
    town = Town(tmp_path)
    town.poor("p0", income=9000)
    town.poor("p1", income=5000)
    town.poor("rich", income=90_000)
    for number, (word, day) in enumerate((("p0", AS_OF), ("rich", AS_OF - timedelta(days=3)))):
        town.world.add("standard.field_report", source="c", dataset="f", record_key=str(number),
                       report_id=f"R{number}", mention_key=f"mention:{word}", reported_on=day,
                       delivery_id="d", extract_date=day)  # fmt: skip
    town.run(AS_OF)
    order = sorted(town.tables["orders.case_rank"], key=lambda r: r["rank"])
    homes = [row["household_id"] for row in order]
    assert homes.count("Hp0") == 2
    at = homes.index("Hp0")
    assert homes[at + 1] == "Hp0"
    assert {row["agreement_part"] for row in order if row["household_id"] == "Hp0"} == {0.5}
    found = {row["report_id"]: row for row in town.tables["orders.field_match"]}
    assert found["R0"]["found_by"] == "data_first"
    assert found["R0"]["data_case_ids"] == [town.case_of("p0")["case_id"]]
    assert (found["R1"]["found_by"], found["R1"]["data_case_ids"]) == ("field_only", [])
    (field_case,) = town.rows("hardship.case_file", household_id="Hrich")
    assert found["R1"]["field_case_id"] == field_case["case_id"]
    lines = {row["case_id"] for row in town.tables["orders.order_line"]}
    assert field_case["case_id"] in lines


def test_a_part_that_is_unknown_is_left_out_of_the_mean(tmp_path: Path) -> None:
    """An orphan's rule has no line to be beyond."""
    town = Town(tmp_path)
    town.world.person("child", "Hc", age=5, is_orphan=True)
    town.world.household("Hc", annual_income=90_000)
    town.run(AS_OF)
    (row,) = [
        r for r in town.rows("orders.case_rank", list="child_protection")
        if r["measure_part"] is None
    ]  # fmt: skip
    others = 0.20 * row["level_part"] + 0.20 * 0.3 + 0.10 * 1.0 + 0.05 * row["yield_part"]
    assert row["score"] == pytest.approx(others / 0.7, abs=1e-6)
