"""Code samples of the manual do what it says they do."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import typer
import yaml

from pipelines import cli
from pipelines.contracts.load import read_contracts
from pipelines.contracts.promises import load_promises
from pipelines.hardship.policy import check_policy, load_policy
from pipelines.publish.analysis import add_questions
from pipelines.settings import ROOT, SCHEMAS, Settings
from tests.docs.pages import Sample, commands, samples

MAKE = (ROOT / "Makefile").read_text(encoding="utf-8")
SQL = [pytest.param(s, id=f"{s.page}-{n}") for n, s in enumerate(samples("sql"))]
QUERIES = sorted((ROOT / "docs" / "queries").glob("*.sql"))
SHELL = [pytest.param(s, id=f"{s.page}-{n}") for n, s in enumerate(samples("bash"))]


@pytest.fixture(scope="module")
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    """Every published table as promised, without a row, and the views and macros over them."""
    con = duckdb.connect()
    for promise in load_promises().values():
        if promise.published is True:
            columns = ", ".join(f'"{c.name}" {c.type}' for c in promise.columns)
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {promise.schema}")
            con.execute(f"CREATE TABLE {promise.table} ({columns})")
    add_questions(con, [p.table for p in load_promises().values() if p.published is True], 5)
    yield con
    con.close()


@pytest.mark.parametrize("sample", SQL)
def test_queries_can_be_asked(sample: Sample, empty: duckdb.DuckDBPyConnection) -> None:
    empty.execute(sample.text)


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_the_manuals_queries_can_be_asked(path: Path, empty: duckdb.DuckDBPyConnection) -> None:
    empty.execute(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("sample", SHELL)
def test_commands_exist(sample: Sample) -> None:
    group: Any = typer.main.get_command(cli.app)
    for words in commands(sample):
        program, rest = Path(words[0]).name, words[1:]
        if program == "make":
            assert f"\n{rest[0]}:" in MAKE
        elif program == "jiuzhulian":
            found = group.commands[rest[0]]
            found = found.commands[rest[1]] if hasattr(found, "commands") else found
            known = {option for p in found.params for option in (*p.opts, *p.secondary_opts)}
            assert {word for word in rest if word.startswith("--")} <= known
        elif program == "python" and rest[0] == "-c":
            compile(rest[1], sample.page, "exec")
        elif program == "cp":
            assert (ROOT / rest[-2]).exists()
        else:
            assert program == "install"  # makes a file with the mode of a secret


@pytest.mark.parametrize("sample", samples("toml"), ids=lambda s: s.page)
def test_settings_exist(sample: Sample) -> None:
    """Each is read as settings.toml is: an unknown name in a place is a fault of its own."""
    given = tomllib.loads(sample.text)
    assert set(given) <= set(Settings.model_fields)
    Settings(**given)


def test_a_contract_of_the_manual_is_read(tmp_path: Path) -> None:
    shutil.copytree(SCHEMAS, tmp_path / "schemas")
    (sample,) = titled("schemas/sources/")
    path = tmp_path / sample.words["title"]
    assert path.read_text(encoding="utf-8") == sample.text, "the manual shows the shipped contract"
    path.write_text(sample.text, encoding="utf-8")
    contracts, faults = read_contracts(tmp_path / "schemas")
    assert faults == []
    assert f"{path.parent.name}/{path.name.removesuffix('.odcs.yaml')}" in contracts


def test_a_policy_of_the_manual_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "our-policy"
    shutil.copytree(SCHEMAS / "policies" / "rizhao", folder)
    for sample in titled("var/our-policy/"):
        path = folder / Path(sample.words["title"]).name
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        place = content
        for step in filter(None, sample.words.get("under", "").split(".")):
            place = place[step]
        place.extend(yaml.safe_load(sample.text))
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    assert check_policy(folder) == []
    assert len(load_policy(folder).rules) == len(load_policy(SCHEMAS / "policies/rizhao").rules) + 1


def titled(start: str) -> list[Sample]:
    return [s for s in samples("yaml") if s.words.get("title", "").startswith(start)]
