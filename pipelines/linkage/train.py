"""Weights of the model from a HOME whose mentions mostly carry numbers.

    python -m pipelines.linkage.train HOME [--as-of YYYY-MM-DD]

m: how pairs of mentions of different datasets under one owned number agree; u: how random pairs do.
The numbers play no part in the comparisons that are weighed. Prints the levels with their weights,
to be put into schemas/linkage by hand together with their origin; nothing is changed here.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipelines.lake.home import Home
from pipelines.lake.manifest import committed_nights, load_manifest
from pipelines.lake.newest import frame_of
from pipelines.linkage.model import Comparison, Model, load_model
from pipelines.linkage.profiles import profiles

WEIGHED = ("name", "birth", "sex", "phone", "region")
NUMBERS = 4_000
RANDOM_PAIRS = 300_000
SEED = 20261118
FLOOR = 0.5
"""Added to every count, so that what was never seen is rare and not impossible."""


def as_entities(features: pl.DataFrame, ties: pl.DataFrame) -> pl.DataFrame:
    """Every mention as an entity of its own, with `label`: the number it owns."""
    joined = features.join(ties, on="mention_no").filter(pl.col("label").is_not_null())
    kept = joined["label"].unique().sort().sample(
        min(NUMBERS, joined["label"].n_unique()), seed=SEED
    )  # fmt: skip
    return joined.filter(pl.col("label").is_in(kept.implode())).select(
        "label", "region_code", "sex", "birth_date", "group_keys", entity_no="mention_no",
        origin=pl.col("source") + "/" + pl.col("dataset") + "/" + pl.col("suffix"),
        is_open=pl.lit(True), number=pl.lit(None, pl.String), borrowed=pl.lit(None, pl.String),
        number_texts=pl.lit([], pl.List(pl.String)), sound="name_pinyin",
        surname="surname_pinyin", short="name_short",
        names=pl.concat_list("name_folded").list.drop_nulls(),
        births=pl.concat_list("birth_date").list.drop_nulls(),
        phones=pl.concat_list("phone").list.drop_nulls(),
    )  # fmt: skip


def weights(entities: pl.DataFrame, model: Model) -> Iterator[tuple[str, str, float, float]]:
    """Comparison, level, m, u."""
    chosen = profiles(entities.drop("label", "origin"), model).join(
        entities.select("entity_no", "label", "origin"), on="entity_no"
    )
    with duckdb.connect() as con:
        con.register("frame", chosen.to_arrow())
        con.execute("create table profile as select *, row_number() over (order by entity_no) - 1 "
                    "as place from frame")  # fmt: skip
        matched = "select l.entity_no as a, r.entity_no as b from profile l join profile r " \
            "on l.label = r.label and l.origin < r.origin"  # fmt: skip
        step = max(1, chosen.height)
        rounds = max(1, RANDOM_PAIRS // step)
        con.execute(
            "create table drawn as "
            "select l.entity_no as a, (l.place + shift.n * 7919) % $step as place "
            "from profile l cross join range(1, $rounds + 1) as shift(n)",
            {"step": step, "rounds": rounds},
        )
        random = (
            "select drawn.a, r.entity_no as b from drawn join profile r on r.place = drawn.place "
            "where drawn.a <> r.entity_no"
        )
        for name in WEIGHED:
            comparison = model.comparison(name)
            m, u = (_shares(con, comparison, pairs) for pairs in (matched, random))
            for place, level in enumerate(comparison.levels):
                yield name, level.label, m[place], u[place]


def _shares(con: duckdb.DuckDBPyConnection, comparison: Comparison, pairs: str) -> list[float]:
    cases = [f"when {comparison.unknown} then -1"]
    cases += [
        f"when {level.sql} then {place}"
        for place, level in enumerate(comparison.levels)
        if level.sql
    ]
    rest = len(comparison.levels) - 1
    found = dict(con.execute(
        f"select case {' '.join(cases)} else {rest} end as level, count(*) "
        f"from ({pairs}) as pair join profile l on l.entity_no = pair.a "
        "join profile r on r.entity_no = pair.b group by 1"
    ).fetchall())  # fmt: skip
    counts = [found.get(place, 0) + FLOOR for place in range(len(comparison.levels))]
    return [count / sum(counts) for count in counts]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--as-of", type=date.fromisoformat, default=None)
    given = parser.parse_args()
    store = Home(given.home)
    manifest = load_manifest(store, given.as_of or committed_nights(store)[-1])
    if manifest is None:
        raise SystemExit("no committed night in this HOME")

    def table(name: str) -> pl.DataFrame:
        return frame_of(manifest.tables[name], store.lake)

    ties = table("linkage.mention_entity").select("mention_no", label="number")
    entities = as_entities(table("linkage.mention_feature"), ties)
    for name, level, m, u in weights(entities, load_model()):
        sys.stdout.write(f"{name:8} {level:14} m: {m:.6f}  u: {u:.8f}\n")


if __name__ == "__main__":
    main()
