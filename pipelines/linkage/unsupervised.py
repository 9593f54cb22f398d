"""The engine on any set of records: trained without truth, its threshold chosen without truth.

For data sets that hold no identity numbers to learn from; the nightly model is trained in `train`.
A set is a frame with `unique_id` and the columns that its model file names; with `source` where
records of one source are never each other's counterpart.
"""

from __future__ import annotations

import logging
from typing import Any

import duckdb
import polars as pl

from pipelines.errors import ConfigurationFault
from pipelines.linkage.components import Forest
from pipelines.linkage.model import Model

PAIR = {"left_id": pl.String, "right_id": pl.String, "probability": pl.Float64,
        "weight": pl.Float64}  # fmt: skip
LOWEST = 0.001


def scored(records: pl.DataFrame, model: Model) -> pl.DataFrame:
    """`PAIR` rows: every candidate pair with its probability, under weights found in the records.

    u from random pairs, the share of matches from deterministic rules, m by expectation
    maximisation, as the model file's `training` says.
    """
    from splink import Linker, SettingsCreator, block_on
    from splink.backends.duckdb import DuckDBAPI

    how = model.training
    if how is None:
        raise ConfigurationFault([f"model {model.name} does not say how it is trained: training"])
    logging.getLogger("splink").setLevel(logging.ERROR)
    linked = "source" in records.columns
    sources = [records] if not linked else records.partition_by("source", maintain_order=True)
    settings: dict[str, Any] = model.settings(records.height) | {
        "unique_id_column_name": "unique_id",
        "link_type": "link_only" if linked else "dedupe_only",
        "retain_matching_columns": False,
    }
    with duckdb.connect() as con:
        api = DuckDBAPI(connection=con)
        frames = []
        for turn, frame in enumerate(sources):
            con.register(f"given_{turn}", frame.drop("source", strict=False).to_arrow())
            con.execute(f"create table records_{turn} as select * from given_{turn}")
            frames.append(api.register(f"records_{turn}", dataset_display_name=f"records_{turn}"))
        linker = Linker(
            frames if linked else frames[0], SettingsCreator.from_path_or_dict(settings),
            log_level=None, validate_settings=False,
        )  # fmt: skip
        training = linker.training
        training.estimate_probability_two_random_records_match(
            [block_on(*columns) for columns in how.deterministic], recall=how.recall
        )
        training.estimate_u_using_random_sampling(max_pairs=how.random_pairs, seed=how.seed)
        for columns in how.expectation_maximisation:
            training.estimate_parameters_using_expectation_maximisation(block_on(*columns))
        found = linker.inference.predict(threshold_match_probability=LOWEST, warning_mode="never")
        pairs = con.sql(
            "select unique_id_l as left_id, unique_id_r as right_id, "
            f"match_probability as probability, match_weight as weight from {found.physical_name}"
        ).to_arrow_table()
    candidates = pl.from_arrow(pairs)
    assert isinstance(candidates, pl.DataFrame)
    return candidates.sort("left_id", "right_id")


def threshold(pairs: pl.DataFrame) -> float:
    """The probability at which the F1 that the model itself expects is highest.

    Of the pairs at or above it, the sum of their probabilities is expected to be right; of all
    pairs, that sum is expected to be there.
    """
    ranked = pairs.sort("probability", descending=True)
    right = ranked["probability"].cum_sum()
    taken = pl.Series(range(1, ranked.height + 1), dtype=pl.Float64)
    f1 = 2 * right / (taken + float(ranked["probability"].sum()))
    best = f1.arg_max()
    return 1.0 if best is None else float(ranked["probability"][best])


def one_to_one(pairs: pl.DataFrame, lowest: float) -> pl.DataFrame:
    """The strongest pairs at or above `lowest` such that no record stands in two."""
    used: set[str] = set()
    kept = []
    ranked = pairs.filter(pl.col("probability") >= lowest).sort(
        ["weight", "left_id", "right_id"], descending=[True, False, False]
    )
    for left, right in ranked.select("left_id", "right_id").iter_rows():
        if left not in used and right not in used:
            used |= {left, right}
            kept.append((left, right))
    return pl.DataFrame(kept, schema={"left_id": pl.String, "right_id": pl.String}, orient="row")


def clusters(pairs: pl.DataFrame, lowest: float) -> pl.DataFrame:
    """All pairs (`left_id`, `right_id`) within the groups that pairs at or above `lowest` make."""
    forest: Forest[str] = Forest()
    strong = pairs.filter(pl.col("probability") >= lowest)
    for left, right in strong.select("left_id", "right_id").iter_rows():
        forest.unite(left, right)
    ids = pl.concat([strong["left_id"], strong["right_id"]]).unique().sort()
    grouped = pl.DataFrame({"left_id": ids, "group": [forest.root(i) for i in ids]})
    return (
        grouped.join(grouped.rename({"left_id": "right_id"}), on="group")
        .filter(pl.col("left_id") < pl.col("right_id"))
        .select("left_id", "right_id")
    )
