"""Another policy on a night's indicators, and the night's own, which must say the same again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from benchmarks.simulate import CHANGES, trial
from pipelines.errors import ConfigurationFault
from pipelines.hardship import check_policy, load_policy
from pipelines.hardship.what_if import WhatIf
from pipelines.lake.past import PastNight
from pipelines.lookback.compare import compare
from pipelines.lookback.nights import nights
from pipelines.lookback.simulate import as_json, simulate
from pipelines.publish.explain_rules import FIRED, NOT, NOT_WATCHED, UNKNOWN, judged
from pipelines.publish.reading import past_night
from tests.hardship.world import RIZHAO, World

FIRST, SECOND = date(2026, 11, 19), date(2026, 11, 20)
PARAMETERS = """\
covers: ["3711"]
line:
  unit: CNY
  values: [{region: "37", from: 2024-01-01, value: 1000, source: s}]
dibao_standard:
  unit: CNY/month
  values: [{region: "37", from: 2024-01-01, value: 500, source: s}]
societal_poverty_line:
  unit: CNY/year
  values: [{region: "37", from: 2024-01-01, value: 5000, source: s}]
"""
RULES = """\
- id: burden
  title: {zh: 负担, en: burden}
  grain: person
  who: tier = 'none'
  when: burden_all_12m > line
  measure: burden_all_12m / line
  level: {red: 10, orange: 5, yellow: 1}
  pays: 0.5 * (burden_all_12m - line)
  case: suspected_illness_poverty
  effective: {from: 2024-01-01}
- id: poor
  title: {zh: 贫, en: poor}
  grain: household
  when: living_cost_12m > annual_income
  measure: living_cost_12m
  case: tier_candidate
  effective: {from: 2024-01-01}
"""


def policy(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    """A policy folder: the two texts above with something put for something else."""
    place = folder / name
    place.mkdir()
    parameters, rules = PARAMETERS, RULES
    for old, new in changes:
        assert old in parameters + rules
        parameters, rules = parameters.replace(old, new), rules.replace(old, new)
    (place / "parameters.yaml").write_text(parameters, encoding="utf-8")
    (place / "rules.yaml").write_text(rules, encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two nights: P1 at 6,000 yuan of burden, P2 at 800, P3 with an unknown income; on the second
    night P2 has 1,500 and the line is 5,500."""
    folder = tmp_path_factory.mktemp("what_if")
    made = World(folder, policy=policy(folder, "place"))
    for person, income in (("P1", 20000), ("P2", 7000), ("P3", None)):
        made.person(person, region_code="371102001001")
        made.household(f"H{person}", annual_income=income)
    made.settle("P1", "a", date(2026, 6, 1), 6000)
    made.settle("P2", "b", date(2026, 6, 1), 800)
    made.run(FIRST)
    made.settle("P2", "c", date(2026, 11, 20), 4900, delivery_id="d2")
    made.policy = policy(folder, "later", ("value: 1000", "value: 5500"))
    made.run(SECOND)
    return made


@pytest.fixture
def night(world: World) -> Iterator[PastNight]:
    with past_night(world.root / "home", FIRST) as opened:
        yield opened


def hits(frame: pl.DataFrame) -> set[tuple[Any, ...]]:
    return set(frame.select("rule_id", "household_id", "level").rows())


def test_the_nights_own_policy_says_what_the_night_found(night: PastNight) -> None:
    found = WhatIf(night, load_policy(night.policy_dir)).fired()
    assert hits(found) == hits(night.frame("hardship.alert"))
    assert hits(found) == {("burden", "HP1", "orange")}
    assert found["pays"].to_list() == [0.5 * (6000 - 1000)]


def test_a_lower_line_lets_more_in(night: PastNight, tmp_path: Path) -> None:
    held = WhatIf(night, load_policy(policy(tmp_path, "new", ("value: 1000", "value: 600"))))
    assert not held.other_indicators
    assert hits(held.fired()) == {("burden", "HP1", "red"), ("burden", "HP2", "yellow")}


def test_an_indicator_follows_the_parameter_behind_it(night: PastNight, tmp_path: Path) -> None:
    """Living cost 12 × 600 = 7,200 is over P2's 7,000; at 500 it was 6,000. P3 has no income."""
    held = WhatIf(night, load_policy(policy(tmp_path, "new", ("value: 500", "value: 600"))))
    assert held.other_indicators
    assert ("poor", "HP2", "yellow") in hits(held.fired())
    unknown = held.not_judged().filter(pl.col("rule_id") == "poor")
    assert unknown["households"].to_list() == [1]
    assert hits(night.frame("hardship.alert")) == {("burden", "HP1", "orange")}, "nothing is kept"


def test_what_each_rule_says_of_one(night: PastNight) -> None:
    held = WhatIf(night, load_policy(night.policy_dir))
    said = {
        (id_, one.rule.rule_id): (one.verdict, one.missing)
        for grain, id_ in (("person", "P1"), ("person", "P2"), ("household", "HP3"))
        for one in judged(held, grain, id_)
    }
    assert said == {
        ("P1", "burden"): (FIRED, ()), ("P2", "burden"): (NOT, ()),
        ("HP3", "poor"): (UNKNOWN, ("annual_income",)),
    }  # fmt: skip
    assert list(judged(held, "person", "nobody")) == []


def test_whom_a_rule_does_not_watch(night: PastNight, tmp_path: Path) -> None:
    other = policy(tmp_path, "new", ("tier = 'none'", "tier = '低保'"))
    (one,) = judged(WhatIf(night, load_policy(other)), "person", "P1")
    assert (one.verdict, one.missing) == (NOT_WATCHED, ())


def test_simulate_counts_both_sides_and_what_they_cost(world: World, tmp_path: Path) -> None:
    home = world.root / "home"
    state = sorted(p.relative_to(home) for p in home.rglob("*"))
    other = policy(
        tmp_path, "new", ("value: 1000", "value: 600"), ("0.5 * (burden", "0.6 * (burden")
    )
    found = as_json(simulate(other, home, FIRST))
    assert sorted(p.relative_to(home) for p in home.rglob("*")) == state
    (burden,) = found["by_rule"]
    assert {n: burden[n] for n in ("before", "after", "entered", "left", "level_raised")} == {
        "before": 1, "after": 2, "entered": 1, "left": 0, "level_raised": 1,
    }  # fmt: skip
    assert burden["pays_before"] == 2500
    assert burden["pays_after"] == pytest.approx(0.6 * (5400 + 200))
    assert [(r["township"], r["after"]) for r in found["by_township"]] == [("371102001000", 2)]
    assert {(r["level"], r["before"], r["after"]) for r in found["by_level"]} == {
        ("red", 0, 1), ("orange", 1, 0), ("yellow", 0, 1),
    }  # fmt: skip


def test_a_rule_that_ends_lets_everybody_out(world: World, tmp_path: Path) -> None:
    other = policy(tmp_path, "new", ("effective: {from: 2024-01-01}",
                                     "effective: {from: 2024-01-01, to: 2026-01-01}"))  # fmt: skip
    found = as_json(simulate(other, world.root / "home", FIRST))
    (burden,) = found["by_rule"]
    assert (burden["left"], burden["after"], burden["pays_after"]) == (1, 0, None)


def test_a_policy_with_a_hole_is_refused(night: PastNight, tmp_path: Path) -> None:
    other = load_policy(
        policy(tmp_path, "new", ("value: 1000, source: s}", "value: null, source: s}"))
    )
    with pytest.raises(ConfigurationFault, match="line: no value in force"):
        WhatIf(night, other)


def test_what_a_rule_pays_is_a_number(tmp_path: Path) -> None:
    wrong = policy(tmp_path, "wrong", ("0.5 * (burden_all_12m - line)", "tier"))
    assert any("pays" in fault and "number" in fault for fault in check_policy(wrong))
    unknown = policy(tmp_path, "unknown", ("0.5 * (burden_all_12m - line)", "0.5 * nothing"))
    assert any("unknown name nothing" in fault for fault in check_policy(unknown))


def test_nights_are_listed(world: World) -> None:
    listed = nights(world.root / "home")
    assert [(n.as_of, n.policy, n.stale) for n in listed] == [
        (FIRST, "place", False), (SECOND, "later", False),
    ]  # fmt: skip


def test_two_nights_differ_by_data_here_and_by_policy_there(world: World) -> None:
    """P2's new bill brings P2 far over the old line (data) and just over the new one (policy);
    P1's bills are the same, and the new line takes the level down (policy)."""
    found = compare(world.root / "home", FIRST, SECOND)
    assert found.causes.days == 1 and found.split
    assert ("line 37 2024-01-01: value", "1000.0", "5500.0") in found.causes.policy
    told = {(h["household_id"], h["change"], h["cause"]) for h in found.hits.to_dicts()}
    assert told == {("HP1", "level_lowered", "policy"), ("HP2", "entered", "data, policy")}
    assert {(c["household_id"], c["differs"]) for c in found.cases.to_dicts()} == {
        ("HP1", "level"), ("HP2", "level, status, rule_ids, disputed"),
    }  # fmt: skip
    differ = {table.table for table in found.tables if not table.same}
    assert "hardship.person_medical" in differ and "population.person" not in differ


def test_the_benchmark_finds_something_to_change(tmp_path: Path) -> None:
    for label, change in CHANGES.items():
        folder = trial(RIZHAO, tmp_path / label, change)
        assert check_policy(folder) == []
        same = (
            load_policy(folder).version.split("@")[1] == load_policy(RIZHAO).version.split("@")[1]
        )
        assert same is (change is None)
