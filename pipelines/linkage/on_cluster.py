"""linkage.scored_pair on a cluster, for a province has too many profiles for one machine.

The cluster finds the pairs and how their properties agree. What a pair then weighs is computed by
DuckDB from that, in Splink's words, as it is on one machine: no digit hangs on the engine. What is
compared and decided is said in `probabilistic` and `decide`.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

import duckdb
import polars as pl

from pipelines.engine.spark import pairs
from pipelines.lake.night import Night
from pipelines.linkage import probabilistic
from pipelines.linkage.model import Model
from pipelines.linkage.probabilistic import LOWEST_PROBABILITY

PROFILE = "linkage.profile"
OPENED = f"SELECT entity_no FROM {PROFILE} WHERE is_open"
SHARE = f"SELECT DISTINCT name, tf_name FROM {PROFILE} WHERE name IS NOT NULL"


def takes(night: Night) -> bool:
    """Whether the cluster compares tonight's profiles."""
    return night.cluster.takes(night, OPENED)


def scored_pairs(
    night: Night, model: Model, entities: int
) -> tuple[pl.DataFrame, Mapping[str, int]]:
    """All pairs, as `probabilistic.scored_pairs` gives them, and what they cost the cluster."""
    opened = night.query(OPENED)["entity_no"]
    if opened.is_empty():
        return probabilistic.nothing(), {}
    folder = night.temp / f"pairs-{secrets.token_hex(4)}"
    try:
        work = night.cluster.pairs(night, _asked(night, model, entities), folder)
        return probabilistic.once(_weighed(night, folder, model, entities), opened, model), work
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _asked(night: Night, model: Model, entities: int) -> pairs.Comparison:
    columns = tuple(
        column
        for column in night.promise(PROFILE).columns
        if column.name not in probabilistic.NOT_COMPARED
    )
    listed = ", ".join(column.name for column in columns)
    return pairs.Comparison(
        left=f"SELECT {listed} FROM {PROFILE} WHERE is_open",
        right=f"SELECT {listed} FROM {PROFILE}",
        frequencies={"name": SHARE},
        columns=columns,
        settings=model.settings(entities),
        threshold=LOWEST_PROBABILITY,
    )


def _weighed(night: Night, folder: Path, model: Model, entities: int) -> pl.DataFrame:
    """What `probabilistic` finds of two sides, of pairs in Parquet files."""
    steps = pairs.weighing(model.settings(entities), "duckdb", LOWEST_PROBABILITY)
    config = probabilistic.config(night.temp, night.settings.threads, night.settings.memory_limit)
    with duckdb.connect(":memory:", config=config) as con:
        files = con.read_parquet([str(path) for path in sorted(folder.glob("*.parquet"))])
        files.create_view(pairs.VECTORS)
        for name, sql in steps.items():
            con.execute(f"create view {name} as {sql}")
        return probabilistic.found(con, [*steps][-1])
