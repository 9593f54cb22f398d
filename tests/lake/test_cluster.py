"""What a night hands to its cluster, and that the cluster reads the lake as DuckDB does."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from pipelines.engine.spark import session
from pipelines.lake.night import Built, Night
from pipelines.settings import Settings
from pipelines.spark_settings import Spark
from tests.engine.quiet import QUIET

from .test_night import FIRST, TOTAL, commit, open_night, settings, things
from .test_patch import first, patched

__all__ = ["settings"]
ALL = "SELECT thing_id, day, amount * 2 AS amount FROM prev_demo.thing"
PARTED = (
    "SELECT thing_id, CASE WHEN amount > 30 THEN DATE '2026-11-02' ELSE day END AS day, amount "
    "FROM prev_demo.thing"
)


def on_spark(settings: Settings, from_rows: int) -> Settings:
    spark = QUIET.model_copy(update={"from_rows": from_rows})
    return settings.model_copy(update={"engine": "spark", "spark": spark})


def takes(settings: Settings, sql: str) -> bool:
    night = open_night(settings, FIRST)
    night.write("demo.thing", things(1, 2))
    taken = night.cluster.takes(night, sql)
    night.close()
    return taken


def test_large_statements_go_to_the_cluster_and_small_ones_stay(settings: Settings) -> None:
    assert takes(on_spark(settings, 2), TOTAL)
    assert not takes(on_spark(settings, 3), TOTAL)
    both = "SELECT one.day FROM demo.thing AS one CROSS JOIN prev_demo.thing AS other"
    assert not takes(on_spark(settings, 3), both), "there is no night before"


def test_frames_of_this_process_stay_in_it(settings: Settings) -> None:
    held = "SELECT thing.day FROM demo.thing INNER JOIN held USING (day)"
    assert not takes(on_spark(settings, 0), held)
    named = f"WITH held AS ({TOTAL}) SELECT held.day FROM held"
    assert takes(on_spark(settings, 0), named)


def test_nothing_goes_anywhere_without_the_setting(settings: Settings) -> None:
    far = settings.model_copy(update={"spark": Spark(from_rows=0)})
    assert not takes(far, TOTAL)


def test_what_a_driver_lacks_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(session.shutil, "which", lambda _: None)
    monkeypatch.setattr(session.importlib.util, "find_spec", lambda _: None)
    extra, java = session.spark_faults()
    assert "jiuzhulian[spark]" in extra and "Java 17" in java


@pytest.mark.spark
def test_patches_and_partitions_are_read_and_made(settings: Settings) -> None:
    """The night before is a patched table; tonight's is made of it, in partitions and whole."""
    first(settings)
    second = patched(settings, 1, ["T1", "T2", "N1"], {"T1": 100.0, "N1": 7.0})
    commit(second)
    second.close()
    made = {}
    for name, chosen in (("duck", settings), ("spark", on_spark(settings, 0))):
        night = open_night(chosen, FIRST + timedelta(days=2))
        for how in (_whole, _parted):
            built = how(night)
            assert bool(built.work) == (name == "spark")
            rows = night.frame("demo.thing").sort("thing_id")
            made[name, how] = night.content("demo.thing"), rows
            (night.folder / "demo.thing.json").unlink()
        assert list(night.temp.glob("made-*")) + list(night.temp.glob("partitions-*")) == []
        night.close()
    for how in (_whole, _parted):
        assert made["duck", how][0] == made["spark", how][0]
        assert made["duck", how][1].equals(made["spark", how][1])
    doubled = made["spark", _whole][1].filter(pl.col("thing_id") == "T1")
    assert [float(amount) for amount in doubled["amount"]] == [200.0]


def _whole(night: Night) -> Built:
    return night.build_query("demo.thing", ALL)


def _parted(night: Night) -> Built:
    return night.build_partitions("demo.thing", PARTED, "day")
