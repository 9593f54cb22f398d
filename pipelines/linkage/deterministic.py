"""linkage.mention_entity: mentions that are one person without any doubt.

Tied by the same key of one register, or by the same number under agreeing names (`parties`), the
number inside a school roll number included. An entity that owns no number is *open*: it is
compared with the others in `probabilistic`.
"""

from __future__ import annotations

import polars as pl

from pipelines.linkage.components import components
from pipelines.linkage.parties import READ_COLUMNS as PARTY_COLUMNS
from pipelines.linkage.parties import claims

READ_COLUMNS = (*PARTY_COLUMNS, "mention_key", "register_ref")


def entities(features: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    """`mention_no`, `entity_no` (its smallest mention), `number` (owned, else NULL), `borrowed`
    (shown but another's or nobody's), `tied_by` (register_key, id_exact or NULL for a lone one)."""
    ties = _number_ties(features, parties)
    grouped = components(features["mention_no"], _edges(features, ties))
    owned = _first_number(ties.filter(pl.col("owns")))
    borrowed = _first_number(ties.filter(~pl.col("owns"))).rename({"number": "borrowed"})
    made = (
        features.select("mention_no", "register_ref", "mention_key")
        .join(grouped.rename({"node": "mention_no", "label": "entity_no"}), on="mention_no")
        .join(owned, on="mention_no", how="left")
        .join(borrowed, on="mention_no", how="left")
    )
    by_number = _shared(ties.select("mention_no", tie="tie"))
    by_register = _shared(
        made.filter(pl.col("register_ref").is_not_null()).select("mention_no", tie="register_ref")
    )
    tied_by = (
        pl.when(pl.col("mention_no").is_in(by_number.implode()))
        .then(pl.lit("id_exact"))
        .when(pl.col("mention_no").is_in(by_register.implode()))
        .then(pl.lit("register_key"))
    )
    return made.select(
        "mention_no", "mention_key", "entity_no", "number", "borrowed", tied_by=tied_by
    ).sort("mention_no")


def _number_ties(features: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    """One row per mention and number it shows, with the tie that its party is."""
    shown = claims(features).select("mention_no", "number", "name_folded")
    joined = shown.join(parties, on=["number", "name_folded"], nulls_equal=True)
    # nobody's: a nameless row under a number that two people claim hangs on neither
    return joined.filter(pl.col("party").is_not_null() | (pl.col("parties") <= 1)).select(
        "mention_no", "number", "owns",
        tie=pl.col("number") + "\n" + pl.col("party").fill_null(""),
    )  # fmt: skip


def _edges(features: pl.DataFrame, ties: pl.DataFrame) -> pl.DataFrame:
    refs = features.filter(pl.col("register_ref").is_not_null())
    return pl.concat(
        [
            refs.select(node="mention_no", tie="register_ref"),
            ties.select(node="mention_no", tie="tie"),
        ]
    )


def _first_number(ties: pl.DataFrame) -> pl.DataFrame:
    return ties.group_by("mention_no").agg(pl.col("number").min())


def _shared(ties: pl.DataFrame) -> pl.Series:
    """Mentions whose tie holds another mention too."""
    return ties.filter(pl.len().over("tie") > 1)["mention_no"].unique()
