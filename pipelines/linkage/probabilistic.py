"""linkage.scored_pair: open entities compared with all others by the model, through Splink.

Open are those that own no usable number. What becomes of a pair is decided in `decide`.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.linkage.model import Model
from pipelines.linkage.profile import profiles

SCORED = {"left_no": pl.Int64, "right_no": pl.Int64, "weight": pl.Float64,
          "probability": pl.Float64}  # fmt: skip
LEVELS = ("name", "birth", "phone", "group", "number")
LOWEST_PROBABILITY = 0.001
DIGITS = 6


def scored_pairs(
    entities: pl.DataFrame, model: Model, temp: Path, threads: int | None, memory_limit: str
) -> pl.DataFrame:
    """`SCORED` columns and one `<comparison>_level` per `LEVELS`; left is open, each pair once."""
    empty = SCORED | {f"{name}_level": pl.String for name in LEVELS}
    if not entities["is_open"].any() or entities.height < 2:
        return pl.DataFrame(schema=empty)
    chosen = profiles(entities, model)
    config: dict[str, Any] = {"memory_limit": memory_limit, "temp_directory": str(temp)}
    if threads:
        config["threads"] = threads
    with duckdb.connect(":memory:", config=config) as con:
        found = _predicted(con, chosen, entities.height, model)
    return _once(found, model)


def _predicted(
    con: duckdb.DuckDBPyConnection, chosen: pl.DataFrame, entities: int, model: Model
) -> pl.DataFrame:
    from splink import Linker, SettingsCreator  # seconds to import; only where it is needed
    from splink.backends.duckdb import DuckDBAPI

    logging.getLogger("splink").setLevel(logging.ERROR)
    con.register("profile_frame", chosen.to_arrow())
    con.execute("create table profile as select * exclude (tf_name) from profile_frame")
    con.execute(
        "create table name_share as select distinct name, tf_name from profile_frame "
        "where name is not null"
    )
    con.execute("create table open_profile as select * from profile where is_open")
    api = DuckDBAPI(connection=con)
    everyone = api.register("profile", dataset_display_name="everyone")
    openly = api.register("open_profile", dataset_display_name="open")
    settings = SettingsCreator.from_path_or_dict(model.settings(entities))
    linker = Linker(everyone, settings, log_level=None, validate_settings=False)
    linker.table_management.register_term_frequency_lookup(api.register("name_share"), "name")
    predicted = linker.inference.predict_between(
        openly, everyone, threshold_match_probability=LOWEST_PROBABILITY, warning_mode="never"
    )
    gammas = ", ".join(f'"gamma_{name}"' for name in LEVELS)
    found = con.sql(
        "select entity_no_l as left_no, entity_no_r as right_no, match_weight as weight, "
        f"match_probability as probability, {gammas} "
        f"from {predicted.physical_name} where entity_no_l <> entity_no_r"
    ).to_arrow_table()
    frame = pl.from_arrow(found)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _once(found: pl.DataFrame, model: Model) -> pl.DataFrame:
    """Each pair once (two open ones were compared both ways), levels by name, rounded."""
    labels = [
        pl.col(f"gamma_{name}")
        .cast(pl.Int64)
        .replace_strict(
            {gamma: model.comparison(name).label(gamma)
             for gamma in range(-1, len(model.comparison(name).levels))},
            return_dtype=pl.String,
        )
        .alias(f"{name}_level")
        for name in LEVELS
    ]  # fmt: skip
    low, high = pl.min_horizontal("left_no", "right_no"), pl.max_horizontal("left_no", "right_no")
    both_ways = pl.len().over(low, high) > 1
    return (
        found.with_columns(
            *labels, pl.col("weight").round(DIGITS), pl.col("probability").round(DIGITS)
        )
        .filter(~both_ways | (pl.col("left_no") < pl.col("right_no")))
        .select(*SCORED, *(f"{name}_level" for name in LEVELS))
        .sort("left_no", "right_no")
    )
