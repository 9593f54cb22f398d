"""The delta of linkage.match_count: whoever changed is taken off the counts and counted anew.

A mention counts by what it says and by its person: place, birthday, school, and whether a pair of
it waits or nearly was a link. So all mentions of a changed person are counted as they were the
night before and as they are now, by the same statement that counts everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from pipelines.engine.sql import read_sql
from pipelines.lake.night import PIPELINES, Night
from pipelines.lake.patch import Changes, as_before, changes, in_columns, narrowed, rows_of
from pipelines.linkage.delta import few, together
from pipelines.linkage.features import numbered

FEATURE, ENTITY_OF = "linkage.mention_feature", "linkage.mention_entity"
CLUSTER, LINKS = "linkage.entity_cluster", "linkage.mention_link"
IDENTITY, PAIR = "linkage.person_identity", "linkage.pair_decision"
REVIEW, COUNT = "linkage.match_review", "linkage.match_count"
CLAIM, REGION = "standard.attribute_claim", "standard.region"
NO, KEY, OF = ["mention_no"], ["mention_key"], ["entity_no"]
SAID = ("mention_no", "mention_key", "region_code", "is_minority", "number_birth")
GROUPED = ("entity_no", "cluster_no")
TIED = ("mention_no", "entity_no", "number")
PAIRED = ("left_no", "right_no", "probability", "decision", "reason")
REVIEWED = ("left_key", "right_key")
LINKED = ("mention_key", "person_id", "source", "dataset", "method", "probability")
STAGE = "student_stage"
GROUPS = (
    "source", "dataset", "has_no_number", "is_under_7", "is_pupil", "is_over_75", "is_minority",
    "is_rural", "has_moved",
)  # fmt: skip
SIDES = ("", "prev_")
# whose age has passed a limit of the statement since the night before
PASSED = (
    "({0} > cast($before as date) - interval '7' year "
    "and {0} <= cast($as_of as date) - interval '7' year) "
    "or ({0} > cast($before as date) - interval '76' year "
    "and {0} <= cast($as_of as date) - interval '76' year)"
)


@dataclass(frozen=True)
class _Changed:
    """What of the tables differs from the night before, as far as counts follow from it."""

    entities: Changes
    features: Changes
    clusters: Changes
    links: Changes
    identities: Changes
    pairs: Changes
    reviews: Changes

    @classmethod
    def of(cls, night: Night) -> _Changed | None:
        found = (
            few(night, ENTITY_OF, NO),
            few(night, FEATURE, NO, SAID),
            few(night, CLUSTER, OF, ["cluster_no"]),
            few(night, LINKS, KEY, LINKED),
            few(night, IDENTITY, ["person_id"], ["birth_date"]),
            few(night, PAIR, ["left_no", "right_no"]),
            changes(night, REVIEW, ["pair_id"]),
        )
        known = [one for one in found if one is not None]
        return cls(*known) if len(known) == len(found) else None


def match_counts(night: Night) -> pl.DataFrame | None:
    """All of linkage.match_count; None where it has to be counted anew."""
    before = night.previous
    if before is None or night.content(REGION) != night.content(f"prev_{REGION}"):
        return None
    changed = _Changed.of(night)
    if changed is None:
        return None
    concerned = _concerned(night, changed, before)
    now = _said(night, concerned)
    then = _said_before(night, now, concerned, changed)
    parts = [night.frame(f"prev_{COUNT}")]
    for sign, tables, as_of in ((-1, then, before), (1, now, night.as_of)):
        counted = narrowed(
            night, read_sql(PIPELINES / "linkage" / "match_count.sql"), tables, {"as_of": as_of}
        )
        measures = [name for name in counted.columns if name not in GROUPS]
        parts.append(counted.with_columns(pl.col(measures).cast(pl.Int64) * sign))
    added = pl.concat(parts, how="vertical_relaxed").group_by(GROUPS).sum()
    return added.filter(pl.col("mentions") > 0)


def _concerned(night: Night, changed: _Changed, before: date) -> pl.DataFrame:
    """`entity_no` of all whose count may be another, and of all who are or were one person with
    them."""
    asked = in_columns(night, changed.reviews, ["left_key", "right_key"]).rows
    persons = together(
        changed.identities.keys, _aged(night, IDENTITY, "birth_date", "person_id", before)
    )
    keys = together(
        changed.links.keys,
        *(asked.select(mention_key=side) for side in ("left_key", "right_key")),
        _pupils(night),
        rows_of(night, LINKS, persons, KEY),
    )
    numbers = together(
        changed.features.keys,
        _aged(night, FEATURE, "number_birth", "mention_no", before),
        numbered(keys["mention_key"]).alias("mention_no").to_frame(),
    )
    found = together(
        changed.entities.rows.select(OF),
        changed.clusters.keys,
        *(changed.pairs.rows.select(entity_no=side) for side in ("left_no", "right_no")),
        rows_of(night, ENTITY_OF, numbers, OF),
    )
    while True:
        placed = rows_of(night, CLUSTER, found, GROUPED)
        then = as_before(placed, changed.clusters)
        of = together(placed.select("cluster_no"), then.select("cluster_no"))
        members = rows_of(night, CLUSTER, of, GROUPED)
        were = as_before(members, changed.clusters).join(of, on="cluster_no", how="semi")
        wider = together(found, members.select(OF), were.select(OF))
        if wider.height == found.height:
            return found
        found = wider


def _aged(night: Night, table: str, column: str, key: str, before: date) -> pl.DataFrame:
    return night.query(
        f"select {key} from {table} where {PASSED.format(column)}", {"before": before}
    )


def _pupils(night: Night) -> pl.DataFrame:
    """`mention_key` of who came on a school roll or left it."""
    if night.content(CLAIM) == night.content(f"prev_{CLAIM}"):
        return pl.DataFrame(schema={"mention_key": pl.String})
    sides = [
        f"select distinct person_ref as mention_key from {when}{CLAIM} "
        f"where attribute = '{STAGE}' and person_ref is not null"
        for when in SIDES
    ]
    return night.query(
        f"(({sides[0]}) except ({sides[1]})) union all (({sides[1]}) except ({sides[0]}))"
    )


def _said(night: Night, of: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """By table, what these entities count by tonight."""
    tied = rows_of(night, ENTITY_OF, of, TIED)
    features = rows_of(night, FEATURE, tied.select(NO), SAID)
    # keys are long texts: they are read once
    entities = tied.join(features.select(*NO, *KEY), on=NO)
    links = rows_of(night, LINKS, features.select(KEY), LINKED)
    return {
        ENTITY_OF: entities,
        LINKS: links,
        FEATURE: features,
        CLUSTER: rows_of(night, CLUSTER, of, GROUPED),
        IDENTITY: rows_of(night, IDENTITY, links.select("person_id"), ("person_id", "birth_date")),
        CLAIM: _claims(night, CLAIM, entities),
        PAIR: night.frame(PAIR, PAIRED),
        REVIEW: night.frame(REVIEW, REVIEWED),
    }


def _said_before(
    night: Night, now: dict[str, pl.DataFrame], of: pl.DataFrame, changed: _Changed
) -> dict[str, pl.DataFrame]:
    """By table, what the same entities counted by the night before."""
    entities = as_before(now[ENTITY_OF], changed.entities).join(of, on="entity_no", how="semi")
    links = as_before(now[LINKS], changed.links).join(entities, on="mention_key", how="semi")
    features = as_before(now[FEATURE], changed.features).join(entities, on="mention_no", how="semi")
    identities = as_before(now[IDENTITY], changed.identities)
    return {
        ENTITY_OF: entities,
        LINKS: links,
        FEATURE: features,
        CLUSTER: as_before(now[CLUSTER], changed.clusters).join(of, on="entity_no", how="semi"),
        IDENTITY: identities.join(links, on="person_id", how="semi"),
        CLAIM: _claims(night, f"prev_{CLAIM}", entities),
        PAIR: night.frame(f"prev_{PAIR}", PAIRED),
        REVIEW: night.frame(f"prev_{REVIEW}", REVIEWED),
    }


def _claims(night: Night, table: str, entities: pl.DataFrame) -> pl.DataFrame:
    return rows_of(
        night, table, entities.select(person_ref="mention_key"), ("person_ref", "attribute"),
        f"attribute = '{STAGE}'",
    )  # fmt: skip
