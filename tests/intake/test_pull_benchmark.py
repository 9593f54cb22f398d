"""The benchmark of pulling still works, at a size that says nothing about time."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from benchmarks import pull
from tests.intake.places import Postgres


@pytest.mark.skipif(shutil.which("psql") is None, reason="psql is not installed")
def test_a_small_table(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    words = ["pull", "--rows", "3000", "--socket", postgres.socket, "--work", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", words)
    pull.main()
    result = json.loads((tmp_path / "pull-3000" / "result.json").read_text())
    assert (result["copy"]["exit_code"], result["pull"]["exit_code"]) == (0, 0)
    assert "3,000 rows" in capsys.readouterr().out
