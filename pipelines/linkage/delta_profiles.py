"""The delta of linkage.profile: what a changed entity makes others look like.

A profile follows from its entity, from how many bear its names, phones, groups and birthday (in
steps or up to a limit), and from the groups of its kin. Rows that no open entity meets any longer
stay; no pair comes of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import polars as pl

from pipelines.lake.night import Night
from pipelines.lake.patch import Changes
from pipelines.linkage import profiles
from pipelines.linkage.delta import Delta, few, together
from pipelines.linkage.incremental import entities
from pipelines.linkage.model import Model
from pipelines.linkage.profiles import READ_COLUMNS, Counts

ENTITY, PROFILE = "linkage.entity", "linkage.profile"
NO = ["entity_no"]
LISTED = ("names", "phones", "group_keys")
#: blocking columns that follow from one column of linkage.entity
WORKED_OUT = {"birth_text": "birth_date"}


@dataclass(frozen=True)
class City:
    """All entities of tonight, and who bears each name, phone and group (`entity_no`, `value`)."""

    every: pl.DataFrame
    names: pl.DataFrame
    phones: pl.DataFrame
    groups: pl.DataFrame

    @classmethod
    def of(cls, every: pl.DataFrame) -> City:
        return cls(every, *(_borne(every, column) for column in LISTED))

    def rows(self, numbers: pl.DataFrame) -> pl.DataFrame:
        return self.every.join(numbers, on="entity_no", how="semi")

    def counts(self, rows: pl.DataFrame) -> Counts:
        """How many bear what these rows bear."""
        born = _days(self.every).join(_days(rows).unique(), on="value", how="semi")
        return Counts(
            self.every.height,
            names=_count(self.names, _values(rows, "names")),
            phones=_count(self.phones, _values(rows, "phones")),
            groups=_count(self.groups, _values(rows, "group_keys")),
            births=born.group_by("value").agg(entities=pl.len().cast(pl.Int64)),
        )


def profile(night: Night, model: Model) -> Delta | None:
    changed = few(night, ENTITY, NO, READ_COLUMNS)
    if changed is None:
        return None
    held = night.query(f"select distinct basis from prev_{PROFILE}")["basis"].to_list()
    if held != [profiles.basis(model, entities(night))]:
        return None
    city = City.of(night.frame(ENTITY, READ_COLUMNS))
    touched = together(_others(city, changed, model), changed.keys)
    known = night.frame(f"prev_{PROFILE}", NO)
    worth = together(known, city.every.filter("is_open").select(NO), changed.keys)
    again = city.rows(touched.join(worth, on="entity_no", how="semi"))
    made = _described(city, again, model)
    met = _newly_met(city, made, model).join(
        together(known, again.select(NO)), on="entity_no", how="anti"
    )
    rows = pl.concat([made, _described(city, city.rows(met), model)])
    return Delta(together(changed.keys, again.select(NO), met), rows)


def _others(city: City, changed: Changes, model: Model) -> pl.DataFrame:
    """Entities that a change elsewhere touches: their name has become more or less common by a
    step, their phone, group or birthday tells or tells no more, their kin changed."""
    now = city.counts(changed.rows)
    before = Counts(
        now.entities,
        names=_less(now.names, changed, partial(_values, column="names")),
        phones=_less(now.phones, changed, partial(_values, column="phones")),
        groups=_less(now.groups, changed, partial(_values, column="group_keys")),
        births=_less(now.births, changed, _days),
    )
    groups = _crossed(before.groups, now.groups, model.largest_group)
    regrouped = _bearers(city.groups, groups)
    columns = ["number", "borrowed", "group_keys"]
    kin = pl.concat([changed.rows.select(columns), city.rows(regrouped).select(columns)])
    largest = model.largest_birthday(now.entities)
    told = _crossed(before.births, now.births, largest).alias("birth_date").to_frame()
    return together(
        city.every.join(told, on="birth_date", how="semi").select(NO),
        _bearers(city.names, _stepped(before, now, model)),
        _bearers(city.phones, _crossed(before.phones, now.phones, model.largest_shared_phone)),
        regrouped,
        _sharing(city, kin, model),
    )


def _less(
    counts: pl.DataFrame, changed: Changes, values: Callable[[pl.DataFrame], pl.DataFrame]
) -> pl.DataFrame:
    """`counts` of now as they were the night before."""
    parts = [
        values(rows).group_by("value").agg(change=sign * pl.len().cast(pl.Int64))
        for sign, rows in ((-1, changed.now), (1, changed.was))
    ]
    change = pl.concat(parts).group_by("value").agg(pl.col("change").sum())
    both = counts.join(change, on="value", how="full", coalesce=True).fill_null(0)
    return both.select(
        "value", entities=pl.col("entities").cast(pl.Int64) + pl.col("change")
    ).filter(pl.col("entities") > 0)  # fmt: skip


def _sharing(city: City, rows: pl.DataFrame, model: Model) -> pl.DataFrame:
    """`entity_no` of who shares a number or a group that tells with one of these."""
    sizes = _count(city.groups, _values(rows, "group_keys"))
    small = sizes.filter(pl.col("entities") <= model.largest_group)["value"]
    numbers = pl.concat([rows["number"], rows["borrowed"]]).drop_nulls().unique().to_frame("number")
    owners = city.every.join(numbers, on="number", how="semi").select(NO)
    lent = city.every.join(numbers, left_on="borrowed", right_on="number", how="semi").select(NO)
    return together(_bearers(city.groups, small), owners, lent)


def _described(city: City, rows: pl.DataFrame, model: Model) -> pl.DataFrame:
    near = city.rows(together(rows.select(NO), _sharing(city, rows, model)))
    return profiles.described(near, rows["entity_no"], city.counts(near), model)


def _newly_met(city: City, made: pl.DataFrame, model: Model) -> pl.DataFrame:
    """Entities that one of these open ones meets."""
    opened = made.filter("is_open")
    if opened.is_empty():
        return opened.select(NO)
    sides = {
        "phones": city.phones.rename({"value": "phones"}),
        "evidence": city.groups.rename({"value": "evidence"}),
    }
    keyed = _coarsely(city.every, opened, model).with_columns(**profiles.blocking_columns())
    met = profiles.reached(keyed, sides, opened, profiles.exploded(opened), model)
    return met.to_frame("entity_no")


def _coarsely(every: pl.DataFrame, opened: pl.DataFrame, model: Model) -> pl.DataFrame:
    """Who may agree with one of the open ones by a rule over single values: who agrees in those of
    its columns that need no working out."""
    ways = []
    for rule in model.blocking:
        if rule.explode:
            continue
        columns = {WORKED_OUT.get(column, column) for column in rule.columns}
        alike = [
            pl.col(column).is_in(opened[column].drop_nulls().unique().implode())
            for column in sorted(columns & set(every.columns))
        ]
        ways.append(pl.all_horizontal(alike) if alike else pl.lit(True))
    return every.filter(pl.any_horizontal(ways)) if ways else every.clear()


def _count(borne: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    found = borne.join(values.unique(), on="value", how="semi")
    return found.group_by("value").agg(entities=pl.len().cast(pl.Int64))


def _values(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    return rows.select(value=column).explode("value", empty_as_null=False, keep_nulls=False)


def _days(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(value="birth_date").drop_nulls()


def _borne(every: pl.DataFrame, column: str) -> pl.DataFrame:
    return every.select("entity_no", value=column).explode(
        "value", empty_as_null=False, keep_nulls=False
    )


def _bearers(borne: pl.DataFrame, values: pl.Series) -> pl.DataFrame:
    return borne.join(values.to_frame("value"), on="value", how="semi").select(NO).unique()


def _stepped(before: Counts, now: Counts, model: Model) -> pl.Series:
    shares = [profiles.name_shares(counts, model) for counts in (before, now)]
    both = shares[0].join(shares[1], on="names", how="full", coalesce=True, suffix="_now")
    return both.filter(pl.col("tf_name").ne_missing(pl.col("tf_name_now")))["names"]


def _crossed(before: pl.DataFrame, now: pl.DataFrame, limit: float) -> pl.Series:
    both = before.join(now, on="value", how="full", coalesce=True, suffix="_now").fill_null(0)
    few_then, few_now = (pl.col(name) <= limit for name in ("entities", "entities_now"))
    return both.filter(few_then != few_now)["value"]
