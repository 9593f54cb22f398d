"""Policies as data: which value is in force where, and what is wrong with a bad one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.engine.sql import to_spark
from pipelines.errors import ConfigurationFault
from pipelines.hardship import check_policy, load_policy
from pipelines.hardship.registry import statements
from tests.hardship.world import RIZHAO

PARAMETERS = """
covers: ["3711"]
line:
  unit: CNY/year
  values:
    - {region: "37", from: 2024-01-01, value: 1, source: s}
    - {region: "3711", from: 2024-01-01, value: 2, source: s}
    - {region: "3711", from: 2025-01-01, value: 3, source: s}
    - {region: "3711", urban_rural: rural, from: 2024-06-01, value: 4, source: s}
    - {region: "371102", from: 2024-01-01, value: 5, source: s}
    - {region: "371121", from: 2024-01-01, value: 6, source: s}
    - {region: "371121", from: 2026-01-01, value: null, source: s}
"""
RULE = """
- id: a
  title: {zh: 甲, en: A}
  grain: person
  who: tier = 'none'
  when: burden_all_12m > line
  measure: burden_all_12m / line
  level: {red: 2, yellow: 1}
  case: suspected_illness_poverty
  suggest: [医疗救助]
  effective: {from: 2024-01-01}
  source: s
"""


def folder(path: Path, parameters: str = PARAMETERS, rules: str = RULE) -> Path:
    (path / "parameters.yaml").write_text(parameters, encoding="utf-8")
    (path / "rules.yaml").write_text(rules, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("region", "urban_rural", "on", "value"),
    [
        ("371100000000", None, date(2024, 3, 1), 2),
        ("371100000000", None, date(2025, 3, 1), 3),
        ("371100000000", "urban", date(2025, 3, 1), 3),
        ("371100000000", "rural", date(2025, 3, 1), 4),
        ("371102001001", "rural", date(2025, 3, 1), 5),
        ("371121001001", None, date(2025, 12, 31), 6),
        ("371121001001", None, date(2026, 1, 1), None),
        ("370100000000", None, date(2025, 3, 1), 1),
    ],
)
def test_value_in_force(
    tmp_path: Path, region: str, urban_rural: str | None, on: date, value: float | None
) -> None:
    found = load_policy(folder(tmp_path)).parameters["line"].in_force(region, urban_rural, on)
    assert found is not None
    assert found.value == value


def test_no_value_outside_or_before(tmp_path: Path) -> None:
    line = load_policy(folder(tmp_path)).parameters["line"]
    assert line.in_force("110000000000", None, date(2025, 1, 1)) is None
    assert line.in_force("371100000000", None, date(2023, 12, 31)) is None
    assert line.in_force(None, None, date(2025, 1, 1)) is None


def test_default_pack_is_sound() -> None:
    assert check_policy(RIZHAO, date(2026, 11, 20)) == []


def test_every_statement_translates_to_spark() -> None:
    for sql in statements(load_policy(RIZHAO), date(2026, 11, 20)).values():
        assert to_spark(sql)


def test_a_rule_ends_the_day_before_its_to(tmp_path: Path) -> None:
    rules = RULE.replace("{from: 2024-01-01}", "{from: 2024-01-01, to: 2025-01-01}")
    rules += RULE.replace("{from: 2024-01-01}", "{from: 2025-01-01}")
    policy = load_policy(folder(tmp_path, rules=rules))
    assert len(policy.rules_in_force(date(2024, 12, 31))) == 1
    assert policy.rules_in_force(date(2024, 12, 31))[0].effective_to == date(2025, 1, 1)
    assert policy.rules_in_force(date(2025, 1, 1))[0].effective_to is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("burden_all_12m > line", "burden_al_12m > line", "rule a (line 2), when: character 1: "),
        ("burden_all_12m > line", "annual_income > line", "unknown name annual_income"),
        ("burden_all_12m > line", "burden_all_12m > (select 1)", "sub-query"),
        ("tier = 'none'", "tier", "who: gives a text"),
        ("burden_all_12m / line", "tier", "measure: gives a text"),
        ("burden_all_12m / line", "sqrt(line)", "function sqrt is not allowed"),
        ("grain: person", "grain: village", "grain: must be person or household"),
        ("suspected_illness_poverty", "illness", "case: must be one of"),
        ("effective: {from: 2024-01-01}", "effective: {}", "needs 'from'"),
        ("{from: 2024-01-01}", "{from: 2024-01-01, to: 2023-01-01}", "ends before it begins"),
        ("{red: 2, yellow: 1}", "{red: 1, yellow: 2}", "bounds must fall"),
        ("{red: 2, yellow: 1}", "{purple: 1}", "purple is no level"),
        ("  when: burden", "  whne: burden", "when: is missing"),
        ("- id: a", "- id: a\n  id: b", "stands twice"),
        ("title: {zh: 甲, en: A}", "title: {zh: 甲, en: A", "not readable as YAML"),
        (RULE, RULE + RULE, "overlapping effective dates"),
    ],
)
def test_bad_rules(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigurationFault) as error:
        load_policy(folder(tmp_path, rules=RULE.replace(old, new)))
    assert any("rules.yaml" in fault and said in fault for fault in error.value.faults)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("value: 1,", "value: one,", "needs 'value'"),
        ("from: 2025-01-01, value: 3", "value: 3", "needs 'from'"),
        ("from: 2025-01-01, value: 3", "from: 2024-01-01, value: 3", "overlaps value 2"),
        ("urban_rural: rural", "urban_rural: city", "must be urban or rural"),
        ("line:", "tier:", "has the name of a person indicator"),
        ('covers: ["3711"]', "covers: 3711", "list of region codes"),
    ],
)
def test_bad_parameters(tmp_path: Path, old: str, new: str, said: str) -> None:
    faults = check_policy(folder(tmp_path, parameters=PARAMETERS.replace(old, new)))
    assert any("parameters.yaml" in fault and said in fault for fault in faults)


def test_all_faults_at_once(tmp_path: Path) -> None:
    rules = RULE.replace("burden_all_12m", "x").replace("person", "household")
    assert len(check_policy(folder(tmp_path, PARAMETERS.replace("from: 2024", "frm: 2024"), rules)))
    faults = check_policy(tmp_path)
    assert sum("rules.yaml" in fault for fault in faults) == 2
    assert sum("parameters.yaml" in fault for fault in faults) > 2


def test_parameter_without_value_in_a_covered_region(tmp_path: Path) -> None:
    path = folder(tmp_path, PARAMETERS.replace('["3711"]', '["3711", "4401"]'))
    (fault,) = check_policy(path, date(2026, 1, 1))
    assert "line: no value in force on 2026-01-01 for region 4401" in fault
    assert check_policy(path, date(2023, 1, 1)) == []  # no rule in force yet


def test_missing_rules_and_folder(tmp_path: Path) -> None:
    assert "missing" in check_policy(tmp_path)[0]
    assert "not a folder" in check_policy(tmp_path / "nowhere")[0]
