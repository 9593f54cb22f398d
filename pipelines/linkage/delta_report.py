"""The delta of linkage.match_count: whoever changed is taken off the counts and counted anew.

A mention counts by what it says and by its person: place, birthday, school, and whether a pair of
it waits or nearly was a link. So all mentions of a changed person are counted as they were the
night before and as they are now, by the same statement that counts everybody.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from pipelines.engine.sql import read_sql
from pipelines.lake.night import PIPELINES, Night
from pipelines.lake.patch import changes, in_columns, narrowed, rows_of
from pipelines.linkage.delta import few, together

FEATURE, ENTITY_OF = "linkage.mention_feature", "linkage.mention_entity"
CLUSTER, LINKS = "linkage.entity_cluster", "linkage.mention_link"
IDENTITY, PAIR = "linkage.person_identity", "linkage.pair_decision"
REVIEW, COUNT = "linkage.match_review", "linkage.match_count"
CLAIM, REGION = "standard.attribute_claim", "standard.region"
NO, KEY, OF = ["mention_no"], ["mention_key"], ["entity_no"]
SAID = ("mention_no", "mention_key", "region_code", "is_minority", "number_birth")
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


def match_counts(night: Night) -> pl.DataFrame | None:
    """All of linkage.match_count; None where it has to be counted anew."""
    before = night.previous
    if before is None or night.content(REGION) != night.content(f"prev_{REGION}"):
        return None
    concerned = _concerned(night, before)
    if concerned is None:
        return None
    parts = [night.frame(f"prev_{COUNT}")]
    for sign, when, as_of in ((-1, "prev_", before), (1, "", night.as_of)):
        counted = _counted(night, when, concerned, as_of)
        measures = [name for name in counted.columns if name not in GROUPS]
        parts.append(counted.with_columns(pl.col(measures).cast(pl.Int64) * sign))
    added = pl.concat(parts, how="vertical_relaxed").group_by(GROUPS).sum()
    return added.filter(pl.col("mentions") > 0)


def _concerned(night: Night, before: date) -> pl.DataFrame | None:
    """`entity_no` of all whose count may be another, and of all who are or were one person with
    them."""
    moved = few(night, ENTITY_OF, NO)
    said = few(night, FEATURE, NO, SAID)
    grouped = few(night, CLUSTER, OF, ["cluster_no"])
    linked = few(night, LINKS, KEY, LINKED)
    born = few(night, IDENTITY, ["person_id"], ["birth_date"])
    pairs = few(night, PAIR, ["left_no", "right_no"])
    reviews = changes(night, REVIEW, ["pair_id"])
    if (
        moved is None or said is None or grouped is None or linked is None or born is None
        or pairs is None or reviews is None
    ):  # fmt: skip
        return None
    asked = in_columns(night, reviews, ["left_key", "right_key"]).rows
    persons = together(born.keys, _aged(night, IDENTITY, "birth_date", "person_id", before))
    keys = together(
        linked.keys,
        *(asked.select(mention_key=side) for side in ("left_key", "right_key")),
        _pupils(night),
        *(rows_of(night, when + LINKS, persons, KEY) for when in SIDES),
    )
    numbers = together(said.keys, _aged(night, FEATURE, "number_birth", "mention_no", before))
    found = together(
        moved.rows.select(OF),
        grouped.keys,
        *(pairs.rows.select(entity_no=side) for side in ("left_no", "right_no")),
        *(rows_of(night, when + ENTITY_OF, few_, OF) for when in SIDES for few_ in (keys, numbers)),
    )
    while True:
        of = {when: rows_of(night, when + CLUSTER, found, ["cluster_no"]) for when in SIDES}
        wider = together(found, *(rows_of(night, when + CLUSTER, of[when], OF) for when in SIDES))
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


def _counted(night: Night, when: str, of: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What these entities counted for on the night of `when`."""
    entities = rows_of(
        night, when + ENTITY_OF, of, ("mention_no", "mention_key", "entity_no", "number")
    )
    links = rows_of(night, when + LINKS, entities.select(KEY), LINKED)
    claims = rows_of(
        night, when + CLAIM, entities.select(person_ref="mention_key"),
        ("person_ref", "attribute"), f"attribute = '{STAGE}'",
    )  # fmt: skip
    tables = {
        ENTITY_OF: entities,
        LINKS: links,
        FEATURE: rows_of(night, when + FEATURE, entities.select(NO), SAID),
        CLUSTER: rows_of(night, when + CLUSTER, of, ("entity_no", "cluster_no")),
        IDENTITY: rows_of(
            night, when + IDENTITY, links.select("person_id"), ("person_id", "birth_date")
        ),
        PAIR: night.frame(
            when + PAIR, ("left_no", "right_no", "probability", "decision", "reason")
        ),
        REVIEW: night.frame(when + REVIEW, ("left_key", "right_key")),
        CLAIM: claims,
    }
    sql = read_sql(PIPELINES / "linkage" / "match_count.sql")
    return narrowed(night, sql, tables, {"as_of": as_of})
