"""Another policy on a night's data: who would enter, who would leave, and what it would cost.

Both policies are evaluated on the same stored indicators, so every difference is the policy's.
Cases (silence, visits) are left out: they follow from many nights.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.hardship.policy import load_policy
from pipelines.hardship.what_if import WhatIf
from pipelines.lake.past import PastNight
from pipelines.lookback.reading import region_names, township
from pipelines.publish.reading import past_night

KEY = ["rule_id", "list", "grain", "person_id", "household_id"]
RANK = {"yellow": 1, "orange": 2, "red": 3}
ENTERED, LEFT, ROSE, FELL, SAME = "entered", "left", "level_raised", "level_lowered", "same"


@dataclass(frozen=True)
class Side:
    """One of the two policies, and whom it could not judge (persons or households per rule)."""

    version: str
    not_judged: int
    other_indicators: bool


@dataclass(frozen=True)
class Simulation:
    """``hits``: one row per rule and person or household that either policy flags, with change,
    level_before/after, measure_before/after, pays_before/after (CNY a year), region_code,
    township, tier. ``before`` is None where the night's own policy was not kept; then what that
    night found stands for it, and what it paid is not known."""

    as_of: date
    before: Side | None
    before_version: str
    after: Side
    hits: pl.DataFrame
    regions: dict[str, str]

    def by(self, *columns: str) -> pl.DataFrame:
        """Counts of hits and yearly sums by ``columns``."""
        return _counted(self.hits, columns)

    def leads(self, *columns: str) -> pl.DataFrame:
        """Counts of households per list, whatever number of rules flags them, by ``columns``."""
        return _counted(_leads(self.hits), columns)


def simulate(policy: Path, home: Path, as_of: date | None = None) -> Simulation:
    """Hold the policy of a folder against a night; raises for a policy that cannot be read."""
    new = load_policy(policy)
    with past_night(home, as_of) as night:
        after = WhatIf(night, new)
        before = WhatIf(night, load_policy(night.kept_policy)) if night.kept_policy else None
        fired_before = before.fired() if before else _stored(night)
        hits = _placed(night, _joined(fired_before, after.fired()))
        return Simulation(
            night.as_of,
            _side(before) if before else None,
            before.policy.version if before else night.manifest.policy,
            _side(after),
            hits,
            region_names(night),
        )


def _side(held: WhatIf) -> Side:
    missing = held.not_judged().select(pl.sum_horizontal(pl.col("persons", "households"))).sum()
    return Side(held.policy.version, int(missing.item() or 0), held.other_indicators)


def _stored(night: PastNight) -> pl.DataFrame:
    """What the night itself found."""
    columns = ["rule_id", "list", "person_id", "household_id", "level", "measure"]
    return night.frame("hardship.alert", columns).with_columns(
        grain=pl.when(pl.col("person_id").is_null()).then(pl.lit("household")).otherwise(
            pl.lit("person")
        ),
        pays=pl.lit(None, pl.Float64), says_pays=pl.lit(0),
    )  # fmt: skip


def _joined(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Both sides beside each other, and what changed."""
    values = ["level", "measure", "pays", "says_pays"]
    left = before.select(*KEY, *(pl.col(v).alias(f"{v}_before") for v in values))
    right = after.select(*KEY, *(pl.col(v).alias(f"{v}_after") for v in values))
    both = left.join(right, on=KEY, how="full", coalesce=True, nulls_equal=True)
    return both.with_columns(change=changed(pl.col("level_before"), pl.col("level_after")))


def changed(before: pl.Expr, after: pl.Expr) -> pl.Expr:
    """The word for a step from one level to another; NULL is no hit."""
    rank_before = before.replace_strict(RANK, default=0, return_dtype=pl.Int8).fill_null(0)
    rank_after = after.replace_strict(RANK, default=0, return_dtype=pl.Int8).fill_null(0)
    return (
        pl.when(rank_before == 0).then(pl.lit(ENTERED)).when(rank_after == 0).then(pl.lit(LEFT))
        .when(rank_after > rank_before).then(pl.lit(ROSE))
        .when(rank_after < rank_before).then(pl.lit(FELL)).otherwise(pl.lit(SAME))
    )  # fmt: skip


def _placed(night: PastNight, hits: pl.DataFrame) -> pl.DataFrame:
    """The hits with where each household lives and the tier of the person or the household."""
    homes = night.frame("hardship.household_indicator", ["household_id", "region_code", "tier"])
    people = night.frame("hardship.person_indicator", ["person_id", "tier"])
    people = people.rename({"tier": "person_tier"})
    placed = hits.join(homes, on="household_id", how="left").join(
        people, on="person_id", how="left"
    )
    return (
        placed.with_columns(
            region_code=pl.col("region_code").fill_null("000000000000"),
            tier=pl.coalesce("person_tier", "tier", pl.lit("none")),
        )
        .with_columns(township=township(pl.col("region_code")))
        .drop("person_tier")
        .sort("list", "rule_id", "household_id", "person_id", nulls_last=False)
    )


def _leads(hits: pl.DataFrame) -> pl.DataFrame:
    """One row per household and list: its highest level and what it is paid, before and after."""
    ranked = hits.with_columns(
        pl.col(f"level_{side}").replace_strict(RANK, default=0, return_dtype=pl.Int8)
        .fill_null(0).alias(f"rank_{side}")
        for side in ("before", "after")
    )  # fmt: skip
    names = {number: colour for colour, number in RANK.items()}
    leads = ranked.group_by("list", "household_id").agg(
        pl.col("rank_before", "rank_after").max(),
        pl.col("pays_before", "pays_after").sum(),
        pl.col("says_pays_before", "says_pays_after").sum(),
        pl.col("region_code", "township").first(),
        pl.col("tier").sort_by(pl.col("grain") == "person").first(),
    )
    return leads.with_columns(
        pl.col(f"rank_{side}").replace_strict(names, default=None, return_dtype=pl.String)
        .alias(f"level_{side}")
        for side in ("before", "after")
    ).with_columns(change=changed(pl.col("level_before"), pl.col("level_after")))  # fmt: skip


def _counted(rows: pl.DataFrame, columns: Iterable[str]) -> pl.DataFrame:
    listed = list(columns)
    counts = [
        pl.col("level_before").count().alias("before"),
        pl.col("level_after").count().alias("after"),
        *(
            (pl.col("change") == word).sum().alias(word)
            for word in (ENTERED, LEFT, ROSE, FELL)
        ),
        *(
            pl.when(pl.col(f"says_pays_{side}").sum() > 0)
            .then(pl.col(f"pays_{side}").sum())
            .alias(f"pays_{side}")
            for side in ("before", "after")
        ),
        (
            (pl.col("says_pays_after").fill_null(0) > 0) & pl.col("pays_after").is_null()
        ).sum().alias("pays_unknown"),
    ]  # fmt: skip
    if not listed:
        return rows.select(counts)
    return rows.group_by(listed).agg(counts).sort(listed, nulls_last=True)


def as_json(found: Simulation) -> dict[str, Any]:
    """Counts for machines; ids stay in the table file."""
    return {
        "as_of": found.as_of.isoformat(),
        "policy_before": found.before_version,
        "policy_after": found.after.version,
        "not_judged_before": found.before.not_judged if found.before else None,
        "not_judged_after": found.after.not_judged,
        "indicators_worked_out_again": found.after.other_indicators,
        **{
            f"by_{name}": (found.leads(*keys) if name != "rule" else found.by(*keys)).to_dicts()
            for name, keys in {
                "rule": ("rule_id",), "list": ("list",), "tier": ("list", "tier"),
                "township": ("list", "township"),
            }.items()
        },
        "by_level": levels(found).to_dicts(),
    }  # fmt: skip


def levels(found: Simulation) -> pl.DataFrame:
    """Households per list and level, before and after."""
    leads = _leads(found.hits)
    sides = [
        leads.filter(pl.col(f"level_{side}").is_not_null())
        .group_by("list", pl.col(f"level_{side}").alias("level"))
        .agg(pl.len().alias(side))
        for side in ("before", "after")
    ]
    both = sides[0].join(sides[1], on=["list", "level"], how="full", coalesce=True)
    return both.with_columns(pl.col("before", "after").fill_null(0)).sort(
        "list", pl.col("level").replace_strict(RANK, default=0, return_dtype=pl.Int8),
        descending=[False, True],
    )  # fmt: skip
