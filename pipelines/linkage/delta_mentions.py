"""The delta of mentions: features, whose number it is, entities.

A mention's features follow from its row; a number's parties from the mentions that show it; an
entity from the mentions that hang together. So a changed row touches those that share a number, a
register key or an entity with it, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from pipelines.contracts.load import load_contracts
from pipelines.contracts.roles import Person
from pipelines.engine.sql import literal, read_sql
from pipelines.lake.night import PIPELINES, Night
from pipelines.lake.patch import Changes, as_before, narrowed, rows_of
from pipelines.linkage import deterministic, judgements, numbers, parties
from pipelines.linkage.corrected import corrections, namesakes
from pipelines.linkage.delta import Delta, few, together
from pipelines.linkage.features import (
    MENTION_COLUMNS,
    ROUNDED_END,
    in_several,
    numbered,
    of_rows,
    orphans,
)

FEATURE, ENTITY_OF = "linkage.mention_feature", "linkage.mention_entity"
MENTION, REFERENCE = "standard.mention", "linkage.reference_mention"
NO = ["mention_no"]
TIES = ("number", "roll_number", "register_ref")
ROW = ("source", "dataset", "record_key", "suffix")
# by what a number that looks rounded is judged
SHOWING = ("mention_key", "source", "dataset", "id_number")
# what linkage.entity is made from
SAID = (
    "mention_key", *ROW, "register_ref", "number_text", "number_birth", "number_sex",
    "name_folded", "name_pinyin", "surname_pinyin", "name_short", "birth_date", "sex", "phone",
    "region_code", "group_keys", "is_current",
)  # fmt: skip


def mentions(night: Night) -> Changes | None:
    """What differs in standard.mention; only datasets with other rows than the night before are
    looked at."""
    return few(night, MENTION, ["mention_key"], read=MENTION_COLUMNS, where=_of_others(night))


def _of_others(night: Night) -> str:
    """The condition that a row of standard.mention is of a dataset that changed. Rows follow from
    their dataset alone, as long as they are read from it in the same way."""
    before, now = night.pointer(f"prev_{MENTION}"), night.pointer(MENTION)
    if before is None or now is None or not now.made_from or before.made_from != now.made_from:
        return "true"
    changed = sorted({
        contract.dataset
        for contract in load_contracts(night.settings.schemas).values()
        if any(role.refers is None for role in contract.roles_of(Person))
        and night.content(contract.std_table) != night.content(f"prev_{contract.std_table}")
    })  # fmt: skip
    return f"dataset IN ({', '.join(literal(name) for name in changed)})" if changed else "false"


def features(night: Night) -> Delta | None:
    """A number that looks rounded is judged by all mentions that show it: these are made again
    where it has come to stand in several datasets, or no longer does."""
    rows = mentions(night)
    references = few(night, REFERENCE, ["mention_key"], of=MENTION)
    if rows is None or references is None:
        return None
    shown = pl.concat([rows.rows.select("id_number"), references.rows.select("id_number")])
    rounded = shown.filter(pl.col("id_number").str.ends_with(ROUNDED_END))
    carried = rows_of(night, REFERENCE, rounded)
    beside = rows_of(night, MENTION, rounded, SHOWING)
    # a reference is no mention: of the keys that changed only those beside can be others
    others = beside.join(rows.keys, on="mention_key", how="anti")
    turned = others.join(
        _judged_otherwise(beside, carried, rows, references), on="id_number", how="semi"
    )
    keys = together(
        rows.keys,
        references.keys,
        carried.select("mention_key"),
        turned.select("mention_key"),
    )
    again = rows_of(night, MENTION, turned.select("mention_key"), MENTION_COLUMNS)
    # by the rest a number is judged, but nothing is made of them
    rest = others.join(turned, on="mention_key", how="anti")
    made = of_rows(
        pl.concat([rows.now, again, rest], how="diagonal"), rows_of(night, REFERENCE, keys)
    ).join(rest, on="mention_key", how="anti")
    nos = numbered(keys["mention_key"]).alias("mention_no").to_frame()
    held = rows_of(night, f"prev_{FEATURE}", nos, ["mention_no", "mention_key"])
    if (
        made.join(nos, on="mention_no", how="anti").height
        or held.join(keys, on="mention_key", how="anti").height
        or not nos["mention_no"].is_unique().all()
    ):
        return None  # two keys met in one number
    return Delta(nos, made)


def _judged_otherwise(
    beside: pl.DataFrame, carried: pl.DataFrame, rows: Changes, references: Changes
) -> pl.DataFrame:
    """`id_number` of those, shown by mentions (`beside`) and references (`carried`), that stand in
    several datasets tonight and did not the night before, or the other way round."""
    sides = (
        (beside, carried),
        (as_before(beside, rows), as_before(carried, references)),
    )
    now, then = (
        in_several(pl.concat([mentions_.select(SHOWING), orphans(references_).select(SHOWING)]))
        for mentions_, references_ in sides
    )
    return together(
        now.join(then, on="id_number", how="anti"), then.join(now, on="id_number", how="anti")
    )


def number_parties(night: Night) -> Delta | None:
    changed = few(night, FEATURE, NO, parties.READ_COLUMNS)
    if changed is None:
        return None
    claimed = parties.claims(changed.rows).select(*parties.VARIANT, front=parties.front())
    beside = _beside(night, claimed)
    # a name that came or went decides on those it stands beside, too
    several = beside.filter(pl.len().over("number") > 1)
    decided = several.join(claimed, on=["front", "name_folded"], how="semi")
    touched = together(claimed.select("number"), decided.select("number"))
    concerned = rows_of(night, FEATURE, _showing(night, touched), parties.READ_COLUMNS)
    others = beside.join(touched, on="number", how="anti")
    made = parties.parties(concerned, others).join(touched, on="number", how="semi")
    return Delta(touched, made)


def _beside(night: Night, claimed: pl.DataFrame) -> pl.DataFrame:
    """number, name_folded, front of the night before, of all numbers with one of these fronts."""
    with night.given("touched_front", claimed.select("front").drop_nulls().unique()):
        found = night.query(
            "select number, name_folded from prev_linkage.number_party "
            "where length(number) = $length "
            "and substr(number, 1, $front) in (select front from touched_front)",
            {"length": numbers.LENGTH, "front": parties.FRONT_LENGTH},
        )
    return found.with_columns(front=parties.front())


def mention_entities(night: Night, lists: Sequence[str]) -> Delta | None:
    """Who is touched, who shares a tie with one of these, and all that hung together with them.
    Looked at again each night are rows of a household's list that may be corrected ones, and
    records that were judged to be two people; of these with all that ties lead to, since what they
    are torn out of is larger than an entity."""
    changed = few(night, FEATURE, NO, deterministic.READ_COLUMNS)
    split = few(night, "linkage.number_party", ["number"])
    if changed is None or split is None:
        return None
    judged = night.frame("linkage.judgement")
    keys = pl.concat([judged["left_key"], judged["right_key"]]).unique()
    listed = namesakes(night, lists)
    seeds = together(changed.keys, listed.select(NO), numbered(keys).alias("mention_no").to_frame())
    found = _tied(night, seeds, changed.rows.select(TIES), split.keys)
    while judged.height:
        wider = _tied(night, found, rows_of(night, FEATURE, found, TIES), split.keys)
        if wider.height == found.height:
            break
        found = wider
    concerned = rows_of(night, FEATURE, found, deterministic.READ_COLUMNS)
    numbers = _values(concerned, "number", "roll_number").to_frame("number")
    owners = rows_of(night, "linkage.number_party", numbers)
    made = deterministic.entities(
        concerned,
        owners,
        judgements.pairs_in_force(judged, judgements.DIFFERENT),
        corrections(listed, owners),
    )
    return Delta(found, made)


def _tied(
    night: Night, seeds: pl.DataFrame, shown: pl.DataFrame, numbers: pl.DataFrame
) -> pl.DataFrame:
    """`mention_no` of the seeds, who shares a tie of `shown` or one of the numbers, and who hung
    together with one of these the night before."""
    tied = _values(shown, "number", "roll_number").to_frame("number")
    refs = _values(shown, "register_ref").to_frame("register_ref")
    near = together(
        seeds, _showing(night, together(tied, numbers)), rows_of(night, FEATURE, refs, NO)
    )
    hung = rows_of(night, f"prev_{ENTITY_OF}", near, ["entity_no"])
    return together(near, rows_of(night, f"prev_{ENTITY_OF}", hung, NO))


def entities(night: Night, values: Mapping[str, Any]) -> Delta | None:
    """A row that names several people is a property of each of them. `values`: of the statement."""
    moved, said = few(night, ENTITY_OF, NO), few(night, FEATURE, NO, SAID)
    if moved is None or said is None:
        return None
    suffixes = _suffixes(night)
    named = rows_of(night, FEATURE, moved.keys, ROW)
    changed = together(
        moved.keys, said.keys, _of_one_row(pl.concat([named, said.rows.select(ROW)]), suffixes)
    )
    touched = together(
        moved.rows.select("entity_no"), rows_of(night, ENTITY_OF, changed, ["entity_no"])
    )
    members = rows_of(night, ENTITY_OF, touched, NO)
    beside = _of_one_row(rows_of(night, FEATURE, members, ROW), suffixes)
    everyone = together(members, beside)
    made = narrowed(
        night,
        read_sql(PIPELINES / "linkage" / "entity.sql"),
        {
            FEATURE: rows_of(night, FEATURE, everyone, ("mention_no", *SAID)),
            ENTITY_OF: rows_of(night, ENTITY_OF, everyone),
        },
        values,
    )
    return Delta(touched, made.join(touched, on="entity_no", how="semi"))


def _suffixes(night: Night) -> list[str]:
    """By what the people of one row are told apart."""
    contracts = load_contracts(night.settings.schemas).values()
    return sorted({"", *(role.suffix for c in contracts for role in c.roles_of(Person))})


def _of_one_row(rows: pl.DataFrame, suffixes: list[str]) -> pl.DataFrame:
    """`mention_no` that the people of these rows have or would have."""
    row_key = pl.when(pl.col("suffix") == "").then("record_key").otherwise(
        pl.col("record_key").str.head(
            pl.col("record_key").str.len_chars().cast(pl.Int64)
            - pl.col("suffix").str.len_chars().cast(pl.Int64) - 1
        )
    )  # fmt: skip
    ends = pl.DataFrame({"end": [f"|{suffix}" if suffix else "" for suffix in suffixes]})
    texts = (
        rows.select(start=pl.format("{}/{}:{}", "source", "dataset", row_key))
        .unique()
        .join(ends, how="cross")
    )
    keys = texts.select(pl.col("start") + pl.col("end")).to_series()
    return numbered(keys).to_frame("mention_no").unique()


def _showing(night: Night, numbers: pl.DataFrame) -> pl.DataFrame:
    """`mention_no` of tonight's mentions that show one of the numbers, in a roll number or not."""
    within = numbers.rename({"number": "roll_number"})
    return together(rows_of(night, FEATURE, numbers, NO), rows_of(night, FEATURE, within, NO))


def _values(rows: pl.DataFrame, *columns: str) -> pl.Series:
    return pl.concat([rows[column].alias("value") for column in columns]).drop_nulls().unique()
