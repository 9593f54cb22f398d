"""Python work in tasks of Spark: what comes back, what it costs, and nothing of it in a log."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from zipimport import zipimporter

import pytest

from pipelines.engine.spark import tasks
from pipelines.engine.spark.engine import SparkEngine
from pipelines.errors import EngineFault
from pipelines.settings import ROOT
from tests.engine.quiet import QUIET

spark = pytest.mark.spark


@spark
def test_each_item_comes_back_in_its_place(tmp_path: Path) -> None:
    engine = SparkEngine(QUIET, tmp_path)
    try:
        made, cost = engine.each(int, ["3", "no number", "1"])
        assert made == [3, None, 1]
        assert [(one["tasks"], one["failed_tasks"]) for one in cost] == [(1, 0)] * 3
        assert engine.each(int, []) == ([], [])
    finally:
        engine.close()


@spark
def test_workers_without_the_package_are_told(tmp_path: Path) -> None:
    conf = QUIET.conf | {"spark.pyspark.python": str(tmp_path / "python")}
    engine = SparkEngine(QUIET.model_copy(update={"conf": conf}), tmp_path)
    try:
        with pytest.raises(EngineFault, match=rf"they need {tmp_path}/python with jiuzhulian"):
            engine.each(str, [1])
    finally:
        engine.close()


LOUD = """
import sys
from pathlib import Path
from pipelines.engine.spark.engine import SparkEngine
from tests.engine.quiet import QUIET
from tests.engine.loud import loud

engine = SparkEngine(QUIET, Path(sys.argv[1]))
print(engine.each(loud, ["张三", "李四"])[0])
engine.close()
"""


@spark
def test_what_a_task_says_stands_in_no_log(tmp_path: Path) -> None:
    words = [sys.executable, "-c", LOUD, str(tmp_path)]
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert ended.stdout.strip().endswith("[None, None]"), ended.stderr
    assert "张三" not in ended.stderr and "panicked" not in ended.stderr


def test_archives_are_imported_from_after_they_were_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("first_of_archive.py", "said = 1")
        archive.writestr("second_of_archive.py", "said = 2")
    monkeypatch.syspath_prepend(str(tmp_path / "archive.zip"))
    import first_of_archive

    tasks.forget_archives()
    held = sys.path_importer_cache.values()
    assert not any(isinstance(importer, zipimporter) for importer in held)
    import second_of_archive

    assert (first_of_archive.said, second_of_archive.said) == (1, 2)
