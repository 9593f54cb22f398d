"""linkage.mention_link: who each mention is, under ids that stay from night to night.

An id goes where most of its mentions go; a person that several ids come to keeps the oldest. Only
who comes without any gets a new one, a keyed hash of the person's smallest mention key.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import date

import polars as pl

ID_DIGITS = 24
EXACT_PROBABILITY = 1.0
TURNS = 8  # how often one record's key can have given an id before


def links(
    mentions: pl.DataFrame, clusters: pl.DataFrame, before: pl.DataFrame,
    retired: Iterable[str], key: bytes, as_of: date,
) -> pl.DataFrame:  # fmt: skip
    """One row per mention: its person, the method and the probability.

    `mentions`: mention_no, mention_key, source, dataset, record_key, entity_no, tied_by, number.
    `before`: mention_key, person_id, person_since of the night before. `retired`: ids once in use.
    """
    placed = mentions.join(clusters, on="entity_no", how="left")
    people = _people(placed, before, frozenset(retired), key, as_of)
    alone = pl.len().over("cluster_no") == 1
    method = (
        pl.when(alone).then(pl.lit("single"))
        .when(pl.col("method").is_not_null()).then("method")
        .when(pl.col("tied_by").is_not_null()).then("tied_by")
        .when(pl.col("number").is_not_null()).then(pl.lit("id_exact"))
        .otherwise(pl.lit("register_key"))
    )  # fmt: skip
    return (
        placed.with_columns(
            method=method,
            probability=pl.when(alone | pl.col("method").is_null())
            .then(EXACT_PROBABILITY)
            .otherwise("probability"),
        )
        .join(people, on="cluster_no")
        .select(
            "mention_key", "source", "dataset", "record_key", "person_id", "method",
            "probability", "person_since",
        )
        .sort("mention_key")
    )  # fmt: skip


def _people(
    placed: pl.DataFrame, before: pl.DataFrame, retired: frozenset[str], key: bytes, as_of: date
) -> pl.DataFrame:
    """`cluster_no`, `person_id`, `person_since`."""
    kept = _kept(placed, before)
    new = _without(placed, kept)
    taken = retired | frozenset(before["person_id"].unique().to_list())
    made = pl.DataFrame(
        {
            "cluster_no": new["cluster_no"],
            "person_id": _new_ids(new["mention_key"].to_list(), taken, key),
            "person_since": [as_of] * new.height,
        },
        schema={"cluster_no": pl.Int64, "person_id": pl.String, "person_since": pl.Date},
    )
    stays = kept.select("cluster_no", "person_id", person_since="since")
    return pl.concat([stays, made])


def newcomers(placed: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """`cluster_no` of each person that no id comes to, and its smallest `mention_key`, by which it
    gets one. `placed`: cluster_no, mention_key."""
    return _without(placed, _kept(placed, before))


def _without(placed: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    first_keys = placed.group_by("cluster_no").agg(pl.col("mention_key").min())
    return first_keys.join(kept, on="cluster_no", how="anti").sort("mention_key")


def _kept(placed: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The id that each person keeps, if it keeps one."""
    known = placed.select("cluster_no", "mention_key").join(before, on="mention_key")
    shares = known.group_by("person_id", "cluster_no").agg(
        mentions=pl.len(), first_key=pl.col("mention_key").min(), since=pl.col("person_since").min()
    )
    # an id stays with the person that has most of its mentions, then the smallest mention key
    goes_to = shares.sort(
        ["person_id", "mentions", "first_key"], descending=[False, True, False]
    ).group_by("person_id", maintain_order=True).first()  # fmt: skip
    # a person keeps the oldest of its ids, then the one most of its mentions had
    return goes_to.sort(
        ["cluster_no", "since", "mentions", "person_id"], descending=[False, False, True, False]
    ).group_by("cluster_no", maintain_order=True).first()  # fmt: skip


def _new_ids(keys: list[str], taken: frozenset[str], secret: bytes) -> list[str]:
    """A keyed hash each; where an id has been somebody's before, the next one that has not."""
    made = []
    for key in keys:
        text, turn = person_id(secret, key), 0
        while text in taken:
            turn += 1
            text = person_id(secret, f"{key}\x1f{turn}")
        made.append(text)
    return made


def possible_ids(keys: list[str], secret: bytes) -> list[str]:
    """Ids that these keys could be given, those of a first and of further turns."""
    texts = [key if turn == 0 else f"{key}\x1f{turn}" for key in keys for turn in range(TURNS)]
    return [person_id(secret, text) for text in texts]


def person_id(secret: bytes, mention_key: str) -> str:
    """`P` and 24 hexadecimal digits."""
    return "P" + hmac.digest(secret, mention_key.encode(), hashlib.sha256).hex()[:ID_DIGITS]
