"""The delta of persons: groups of entities, ids, who is meant by a reference, best values.

A person follows from the links between its entities; its id from the ids that its records had; its
best values from its records. What shares one of these with a changed row is made again.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pipelines.engine.sql import read_sql
from pipelines.lake.night import PIPELINES, Night
from pipelines.lake.patch import narrowed, rows_of
from pipelines.linkage import clusters, ledger, reassigned
from pipelines.linkage.decide import LINK
from pipelines.linkage.delta import Delta, few, together
from pipelines.linkage.features import possible_numbers

FEATURE, ENTITY_OF = "linkage.mention_feature", "linkage.mention_entity"
ENTITY, PAIR, CLUSTER = "linkage.entity", "linkage.pair_decision", "linkage.entity_cluster"
LINKS, IDENTITY = "linkage.mention_link", "linkage.person_identity"
NO, KEY = ["mention_no"], ["mention_key"]
# what of a mention makes a person's best values
VALUED = ("source", "dataset", "extract_date", "name", "birth_date", "sex", "phone", "address")


def entity_clusters(night: Night) -> Delta | None:
    changed = few(night, ENTITY, ["entity_no"], clusters.ENTITY_COLUMNS)
    pairs = few(night, PAIR, ["left_no", "right_no"])
    if changed is None or pairs is None:
        return None
    ends = [pairs.keys.select(entity_no=side) for side in ("left_no", "right_no")]
    seeds = together(changed.keys, *ends)
    of = rows_of(night, f"prev_{CLUSTER}", seeds, ["cluster_no"])
    touched = together(seeds, rows_of(night, f"prev_{CLUSTER}", of, ["entity_no"]))
    members = rows_of(night, ENTITY, touched, clusters.ENTITY_COLUMNS)
    linked = night.frame(PAIR).filter(pl.col("decision") == LINK)
    links = linked.join(members, left_on="left_no", right_on="entity_no", how="semi")
    return Delta(touched, clusters.clusters(members, links))


def mention_links(night: Night) -> Delta | None:
    """All records of the persons that changed, and of every person that an id could go to."""
    moved, grouped = few(night, ENTITY_OF, NO), few(night, CLUSTER, ["entity_no"])
    if moved is None or grouped is None:
        return None
    seeds = together(grouped.keys, moved.rows.select("entity_no"))
    others = reassigned.tonight(night).select(KEY)
    seeds = together(seeds, rows_of(night, ENTITY_OF, others, ["entity_no"]))
    # whom somebody left may now be alone
    of = together(grouped.rows.select("cluster_no"), rows_of(night, CLUSTER, seeds, ["cluster_no"]))
    left = moved.was.select(KEY)
    placed, before, held = _reaching(night, of, left)
    before = before.join(others, on="mention_key", how="anti")
    keys = placed.select("mention_key")
    clusters = rows_of(night, CLUSTER, placed.select("entity_no"))
    new = ledger.newcomers(placed.join(clusters, on="entity_no"), before)
    made = ledger.links(
        placed,
        clusters,
        before,
        _retired(night, new["mention_key"].to_list()),
        night.key,
        night.as_of,
    )
    touched = together(keys, left)
    return Delta(touched, made, held.join(touched, on="mention_key", how="semi"))


def _reaching(
    night: Night, of: pl.DataFrame, left: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Records of these persons (`cluster_no`) and of all that share an id of the night before with
    one of them, and so on; what the night before said of the ids; and its links of all persons
    that had one of these records or one of those `left` (`mention_key`)."""
    while True:
        members = rows_of(night, CLUSTER, of, ["entity_no", "cluster_no"])
        placed = rows_of(night, ENTITY_OF, members.select("entity_no"), (
            "mention_no", "mention_key", "entity_no", "tied_by", "number",
        ))  # fmt: skip
        had = rows_of(
            night, f"prev_{LINKS}", together(placed.select(KEY), left), ["mention_key", "person_id"]
        )
        held = rows_of(night, f"prev_{LINKS}", had.select("person_id"))
        ids = had.join(placed, on="mention_key", how="semi").select("person_id")
        before = held.join(ids, on="person_id", how="semi").select(
            "mention_key", "person_id", "person_since"
        )
        others = rows_of(
            night, ENTITY_OF,
            before.select(KEY).join(placed, on="mention_key", how="anti"), ["entity_no"],
        )  # fmt: skip
        wider = together(of, rows_of(night, CLUSTER, others, ["cluster_no"]))
        if wider.height == of.height:
            break
        of = wider
    features = rows_of(
        night, FEATURE, placed.select(NO), ["mention_no", "source", "dataset", "record_key"]
    )
    return placed.join(features, on="mention_no"), before, held


def _retired(night: Night, keys: list[str]) -> list[str]:
    """Ids that are or were somebody's, among those that these mention keys could give."""
    possible = ledger.possible_ids(keys, night.key)
    wanted = pl.DataFrame({"person_id": possible}, schema={"person_id": pl.String})
    used = rows_of(night, f"prev_{LINKS}", wanted, ["person_id"])
    return [*once_in_use(night), *used["person_id"].unique()]


def once_in_use(night: Night) -> list[str]:
    """Ids that ended in another, and those that a record had before it named somebody else."""
    ended = night.frame("prev_linkage.person_id_change", ["old_id"])["old_id"]
    return [*ended, *night.frame("linkage.reassigned_mention", ["person_id"])["person_id"]]


def person_id_changes(night: Night) -> pl.DataFrame | None:
    """All of linkage.person_id_change; only records whose id is another are looked at."""
    changed = few(night, LINKS, KEY, ["person_id"])
    if changed is None:
        return None
    still = rows_of(night, LINKS, changed.was.select("person_id"))
    return narrowed(
        night,
        _statement("person_id_change"),
        {
            f"prev_{LINKS}": changed.was,
            LINKS: pl.concat([still, changed.now]).unique("mention_key"),
            reassigned.TABLE: night.frame(reassigned.TABLE),
        },
    )


def person_refs(night: Night) -> Delta | None:
    linked, said = few(night, LINKS, KEY), few(night, FEATURE, NO, ["mention_key", "register_ref"])
    if linked is None or said is None:
        return None
    asked = ["mention_key", "register_ref"]
    shown = pl.concat([said.rows.select(asked), _features(night, linked.keys, asked)])
    keys = together(linked.keys, shown.select(KEY))
    refs = shown.select("register_ref").drop_nulls().unique()
    holders = rows_of(night, FEATURE, refs, asked)
    links = rows_of(
        night, LINKS, together(keys, holders.select(KEY)),
        ["mention_key", "person_id", "probability"],
    )  # fmt: skip
    touched = together(
        keys.rename({"mention_key": "person_ref"}), refs.rename({"register_ref": "person_ref"})
    )
    made = narrowed(night, _statement("person_ref"), {FEATURE: holders, LINKS: links})
    return Delta(touched, made.join(touched, on="person_ref", how="semi"))


def person_identities(night: Night) -> Delta | None:
    linked, said = few(night, LINKS, KEY, ["person_id"]), few(night, FEATURE, NO, VALUED)
    owned = few(night, ENTITY_OF, NO, ["number"])
    if linked is None or said is None or owned is None:
        return None
    keys = together(said.rows.select(KEY), owned.rows.select(KEY))
    # whose records have others' ids since stands in `linked`, for then and for now
    persons = together(linked.rows.select("person_id"), rows_of(night, LINKS, keys, ["person_id"]))
    links = rows_of(night, LINKS, persons, ["mention_key", "person_id"])
    features = _features(night, links.select(KEY), ["mention_no", "mention_key", *VALUED])
    owners = rows_of(night, ENTITY_OF, features.select(NO), ["mention_no", "number"])
    tables = {LINKS: links, FEATURE: features, ENTITY_OF: owners}
    return Delta(persons, narrowed(night, _statement("person_identity"), tables))


def person_links(night: Night) -> Delta | None:
    linked = few(night, LINKS, KEY)
    if linked is None:
        return None
    touched = linked.rows.select("source", "dataset", "record_key").unique()
    made, held = (
        narrowed(night, _statement("person_link"), {LINKS: rows})
        for rows in (linked.now, linked.was)
    )
    return Delta(touched, made, held)


def _features(night: Night, keys: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Rows of these mention keys, found by number: a city's numbers are less to read than its
    keys."""
    found = rows_of(night, FEATURE, possible_numbers(keys["mention_key"]), columns)
    return found.join(keys, on="mention_key", how="semi")


def _statement(name: str) -> str:
    return read_sql(PIPELINES / "linkage" / f"{name}.sql")
