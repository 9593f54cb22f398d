"""Bad policies: exit code 2, one line that a lawyer understands, and nothing is published."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from pipelines.errors import ended
from pipelines.run import run_night
from pipelines.settings import SCHEMAS, Settings

NIGHT = date(2026, 11, 20)
GENERAL = "burden_in_scope_12m > 0.5 * disposable_income_per_head"
RULE = "rules.yaml: rule illness.burden_over_income.general (line 5), "
VALUE = "parameters.yaml: disposable_income_per_head, value 1 (line 10): "
FROM = "effective: {from: 2024-11-01}"
DPI = "value: 34244"
LINE = "low_income_edge_multiple:"

#: what is wrong, the file, what stands there, what is put in its place, what must be said
BAD = [
    # names and expressions
    ("unknown name", "rules", GENERAL, "burden_in_scop_12m > 1",
     RULE + "when: character 1: unknown name burden_in_scop_12m: neither an indicator of this "
     "grain nor a parameter"),
    ("indicator of the other grain", "rules", GENERAL, "annual_income < 1",
     RULE + "when: character 1: unknown name annual_income: neither an indicator of this grain "
     "nor a parameter"),
    ("sub-query", "rules", GENERAL, "burden_all_12m > (select 1)",
     RULE + "when: a sub-query is not allowed"),
    ("sub-query in a list", "rules", GENERAL, "burden_all_12m in (select 1)",
     RULE + "when: character 1: a sub-query is not allowed"),
    ("union", "rules", GENERAL, "burden_all_12m > 1 union select 1",
     RULE + "when: character 1: a sub-query is not allowed"),
    ("forbidden function", "rules", GENERAL, "sqrt(burden_all_12m) > 1",
     RULE + "when: character 6: function sqrt is not allowed; allowed are coalesce, least, "
     "greatest, abs, round, nullif"),
    ("a function that reads files", "rules", GENERAL, "read_csv('x') > 1",
     RULE + "when: function read_csv is not allowed; allowed are coalesce, least, greatest, abs, "
     "round, nullif"),
    ("wrong type", "rules", GENERAL, "burden_all_12m > 'x'",
     RULE + "when: character 1: a comparison mixes a number and a text"),
    ("a number where a condition is wanted", "rules", GENERAL, "burden_all_12m",
     RULE + "when: gives a number, but true or false is wanted here"),
    ("a condition where a number is wanted", "rules",
     "measure: burden_in_scope_12m / disposable_income_per_head\n  threshold: 0.5",
     "measure: burden_all_12m > 1\n  threshold: 0.5",
     RULE + "measure: gives true or false, but a number is wanted here"),
    ("second statement", "rules", GENERAL, "burden_all_12m > 1; drop table x",
     RULE + "when: holds a second statement; one expression is allowed"),
    ("a statement", "rules", GENERAL, "drop table x",
     RULE + "when: character 12: a statement is not allowed, only an expression"),
    ("half an expression", "rules", GENERAL, "burden_all_12m >",
     RULE + "when: character 16: cannot be read as an expression near '>'"),
    ("a comma in a number", "rules", GENERAL, "burden_all_12m > 20,000",
     RULE + "when: character 20: cannot be read as an expression near ','"),
    ("division by zero", "rules", GENERAL, "burden_all_12m / 0 > 1",
     RULE + "when: character 1: divides by 0"),
    ("a number beyond all", "rules", GENERAL, "burden_all_12m > 1e400",
     RULE + "when: holds a number that is too large"),
    ("a comment", "rules", GENERAL, "burden_all_12m > 1 -- every second",
     RULE + "when: holds a comment; write it beside the rule, after #"),
    ("a placeholder", "rules", GENERAL, "burden_all_12m > $line",
     RULE + "when: a placeholder ($ or ?) is not allowed; write a parameter's name"),
    ("a tier that nobody has", "rules", GENERAL, "tier = '低保户'",
     RULE + "when: character 1: tier is never '低保户'; it is one of 特困, 低保, 防止返贫监测, "
     "低保边缘, 刚性支出困难, none"),
    ("其他, which indicators do not show", "rules", GENERAL, "tier in ('其他')",
     RULE + "when: character 1: tier is never '其他'; it is one of 特困, 低保, 防止返贫监测, "
     "低保边缘, 刚性支出困难, none"),
    ("an empty list", "rules", GENERAL, "tier in ()",
     RULE + "when: character 1: in needs at least one value"),
    ("too long", "rules", GENERAL, " or ".join(["burden_all_12m > 1"] * 400),
     RULE + "when: is longer than 4000 characters; split the rule"),
    ("too deep", "rules", GENERAL, "(" * 1500 + "burden_all_12m" + ")" * 1500 + " > 1",
     RULE + "when: is nested too deeply; split the rule"),
    # the rule around them
    ("no condition", "rules", f"when: {GENERAL}", "whn: true", RULE + "when: is missing"),
    ("unknown grain", "rules", "grain: person\n  who: tier = 'none'\n  when: burden_in_scope_12m",
     "grain: village\n  who: tier = 'none'\n  when: burden_in_scope_12m",
     RULE + "grain: must be person or household"),
    ("unknown level", "rules", "{red: 1.0, orange: 0.75, yellow: 0.5}", "{purple: 1}",
     RULE + "level: purple is no level; levels are red, orange, yellow"),
    ("levels upside down", "rules", "{red: 1.0, orange: 0.75, yellow: 0.5}",
     "{red: 0.5, orange: 0.75, yellow: 1}",
     RULE + "level: bounds must fall from red over orange to yellow"),
    ("unknown list", "rules", "case: suspected_illness_poverty", "case: illness",
     RULE + "case: must be one of suspected_illness_poverty, income_expenditure, "
     "child_protection, tier_candidate, field_report"),
    ("no date", "rules", FROM, "effective: {}",
     RULE + "effective: needs 'from', a date like 2024-11-01"),
    ("a day that is not", "rules", FROM, "effective: {from: 2024-11-31}",
     "rules.yaml: line 15, column 21: not readable as YAML: 2024-11-31 is no day of the calendar"),
    ("ends before it begins", "rules", FROM, "effective: {from: 2024-11-01, to: 2024-01-01}",
     RULE + "effective: ends before it begins ('to' is the first day without the rule)"),
    ("an end under another word", "rules", FROM, "effective: {from: 2024-11-01, until: 2025-01-01}",
     RULE + "effective: until is not known here; write from and to"),
    ("one id twice at a time", "rules", "id: illness.burden_over_income.edge",
     "id: illness.burden_over_income.general",
     "rules.yaml: rule illness.burden_over_income.general: stands twice with overlapping effective "
     "dates: end the earlier one before"),
    # parameters
    ("no value for a covered region", "parameters", 'covers: ["3711"]', 'covers: ["3711", "3706"]',
     "parameters.yaml: disposable_income_per_head: no value in force on 2026-11-20 for region "
     "3706, which the policy covers; used by illness.burden_over_income.general"),
    ("a parameter that nobody wrote", "parameters", LINE, "edge_multiple:",
     "unknown name low_income_edge_multiple: neither an indicator of this grain nor a parameter"),
    ("missing date of a value", "parameters", f"from: 2024-02-10\n      {DPI}", DPI,
     VALUE + "needs 'from', a date like 2024-02-10"),
    ("overlapping values", "parameters", DPI,
     f'{DPI}\n    - region: "3711"\n      from: 2024-02-10\n      value: 40000',
     "parameters.yaml: disposable_income_per_head, value 2: overlaps value 1: the same region, "
     "kind and date"),
    ("a value with a comma", "parameters", DPI, "value: 34,244 yuan",
     VALUE + "needs 'value', a number (null ends the parameter)"),
    ("no region", "parameters", f'- region: "3711"\n      from: 2024-02-10\n      {DPI}',
     f"- from: 2024-02-10\n      {DPI}",
     VALUE + "needs 'region', a code in quotes (\"\" is everywhere)"),
    ("a region that is none", "parameters", f'"3711"\n      from: 2024-02-10\n      {DPI}',
     f'"371"\n      from: 2024-02-10\n      {DPI}',
     VALUE + "'371' is no region code (2, 4, 6, 9 or 12 digits in quotes)"),
    ("a name that is an indicator", "parameters", LINE, f"tier: {{values: [{{region: '37', "
     f"from: 2024-01-01, value: 1}}]}}\n{LINE}",
     "parameters.yaml: tier: has the name of a person indicator; choose another"),
    ("a name that is a function", "parameters", LINE, f"coalesce: {{values: [{{region: '37', "
     f"from: 2024-01-01, value: 1}}]}}\n{LINE}",
     "parameters.yaml: coalesce: is a word of the language of rules; choose another name"),
    # YAML
    ("a bracket left open", "rules", "title: {zh: 范围内", "title: {zh: [范围内",
     "rules.yaml: line 6, column 120: not readable as YAML: expected ',' or ']', but got '}'"),
    ("a tag", "rules", "- id: illness.burden_over_income.general",
     "- id: !!python/object/apply:os.system ['true']",
     "rules.yaml: line 5, column 7: not readable as YAML: a tag (a word that begins with !) is "
     "not allowed; write the plain value"),
    ("a tab", "rules", "- id: illness.burden_over_income.general",
     "- id: illness.burden_over_income.general\n\ttitle: x",
     "rules.yaml: line 6, column 1: not readable as YAML: a line begins with a tab; use spaces"),
    ("a key twice", "rules", FROM, f"{FROM}\n  threshold: 2",
     "rules.yaml: line 16, column 3: not readable as YAML: the key threshold stands twice"),
    ("another encoding", "rules", "滨州", "\udcff",
     "rules.yaml: not readable as YAML: it is not UTF-8, or holds a character that no text has; "
     "save it again as UTF-8"),
]  # fmt: skip
#: one mistake that makes several things wrong; each gets its line
SEVERAL = {"no condition", "no value for a covered region", "a parameter that nobody wrote",
           "a name that is an indicator"}  # fmt: skip


@pytest.mark.parametrize(("name", "file", "old", "new", "said"), BAD, ids=[c[0] for c in BAD])
def test_bad_policy(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    file: str,
    old: str,
    new: str,
    said: str,
) -> None:
    policy = tmp_path / "policy"
    shutil.copytree(SCHEMAS / "policies" / "rizhao", policy)
    path = policy / f"{file}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8", errors="surrogateescape")
    (tmp_path / "landing").mkdir()
    settings = Settings(landing=tmp_path / "landing", home=tmp_path / "home", policy=policy)
    assert ended(lambda: run_night(settings, NIGHT)) == 2
    lines = capsys.readouterr().err.splitlines()
    assert all(line.startswith("error: ") for line in lines)
    assert any(said in line for line in lines) and (len(lines) == 1 or name in SEVERAL), lines
    assert not (tmp_path / "home").exists()


def test_an_empty_file_of_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rules.yaml").write_text("# nothing yet\n", encoding="utf-8")
    settings = Settings(landing=tmp_path, home=tmp_path / "home", policy=tmp_path)
    assert ended(lambda: run_night(settings, NIGHT)) == 2
    assert capsys.readouterr().err == (
        "error: rules.yaml: is empty; write [] where no rule is wanted\n"
    )
