"""linkage.entity_cluster: entities joined into persons along the links that were decided."""

from __future__ import annotations

import polars as pl

from pipelines.linkage.components import components
from pipelines.linkage.decide import LINK
from pipelines.linkage.numbers import OTHER_PAPER

ENTITY_COLUMNS = ("entity_no", "number", "register_refs")
CLUSTER_COLUMNS = ("entity_no", "cluster_no", "method", "probability")


def clusters(entities: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """`CLUSTER_COLUMNS`: the smallest entity of each person, and how each entity came to it.

    The anchor of a person, what the others were joined to, is the entity that owns an identity
    number, else another paper's, else holds a register key, else is the smallest; it has no method
    of its own.
    """
    links = decided.filter(pl.col("decision") == LINK).with_row_index("tie")
    edges = pl.concat(
        [links.select(node="left_no", tie="tie"), links.select(node="right_no", tie="tie")]
    )
    grouped = components(entities["entity_no"], edges).rename(
        {"node": "entity_no", "label": "cluster_no"}
    )
    ranked = grouped.join(
        entities.select("entity_no", "number", "register_refs"), on="entity_no"
    ).with_columns(
        rank=pl.when(pl.col("number").is_not_null() & ~_of_other_paper()).then(0)
        .when(pl.col("number").is_not_null()).then(1)
        .when(pl.col("register_refs").list.len().fill_null(0) > 0).then(2)
        .otherwise(3)
    ).sort("rank", "entity_no")  # fmt: skip
    anchors = ranked.group_by("cluster_no", maintain_order=True).agg(
        anchor=pl.col("entity_no").first()
    )
    best = (
        pl.concat(
            [
                links.select("weight", "probability", "method", entity_no="left_no"),
                links.select("weight", "probability", "method", entity_no="right_no"),
            ]
        )
        .sort(["weight", "method", "probability"], descending=[True, False, True])
        .group_by("entity_no", maintain_order=True)
        .agg(pl.col("method", "probability").first())
    )
    is_anchor = pl.col("entity_no") == pl.col("anchor")
    firmly = is_anchor & (pl.col("rank") < 3)
    return (
        ranked.join(anchors, on="cluster_no")
        .join(best, on="entity_no", how="left")
        .select(
            "entity_no",
            "cluster_no",
            method=pl.when(firmly).then(None).otherwise("method"),
            probability=pl.when(firmly).then(1.0).otherwise(pl.col("probability")).fill_null(1.0),
        )
        .sort("entity_no")
    )


def _of_other_paper() -> pl.Expr:
    return pl.col("number").str.starts_with(OTHER_PAPER)
