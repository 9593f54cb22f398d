"""linkage.number_party: who stands under one identity number, and whose number it is.

Most numbers carry one name. Where several stand under one, the names that agree are one party and
the others another; at most one party owns the number. A parent's number on a child, or a number
given twice, is thus split and never merged.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import polars as pl

from pipelines.linkage import names, numbers
from pipelines.linkage.components import Forest

READ_COLUMNS = (
    "mention_no", "source", "dataset", "name", "name_folded", "birth_date", "sex", "number",
    "roll_number",
)  # fmt: skip
PARTY = {"number": pl.String, "name_folded": pl.String, "party": pl.String, "owns": pl.Boolean,
         "parties": pl.Int32}  # fmt: skip


def claims(features: pl.DataFrame) -> pl.DataFrame:
    """One row per mention and number it shows, its own or the one in its roll number."""
    shown = features.select(
        "mention_no", "source", "dataset", "name", "name_folded", "birth_date", "sex",
        number=pl.concat_list("number", "roll_number"),
    ).explode("number", empty_as_null=True, keep_nulls=True)  # fmt: skip
    shown = shown.filter(pl.col("number").is_not_null())
    fit = numbers.birth_fit(pl.col("birth_date"), numbers.embedded_birth(pl.col("number")))
    return shown.with_columns(fit=fit)


def parties(features: pl.DataFrame) -> pl.DataFrame:
    """`PARTY` rows: one per number and folded name (a missing name goes with the owner)."""
    named = _spelled_variants(claims(features))
    several = named.filter(pl.len().over("number") > 1)
    single = named.filter(pl.len().over("number") == 1).select(
        "number", "name_folded", party=pl.col("name_folded"), owns=_may_own(),
        parties=pl.lit(1, pl.Int32),
    )  # fmt: skip
    split = pl.DataFrame(list(_split(several)), schema=PARTY, orient="row")
    return pl.concat([single, split]).sort("number", "name_folded", nulls_last=True)


def _spelled_variants(shown: pl.DataFrame) -> pl.DataFrame:
    """One row per number and folded name with what speaks for and against it as the owner."""
    return (
        shown.group_by("number", "name_folded")
        .agg(
            mentions=pl.len(),
            datasets=pl.struct("source", "dataset").n_unique(),
            fits=(pl.col("fit") == numbers.FIT).sum(),
            nears=(pl.col("fit") == numbers.NEAR).sum(),
            fars=(pl.col("fit") == numbers.FAR).sum(),
            name=pl.col("name").min(),
        )
        .sort("number", "name_folded", nulls_last=True)
    )


def _may_own() -> pl.Expr:
    """Not where every recorded birthday says that the number is somebody else's."""
    return (pl.col("fits") + pl.col("nears") > 0) | (pl.col("fars") == 0)


class _Variant:
    """One name under one number."""

    def __init__(self, row: dict[str, object]) -> None:
        self.folded = row["name_folded"]
        self.mentions, self.datasets = int(str(row["mentions"])), int(str(row["datasets"]))
        self.fits, self.nears = int(str(row["fits"])), int(str(row["nears"]))
        self.fars = int(str(row["fars"]))
        self.spelling = names.spelling(str(row["name"])) if row["name"] else None

    @property
    def elsewhere(self) -> bool:
        """Whether its birthdays say that the number is somebody else's."""
        return self.fars > 0 and self.fits + self.nears == 0

    def agrees(self, other: _Variant) -> bool:
        if self.spelling is None or other.spelling is None or self.elsewhere != other.elsewhere:
            return False
        how = names.agreement(self.spelling, other.spelling)
        if how == names.ONE_CHARACTER:
            return self.fits > 0 and other.fits > 0
        return how != names.DIFFERENT


def _split(variants: pl.DataFrame) -> Iterator[tuple[object, ...]]:
    for (number,), rows in variants.group_by(["number"], maintain_order=True):
        found = [_Variant(row) for row in rows.iter_rows(named=True)]
        named = [variant for variant in found if variant.spelling is not None]
        forest: Forest[str] = Forest(str(variant.folded) for variant in named)
        for left, right in combinations(named, 2):
            if left.agrees(right):
                forest.unite(str(left.folded), str(right.folded))
        groups: dict[str, list[_Variant]] = {}
        for variant in named:
            groups.setdefault(forest.root(str(variant.folded)), []).append(variant)
        owner = _owner(groups)
        for party, members in groups.items():
            for member in members:
                yield number, member.folded, party, party == owner, len(groups)
        if len(named) < len(found):
            yield number, None, owner, owner is not None, len(groups)


def _owner(groups: dict[str, list[_Variant]]) -> str | None:
    """The one party for which more speaks than for any other; None where two are level."""

    def weight(party: str) -> tuple[int, int, int]:
        members = groups[party]
        return (
            min(1, sum(member.fits for member in members)),
            sum(member.datasets for member in members),
            sum(member.mentions for member in members),
        )

    able = [
        party
        for party, members in groups.items()
        if sum(m.fits + m.nears for m in members) > 0 or sum(m.fars for m in members) == 0
    ]
    ranked = sorted(able, key=weight, reverse=True)
    if not ranked or (len(ranked) > 1 and weight(ranked[0]) == weight(ranked[1])):
        return None
    return ranked[0]
