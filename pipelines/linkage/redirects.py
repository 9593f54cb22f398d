"""linkage.redirect: rows that carry a register key and yet are somebody of their own.

An orphan is whoever its mention was linked to. Another row moves only where its own valid number is
the own number of another known person and the names agree.
"""

from __future__ import annotations

import polars as pl

from pipelines.lake.night import Night
from pipelines.lake.patch import rows_of
from pipelines.linkage import names

REDIRECT_COLUMNS = ("row_ref", "register_ref", "person_id", "method", "probability")


def concerned(
    night: Night,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """References, and what of linkage.number_party, mention_feature and mention_link they need."""
    references = night.frame("linkage.reference_mention")
    own = references.filter(pl.col("reason") == "own_number")
    numbers = own.select(number="id_number").drop_nulls()
    refs = own.select(register_ref=pl.col("register_domain") + ":" + pl.col("register_key"))
    asked = ((numbers, ("number", "name_folded")), (refs, ("register_ref",)))
    features = pl.concat(
        [
            rows_of(night, "linkage.mention_feature", of, ["mention_key", *columns])
            for of, columns in asked
        ],
        how="diagonal",
    )
    keys = pl.concat([features.select("mention_key"), references.select("mention_key")])
    return (
        references,
        rows_of(night, "linkage.number_party", numbers),
        features,
        rows_of(night, "linkage.mention_link", keys,
                ["mention_key", "person_id", "method", "probability"]),
    )  # fmt: skip


def redirects(
    references: pl.DataFrame, parties: pl.DataFrame, features: pl.DataFrame, links: pl.DataFrame
) -> pl.DataFrame:
    """`REDIRECT_COLUMNS`. `features`: mention_key, and number with name_folded or register_ref."""
    carried = references.with_columns(
        register_ref=pl.col("register_domain") + ":" + pl.col("register_key")
    )
    orphans = (
        carried.filter(pl.col("reason") == "orphan")
        .join(links, on="mention_key")
        .select(row_ref="mention_key", register_ref="register_ref", person_id="person_id",
                method="method", probability="probability")
    )  # fmt: skip
    owners = (
        features.filter(pl.col("number").is_not_null())
        .join(parties.filter("owns"), on=["number", "name_folded"])
        .join(links.select("mention_key", "person_id"), on="mention_key")
        .select("number", "name_folded", "person_id")
        .unique()
    )
    holders = (
        features.filter(pl.col("register_ref").is_not_null())
        .join(links.select("mention_key", "person_id"), on="mention_key")
        .select("register_ref", holder="person_id")
        .unique()
    )
    own = carried.filter(pl.col("reason") == "own_number").join(
        owners, left_on="id_number", right_on="number"
    )
    moved = (
        own.filter(_agrees(own))
        .join(holders, left_on=["register_ref", "person_id"], right_on=["register_ref", "holder"],
              how="anti")
        .sort("mention_key", "person_id")
        .group_by("mention_key", maintain_order=True)
        .first()
        .select(row_ref="mention_key", register_ref="register_ref", person_id="person_id",
                method=pl.lit("id_exact"), probability=pl.lit(1.0))
    )  # fmt: skip
    return pl.concat([orphans, moved]).select(REDIRECT_COLUMNS).sort("row_ref")


def _agrees(own: pl.DataFrame) -> pl.Series:
    pairs = own.select("name", "name_folded").unique()
    kinds = {(left, right): _kind(left, right) for left, right in pairs.iter_rows()}
    agreed = [
        kinds[pair] in (names.EXACT, names.SOUND, names.SHORTENED)
        for pair in own.select("name", "name_folded").iter_rows()
    ]
    return pl.Series("agrees", agreed, dtype=pl.Boolean)


def _kind(left: str | None, right: str | None) -> str:
    a = names.spelling(left) if left else None
    b = names.spelling(right) if right else None
    return names.agreement(a, b) if a and b else names.DIFFERENT
