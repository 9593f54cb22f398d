"""Every SQL file, translated, is read by a real Spark parser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.engine.sql import read_sql, to_spark
from pipelines.settings import ROOT

SQL = sorted((ROOT / "pipelines").glob("*/*.sql"))
pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def parser() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", "512m")
        .getOrCreate()
    )
    yield session._jsparkSession.sessionState().sqlParser()
    session.stop()


def test_spark_parses_every_statement(parser: Any) -> None:
    """In one test, so that every file that cannot be read is named at once."""
    faults = {}
    for path in SQL:
        try:
            parser.parsePlan(to_spark(read_sql(path)))
        except Exception as error:
            faults[_shown(path)] = str(error).splitlines()[0][:200]
    assert len(SQL) > 40
    assert faults == {}


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
