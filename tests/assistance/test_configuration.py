"""What is wrong in schemas/assistance or in entitlements.yaml is said, all of it at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.assistance.catalogue import FOLDER, load_catalogue
from pipelines.assistance.entitlements import FILE, check_entitlements, load_entitlements
from pipelines.contracts.load import load_codes
from pipelines.errors import ConfigurationFault
from pipelines.settings import SCHEMAS
from tests.assistance.world import ON
from tests.hardship.world import RIZHAO


def changed(tmp_path: Path, file: str, *changes: tuple[str, str]) -> Path:
    """A copy of schemas/assistance with words of one file changed."""
    shutil.copytree(SCHEMAS / FOLDER, tmp_path / FOLDER)
    path = tmp_path / FOLDER / file
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return tmp_path


def test_the_catalogue_has_ten_kinds_and_knows_every_kind_of_aid() -> None:
    catalogue = load_catalogue(SCHEMAS)
    assert len(catalogue.kinds) == 10
    assert sum(kind.base == "8+1" for kind in catalogue.kinds) == 9
    words = {word for kind in catalogue.kinds for word in kind.words}
    assert set(load_codes(SCHEMAS)["aid_type"].codes) - words == {"其他"}


def test_all_faults_of_the_catalogue_are_said_at_once(tmp_path: Path) -> None:
    schemas = changed(
        tmp_path, "departments.yaml", ("id: housing", "id: houses"), ("since,\n", "salary,\n")
    )
    with pytest.raises(ConfigurationFault) as said:
        load_catalogue(schemas)
    told = "\n".join(said.value.faults)
    assert "housing is no department" in told
    assert "salary is no field" in told


def test_a_word_leads_to_one_kind(tmp_path: Path) -> None:
    schemas = changed(tmp_path, "kinds.yaml", ("words: [住房救助]", "words: [住房救助, 医疗救助]"))
    with pytest.raises(ConfigurationFault, match="医疗救助 leads to medical already"):
        load_catalogue(schemas)


def policy(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "policy"
    shutil.copytree(RIZHAO, folder)
    (folder / FILE).write_text(text, encoding="utf-8")
    return folder


def test_a_folder_without_the_file_entitles_to_nothing(tmp_path: Path) -> None:
    folder = policy(tmp_path, "")
    (folder / FILE).unlink()
    assert load_entitlements(folder, SCHEMAS) == ()
    assert check_entitlements(folder, SCHEMAS, ON) == []


def test_the_default_policy_is_sound() -> None:
    assert check_entitlements(RIZHAO, SCHEMAS, ON) == []
    found = load_entitlements(RIZHAO, SCHEMAS)
    assert all(entitlement.rule.source for entitlement in found)


def test_all_faults_of_entitlements_are_said_at_once(tmp_path: Path) -> None:
    folder = policy(
        tmp_path,
        "- {id: one, kind: gold, grain: person, tiers: [低保], when: salary > 1,\n"
        "   effective: {from: 2024-01-01}, source: x}\n"
        "- {id: two, kind: medical, grain: person, tiers: [], when: age > 1, colour: red}\n",
    )
    told = "\n".join(check_entitlements(folder, SCHEMAS, ON))
    for part in ("kind: must be one of", "unknown name salary", "tiers: names nobody",
                 "colour: is not a field", "effective: needs", "source: is missing"):  # fmt: skip
        assert part in told
    assert "entitlement two (line 3)" in told
