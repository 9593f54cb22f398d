"""quality.blocking: how many pairs each blocking rule makes of the open entities and all others.

Blocking stays linear while the pairs per open entity stay the same as a city grows. Each pair is
compared once; those that are not plainly two people stand in linkage.scored_pair.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from pipelines.lake.night import Night
from pipelines.lake.patch import Changes
from pipelines.linkage.delta import few
from pipelines.linkage.model import Blocking, Model

PROFILE, BLOCKING = "linkage.profile", "quality.blocking"
SCHEMA = {
    "rule": pl.String, "equal_columns": pl.String, "entities": pl.Int64, "open_entities": pl.Int64,
    "blocked_entities": pl.Int64, "pairs": pl.Int64, "largest_block_pairs": pl.Int64,
    "pairs_per_open_entity": pl.Float64,
}  # fmt: skip
DIGITS = 4


@dataclass(frozen=True)
class Counted:
    """Open entities that have a rule's values, pairs with an open one in them (a pair that shares
    two values of a list counts twice), and those of the most frequent values."""

    blocked: int
    pairs: int
    largest: int


def counts(night: Night, model: Model) -> pl.DataFrame:
    """One row per rule of the model, with the columns of `SCHEMA`."""
    profiles = night.frame(PROFILE, blocked_by(model))
    return _rows(night, model, lambda rule: counted(profiles, rule))


def counts_since(night: Night, model: Model) -> pl.DataFrame | None:
    """The same as `counts`, from those of the night before and the profiles that changed; None
    where what changed is unknown."""
    changed = few(night, PROFILE, ["entity_no"])
    if changed is None:
        return None
    before = {row["rule"]: row for row in night.frame(f"prev_{BLOCKING}").to_dicts()}
    profiles = night.frame(PROFILE, blocked_by(model))

    def one(rule: Blocking) -> Counted:
        row = before[rule.name]
        held = Counted(row["blocked_entities"], row["pairs"], row["largest_block_pairs"])
        return counted_since(held, profiles, changed, rule) or counted(profiles, rule)

    return _rows(night, model, one)


def blocked_by(model: Model) -> list[str]:
    """What blocking needs of linkage.profile."""
    named = {column for rule in model.blocking for column in rule.columns}
    return ["entity_no", "is_open", *sorted(named)]


def _rows(night: Night, model: Model, count: Callable[[Blocking], Counted]) -> pl.DataFrame:
    entities, opened = night.query(
        "select count(*) as entities, count(*) filter (where is_open) as opened from linkage.entity"
    ).row(0)
    rows = []
    for rule in model.blocking:
        found = count(rule)
        each = round(found.pairs / opened, DIGITS) if opened else 0.0
        rows.append((rule.name, ", ".join(rule.columns), entities, opened,
                     found.blocked, found.pairs, found.largest, each))  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def counted(profiles: pl.DataFrame, rule: Blocking) -> Counted:
    blocks = _blocks(_valued(profiles, rule), rule).select(pairs=_pairs("open", "all"))["pairs"]
    return Counted(_blocked(profiles, rule), int(blocks.sum()), _most(blocks))


def counted_since(
    held: Counted, profiles: pl.DataFrame, changed: Changes, rule: Blocking
) -> Counted | None:
    """`counted` of all profiles, where the night before it gave `held`; None where the largest
    block may have been one that shrank."""
    was, now = (_valued(side, rule) for side in (changed.was, changed.now))
    values = pl.concat([was, now]).select(rule.columns).unique()
    blocks = _blocks(_valued(profiles, rule).join(values, on=rule.columns, how="semi"), rule)
    for sign, side in (("came", now), ("went", was)):
        more = _blocks(side, rule).rename({"open": f"open_{sign}", "all": f"all_{sign}"})
        blocks = blocks.join(more, on=rule.columns, how="full", coalesce=True)
    blocks = blocks.fill_null(0)
    then = {
        name: pl.col(name) - pl.col(f"{name}_came") + pl.col(f"{name}_went")
        for name in ("open", "all")
    }
    pairs = blocks.with_columns(
        open_then=then["open"], all_then=then["all"]
    ).select(now=_pairs("open", "all"), then=_pairs("open_then", "all_then"))  # fmt: skip
    largest, shrunk = _most(pairs["now"]), _most(pairs["then"])
    if largest < held.largest <= shrunk:
        return None
    return Counted(
        held.blocked + _blocked(changed.now, rule) - _blocked(changed.was, rule),
        held.pairs + int(pairs["now"].sum()) - int(pairs["then"].sum()),
        max(largest, held.largest),
    )


def _valued(profiles: pl.DataFrame, rule: Blocking) -> pl.DataFrame:
    """`is_open` and the values of the rule's columns, one row per entity and values."""
    values = profiles.select("is_open", *rule.columns)
    if rule.explode:
        values = values.explode(*rule.explode, empty_as_null=False, keep_nulls=False)
    return values.drop_nulls()


def _blocks(valued: pl.DataFrame, rule: Blocking) -> pl.DataFrame:
    """How many entities have these values (`all`), and how many of these are `open`."""
    return valued.group_by(rule.columns).agg(
        open=pl.col("is_open").sum().cast(pl.Int64), all=pl.len().cast(pl.Int64)
    )


def _pairs(opened: str, every: str) -> pl.Expr:
    opened_, all_ = pl.col(opened), pl.col(every)
    return opened_ * (all_ - opened_) + opened_ * (opened_ - 1) // 2


def _most(pairs: pl.Series) -> int:
    return int(pairs.max() or 0)  # type: ignore[arg-type]


def _blocked(profiles: pl.DataFrame, rule: Blocking) -> int:
    return profiles.filter(
        "is_open",
        *(pl.col(c).list.len() > 0 if c in rule.explode else pl.col(c).is_not_null()
          for c in rule.columns),
    ).height  # fmt: skip
