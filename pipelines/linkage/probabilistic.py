"""linkage.scored_pair: open entities compared with all others by the model, through Splink.

Open are those that own no usable number. What becomes of a pair is decided in `decide`.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines import scratch
from pipelines.linkage.model import Model

SCORED = {"left_no": pl.Int64, "right_no": pl.Int64, "weight": pl.Float64,
          "probability": pl.Float64}  # fmt: skip
LEVELS = ("name", "birth", "phone", "group", "number")
LOWEST_PROBABILITY = 0.001
DIGITS = 6
#: of linkage.profile, what is no property of a person
NOT_COMPARED = ("tf_name", "basis")
#: so many open entities are compared at a time, for what a comparison holds follows them; fewer
#: where memory does not suffice, down to the second
OPEN_AT_ONCE = 30_000
FEWEST_AT_ONCE = 500


def scored_pairs(
    chosen: pl.DataFrame,
    entities: int,
    model: Model,
    temp: Path,
    threads: int | None,
    memory_limit: str,
    changed: pl.Series | None = None,
) -> pl.DataFrame:
    """`SCORED` columns and one `<comparison>_level` per `LEVELS`; left is open, each pair once.

    `chosen`: rows of linkage.profile; `entities`: how many the city has. With `changed` (entity
    numbers) only pairs that hold one of these.
    """
    opened = chosen.filter("is_open")
    if changed is None:
        rounds = [(opened, chosen)]
    else:
        touched = pl.col("entity_no").is_in(changed.implode())
        rounds = [
            (opened.filter(touched), chosen),
            (opened.filter(~touched), chosen.filter(touched)),
        ]
    rounds = [(left, right) for left, right in rounds if left.height and right.height]
    if not rounds or chosen.height < 2:
        return nothing()
    given = config(temp, threads, memory_limit)
    pairs = pl.concat(
        [_fitting(part, right, entities, model, given)
         for left, right in rounds for part in left.iter_slices(OPEN_AT_ONCE)]
    )  # fmt: skip
    return once(pairs, opened["entity_no"], model)


def nothing() -> pl.DataFrame:
    """No pair."""
    return pl.DataFrame(schema=SCORED | {f"{name}_level": pl.String for name in LEVELS})


def config(temp: Path, threads: int | None, memory_limit: str) -> dict[str, Any]:
    """Of a DuckDB of its own."""
    given = scratch.config(temp, memory_limit) | {"preserve_insertion_order": False}
    return given | ({"threads": threads} if threads else {})


def _fitting(
    left: pl.DataFrame, right: pl.DataFrame, entities: int, model: Model, config: dict[str, Any]
) -> pl.DataFrame:
    """All pairs of the one with the other, in as many parts as the memory asks for."""
    from splink.internals.exceptions import SplinkException

    try:
        with duckdb.connect(":memory:", config=config) as con:
            return _predicted(con, left, right, entities, model)
    except SplinkException as error:
        cause = error.__cause__
        if not isinstance(cause, duckdb.OutOfMemoryException) or left.height <= FEWEST_AT_ONCE:
            raise (error if cause is None else cause) from None  # the machine's fault or ours
    except duckdb.OutOfMemoryException:
        if left.height <= FEWEST_AT_ONCE:
            raise
    half = left.height // 2
    return pl.concat(
        [_fitting(part, right, entities, model, config) for part in (left[:half], left[half:])]
    )


def _predicted(
    con: duckdb.DuckDBPyConnection, left: pl.DataFrame, right: pl.DataFrame, entities: int,
    model: Model,
) -> pl.DataFrame:  # fmt: skip
    from splink import Linker, SettingsCreator  # seconds to import; only where it is needed
    from splink.backends.duckdb import DuckDBAPI

    logging.getLogger("splink").setLevel(logging.ERROR)
    openly, everyone, share = "opened", "everyone", "share"
    for name, frame in ((openly, left), (everyone, right)):
        con.register("given", frame.drop(NOT_COMPARED).to_arrow())
        con.execute(f"create table {name} as select * from given")
        con.unregister("given")
    shares = pl.concat([left, right]).select("name", "tf_name").unique().drop_nulls("name")
    con.register(share, shares.to_arrow())
    api = DuckDBAPI(connection=con)
    everyone_frame = api.register(everyone, dataset_display_name=everyone)
    open_frame = api.register(openly, dataset_display_name=openly)
    settings = SettingsCreator.from_path_or_dict(model.settings(entities))
    linker = Linker(everyone_frame, settings, log_level=None, validate_settings=False)
    linker.table_management.register_term_frequency_lookup(api.register(share), "name")
    predicted = linker.inference.predict_between(
        open_frame, everyone_frame,
        threshold_match_probability=LOWEST_PROBABILITY, warning_mode="never",
    )  # fmt: skip
    return found(con, predicted.physical_name)


def found(con: duckdb.DuckDBPyConnection, predicted: str) -> pl.DataFrame:
    """Of Splink's table of pairs: `SCORED` columns, not yet rounded, and a gamma per `LEVELS`."""
    gammas = ", ".join(f'"gamma_{name}"' for name in LEVELS)
    rows = con.sql(
        "select entity_no_l as left_no, entity_no_r as right_no, match_weight as weight, "
        f"match_probability as probability, {gammas} "
        f"from {predicted} where entity_no_l <> entity_no_r"
    ).to_arrow_table()
    pairs = pl.from_arrow(rows)
    assert isinstance(pairs, pl.DataFrame)
    return pairs


def once(pairs: pl.DataFrame, opened: pl.Series, model: Model) -> pl.DataFrame:
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
    both_open = pl.col("right_no").is_in(opened.implode())
    return (
        pairs.filter(~both_open | (pl.col("left_no") < pl.col("right_no")))
        .with_columns(*labels, pl.col("weight").round(DIGITS), pl.col("probability").round(DIGITS))
        .select(*SCORED, *(f"{name}_level" for name in LEVELS))
        .unique(["left_no", "right_no"], keep="any")
        .sort("left_no", "right_no")
    )


def weighed(left: pl.DataFrame, right: pl.DataFrame, entities: int, model: Model) -> dict[str, Any]:
    """One pair in all its parts, whether blocking finds it or not: `match_weight`,
    `match_probability`, `gamma_<comparison>`, `mw_<comparison>` (bits), `mw_tf_adj_name`."""
    from splink import Linker, SettingsCreator
    from splink.backends.duckdb import DuckDBAPI

    logging.getLogger("splink").setLevel(logging.ERROR)
    settings = model.settings(entities) | {"retain_intermediate_calculation_columns": True}
    with duckdb.connect() as con:
        for name, frame in (("one", left), ("other", right)):
            con.register(f"{name}_given", frame.drop("basis").to_arrow())
            con.execute(f"create table {name} as select * from {name}_given")
        api = DuckDBAPI(connection=con)
        one, other = (api.register(n, dataset_display_name=n) for n in ("one", "other"))
        linker = Linker(
            one, SettingsCreator.from_path_or_dict(settings), log_level=None,
            validate_settings=False,
        )  # fmt: skip
        scored = linker.inference.score_pair(one, other)
        rows = con.sql(f"select * from {scored.physical_name}").to_arrow_table().to_pylist()
    return dict(rows[0])
