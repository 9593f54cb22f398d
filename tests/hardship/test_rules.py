"""The default policy on small households: who is found, by which rule, and who cannot be judged."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import ConfigurationFault
from tests.hardship.world import World

AS_OF = date(2026, 11, 20)
Tables = dict[str, list[dict[str, Any]]]


def three_households(world: World) -> None:
    """The households of the field's own reports."""
    world.person("wang", "HW", age=46, severe_chronic=True)
    world.person("wang_mother", "HW", age=74, disability_level="二")
    world.household("HW", size=2)
    for week in range(40):
        for visit in range(3):
            day = date(2026, 1, 5) + timedelta(days=7 * week + 2 * visit)
            world.settle("wang", f"w{week}-{visit}", day, 60, care_type="140104")
    world.person("gao", "HG", age=77)
    world.person("gao_son", "HG", age=45, present=False)
    for number in range(4):
        world.person(f"gao_child{number}", "HG", age=6 + 2 * number, is_student=True, stage="2")
        world.add(
            "population.minor_care", person_id=f"gao_child{number}", without_guardian=False,
            without_parent=True,
        )  # fmt: skip
    world.household("HG", size=6)
    world.person("peng", "HP", age=68)
    for number in range(3):
        world.person(f"peng_child{number}", "HP", age=8 + number, is_student=True, stage="2")
        world.add(
            "population.minor_care", person_id=f"peng_child{number}", without_guardian=True,
            without_parent=True,
        )  # fmt: skip
    world.household("HP", size=4)


def others(world: World) -> None:
    """People on either side of a line, and people who cannot be judged."""
    world.person("just", age=50)
    world.settle("just", "just", date(2026, 5, 1), 17122)
    world.household("Hjust", annual_income=60000)
    world.person("over", age=50)
    world.settle("over", "over", date(2026, 5, 1), 17122.01)
    world.household("Hover", annual_income=60000)
    for person, known in (("partly", 17122.01), ("little", 17122)):
        world.person(person, age=50)
        world.settle(person, f"{person}-a", date(2026, 5, 1), known)
        world.settle(person, f"{person}-b", date(2026, 5, 2), 30, in_scope_cost=None)
        world.household(f"H{person}", annual_income=60000)
    world.person("poor", age=50)
    world.household("Hpoor", annual_income=10199)
    world.person("edge", age=50)
    world.household("Hedge", annual_income=10200)
    world.person("served", age=50, tier="低保")
    world.settle("served", "served", date(2026, 5, 1), 99999)
    world.household("Hserved", annual_income=0, tier="低保", any_tier="低保")
    world.person("visited", age=50, tier="其他")
    world.settle("visited", "visited", date(2026, 5, 1), 40000)
    world.household("Hvisited", annual_income=60000, tier="其他", any_tier="其他")
    world.person("outside", age=50, region_code="110101001001")
    world.settle("outside", "outside", date(2026, 5, 1), 99999)
    world.household("Houtside", region_code="110101001001", annual_income=0)
    world.person("reported", age=50)
    world.household("Hreported", annual_income=90000)
    world.add(
        "standard.field_report", mention_key="mention:reported", report_id="r1",
        reported_on=date(2026, 11, 1), region_code="371102001001", record_key="r1",
    )  # fmt: skip


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    world = World(tmp_path_factory.mktemp("rules"))
    three_households(world)
    others(world)
    return world.run(AS_OF)


def rules_of(tables: Tables, household_id: str) -> set[str]:
    return {a["rule_id"] for a in tables["hardship.alert"] if a["household_id"] == household_id}


def test_wang_is_found(tables: Tables) -> None:
    assert rules_of(tables, "HW") == {
        "illness.severe_chronic.no_income", "illness.severe_chronic.high_cost",
    }  # fmt: skip
    (case,) = [c for c in tables["hardship.suspected_illness_poverty"] if c["household_id"] == "HW"]
    assert case["person_id"] == "wang"
    assert case["status"] == "open" and case["level"] == "red"
    assert case["burden_12m"] == 7200
    assert case["reason_zh"].startswith("疑似：") and "（假定值）" in case["reason_zh"]
    assert "Suspected: " in case["reason_en"] and "(assumed)" in case["reason_en"]
    assert "医疗救助" in case["suggest"]


def test_gao_and_peng_are_found(tables: Tables) -> None:
    assert rules_of(tables, "HG") == {"child.no_parent", "child.raised_by_elders"}
    assert rules_of(tables, "HP") == {
        "child.no_parent", "child.no_guardian", "child.raised_by_elders",
    }  # fmt: skip
    lists = {(c["household_id"], c["list"]): c["level"] for c in tables["hardship.case_file"]}
    assert lists[("HG", "child_protection")] == "red"
    assert lists[("HP", "child_protection")] == "red"


def test_the_line_itself_does_not_fire(tables: Tables) -> None:
    rule = "illness.burden_over_income.general"
    assert rule not in rules_of(tables, "Hjust")
    assert rule in rules_of(tables, "Hover")
    (alert,) = [
        a for a in tables["hardship.alert"]
        if a["household_id"] == "Hover" and a["rule_id"] == rule
    ]  # fmt: skip
    assert alert["level"] == "yellow" and alert["threshold"] == 0.5
    assert alert["measure"] == pytest.approx(17122.01 / 34244)
    assert "17122.01" in alert["reason_zh"] and "34244.00" in alert["reason_zh"]


def test_one_unknown_amount_hides_nobody(tables: Tables) -> None:
    rule = "illness.burden_over_income.known_part"
    assert rules_of(tables, "Hpartly") == {rule}
    assert rules_of(tables, "Hlittle") == set()  # the known part is on the line, not over it
    assert rule not in rules_of(tables, "Hover")
    (case,) = [c for c in tables["hardship.case_file"] if c["household_id"] == "Hpartly"]
    assert case["list"] == "suspected_illness_poverty" and "17122.01" in case["reason_zh"]
    assert ("illness.burden_over_income.general", "unknown:burden_in_scope_12m") in {
        (n["rule_id"], n["reason"]) for n in tables["quality.not_judged"]
    }


def test_income_against_the_standard(tables: Tables) -> None:
    assert rules_of(tables, "Hpoor") == {"tier.income_below_dibao"}
    assert rules_of(tables, "Hedge") == {"tier.income_below_edge"}


def test_who_is_in_a_tier_is_not_watched_by_the_general_rule(tables: Tables) -> None:
    assert rules_of(tables, "Hserved") == set()


def test_being_confirmed_silences_no_rule(tables: Tables) -> None:
    assert "illness.burden_over_income.general" in rules_of(tables, "Hvisited")
    (person,) = [p for p in tables["hardship.person_indicator"] if p["person_id"] == "visited"]
    assert person["tier"] == "none" and person["confirmed_hardship"]


def test_who_cannot_be_judged_is_counted(tables: Tables) -> None:
    found = {
        (n["rule_id"], n["reason"]): (n["persons"], n["households"])
        for n in tables["quality.not_judged"]
    }
    assert found[
        ("illness.burden_over_income.general", "parameter:disposable_income_per_head")
    ] == (1, None)
    assert found[("tier.income_below_dibao", "parameter:dibao_standard")] == (None, 1)
    assert found[("tier.income_below_dibao", "unknown:income_per_head")] == (None, 3)
    assert rules_of(tables, "Houtside") <= {"expenditure.income_exceeded"}


def test_ratio_over_no_income(tables: Tables) -> None:
    row = {r["household_id"]: r for r in tables["hardship.household_indicator"]}
    assert row["Hserved"]["expense_income_ratio"] == 99
    assert row["HW"]["expense_income_ratio"] is None
    assert row["Hpoor"]["expense_income_ratio"] == 0
    assert row["Hpoor"]["living_cost_12m"] == 10200
    assert row["HG"]["minors"] == 4 and row["HG"]["working_age_members"] == 0
    assert row["HW"]["able_members"] == 0 and row["HW"]["disabled_members"] == 1


def test_field_report_opens_a_case(tables: Tables) -> None:
    (case,) = [c for c in tables["hardship.case_file"] if c["list"] == "field_report"]
    assert case["household_id"] == "Hreported" and case["rule_ids"] == ["field.report"]


def test_policy_is_in_the_tables(tables: Tables) -> None:
    assert {r["rule_id"] for r in tables["meta.rule"]} >= rules_of(tables, "HP")
    assumed = {p["name"] for p in tables["meta.policy_parameter"] if p["assumption"]}
    assert "dibao_standard" in assumed and "disposable_income_per_head" not in assumed
    flagged = {y["rule_id"]: y["flagged"] for y in tables["quality.rule_yield"]}
    assert flagged["child.no_guardian"] == 1


def test_field_report_opens_a_case_without_any_rule(tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    policy.mkdir()
    (policy / "rules.yaml").write_text("[]", encoding="utf-8")
    world = World(tmp_path, policy=policy)
    others(world)
    tables = world.run(AS_OF)
    assert tables["hardship.alert"] == [] and tables["quality.not_judged"] == []
    (case,) = tables["hardship.case_file"]
    assert case["list"] == "field_report" and case["rule_ids"] == ["field_report"]


def test_parameter_missing_where_somebody_lives_is_an_error(tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    policy.mkdir()
    (policy / "parameters.yaml").write_text(
        'covers: ["3711"]\nline: {values: [{region: "371121", from: 2024-01-01, value: 1}]}',
        encoding="utf-8",
    )
    (policy / "rules.yaml").write_text(
        "- {id: a, title: a, grain: person, when: burden_all_12m > line, "
        "case: tier_candidate, effective: {from: 2024-01-01}}",
        encoding="utf-8",
    )
    world = World(tmp_path, policy=policy)
    others(world)
    with pytest.raises(ConfigurationFault) as error:
        world.run(AS_OF)
    assert error.value.faults[0].startswith("parameters.yaml: line: no value in force")


def test_a_case_over_nights(tmp_path: Path) -> None:
    world = World(tmp_path)
    three_households(world)
    first = world.run(date(2026, 11, 18))
    (case,) = [c for c in first["hardship.case_file"] if c["household_id"] == "HG"]
    world.add(
        "standard.disposition", case_id=case["case_id"], checked_on=date(2026, 11, 18),
        result="属实", record_key="x",
    )  # fmt: skip
    world.run(date(2026, 11, 19))
    third = world.run(AS_OF)
    again = world.run(AS_OF)
    (after,) = [c for c in third["hardship.case_file"] if c["household_id"] == "HG"]
    assert after["case_id"] == case["case_id"] and after["status"] == "confirmed"
    assert after["first_flagged_on"] == date(2026, 11, 18) and after["last_flagged_on"] == AS_OF
    steps = [e for e in third["hardship.case_event"] if e["case_id"] == case["case_id"]]
    assert [e["event"] for e in steps] == ["opened", "checked", "confirmed"]
    yields = {y["rule_id"]: y for y in third["quality.rule_yield"]}["child.no_parent"]
    assert (yields["flagged"], yields["checked"], yields["confirmed"]) == (2, 1, 1)
    assert yields["yield"] == 1.0
    assert again["hardship.case_file"] == third["hardship.case_file"]
