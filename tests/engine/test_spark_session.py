"""A process may hold one session after another, each with a folder of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.engine.spark.engine import SparkEngine
from tests.engine.quiet import QUIET

pytestmark = pytest.mark.spark


def test_a_session_keeps_its_blocks_in_its_own_folder(tmp_path: Path) -> None:
    """The folder of the first is wiped with its night: the second does not make it again."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        engine = SparkEngine(QUIET, folder)
        try:
            engine.write("SELECT count(*) AS rows FROM range(9)", folder / "made", {})
            assert list(folder.rglob("blockmgr*"))
        finally:
            engine.close()
        if folder == first:
            shutil.rmtree(first)
    assert not first.exists()
