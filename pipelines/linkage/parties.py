"""linkage.number_party: who stands under one identity number, and whose number it is.

Most numbers carry one name. Where several stand under one, the names that agree are one party and
the others another; at most one party owns the number. Names that are not the same do not agree
where sexes differ, where a register holds both under keys of its own, or where the name that is
less known under the number stands under another of the same place and birthday. A parent's number
on a child, a twin's on the other, or a number given twice, is thus split and never merged.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import polars as pl

from pipelines.linkage import names, numbers

READ_COLUMNS = (
    "mention_no", "source", "dataset", "name", "name_folded", "birth_date", "sex", "number",
    "roll_number", "register_ref",
)  # fmt: skip
VARIANT = ["number", "name_folded"]
FRONT_LENGTH = 14
PARTY = {"number": pl.String, "name_folded": pl.String, "party": pl.String, "owns": pl.Boolean,
         "parties": pl.Int32, "alone": pl.Boolean}  # fmt: skip


def claims(features: pl.DataFrame) -> pl.DataFrame:
    """One row per mention and number it shows, its own or the one in its roll number."""
    shown = features.select(
        "mention_no", "source", "dataset", "name", "name_folded", "birth_date", "sex",
        "register_ref", number=pl.concat_list("number", "roll_number"),
    ).explode("number", empty_as_null=True, keep_nulls=True)  # fmt: skip
    shown = shown.filter(pl.col("number").is_not_null())
    fit = numbers.birth_fit(pl.col("birth_date"), numbers.embedded_birth(pl.col("number")))
    return shown.with_columns(fit=fit)


def parties(features: pl.DataFrame, beside: pl.DataFrame | None = None) -> pl.DataFrame:
    """`PARTY` rows: one per number and folded name (a missing name goes with the owner). `beside`:
    `number`, `name_folded` of numbers that these mentions do not show, at least of those with a
    `front` of theirs."""
    shown = claims(features)
    named = _spelled_variants(shown)
    known = named.select(VARIANT)
    known = known if beside is None else pl.concat([known, beside.select(VARIANT)])
    several = _told(named.filter(pl.len().over("number") > 1), shown, known)
    single = named.filter(pl.len().over("number") == 1).select(
        "number", "name_folded", party=pl.col("name_folded"), owns=_may_own(),
        parties=pl.lit(1, pl.Int32), alone=pl.col("mentions") == 1,
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


def front() -> pl.Expr:
    """Of an identity number the place and the birthday, which twins share; NULL of other papers."""
    return numbers.identity(pl.col("number")).str.head(FRONT_LENGTH)


def _told(variants: pl.DataFrame, shown: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The variants with `sexes` and `refs`, the sexes and register keys recorded under them, and
    whether the name is `known_beside`: under another number with this front."""
    said = (
        shown.join(variants.select(VARIANT), on=VARIANT, how="semi", nulls_equal=True)
        .group_by(VARIANT)
        .agg(
            sexes=pl.col("sex").drop_nulls().unique(),
            refs=pl.col("register_ref").drop_nulls().unique(),
        )
    )
    place = ["front", "name_folded"]
    fronted = variants.with_columns(front=front())
    others = (
        known.with_columns(front=front())
        .join(fronted.select(place), on=place, how="semi")
        .group_by(place)
        .agg(numbers=pl.col("number").n_unique())
    )
    return (
        fronted.join(others, on=place, how="left", maintain_order="left")
        .with_columns(known_beside=(pl.col("numbers") > 1).fill_null(False))
        .drop("front", "numbers")
        .join(said, on=VARIANT, nulls_equal=True, maintain_order="left")
    )


def _may_own() -> pl.Expr:
    """Not where every recorded birthday says that the number is somebody else's."""
    return (pl.col("fits") + pl.col("nears") > 0) | (pl.col("fars") == 0)


class _Variant:
    """One name under one number."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.folded = row["name_folded"]
        self.mentions, self.datasets = int(str(row["mentions"])), int(str(row["datasets"]))
        self.fits, self.nears = int(str(row["fits"])), int(str(row["nears"]))
        self.fars = int(str(row["fars"]))
        self.spelling = names.spelling(str(row["name"])) if row["name"] else None
        self.known_beside = bool(row["known_beside"])
        self.sexes: set[str] = set(row["sexes"])
        self.refs: dict[str, set[str]] = {}
        for ref in row["refs"]:
            self.refs.setdefault(ref.split(":", 1)[0], set()).add(ref)

    @property
    def elsewhere(self) -> bool:
        """Whether its birthdays say that the number is somebody else's."""
        return self.fars > 0 and self.fits + self.nears == 0

    def told_apart(self, other: _Variant) -> bool:
        """Whether the two are of different sexes, a register holds them under two keys, or the one
        that is less known here is known beside it."""
        ours, theirs = ((one.datasets, one.mentions) for one in (self, other))
        if (self.known_beside and ours <= theirs) or (other.known_beside and theirs <= ours):
            return True
        if self.sexes and other.sexes and not self.sexes & other.sexes:
            return True
        return any(
            not keys & other.refs[domain]
            for domain, keys in self.refs.items()
            if domain in other.refs
        )

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
        groups = _agreeing(named)
        owner = _owner(groups)
        for party, members in groups.items():
            for member in members:
                yield number, member.folded, party, party == owner, len(groups), False
        if len(named) < len(found):
            yield number, None, owner, owner is not None, len(groups), False


def _agreeing(variants: list[_Variant]) -> dict[str, list[_Variant]]:
    """The names of one person each, by the first of them. A name that agrees with two that are told
    apart does not make them one."""
    groups = {str(variant.folded): [variant] for variant in variants}
    root = {name: name for name in groups}
    for left, right in combinations(variants, 2):
        one, other = sorted(root[str(variant.folded)] for variant in (left, right))
        if one == other or not left.agrees(right):
            continue
        if any(a.told_apart(b) for a in groups[one] for b in groups[other]):
            continue
        for variant in groups[other]:
            root[str(variant.folded)] = one
        groups[one] += groups.pop(other)
    return groups


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
