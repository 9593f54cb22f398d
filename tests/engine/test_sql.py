"""Every SQL file says what it reads, and means the same in Spark's dialect."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.engine.duck import DuckEngine
from pipelines.engine.sql import parameters, tables_read, to_spark
from pipelines.errors import EngineFault
from pipelines.settings import ROOT

FILES = sorted((ROOT / "pipelines").rglob("*.sql"))


def test_reads_and_parameters() -> None:
    sql = "WITH a AS (SELECT * FROM x.y WHERE d > $as_of) SELECT * FROM a JOIN prev_x.z USING (k)"
    assert tables_read(sql) == ("prev_x.z", "x.y")
    assert parameters(sql) == {"as_of"}


def test_there_are_statements() -> None:
    assert len(FILES) > 20


@pytest.mark.parametrize("path", FILES, ids=[f"{p.parent.name}/{p.stem}" for p in FILES])
def test_every_statement_translates_to_spark(path: Path) -> None:
    assert to_spark(path.read_text(encoding="utf-8"))


def test_an_error_never_carries_a_value(tmp_path: Path) -> None:
    engine = DuckEngine(tmp_path)
    with pytest.raises(EngineFault) as caught:
        engine.rows("SELECT CAST('张三的号码' AS DATE)")
    assert "张三" not in str(caught.value)
    assert caught.value.__cause__ is None
