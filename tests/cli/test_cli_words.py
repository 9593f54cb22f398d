"""The commands that read no night: ``check``, ``sample``, and words that are wrong."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
from conftest import NIGHT, jiuzhulian, refused

from pipelines.settings import SCHEMAS

RIZHAO = SCHEMAS / "policies" / "rizhao"


def test_the_shipped_contracts_and_policy_are_sound() -> None:
    ended = jiuzhulian("check", "--policy", RIZHAO)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "nothing wrong" in ended.stdout


def test_check_names_every_fault_at_once(tmp_path: Path) -> None:
    schemas = tmp_path / "schemas"
    shutil.copytree(SCHEMAS, schemas)
    policy = schemas / "policies" / "rizhao"
    rules = policy / "rules.yaml"
    rules.write_text(
        rules.read_text("utf-8").replace("tier = 'none'", "no_such_column = 'none'"), "utf-8"
    )
    contract = schemas / "sources/education/student.odcs.yaml"
    contract.write_text(contract.read_text("utf-8").replace("kind, value: date", "kind, value: x"))
    promise = schemas / "tables/hardship/alert.yml"
    promise.write_text(promise.read_text("utf-8").replace("key: [", "key: [no_such_key, "))
    ended = jiuzhulian("check", "--schemas", schemas, "--policy", policy)
    assert (ended.returncode, ended.stdout) == (2, "")
    lines = ended.stderr.splitlines()
    assert all(line.startswith("error: ") for line in lines), ended.stderr
    assert sum("no_such_column" in line for line in lines) > 1
    assert any("education/student" in line and "kind" in line for line in lines)
    assert any("no_such_key" in line for line in lines)


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_policy_that_cannot_be_read(tmp_path: Path, command: str) -> None:
    (tmp_path / "rules.yaml").write_text("- id: [unclosed\n", encoding="utf-8")
    more = ["--as-of", NIGHT, "--landing", tmp_path, "--home", tmp_path / "h"]
    ended = jiuzhulian(command, "--policy", tmp_path, *(more if command == "run" else []))
    refused(ended, 2, "rules.yaml")


def test_a_policy_that_is_not_there(tmp_path: Path) -> None:
    refused(jiuzhulian("check", "--policy", tmp_path / "none"), 2, "is not a folder")


def test_settings_that_cannot_be_read() -> None:
    ended = jiuzhulian("check", JIUZHULIAN_SETTLE_SECONDS="soon")
    refused(ended, 2, "settle_seconds", "integer")


def city(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in {".csv", ".json"}
    }


def test_a_sample_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    words = ("sample", "--people", "200", "--nights", "1", "--months", "2")
    for name, seed in (("one", "5"), ("two", "5"), ("other", "6")):
        ended = jiuzhulian(*words, "--seed", seed, "--out", tmp_path / name)
        assert (ended.returncode, ended.stderr) == (0, "")
    assert city(tmp_path / "one") == city(tmp_path / "two")
    assert len(city(tmp_path / "one")) > 5
    assert city(tmp_path / "one") != city(tmp_path / "other")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("sample", "--people", "200"), "--out"),
        (("sample", "--people", "199", "--out", "x"), "--people"),
        (("sample", "--people", "many", "--out", "x"), "--people"),
        (("sample", "--people", "200", "--out", "/dev/null/x"), "/dev/null/x"),
        (("run",), "--as-of"),
        (("explain",), "--person"),
        (("dance",), "dance"),
        (("run", "--fast"), "--fast"),
    ],
)
def test_words_that_are_wrong(words: tuple[str, ...], says: str) -> None:
    refused(jiuzhulian(*words), 2, says)


@pytest.mark.parametrize("words", [(), ("--help",), ("run", "--help")])
def test_help(words: tuple[str, ...]) -> None:
    ended = jiuzhulian(*words)
    assert ended.returncode in (0, 2)
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "Usage" in ended.stdout + ended.stderr
