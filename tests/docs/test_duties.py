"""The page of duties names tests that are there, and says of every duty who does what."""

from __future__ import annotations

import ast
import re

import pytest

from pipelines.settings import ROOT

PAGE = ROOT / "docs" / "explanation" / "duties-and-tests.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| clause", "| article"))
]
TESTS = sorted({found for row in ROWS for found in NAMED.findall(row[2])})


@pytest.mark.parametrize(("file", "name"), TESTS, ids=[name for _, name in TESTS])
def test_a_named_test_is_there(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert name in functions
    marks = [ast.unparse(mark) for mark in functions[name].decorator_list]
    assert not any("skip" in mark or "xfail" in mark for mark in marks)


def test_every_duty_is_shown_or_left_to_the_site() -> None:
    assert len(TESTS) > 25
    assert len(ROWS) > 20
    for row in ROWS:
        assert len(row) == 4, row[0]
        assert NAMED.search(row[2]) or (row[2] == "–" and row[3] != "–"), row[0]
