"""Every rule of every pack has worked examples; each comes out as it says, and its sum is right."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

from pipelines.hardship.policy import check_policy, load_policy
from pipelines.hardship.policy_model import Policy
from pipelines.hardship.worked_examples import Example, contradictions, read_examples
from pipelines.settings import SCHEMAS

PACKS = sorted(folder for folder in (SCHEMAS / "policies").iterdir() if folder.is_dir())
SUM = re.compile(r"([\d.()+−×÷ ]*\d[\d.()+−×÷ ]*)= *(−?\d+(?:\.\d+)?)")


@pytest.fixture(scope="module", params=PACKS, ids=lambda folder: folder.name)
def pack(request: pytest.FixtureRequest) -> tuple[Path, Policy, list[Example]]:
    policy = load_policy(request.param)
    examples, faults = read_examples(request.param, policy)
    assert faults == []
    return request.param, policy, examples


def test_the_packs_that_ship() -> None:
    assert {pack.name for pack in PACKS} >= {"rizhao", "hebei", "shanxi", "xian", "gansu", "who"}


def test_every_pack_is_sound_and_covers_its_regions(
    pack: tuple[Path, Policy, list[Example]],
) -> None:
    folder, policy, _ = pack
    assert policy.covers
    assert check_policy(folder) == []


def test_every_value_says_when_where_how_much_and_who_says_so(
    pack: tuple[Path, Policy, list[Example]],
) -> None:
    _, policy, _ = pack
    for parameter in policy.parameters.values():
        assert parameter.unit, parameter.name
        assert parameter.title_zh != parameter.title_en, parameter.name
        assert all(value.source for value in parameter.values), parameter.name
    assert all(rule.source and rule.title_zh != rule.title_en for rule in policy.rules)


def test_examples_come_out_as_they_say(pack: tuple[Path, Policy, list[Example]]) -> None:
    _, policy, examples = pack
    assert contradictions(policy, examples) == []


def test_every_rule_has_one_that_fires_and_one_that_does_not(
    pack: tuple[Path, Policy, list[Example]],
) -> None:
    _, policy, examples = pack
    shown = {(e.rule_id, e.expect) for e in examples}
    wanted = {(r.rule_id, o) for r in policy.rules for o in ("fires", "does not fire")}
    assert wanted - shown == set()


def test_examples_name_the_parameters_that_the_rule_uses(
    pack: tuple[Path, Policy, list[Example]],
) -> None:
    _, policy, examples = pack
    rules = {rule.rule_id: rule for rule in policy.rules}
    for example in examples:
        assert set(example.parameters) >= set(policy.parameters_of(rules[example.rule_id])), (
            example.place
        )


def test_the_sums_in_words_are_right(pack: tuple[Path, Policy, list[Example]]) -> None:
    _, _, examples = pack
    for example in examples:
        assert example.sum_zh != example.sum_en or "=" in example.sum_zh, example.place
        for text in (example.sum_zh, example.sum_en):
            for sum_, result in SUM.findall(text):
                digits = len(result.partition(".")[2])
                got = arithmetic(sum_)
                assert abs(got - float(result.replace("−", "-"))) <= 0.5 * 10**-digits + 1e-9, (
                    f"{example.place}: {sum_}= {got}"
                )
        if example.expect == "fires" and example.parameters:
            assert SUM.search(example.sum_zh) and SUM.search(example.sum_en), example.place


def arithmetic(text: str) -> float:
    """The value of a sum of plain numbers."""
    plain = text.replace("×", "*").replace("÷", "/").replace("−", "-")
    tree = ast.parse(plain.strip(), mode="eval")
    allowed = (ast.Expression, ast.BinOp, ast.Constant, ast.operator)
    assert all(isinstance(node, allowed) for node in ast.walk(tree)), text
    return float(eval(compile(tree, "sum", "eval"), {"__builtins__": {}}))


def test_an_example_that_no_longer_holds_is_named(tmp_path: Path) -> None:
    source = SCHEMAS / "policies" / "shanxi"
    for name in ("parameters.yaml", "rules.yaml", "examples.yaml"):
        text = (source / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("value: 6000", "value: 8000"), encoding="utf-8")
    policy = load_policy(tmp_path)
    examples, faults = read_examples(tmp_path, policy)
    assert faults == []
    said = contradictions(policy, examples)
    start = "examples.yaml: rule illness.year.hardship, example 1: "
    assert f"{start}says watched_burden_line is 6000.0, but 8000.0 is in force" in said
    assert f"{start}says 'fires', but the rule does not fire" in said


def test_faults_of_an_examples_file(tmp_path: Path) -> None:
    source = SCHEMAS / "policies" / "shanxi"
    for name in ("parameters.yaml", "rules.yaml"):
        (tmp_path / name).write_text((source / name).read_text(encoding="utf-8"), encoding="utf-8")
    bad = {
        "no.such.rule": [],
        "illness.year.hardship": [
            {"day": "2026-11-20", "values": {"burden": 1}, "expect": "fires"},
            {"values": {"tier": "none"}, "expect": "maybe", "wish": 1},
        ],
        "illness.year.general": "x",
    }
    (tmp_path / "examples.yaml").write_text(yaml.safe_dump(bad), encoding="utf-8")
    _, faults = read_examples(tmp_path, load_policy(tmp_path))
    for said in (
        "rule no.such.rule: stands not in rules.yaml",
        "example 1: burden is no indicator of a person",
        "example 2: wish is not a field",
        "example 2: needs 'day'",
        "example 2: 'expect' must be one of",
        "illness.year.general: needs a list",
    ):
        assert any(said in fault for fault in faults), said
