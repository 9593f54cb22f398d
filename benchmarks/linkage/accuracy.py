"""How right the linkage of a HOME is, measured against the truth of the synthetic city it is of.

    python -m benchmarks.linkage.accuracy HOME CITY [--as-of YYYY-MM-DD]

Pairs of mentions that are one person in truth, against pairs that were linked; beside it, matching
by identity number alone. *Distinct* mentions say different things: a register's own rows under one
key count once, and so do rows of one dataset that give the same name, number and circumstances
(twelve monthly payments to one pensioner are one). Only counts are printed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.contracts.load import load_contracts
from pipelines.contracts.roles import Person
from pipelines.lake.home import Home
from pipelines.lake.manifest import committed_nights, load_manifest
from pipelines.lake.newest import frame_of

KEY = ["source", "dataset", "record_key"]
SAYS = ("dataset", "name_folded", "number", "number_text", "birth_date", "sex", "phone",
        "group_keys", "region_code")  # fmt: skip
# groups that stand for a household or a pupil; an economic check alone is not among them
SECTIONS = {
    "promised, distinct mentions:": [
        "distinct mentions but name-only ones",
        "no usable number, with a companion",
        "name only",
    ],
    "with name-only ones counted in:": ["distinct mentions", "every row"],
    "subgroups, and matching by identity number alone:": [],
}
TELLING = r"^(certificate|student|family|roster|register):"


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

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

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


def distinct(mentions: pl.DataFrame) -> pl.DataFrame:
    """One row per register key, and per set of equal rows of a dataset under the same person."""
    said = pl.struct(*SAYS, "person_uid", "person_id").hash(0).cast(pl.String)
    return mentions.unique(pl.coalesce("register_ref", said), keep="first", maintain_order=True)


def measured(home: Path, city: Path, as_of: date | None = None) -> dict[str, Score]:
    """Scores by name: everything, distinct mentions and subgroups of those, and matching by number
    alone beside them."""
    rows = with_truth(home, city, as_of)
    mentions = distinct(rows)
    found = {"every row": score(rows), "every row, by number alone": score(rows, "number_only")}
    for name, chosen, member in _parts(mentions):
        whole = member is None
        found[name] = score(chosen) if whole else pairs_with(chosen, member)  # type: ignore[arg-type]
        found[f"{name}, by number alone"] = (
            score(chosen, "number_only") if whole else pairs_with(chosen, member, "number_only")  # type: ignore[arg-type]
        )
    return found


def _parts(mentions: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame, pl.Expr | None]]:
    """Name, mentions, and whom the pairs must concern; `name only` has nothing else to go by, not
    even a whole number of another paper, and is counted in the first and the last line alone."""
    without = ~pl.col("has_usable_number")
    bare = without & ~pl.col("has_companion")
    telling = mentions.filter(~bare)
    yield "distinct mentions", mentions, None
    yield "distinct mentions but name-only ones", telling, None
    yield "no usable number, with a companion", telling, without
    yield "children under 7", telling, pl.col("age") < 7
    yield "pupils", telling, pl.col("is_pupil")
    yield "over 75", telling, pl.col("age") > 75
    yield "minority names", telling, pl.col("is_minority")
    yield "rural", telling, pl.col("is_rural")
    yield "moved", telling, pl.col("has_moved")
    yield "name only", mentions, bare


def with_truth(home: Path, city: Path, as_of: date | None = None) -> pl.DataFrame:
    """Mentions of a night with `person_uid` and what the truth says of that person.

    The truth is that of the row which counts on this night: where a shrunken scope leaves last
    year's roll in force, a pupil's guardian is last year's."""
    store = Home(home)
    night = as_of or committed_nights(store)[-1]
    features = _table(home, night, "linkage.mention_feature").select(
        "mention_key", "extract_date", "name_folded", "number", "number_text", "birth_date", "sex",
        "phone", "group_keys", "region_code", "register_ref", "is_minority",
    )  # fmt: skip
    truth = pl.read_parquet(city / "truth" / "mention.parquet").filter(
        pl.col("arrives_on") <= night
    )
    linked = _table(home, night, "linkage.mention_link").join(features, on="mention_key")
    joined = linked.join(
        _said(city, linked, night), on=[*KEY, "extract_date"], how="inner"
    ).join(truth.select(*KEY, "has_usable_number").unique(KEY), on=KEY, how="left").with_columns(
        # of a row that carries another register's key the truth notes no fault
        pl.col("has_usable_number").fill_null(pl.col("number").is_not_null())
    )  # fmt: skip
    if lost := linked.height - joined.height:
        print(f"mentions without truth, left out: {lost}")
    people = pl.read_parquet(city / "truth" / "person.parquet").select(
        "person_uid",
        age=(pl.lit(night) - pl.col("birth_date")).dt.total_days() // 365.25,
        is_pupil="student",
        is_rural=~pl.col("urban"),
        has_moved=pl.col("moved_on").is_not_null(),
    )
    return joined.join(people, on="person_uid", how="left", maintain_order="left").with_columns(
        number_only=pl.coalesce("number", "mention_key"),
        has_companion=pl.col("birth_date").is_not_null()
        | pl.col("phone").is_not_null()
        | pl.col("group_keys").list.eval(pl.element().str.contains(TELLING)).list.any(),
    ).with_columns(
        pl.col("age").fill_null(-1), pl.col("is_pupil", "is_rural", "has_moved").fill_null(False)
    )  # fmt: skip


def _said(city: Path, linked: pl.DataFrame, night: date) -> pl.DataFrame:
    """`KEY`, `extract_date`, `person_uid`: whom each version of a row names in truth."""
    known, found = load_contracts(), []
    for source, dataset in linked.select("source", "dataset").unique().sort("source").iter_rows():
        rows = pl.scan_parquet(city / "truth" / f"{source}__{dataset}.parquet")
        there = rows.collect_schema().names()
        wanted = linked.lazy().filter(source=source, dataset=dataset).select(KEY[-1]).unique()
        for role in known[f"{source}/{dataset}"].roles_of(Person):
            uid = f"{role.suffix}_uid" if role.suffix else "person_uid"
            end = f"|{role.suffix}" if role.suffix else ""
            if uid not in there:
                continue
            found.append(
                rows.filter(~pl.col("quarantined") & (pl.col("arrives_on") <= night))
                .select(
                    pl.lit(source).alias("source"), pl.lit(dataset).alias("dataset"),
                    pl.col("record_key") + end, "extract_date", "arrives_on",
                    pl.col(uid).cast(pl.Int64).alias("person_uid"),
                )
                .join(wanted, on="record_key", how="semi")
                .sort("arrives_on", maintain_order=True)
                .unique(["record_key", "extract_date"], keep="last")
                .drop("arrives_on")
                .collect()
            )  # fmt: skip
    return pl.concat(found)


def _table(home: Path, night: date, name: str) -> pl.DataFrame:
    store = Home(home)
    manifest = load_manifest(store, night)
    if manifest is None:
        raise SystemExit(f"no committed night {night} in this HOME")
    return frame_of(manifest.tables[name], store.lake)


def estimates(home: Path, city: Path, as_of: date | None = None) -> pl.DataFrame:
    """What quality.match_report estimates without the truth, beside the truth, by dataset:
    `rows`, and false and missed matches, estimated and true, as shares.

    A link is false where most records of its person are another's; an unlinked record is missed
    where its person has another record."""
    night = as_of or committed_nights(Home(home))[-1]
    rows = with_truth(home, city, as_of)
    sizes = rows.group_by("person_id", "person_uid").len().sort("len", "person_uid")
    mostly = sizes.group_by("person_id", maintain_order=True).agg(most=pl.col("person_uid").last())
    single = pl.col("method") == "single"
    false = ~single & (pl.col("person_uid") != pl.col("most"))
    missed = single & (pl.len().over("person_uid") > 1)
    right = ~single & (pl.col("person_uid") == pl.col("most"))
    true = (
        rows.join(mostly, on="person_id")
        .with_columns(false=false, missed=missed, right=right)
        .group_by("source", "dataset")
        .agg(
            true_false=pl.col("false").sum() / (pl.col("false") | pl.col("right")).sum(),
            true_missed=pl.col("missed").sum() / (pl.col("missed") | pl.col("right")).sum(),
        )
    )
    report = _table(home, night, "quality.match_report").filter(pl.col("subgroup") == "all")
    return (
        report.join(true, on=["source", "dataset"])
        .select(
            "source",
            "dataset",
            "rows",
            "true_false",
            "true_missed",
            estimated_false="estimated_false_match_rate",
            estimated_missed="estimated_missed_match_rate",
        )
        .sort("source", "dataset")
    )


def estimates_of(found: pl.DataFrame) -> str:
    """`estimates` as lines of text."""
    lines = [
        f"{'records of':42} {'rows':>8} {'false: estimated':>17} {'true':>8} "
        f"{'missed: estimated':>18} {'true':>8}"
    ]
    for row in found.iter_rows(named=True):
        shares = {name: value or 0.0 for name, value in row.items() if isinstance(value, float)}
        lines.append(
            f"{row['source'] + '/' + row['dataset']:42} {row['rows']:8} "
            f"{shares.get('estimated_false', 0.0):17.5f} {shares.get('true_false', 0.0):8.5f} "
            f"{shares.get('estimated_missed', 0.0):18.5f} {shares.get('true_missed', 0.0):8.5f}"
        )
    return "\n".join(lines)


def table_of(found: dict[str, Score]) -> str:
    """The scores as lines of text: first what is promised, then what stands beside it."""
    lines = [f"{'pairs':60} {'precision':>9} {'recall':>8} {'wrong':>7} {'missed':>7} {'true':>9}"]
    for title, names in SECTIONS.items():
        lines.append(title)
        wanted = names or [name for name in found if not any(name in s for s in SECTIONS.values())]
        for name in wanted:
            s = found[name]
            lines.append(
                f"  {name:58} {s.precision:9.5f} {s.recall:8.5f} "
                f"{s.linked - s.right:7} {s.true - s.right:7} {s.true:9}"
            )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("city", type=Path)
    parser.add_argument("--as-of", type=date.fromisoformat, default=None)
    given = parser.parse_args()
    print(table_of(measured(given.home, given.city, given.as_of)))
    print(estimates_of(estimates(given.home, given.city, given.as_of)))


if __name__ == "__main__":
    main()
