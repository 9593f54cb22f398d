"""The delta of linkage.profile: what a changed entity makes others look like.

A profile follows from its entity, from how many bear its names, phones and groups (in steps or up
to a limit), and from the groups of its kin. Rows that no open entity meets any longer stay; no pair
comes of them.
"""

from __future__ import annotations

import polars as pl

from pipelines.lake.night import Night
from pipelines.lake.patch import Changes
from pipelines.linkage import profiles
from pipelines.linkage.delta import Delta, few, together
from pipelines.linkage.model import Model
from pipelines.linkage.profiles import READ_COLUMNS, Counts

ENTITY, PROFILE = "linkage.entity", "linkage.profile"
NO = ["entity_no"]
LISTED = ("names", "phones", "group_keys")


def profile(night: Night, model: Model) -> Delta | None:
    changed = few(night, ENTITY, NO, READ_COLUMNS)
    if changed is None:
        return None
    every = night.frame(ENTITY, READ_COLUMNS)
    held = night.query(f"select distinct basis from prev_{PROFILE}")["basis"].to_list()
    if held != [profiles.basis(model, every.height)]:
        return None
    touched = together(_others(every, changed, model), changed.keys)
    known = night.frame(f"prev_{PROFILE}", NO)
    worth = together(known, every.filter("is_open").select(NO), changed.keys)
    again = every.join(touched, on="entity_no", how="semi").join(worth, on="entity_no", how="semi")
    made = _described(every, again, model)
    met = _newly_met(every, made, model).join(
        together(known, again.select(NO)), on="entity_no", how="anti"
    )
    new = every.join(met, on="entity_no", how="semi")
    rows = pl.concat([made, _described(every, new, model)])
    return Delta(together(changed.keys, again.select(NO), met), rows)


def _others(every: pl.DataFrame, changed: Changes, model: Model) -> pl.DataFrame:
    """Entities that a change elsewhere touches: their name has become more or less common by a
    step, their phone or group tells or tells no more, their kin changed."""
    now = _counts(every, changed.rows)
    before = Counts(now.entities, *(
        _less(counts, changed, column)
        for column, counts in zip(LISTED, (now.names, now.phones, now.groups), strict=True)
    ))  # fmt: skip
    groups = _crossed(before.groups, now.groups, model.largest_group)
    regrouped = _bearers(every, "group_keys", groups)
    columns = ["number", "borrowed", "group_keys"]
    kin = pl.concat(
        [changed.rows.select(columns), every.join(regrouped, on="entity_no").select(columns)]
    )
    return together(
        _bearers(every, "names", _stepped(before, now, model)),
        _bearers(every, "phones", _crossed(before.phones, now.phones, model.largest_shared_phone)),
        regrouped,
        _sharing(every, kin, model),
    )


def _less(counts: pl.DataFrame, changed: Changes, column: str) -> pl.DataFrame:
    """`counts` of now as they were the night before."""
    parts = [
        _values(rows, column).group_by("value").agg(change=sign * pl.len().cast(pl.Int64))
        for sign, rows in ((-1, changed.now), (1, changed.was))
    ]
    change = pl.concat(parts).group_by("value").agg(pl.col("change").sum())
    both = counts.join(change, on="value", how="full", coalesce=True).fill_null(0)
    return both.select(
        "value", entities=pl.col("entities").cast(pl.Int64) + pl.col("change")
    ).filter(pl.col("entities") > 0)  # fmt: skip


def _sharing(every: pl.DataFrame, rows: pl.DataFrame, model: Model) -> pl.DataFrame:
    """`entity_no` of who shares a number or a group that tells with one of these."""
    sizes = _count(every, "group_keys", _values(rows, "group_keys"))
    small = sizes.filter(pl.col("entities") <= model.largest_group)["value"]
    numbers = pl.concat([rows["number"], rows["borrowed"]]).drop_nulls().unique().implode()
    same = pl.col("number").is_in(numbers) | pl.col("borrowed").is_in(numbers)
    return together(_bearers(every, "group_keys", small), every.filter(same).select(NO))


def _described(every: pl.DataFrame, rows: pl.DataFrame, model: Model) -> pl.DataFrame:
    around = together(rows.select(NO), _sharing(every, rows, model))
    near = every.join(around, on="entity_no", how="semi")
    return profiles.described(near, rows["entity_no"], _counts(every, near), model)


def _newly_met(every: pl.DataFrame, made: pl.DataFrame, model: Model) -> pl.DataFrame:
    """Entities that one of these open ones meets."""
    opened = made.filter("is_open")
    if opened.is_empty():
        return opened.select(NO)
    sides = {
        name: every.select("entity_no", **{name: column}).explode(
            name, empty_as_null=False, keep_nulls=False
        )
        for name, column in (("phones", "phones"), ("evidence", "group_keys"))
    }
    keyed = every.with_columns(**profiles.blocking_columns())
    met = profiles.reached(keyed, sides, opened, profiles.exploded(opened), model)
    return met.to_frame("entity_no")


def _counts(every: pl.DataFrame, rows: pl.DataFrame) -> Counts:
    """How many bear what these rows bear."""
    found = (_count(every, column, _values(rows, column)) for column in LISTED)
    return Counts(every.height, *found)


def _count(every: pl.DataFrame, column: str, values: pl.DataFrame) -> pl.DataFrame:
    borne = _values(every, column).join(values.unique(), on="value", how="semi")
    return borne.group_by("value").agg(entities=pl.len().cast(pl.Int64))


def _values(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    return rows.select(value=column).explode("value", empty_as_null=False, keep_nulls=False)


def _bearers(every: pl.DataFrame, column: str, values: pl.Series) -> pl.DataFrame:
    borne = every.select("entity_no", value=column).explode(
        "value", empty_as_null=False, keep_nulls=False
    )
    return borne.filter(pl.col("value").is_in(values.implode())).select(NO).unique()


def _stepped(before: Counts, now: Counts, model: Model) -> pl.Series:
    shares = [profiles.name_shares(counts, model) for counts in (before, now)]
    both = shares[0].join(shares[1], on="names", how="full", coalesce=True, suffix="_now")
    return both.filter(pl.col("tf_name").ne_missing(pl.col("tf_name_now")))["names"]


def _crossed(before: pl.DataFrame, now: pl.DataFrame, limit: int) -> pl.Series:
    both = before.join(now, on="value", how="full", coalesce=True, suffix="_now").fill_null(0)
    few_then, few_now = (pl.col(name) <= limit for name in ("entities", "entities_now"))
    return both.filter(few_then != few_now)["value"]
