"""A header row becomes a contract that the check accepts, with what other contracts know of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines import cli
from pipelines.contracts.load import load_contracts, read_contracts
from pipelines.contracts.roles import Person
from pipelines.settings import SCHEMAS


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for part in ("sources", "codes"):
        shutil.copytree(SCHEMAS / part, tmp_path / part)
    monkeypatch.setenv("JIUZHULIAN_SCHEMAS", str(tmp_path))
    return tmp_path


def new(*words: str) -> BaseException | None:
    return CliRunner().invoke(cli.app, ["contract", "new", *words]).exception


def test_known_headers_bring_their_kind(copied: Path) -> None:
    columns = '合同号，姓名, 身份证号,残疾等级,发证日期,"奇怪: 列"'
    assert new("housing/rental", "--columns", columns, "--title", "公租房") is None
    contracts, faults = read_contracts(copied)
    assert faults == []
    made = contracts["housing/rental"]
    assert [(c.name, c.kind, c.codes) for c in made.columns] == [
        ("column_1", "text", None),
        ("name", "person_name", None),
        ("id_number", "identity_number", None),
        ("disability_level", "code", "disability_level"),
        ("issued_on", "date", None),
        ("column_6", "text", None),
    ]
    assert (made.key, made.optional, made.mode) == (("column_1",), True, "snapshot")
    (person,) = made.roles_of(Person)
    assert (person.name, person.id_number) == ("name", "id_number")
    assert len(contracts) == len(load_contracts()) + 1


def test_nothing_is_overwritten(copied: Path) -> None:
    before = (copied / "sources/education/student.odcs.yaml").read_text("utf-8")
    assert "File exists" in str(new("education/student", "--columns", "姓名"))
    assert (copied / "sources/education/student.odcs.yaml").read_text("utf-8") == before
    assert "lower-case" in str(new("Housing", "--columns", "姓名"))
    assert "empty" in str(new("housing/rental", "--columns", "姓名,,"))
