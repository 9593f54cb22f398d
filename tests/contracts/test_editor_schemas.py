"""The schemas that editors use: sound files pass, faults of shape are seen; nothing can drift."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from pipelines.contracts import json_schema
from pipelines.contracts.odcs import load_yaml
from pipelines.hardship import policy_json_schema
from pipelines.settings import SCHEMAS
from tests.contracts.conftest import SMALL

MADE = {p.name.split(".")[0]: p for p in {**json_schema.files(), **policy_json_schema.files()}}
RIZHAO = SCHEMAS / "policies" / "rizhao"


def plain(value: Any) -> Any:
    """As an editor reads YAML: a date is a text."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def faults(name: str, text: str) -> list[str]:
    schema = json.loads(MADE[name].read_text(encoding="utf-8"))
    checker = jsonschema.Draft7Validator(schema)
    return [error.message for error in checker.iter_errors(plain(load_yaml(text)))]


FILES = [
    *(("contract", path) for path in (SCHEMAS / "sources").glob("*/*.odcs.yaml")),
    *(("code_list", path) for path in (SCHEMAS / "codes").glob("*.yaml")),
    *(("table", path) for path in (SCHEMAS / "tables").glob("*/*.yml")),
    ("rules", RIZHAO / "rules.yaml"),
    ("parameters", RIZHAO / "parameters.yaml"),
]


def test_the_schemas_are_schemas() -> None:
    for path in MADE.values():
        jsonschema.Draft7Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))


def test_what_is_shipped_passes() -> None:
    found = {p.name: f for name, p in FILES if (f := faults(name, p.read_text(encoding="utf-8")))}
    assert found == {}


def test_contracts_and_code_lists_name_their_schema() -> None:
    for name, path in FILES:
        if name in ("contract", "code_list"):
            first = path.read_text(encoding="utf-8").splitlines()[0]
            given = first.removeprefix("# yaml-language-server: $schema=")
            assert (path.parent / given).resolve() == MADE[name].resolve()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("value: key}", "value: keys}", "'keys' is not one of"),
        ("role: household, evidence", "role: home, evidence", "'home' is not one of"),
        ("evidence: register", "evidence: rumour", "'rumour' is not one of"),
        ("relation: relation}", "relative: relation}", "'relative' was unexpected"),
        ("role: household, evidence: register, ", "role: household, ", "'evidence' is a required"),
        ("value: snapshot", "value: whole", "'whole' is not one of"),
        ("property: mode", "property: mood", "'mood' is not one of"),
        ("classification: quasi", "classification: secret", "'secret' is not one of"),
        ("version: 1.0.0", "version: 1.0.0\nmodels: {}", "'models' was unexpected"),
        ("status: active\n", "", "'status' is a required"),
        ("value: 35", "value: soon", "'soon' is not of type 'integer'"),
        ("rank: 1}", "rank: first}", "'first' is not of type 'integer'"),
        ("apiVersion: v3.1.0", "apiVersion: v2.2.0", "does not match"),
        ("value: [户号]", "value: 户号", "is not of type 'array'"),
    ],
)
def test_a_fault_of_shape(old: str, new: str, told: str) -> None:
    assert faults("contract", SMALL) == []
    assert old in SMALL
    found = faults("contract", SMALL.replace(old, new, 1))
    assert any(told in fault for fault in found), found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rules", "- {id: a, grain: x, when: x, case: field_report, effective: {from: 2024-1-1}}"),
        ("rules", "- {id: a, grain: person, when: x, case: none, effective: {from: 2024-01-01}}"),
        ("rules", "- {id: a, grain: person, wen: x, case: field_report, effective: {}}"),
        ("parameters", "a: {values: [{region: 3711, from: 2024-01-01, value: 1}]}"),
        ("parameters", "a: {values: [{from: 2024-01-01, valeu: 1}]}"),
        ("code_list", "{name: a, values: [{code: 1, zh: 一, en: one}]}"),
        ("table", "{table: a.b, room: a, title: {zh: 一}, grain: a, columns: []}"),
    ],
)  # fmt: skip
def test_other_files(name: str, text: str) -> None:
    assert faults(name, text)


def test_a_schema_is_plain_data_that_yaml_reads_too() -> None:
    for path in MADE.values():
        assert isinstance(yaml.safe_load(Path(path).read_text(encoding="utf-8")), dict)
