"""The delta of linkage.profile: what a changed entity makes others look like.

A profile follows from its entity, from how many bear its names, phones and groups (in steps or up to
a limit), and from the groups of its kin. Rows that no open entity meets any longer stay; no pair
comes of them.
"""

from __future__ import annotations

import polars as pl

from pipelines.lake.night import Night
from pipelines.lake.patch import rows_of
from pipelines.linkage import profiles
from pipelines.linkage.delta import Delta, few, together
from pipelines.linkage.model import Model
from pipelines.linkage.profiles import READ_COLUMNS, Counts

ENTITY, PROFILE = "linkage.entity", "linkage.profile"
NO = ["entity_no"]
MEETS = ("entity_no", "is_open", "number", "number_texts", "sound", "surname", "birth_date",
         "region_code", "phones", "group_keys")  # fmt: skip


def profile(night: Night, model: Model) -> Delta | None:
    changed = few(night, ENTITY, NO, READ_COLUMNS)
    if changed is None:
        return None
    total = int(night.query(f"select count(*) as entities from {ENTITY}").item())
    held = night.query(f"select distinct basis from prev_{PROFILE}")["basis"].to_list()
    if held != [profiles.basis(model, total)]:
        return None
    then_and_now = pl.concat(
        [rows_of(night, when + ENTITY, changed, READ_COLUMNS) for when in ("", "prev_")]
    )
    others = _others(night, then_and_now, total, model)
    known = rows_of(night, f"prev_{PROFILE}", others, NO)
    opened = rows_of(night, ENTITY, others, ["entity_no", "is_open"]).filter("is_open").select(NO)
    again = together(rows_of(night, ENTITY, changed, NO), known, opened)
    made = _described(night, again, total, model)
    new = _newly_met(night, made, model)
    if new.height:
        made = pl.concat([made, _described(night, new, total, model)])
    return Delta(together(changed, again, new), made)


def _others(
    night: Night, changed: pl.DataFrame, total: int, model: Model
) -> pl.DataFrame:
    """Entities that a change elsewhere touches: their name has become more or less common by a
    step, their phone or group tells or tells no more, their kin changed."""
    now, before = (_counts(night, when, changed, total) for when in ("", "prev_"))
    names = _stepped(before, now, model)
    phones = _crossed(before.phones, now.phones, model.largest_shared_phone)
    groups = _crossed(before.groups, now.groups, model.largest_group)
    regrouped = _bearers(night, "group_keys", groups)
    kin = pl.concat([changed, rows_of(night, ENTITY, regrouped, READ_COLUMNS)])
    return together(
        _bearers(night, "names", names), _bearers(night, "phones", phones), regrouped,
        _sharing(night, kin, total, model),
    )  # fmt: skip


def _sharing(night: Night, rows: pl.DataFrame, total: int, model: Model) -> pl.DataFrame:
    """`entity_no` of who shares a telling group or a number with one of these."""
    sizes = [_count(night, when, "group_keys", rows) for when in ("", "prev_")]
    small = pl.concat(sizes).filter(pl.col("entities") <= model.largest_group)["value"]
    numbers = pl.concat([rows["number"], rows["borrowed"]]).drop_nulls().unique()
    return together(
        _bearers(night, "group_keys", small),
        rows_of(night, ENTITY, numbers.to_frame("number"), NO),
        rows_of(night, ENTITY, numbers.to_frame("borrowed"), NO),
    )


def _described(
    night: Night, wanted: pl.DataFrame, total: int, model: Model
) -> pl.DataFrame:
    rows = rows_of(night, ENTITY, wanted, READ_COLUMNS)
    around = together(wanted, _sharing(night, rows, total, model))
    near = rows_of(night, ENTITY, around, READ_COLUMNS)
    return profiles.described(near, wanted["entity_no"], _counts(night, "", near, total), model)


def _newly_met(night: Night, made: pl.DataFrame, model: Model) -> pl.DataFrame:
    """Entities without a profile that one of these open ones now meets."""
    opened = made.filter("is_open")
    if opened.is_empty():
        return opened.select(NO)
    every = night.frame(ENTITY, MEETS).with_columns(**profiles.blocking_columns())
    sides = {
        name: every.select("entity_no", **{name: column}).explode(
            name, empty_as_null=False, keep_nulls=False
        )
        for name, column in (("phones", "phones"), ("evidence", "group_keys"))
    }
    met = profiles.reached(every, sides, opened, profiles.exploded(opened), model)
    known = pl.concat([made.select(NO), night.frame(f"prev_{PROFILE}", NO)])
    return met.to_frame("entity_no").join(known, on="entity_no", how="anti")


def _counts(night: Night, when: str, rows: pl.DataFrame, total: int) -> Counts:
    """How many bear what these rows bear."""
    columns = ("names", "phones", "group_keys")
    return Counts(total, *(_count(night, when, column, rows) for column in columns))


def _count(night: Night, when: str, column: str, rows: pl.DataFrame) -> pl.DataFrame:
    with night.given("wanted", _listed(rows[column]).to_frame("value")):
        return night.query(
            f"select value, count(*) as entities from (select unnest({column}) as value "
            f"from {when}{ENTITY}) as borne semi join wanted using (value) group by value"
        )


def _bearers(night: Night, column: str, values: pl.Series) -> pl.DataFrame:
    with night.given("wanted", values.to_frame("value")):
        return night.query(
            f"select distinct entity_no from (select entity_no, unnest({column}) as value "
            f"from {ENTITY}) as borne semi join wanted using (value)"
        )


def _listed(lists: pl.Series) -> pl.Series:
    return lists.explode(empty_as_null=False, keep_nulls=False).drop_nulls().unique()


def _stepped(before: Counts, now: Counts, model: Model) -> pl.Series:
    shares = [profiles.name_shares(counts, model) for counts in (before, now)]
    both = shares[0].join(shares[1], on="names", how="full", coalesce=True, suffix="_now")
    return both.filter(pl.col("tf_name").ne_missing(pl.col("tf_name_now")))["names"]


def _crossed(before: pl.DataFrame, now: pl.DataFrame, limit: int) -> pl.Series:
    both = before.join(now, on="value", how="full", coalesce=True, suffix="_now").fill_null(0)
    few_then, few_now = (pl.col(name) <= limit for name in ("entities", "entities_now"))
    return both.filter(few_then != few_now)["value"]
