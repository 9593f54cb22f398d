"""linkage.mention_entity: mentions that are one person without any doubt.

Tied by the same key of one register, by the same row of a household's list (`corrected`), or by the
same number under agreeing names (`parties`), the number inside a school roll number included. An
entity that owns no number is *open*: it is compared with the others in `probabilistic`.
"""

from __future__ import annotations

import polars as pl

from pipelines.linkage.components import components
from pipelines.linkage.parties import READ_COLUMNS as PARTY_COLUMNS
from pipelines.linkage.parties import claims

READ_COLUMNS = (*PARTY_COLUMNS, "mention_key")


def entities(
    features: pl.DataFrame,
    parties: pl.DataFrame,
    apart: pl.DataFrame | None = None,
    corrected: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """`corrected`: `mention_no`, `successor` (`corrected.corrections`); such a row lays no claim to
    the number it showed. `apart`: `left_key`, `right_key` of records that a person judged to be two
    people; where ties would make them one, the one with fewer rows loses its hold on the shared
    number.

    Gives `mention_no`, `entity_no` (its smallest mention), `number` (owned, else NULL), `borrowed`
    (shown but another's or nobody's), `tied_by` (register_key, id_exact or NULL for a lone one)."""
    ties = _number_ties(features, parties)
    refs = _register_ties(features)
    if corrected is not None and corrected.height:
        ties = ties.join(corrected, on="mention_no", how="anti")
        refs = pl.concat([refs, _row_ties(corrected)])
    if apart is not None and apart.height:
        ties, refs = _parted(features, ties, refs, apart)
    edges = pl.concat([refs, ties.filter("holds").select(node="mention_no", tie="tie")])
    grouped = components(features["mention_no"], edges)
    owned = _first_number(ties.filter(pl.col("owns")))
    borrowed = _first_number(ties.filter(~pl.col("owns"))).rename({"number": "borrowed"})
    made = (
        features.select("mention_no", "register_ref", "mention_key")
        .join(grouped.rename({"node": "mention_no", "label": "entity_no"}), on="mention_no")
        .join(owned, on="mention_no", how="left")
        .join(borrowed, on="mention_no", how="left")
    )
    by_number = _shared(ties.filter("holds").select("mention_no", tie="tie"))
    by_register = _shared(refs.select("tie", mention_no="node"))
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
        "mention_no", "number", "owns", holds=pl.lit(True),
        tie=pl.col("number") + "\n" + pl.col("party").fill_null(""),
    )  # fmt: skip


def _register_ties(features: pl.DataFrame) -> pl.DataFrame:
    refs = features.filter(pl.col("register_ref").is_not_null())
    return refs.select(node="mention_no", tie="register_ref")


def _row_ties(corrected: pl.DataFrame) -> pl.DataFrame:
    tie = pl.format("row {}", "successor").alias("tie")
    ends = [corrected.select(pl.col(end).alias("node"), tie) for end in corrected.columns]
    return pl.concat(ends).unique()


def _parted(
    features: pl.DataFrame, ties: pl.DataFrame, refs: pl.DataFrame, apart: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Ties without those that would join two records that were judged to be two people."""
    edges = pl.concat([refs, ties.select(node="mention_no", tie="tie")])
    label = dict(components(features["mention_no"], edges).iter_rows())
    known = dict(features.select("mention_key", "mention_no").iter_rows())
    register = dict(refs.iter_rows())
    rows: dict[str, list[int]] = {}
    for node, tie in refs.sort("node").iter_rows():
        rows.setdefault(tie, []).append(node)
    leaving: set[int] = set()
    keyless: set[int] = set()
    for left_key, right_key in apart.sort("left_key", "right_key").iter_rows():
        left, right = known.get(left_key), known.get(right_key)
        if left is None or right is None or label[left] != label[right]:
            continue
        if register.get(left) is not None and register.get(left) == register.get(right):
            leaving.add(right)
            keyless.add(right)
            continue
        sides = [rows.get(register.get(node, ""), [node]) for node in (left, right)]
        leaving.update(sides[0] if len(sides[0]) < len(sides[1]) else sides[1])
    left_out = pl.col("mention_no").is_in(sorted(leaving))
    return (
        ties.with_columns(
            holds=pl.col("holds") & ~left_out, owns=pl.col("owns") & ~left_out
        ),
        refs.filter(~pl.col("node").is_in(sorted(keyless))),
    )  # fmt: skip


def _first_number(ties: pl.DataFrame) -> pl.DataFrame:
    return ties.group_by("mention_no").agg(pl.col("number").min())


def _shared(ties: pl.DataFrame) -> pl.Series:
    """Mentions whose tie holds another mention too."""
    return ties.filter(pl.len().over("tie") > 1)["mention_no"].unique()
