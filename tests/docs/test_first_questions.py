"""What the README shows of the town of ``make run`` is what comes out of it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from pipelines import reference
from pipelines.demo import demonstrate
from pipelines.lake import fingerprint
from pipelines.publish.summary import summarise
from pipelines.publish.version import code_version
from pipelines.settings import ROOT, SCHEMAS
from tests.docs.pages import samples

PEOPLE, SEED = 2000, 1
TOWN, HOME = ROOT / "var" / "town", ROOT / "var" / "home"


@pytest.fixture(scope="module")
def town_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """HOME after the nights of the town: the one of ``make run`` if this code made it."""
    if made_by_this_code():
        return HOME
    folder = tmp_path_factory.mktemp("first_questions")
    demonstrate(folder / "town", folder / "home", PEOPLE, SEED)
    return folder / "home"


def made_by_this_code() -> bool:
    plan, monitoring = TOWN / "truth" / "city.json", HOME / "published" / "monitoring.duckdb"
    if not (plan.exists() and monitoring.exists()):
        return False
    city = json.loads(plan.read_text(encoding="utf-8"))
    with duckdb.connect(str(monitoring), read_only=True) as con:
        found = con.execute("SELECT as_of, code_version, policy_sha256 FROM meta.run").fetchone()
    policy = fingerprint.folder(SCHEMAS / "policies" / "rizhao")
    wanted = (city["nights"][-1], code_version(), policy)
    return (city["people"], city["seed"]) == (PEOPLE, SEED) and found is not None and (
        str(found[0]), *found[1:]
    ) == wanted  # fmt: skip


def test_answers_are_current(town_home: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.count("<!-- query: ") == 3
    assert reference.with_queries(readme, town_home) == readme, (
        "run `python -m pipelines.reference --home var/home` after `make run`"
    )


def test_the_summary_is_current(town_home: Path) -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(summarise(town_home))
    said = {squeezed(line) for line in console.export_text().splitlines()}
    (shown,) = (s.text for s in samples("text") if s.page == "README.md")
    lines = {squeezed(line) for line in shown.splitlines()} - {"…"}
    assert sorted(line for line in lines - said if line.strip("─")) == []


def squeezed(line: str) -> str:
    return " ".join(line.split())
