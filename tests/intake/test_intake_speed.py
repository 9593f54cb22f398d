"""The measurement of intake still runs, lands what it made, and says both figures."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from benchmarks.intake_speed import compare, settlements


def test_a_tiny_measurement(tmp_path: Path) -> None:
    found = compare(2_000, tmp_path / "work")
    assert (found["rows"], found["rows_landed"]) == (2_000, 2_000)
    assert found["speed_by_processor"] and found["speed_by_clock"]
    copied = pl.read_parquet(tmp_path / "work" / "duckdb.parquet")
    assert copied.height == 2_000


def test_the_rows_are_the_same_each_time_and_dirty_here_and_there() -> None:
    rows = settlements(0, 4_000)
    assert rows.equals(settlements(0, 4_000))
    assert rows.filter(pl.col("医疗费总额").str.starts_with("￥")).height > 0
