"""How right the linkage of a HOME is, measured against the truth of the synthetic city it is of.

    python benchmarks/linkage_accuracy.py HOME CITY [--as-of YYYY-MM-DD]

Pairs of mentions that are one person in truth, against pairs that were linked: over all mentions,
over pairs in which one has no usable number, and by subgroup. Beside it, matching by number alone.
Only counts are printed.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipelines.lake.home import Home
from pipelines.lake.manifest import committed_nights, load_manifest

KEY = ["source", "dataset", "record_key"]


@dataclass(frozen=True)
class Score:
    """Pairs that are right, linked and true."""

    right: int
    linked: int
    true: int

    @property
    def precision(self) -> float:
        return self.right / self.linked if self.linked else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else 1.0

    def __sub__(self, other: Score) -> Score:
        return Score(self.right - other.right, self.linked - other.linked, self.true - other.true)


def score(mentions: pl.DataFrame, person: str = "person_id") -> Score:
    """Pairwise counts of a frame with `person_uid` (truth) and `person`."""

    def pairs(keys: list[str]) -> int:
        sizes = mentions.group_by(keys).len()
        return int(sizes.select((pl.col("len") * (pl.col("len") - 1) // 2).sum()).item() or 0)

    return Score(pairs(["person_uid", person]), pairs([person]), pairs(["person_uid"]))


def pairs_with(mentions: pl.DataFrame, member: pl.Expr, person: str = "person_id") -> Score:
    """Counts over the pairs in which at least one mention is a `member`."""
    return score(mentions, person) - score(mentions.filter(~member), person)


def measured(home: Path, city: Path, as_of: date | None = None) -> dict[str, Score]:
    """Scores by name: all, no_usable_number, name_only, subgroups, and number_only beside them."""
    mentions = _with_truth(home, city, as_of)
    without = ~pl.col("has_usable_number")
    bare = without & ~pl.col("has_companion")
    young = pl.col("age") < 7
    return {
        "all": score(mentions),
        "number_only (all)": score(mentions, "number_only"),
        "no_usable_number": pairs_with(mentions, without),
        "no_usable_number, with a companion": pairs_with(mentions.filter(~bare), without),
        "name_only": pairs_with(mentions, bare),
        "children_under_7": pairs_with(mentions, young),
        "pupils": pairs_with(mentions, pl.col("is_pupil")),
        "over_75": pairs_with(mentions, pl.col("age") > 75),
        "minority_names": pairs_with(mentions, pl.col("is_minority")),
    }


def _with_truth(home: Path, city: Path, as_of: date | None) -> pl.DataFrame:
    store = Home(home)
    night = as_of or committed_nights(store)[-1]
    manifest = load_manifest(store, night)
    if manifest is None:
        raise SystemExit(f"no committed night {night} in this HOME")

    def table(name: str) -> pl.DataFrame:
        paths = [str(path) for path in manifest.tables[name].paths(store.lake)]
        with duckdb.connect() as con:
            frame = pl.from_arrow(
                con.sql(
                    "select * from read_parquet($paths)", params={"paths": paths}
                ).to_arrow_table()
            )
        assert isinstance(frame, pl.DataFrame)
        return frame

    features = table("linkage.mention_feature").select(
        "mention_key", "number", "birth_date", "number_birth", "phone", "group_keys",
        "is_minority",
    )  # fmt: skip
    truth = pl.read_parquet(city / "truth" / "mention.parquet")
    if "arrives_on" in truth.columns:
        truth = truth.filter(pl.col("arrives_on") <= night).sort("arrives_on", "extract_date")
    truth = truth.unique(KEY, keep="last").select(*KEY, "person_uid", "has_usable_number")
    linked = table("linkage.mention_link").join(features, on="mention_key")
    joined = linked.join(truth, on=KEY, how="inner")
    lost = linked.height - joined.height
    if lost:
        print(f"mentions without truth, left out: {lost}")
    born = pl.coalesce("number_birth", "birth_date").max().over("person_uid")
    return joined.with_columns(
        number_only=pl.coalesce("number", "mention_key"),
        has_companion=pl.col("birth_date").is_not_null()
        | pl.col("phone").is_not_null()
        | (pl.col("group_keys").list.len() > 0),
        age=(pl.lit(night) - born).dt.total_days() // 365,
        is_pupil=(pl.col("group_keys").list.eval(pl.element().str.starts_with("student:"))
                  .list.any() & pl.col("record_key").str.contains("guardian").not_()
                  ).any().over("person_uid"),
    ).with_columns(pl.col("age").fill_null(-1))  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("city", type=Path)
    parser.add_argument("--as-of", type=date.fromisoformat, default=None)
    given = parser.parse_args()
    print(f"{'pairs':38} {'precision':>10} {'recall':>10} {'wrong':>9} {'missed':>9} {'true':>10}")
    for name, found in measured(given.home, given.city, given.as_of).items():
        print(
            f"{name:38} {found.precision:10.5f} {found.recall:10.5f} "
            f"{found.linked - found.right:9} {found.true - found.right:9} {found.true:10}"
        )


if __name__ == "__main__":
    main()
