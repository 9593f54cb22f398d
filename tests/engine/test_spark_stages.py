"""What a statement cost is summed up, whatever Spark has forgotten of it meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.contracts.promises import PromisedColumn
from pipelines.engine.duck import DuckEngine
from pipelines.engine.spark.engine import SparkEngine
from pipelines.errors import EngineFault
from tests.engine.quiet import QUIET

pytestmark = pytest.mark.spark

COLUMNS = [PromisedColumn("n", "BIGINT")]
#: each shuffle is a job of its own, in which those before it are stages to be passed over
SHUFFLES = (
    "SELECT one.g AS g, count(*) AS pairs FROM "
    "(SELECT n % 7 AS g, count(*) AS held FROM demo.number GROUP BY n % 7) AS one "
    "INNER JOIN (SELECT n % 5 AS g, count(*) AS held FROM demo.number GROUP BY n % 5) AS other "
    "USING (g) GROUP BY one.g"
)


@contextmanager
def session(folder: Path, conf: dict[str, str]) -> Iterator[SparkEngine]:
    """A session in which every join shuffles, with a table of a thousand rows."""
    given = QUIET.conf | {"spark.sql.autoBroadcastJoinThreshold": "-1"} | conf
    engine, duck = SparkEngine(QUIET.model_copy(update={"conf": given}), folder), DuckEngine(folder)
    try:
        duck.copy("SELECT range AS n FROM range(1000)", folder / "n.parquet")
        engine.view_parquet("demo.number", [folder / "n.parquet"], COLUMNS)
        yield engine
    finally:
        duck.close()
        engine.close()


def test_a_stage_that_was_forgotten_ends_no_night(tmp_path: Path) -> None:
    """A store keeps so many stages; those passed over are forgotten first, while the statement
    that had them is still asked for.
    """
    with session(tmp_path, {"spark.ui.retainedStages": "4"}) as spark:
        costs = [spark.write(SHUFFLES, tmp_path / str(turn), {}) for turn in range(3)]
        assert spark.session.sparkContext.statusTracker().getStageInfo(0) is None
    assert all(cost["stages"] >= 2 and cost["tasks"] >= 2 for cost in costs)


def test_rows_bytes_and_the_dearest_task(tmp_path: Path) -> None:
    with session(tmp_path, {}) as spark:
        cost = spark.write(SHUFFLES, tmp_path / "made", {})
    assert cost["input_rows"] == 2_000 and cost["output_rows"] == 5
    assert cost["shuffle_bytes"] > 0 and cost["spilled_bytes"] == 0
    # hash tables of a few groups: some pages, far below what the session has
    assert 2**16 <= cost["peak_task_bytes"] < 2**30
    # no task read more of a shuffle than all of them wrote
    assert 0 < cost["peak_task_shuffle_bytes"] <= cost["shuffle_bytes"]


def test_an_error_says_what_kind_java_called_it(tmp_path: Path) -> None:
    """... and nothing of its text, which names the file, and could name a person."""
    with session(tmp_path, {}) as spark:
        (tmp_path / "n.parquet").write_bytes(b"no parquet")
        with pytest.raises(EngineFault) as caught:
            spark.write(SHUFFLES, tmp_path / "made", {})
    assert "org.apache.spark." in str(caught.value)
    assert "n.parquet" not in str(caught.value)
