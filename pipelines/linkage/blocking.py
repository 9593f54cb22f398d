"""quality.blocking: how many pairs each blocking rule makes of the open entities and all others.

Blocking stays linear while the pairs per open entity stay the same as a city grows. What is
compared in the end, each pair once, is linkage.scored_pair.
"""

from __future__ import annotations

import polars as pl

from pipelines.lake.night import Night
from pipelines.linkage.model import Blocking, Model

SCHEMA = {
    "rule": pl.String, "equal_columns": pl.String, "entities": pl.Int64, "open_entities": pl.Int64,
    "blocked_entities": pl.Int64, "pairs": pl.Int64, "largest_block_pairs": pl.Int64,
    "pairs_per_open_entity": pl.Float64,
}  # fmt: skip
DIGITS = 4


def counts(night: Night, model: Model) -> pl.DataFrame:
    """One row per rule of the model, with the columns of `SCHEMA`."""
    columns = sorted({column for rule in model.blocking for column in rule.columns})
    profiles = night.frame("linkage.profile", ["is_open", *columns])
    entities, opened = night.query(
        "select count(*) as entities, count(*) filter (where is_open) as opened from linkage.entity"
    ).row(0)
    rows = [
        (rule.name, ", ".join(rule.columns), entities, opened, *_counted(profiles, rule, opened))
        for rule in model.blocking
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _counted(profiles: pl.DataFrame, rule: Blocking, opened: int) -> tuple[int, int, int, float]:
    """Open entities that have the values, pairs with an open one in them (a pair that shares two
    values of a list counts twice), those of the most frequent values, and pairs by open entity."""
    values = profiles.select("is_open", *rule.columns)
    if rule.explode:
        values = values.explode(*rule.explode, empty_as_null=False, keep_nulls=False)
    blocks = (
        values.drop_nulls()
        .group_by(rule.columns)
        .agg(open=pl.col("is_open").sum().cast(pl.Int64), all=pl.len().cast(pl.Int64))
        .with_columns(
            pairs=pl.col("open") * (pl.col("all") - pl.col("open"))
            + pl.col("open") * (pl.col("open") - 1) // 2
        )
    )
    blocked = (
        profiles.filter(
            "is_open",
            *(pl.col(c).list.len() > 0 if c in rule.explode else pl.col(c).is_not_null()
              for c in rule.columns),
        ).height
    )  # fmt: skip
    pairs = int(blocks["pairs"].sum())
    largest = int(blocks["pairs"].max() or 0)  # type: ignore[arg-type]
    return blocked, pairs, largest, round(pairs / opened, DIGITS) if opened else 0.0
