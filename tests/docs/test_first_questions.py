"""What the README shows of the town of ``make run`` is what comes out of it.

Its published file is also asked everything that the manual asks: the twenty questions, the morning
script, the notebook.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

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


QUESTIONS = [s for s in samples("sql") if s.page == "docs/how-to/twenty-questions.md"]
#: whom a town may be without, on its last night
MAY_BE_EMPTY = {3, 6, 8, 12, 13}


def test_twenty_questions_have_answers(town_home: Path) -> None:
    assert len(QUESTIONS) == 20
    unanswered = []
    with duckdb.connect(str(monitoring(town_home)), read_only=True) as con:
        for number, question in enumerate(QUESTIONS, start=1):
            if not con.execute(question.text).fetchall():
                unanswered.append(number)
    assert set(unanswered) <= MAY_BE_EMPTY


def test_the_morning_script(town_home: Path) -> None:
    script = (ROOT / "docs" / "queries" / "morning.sql").read_text(encoding="utf-8")
    with duckdb.connect(str(monitoring(town_home)), read_only=True) as con:
        statements = con.extract_statements(script)
        answers = [con.execute(statement).fetchall() for statement in statements]
    assert len(answers) == 5
    assert all(answers)


def test_the_notebook(town_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cell after cell in one namespace, as a kernel would; nothing of a run stays in the file."""
    monkeypatch.setenv("MONITORING", str(monitoring(town_home)))
    path = ROOT / "docs" / "notebooks" / "first_look.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    namespace: dict[str, Any] = {}
    for number, cell in enumerate(cells):
        assert (cell["outputs"], cell["execution_count"]) == ([], None)
        exec(compile("".join(cell["source"]), f"cell {number}", "exec"), namespace)
    assert namespace["history"]
    assert namespace["chosen"]


def monitoring(home: Path) -> Path:
    return home / "published" / "monitoring.duckdb"
