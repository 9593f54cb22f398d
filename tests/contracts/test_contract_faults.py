"""Broken contracts: every fault is told at once, with file, line and what to do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.contracts.load import load_contracts
from pipelines.contracts.roles import Attribute, Household, Person
from pipelines.errors import ConfigurationFault
from pipelines.settings import SCHEMAS

Put = Callable[..., Path]
SHOWN = "sources/public_security/register.odcs.yaml"


def faults(root: Path) -> tuple[str, ...]:
    with pytest.raises(ConfigurationFault) as caught:
        load_contracts(root)
    return caught.value.faults


def test_a_new_department_is_one_file(schemas: Path, put: Put, small: str) -> None:
    put(small)
    contracts = load_contracts(schemas)
    register = contracts["public_security/register"]
    assert register.key == ("register_no", "id_number", "name")
    assert register.due_days == 35
    (person,) = register.roles_of(Person)
    assert person.groups[0].kind == "register"
    assert register.roles_of(Household)[0].evidence == "register"


DISABILITY_CARD = """\
apiVersion: v3.1.0
kind: DataContract
id: urn:test:card
name: 残疾人证 / Disability cards
version: 1.0.0
status: active
schema:
  - name: disability_card
    customProperties:
      - {property: mode, value: snapshot}
      - {property: owner, value: 残联}
      - property: roles
        value:
          - {role: person, name: name, id_number: id_number, holds: card_no, key: card_no}
          - {role: attribute, attribute: disability_level, value: level, from: issued_on}
    properties:
      - {name: card_no, description: 证号 / card, classification: pseudonym, required: true,
         primaryKey: true, primaryKeyPosition: 1,
         customProperties: [{property: kind, value: key}, {property: aliases, value: [残疾人证号]}]}
      - {name: name, description: 姓名 / name, classification: identifying,
         customProperties: [{property: kind, value: person_name}]}
      - {name: id_number, description: 证件号 / number, classification: identifying,
         customProperties: [{property: kind, value: identity_number}]}
      - {name: level, description: 等级 / grade, classification: sensitive,
         customProperties: [{property: kind, value: code},
                            {property: codes, value: disability_level}]}
      - {name: issued_on, description: 发证日期 / issued, classification: quasi,
         customProperties: [{property: kind, value: date}]}
"""


def test_new_departments_stand_beside_the_real_ones(schemas: Path, put: Put, small: str) -> None:
    put(small)
    put(DISABILITY_CARD, "disabled_federation/disability_card")
    shutil.copytree(SCHEMAS / "sources", schemas / "sources", dirs_exist_ok=True)
    contracts = load_contracts(schemas)
    assert len(contracts) == len(load_contracts()) + 2
    (level,) = contracts["disabled_federation/disability_card"].roles_of(Attribute)
    assert (level.value.column, level.from_, level.until) == ("level", "issued_on", None)


def test_a_register_has_one_holder(schemas: Path, put: Put) -> None:
    put(DISABILITY_CARD, "disabled_federation/disability_card")
    again = DISABILITY_CARD.replace("name: disability_card", "name: card")
    put(again, "other_federation/card")
    assert any("a register has one" in fault for fault in faults(schemas))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("value: key}", "value: keys}", "kind `keys` is not known"),
        ("name: name\n            id", "name: nam\n            id", "the column `nam`"),
        ("[姓名]", "[姓名, ＊ 身份证号（必填）]", "also names name"),
        ("primaryKey: true\n", "primaryKey: false\n", "no column is marked primaryKey"),
        ("primaryKeyPosition: 3", "primaryKeyPosition: 4", "must count 1, 2, 3"),
        ("value: relation}", "value: relations}", "code list `relations` is not in schemas/codes"),
        ("          - {property: codes, value: relation}\n", "", "needs `codes`"),
        ("evidence: register", "evidence: rumour", "`evidence` must be one of"),
        ("role: household, evidence", "role: home, evidence", "unknown role `home`"),
        ("relation: relation}", "relative: relation}", "unknown key `relative`"),
        ("value: snapshot", "value: whole", "mode must be one of"),
        ("value: snapshot", "value: append", "scope has no meaning for mode append"),
        ("property: mode", "property: mood", "unknown custom property `mood`"),
        ("- name: register\n", "- name: registre\n", "must be named `register`"),
        ("domain: public_security", "domain: police", "domain must be `public_security`"),
        ("apiVersion: v3.1.0", "apiVersion: v2.2.0", "is not ODCS v3"),
        ("status: active\n", "", "has no `status`"),
        ("version: 1.0.0", "version: 1.0.0\nmodels: {}", "`models` is not a word of ODCS"),
        ("classification: quasi", "classification: secret", "classification must be one of"),
        ("value: 35", "value: soon", "dueDays must be a number of days"),
        ("value: [region_code]", "value: [county]", "scope names the column `county`"),
        ("- {property: owner, value: 公安局}\n      ", "", "no owner"),
        ("primaryKeyPosition: 3", "unique: false", "needs a primaryKeyPosition"),
        ("name: id_number\n        desc", "name: record_key\n        desc", "lineage columns"),
        ("id_number: id_number", "id_number: relation", "must be a column of kind identity_number"),
        ("rank: 1}", "rank: first}", "`rank` must be int"),
        ("register_no, relation", "register_no, person: head, relation", "the person `head`"),
        ("value: [region_code]", "value: [name]", "`name` identifies people"),
        ("{property: owner,", "{property: optional, value: maybe}\n      - {property: owner,",
         "optional must be true or false"),
    ],
)  # fmt: skip
def test_one_fault(schemas: Path, put: Put, small: str, old: str, new: str, told: str) -> None:
    assert old in small
    put(small.replace(old, new))
    found = faults(schemas)
    assert any(told in fault for fault in found), found
    assert all(fault.startswith(SHOWN) for fault in found)


def test_what_may_be_left_out(schemas: Path, put: Put, small: str) -> None:
    one_language = small.replace("区划代码 / region", "区划代码")
    put(one_language.replace("name: name\n            id_number", "id_number"))
    register = load_contracts(schemas)["public_security/register"]
    assert register.column("region_code").en == "区划代码"
    assert register.roles_of(Person)[0].name is None


def test_faults_name_the_line(schemas: Path, put: Put, small: str) -> None:
    put(small.replace("value: key}", "value: keys}"))
    (fault,) = faults(schemas)
    line = 1 + small.splitlines().index("      - name: register_no")
    assert fault.startswith(f"{SHOWN}:{line}: column register_no")


@pytest.mark.parametrize(
    ("old", "new", "told", "at"),
    [
        ("evidence: register, group", "evidence: register, person: head, group", "`head`",
         "- {role: household"),
        ("- {role: household",
         "- {role: tier, tier: {value: 低保户}}\n          - {role: household",
         "`低保户` is not in", "- {role: tier,"),
        ("relation: relation}\n", "relation: relations}\n", "`relations`", "- {role: household"),
        ("value: [region_code]", "value: [county]", "`county`", "property: scope"),
        ("register_no}\n", "register_no, colour: red}\n", "`colour`", "- {kind: register, key"),
        ("    properties:\n", "      - property: checks\n        value:\n"
         "          - {name: odd, check: order, column: relation, other: since}\n    properties:\n",
         "`since`", "name: odd"),
        ("value: [姓名]", "value: [姓名, 户号]", "also names register_no", "- name: name"),
        ("value: key}", "value: keys}", "kind `keys`", "- name: register_no"),
    ],
)  # fmt: skip
def test_a_fault_names_the_line_of_what_is_wrong(
    schemas: Path, put: Put, small: str, old: str, new: str, told: str, at: str
) -> None:
    spoiled = small.replace(old, new, 1)
    put(spoiled)
    (fault,) = [found for found in faults(schemas) if told in found]
    line = int(fault.removeprefix(f"{SHOWN}:").split(":")[0])
    assert at in spoiled.splitlines()[line - 1], fault


def test_a_key_that_stands_twice_is_a_fault(schemas: Path, put: Put, small: str) -> None:
    put(small.replace("status: active\n", "status: active\nstatus: draft\n"))
    (fault,) = faults(schemas)
    assert "not YAML at line 7" in fault and "`status` stands twice" in fault


def test_yaml_that_cannot_be_read_says_where(schemas: Path, put: Put, small: str) -> None:
    lines = small.splitlines()
    broken = "\n".join([*lines[:3], 'name: "户籍', *lines[4:]])
    put(broken)
    (fault,) = faults(schemas)
    assert fault.startswith(SHOWN)
    assert "is not YAML at line" in fault


@pytest.mark.parametrize("text", ["- a\n- b\n", "", "schema: []\n", "schema: [{name: register}]\n"])
def test_what_is_no_contract_at_all(schemas: Path, put: Put, text: str) -> None:
    put(text)
    assert faults(schemas)


def test_not_utf_8(schemas: Path, put: Put, small: str) -> None:
    put(small).write_bytes(small.encode("gb18030"))
    assert "not UTF-8" in faults(schemas)[0]


def test_all_faults_of_all_files_come_together(schemas: Path, put: Put, small: str) -> None:
    put(small.replace("value: key}", "value: keys}").replace("rank: 1", "rank: x"))
    put("kind: [", "public_security/other")
    (schemas / "codes" / "sex.yaml").write_text("name: sexes\nvalues: []\n", encoding="utf-8")
    found = faults(schemas)
    assert len(found) >= 5
    assert {fault.split(":")[0] for fault in found} == {
        SHOWN,
        "sources/public_security/other.odcs.yaml",
        "codes/sex.yaml",
    }


def test_a_register_that_nobody_holds(schemas: Path, put: Put, small: str) -> None:
    refers = small.replace("relation: relation\n", "refers: psn_no\n            key: register_no\n")
    put(refers)
    assert any("refers to psn_no, which no dataset holds" in fault for fault in faults(schemas))


def test_words_of_conditions_and_tiers_must_be_codes(schemas: Path, put: Put, small: str) -> None:
    role = "          - {role: tier, tier: {value: 低保户, when: {relation: [户长]}}}\n"
    put(small.replace("    properties:\n", f"{role}    properties:\n"))
    found = faults(schemas)
    assert any("`低保户` is not in the code list tier" in fault for fault in found)
    assert any("asks relation for `户长`" in fault for fault in found)


def test_no_contract_at_all(tmp_path: Path) -> None:
    assert "no contract stands here" in faults(tmp_path)[0]
