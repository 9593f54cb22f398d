"""The generated pages say what contracts, promises, policy and commands say now."""

from __future__ import annotations

import subprocess
import sys

from pipelines import reference
from pipelines.settings import ROOT


def test_generated_pages_are_current() -> None:
    stale = [
        path.relative_to(ROOT).as_posix()
        for path, text in reference.pages().items()
        if path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run `make generated`"


def test_check_names_a_stale_page(monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setitem(reference.PAGES, "exit-codes", lambda: "something else\n")
    monkeypatch.setattr(sys, "argv", ["reference", "--check"])
    assert reference.main() == 1
    assert "docs/reference/exit-codes.md is stale" in capsys.readouterr().err


def test_the_command_line() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "pipelines.reference", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (answer.returncode, answer.stderr) == (0, "")


def test_cells_break_no_table() -> None:
    assert reference.table(["a"], [["x|y\nz <b> `a < b`"]]).splitlines()[-1] == (
        r"| x\|y z \<b> `a < b` |"
    )
