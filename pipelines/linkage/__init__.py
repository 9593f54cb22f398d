"""Room *linkage*: which mentions, across departments, are one person, under ids that stay.

One function per table, in the order of `TABLES`. Households do not belong here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.load import load_contracts
from pipelines.engine.sql import read_sql, tables_read
from pipelines.lake.night import Built, Night
from pipelines.lake.patch import patch
from pipelines.lake.reading import PREVIOUS
from pipelines.linkage import (
    clusters,
    corrected,
    decide,
    delta_decisions,
    delta_mentions,
    delta_persons,
    delta_profiles,
    delta_references,
    delta_report,
    deterministic,
    features,
    incremental,
    judgements,
    ledger,
    names,
    parties,
    profiles,
    reassigned,
    redirects,
    references,
    repair,
)
from pipelines.linkage.blocking import counts, counts_since
from pipelines.linkage.delta import Delta
from pipelines.linkage.model import load_model

HERE = Path(__file__).parent

TABLES: tuple[str, ...] = (
    "linkage.judgement",
    "linkage.reference_mention",
    "linkage.mention_feature",
    "linkage.number_party",
    "linkage.mention_entity",
    "linkage.entity",
    "linkage.number_repair",
    "linkage.profile",
    "quality.blocking",
    "linkage.scored_pair",
    "linkage.pair_decision",
    "linkage.entity_cluster",
    "linkage.reassigned_mention",
    "linkage.mention_link",
    "linkage.person_id_change",
    "linkage.person_ref",
    "linkage.redirect",
    "linkage.person_identity",
    "linkage.person_link",
    "linkage.match_review",
    "linkage.match_count",
    "quality.match_report",
)

READS: dict[str, list[str]] = {
    "linkage.mention_feature": ["standard.mention", "linkage.reference_mention"],
    "linkage.number_party": ["linkage.mention_feature"],
    "linkage.judgement": [],
    "linkage.mention_entity": [
        "linkage.mention_feature",
        "linkage.number_party",
        "linkage.judgement",
    ],
    "linkage.number_repair": ["linkage.entity"],
    "linkage.profile": ["linkage.entity"],
    "quality.blocking": ["linkage.entity", "linkage.profile"],
    "linkage.scored_pair": list(incremental.READS),
    "linkage.pair_decision": [
        "linkage.entity",
        "linkage.scored_pair",
        "linkage.number_repair",
        "linkage.judgement",
        "linkage.mention_entity",
    ],
    "linkage.entity_cluster": ["linkage.entity", "linkage.pair_decision"],
    "linkage.reassigned_mention": [
        "linkage.mention_feature",
        "prev_linkage.mention_feature",
        "prev_linkage.mention_link",
        "prev_linkage.reassigned_mention",
    ],
    "linkage.mention_link": [
        "linkage.mention_feature",
        "linkage.mention_entity",
        "linkage.entity_cluster",
        "linkage.reassigned_mention",
        "prev_linkage.mention_link",
        "prev_linkage.person_id_change",
    ],
    "linkage.redirect": [
        "linkage.reference_mention",
        "linkage.number_party",
        "linkage.mention_feature",
        "linkage.mention_link",
    ],
}


#: rows, and what they cost a cluster
Costly = tuple[pl.DataFrame, Mapping[str, int]]


def _made(
    night: Night,
    table: str,
    make: Callable[[], pl.DataFrame | Costly],
    values: Mapping[str, Any] | None = None,
    key: Sequence[str] = (),
    delta: Callable[[], Delta | None] | None = None,
    since: Callable[[], pl.DataFrame | None] | None = None,
) -> Built:
    """A table made in Python: taken over where nothing it rests on has changed, patched by `key`
    where a `delta` can be followed, made of that of the night before where `since` can, else made
    anew."""
    taken, recipe = night.reuse(table, READS[table], values)
    if taken:
        return taken
    reads = [name for name in READS[table] if not name.startswith(PREVIOUS)]
    lasting = {name: value for name, value in (values or {}).items() if name != "as_of"}
    made_from = night.made_from(table, reads, lasting)
    followed = None
    if (delta or since) and night.may_patch(table, reads, lasting):
        if delta and (found := delta()):
            return _patched(night, table, key, found, recipe, made_from)
        followed = since() if since else None
    made = make() if followed is None else followed
    rows, work = made if isinstance(made, tuple) else (made, None)
    return night.write(table, rows, recipe, made_from, work)


def _patched(
    night: Night, table: str, key: Sequence[str], found: Delta, recipe: str, made_from: str
) -> Built:
    return patch(night, table, key, found.touched, found.rows, recipe, made_from, found.was)


def _queried(
    night: Night,
    table: str,
    key: Sequence[str],
    delta: Callable[[], Delta | None],
    given: Mapping[str, Any] | None = None,
) -> Built:
    """A table made by its statement, to which values are `given`, as `_made`."""
    name = table.split(".", 1)[1]
    sql = read_sql(HERE / f"{name}.sql")
    reads, values = tables_read(sql), {"sql": sql, **(given or {})}
    taken, recipe = night.reuse(table, reads, values)
    if taken:
        return taken
    made_from = night.made_from(table, reads, values)
    if night.may_patch(table, reads, values) and (found := delta()):
        return _patched(night, table, key, found, recipe, made_from)
    return night.write_query(table, sql, recipe, made_from, given)


def _household_lists(night: Night) -> list[str]:
    return corrected.household_lists(load_contracts(night.settings.schemas).values())


def judgement(night: Night) -> Built:
    stored = judgements.stored(night.home)
    return _made(
        night, "linkage.judgement", lambda: stored, {"stored": stored["judgement_id"].to_list()}
    )


def reference_mention(night: Night) -> Built:
    table = "linkage.reference_mention"
    sql = references.statement(load_contracts(night.settings.schemas).values())
    taken, recipe = night.reuse(table, tables_read(sql), {"sql": sql})
    if taken:
        return taken
    rests = delta_references.rests_on(night)
    made_from = night.made_from(table, *rests)
    if night.may_patch(table, *rests) and (found := delta_references.reference_mentions(night)):
        return _patched(night, table, ["mention_key"], found, recipe, made_from)
    return night.write_query(table, sql, recipe, made_from)


def mention_feature(night: Night) -> Built:
    return _made(
        night,
        "linkage.mention_feature",
        lambda: features.features(night),
        {"lookups": names.lookups()},
        ["mention_no"],
        lambda: delta_mentions.features(night),
    )


def number_party(night: Night) -> Built:
    return _made(
        night,
        "linkage.number_party",
        lambda: parties.parties(night.frame("linkage.mention_feature", parties.READ_COLUMNS)),
        {"lookups": names.lookups()},
        ["number"],
        lambda: delta_mentions.number_parties(night),
    )


def mention_entity(night: Night) -> Built:
    lists = _household_lists(night)

    def make() -> pl.DataFrame:
        owners = night.frame("linkage.number_party")
        return deterministic.entities(
            night.frame("linkage.mention_feature", deterministic.READ_COLUMNS),
            owners,
            judgements.pairs_in_force(night.frame("linkage.judgement"), judgements.DIFFERENT),
            corrected.corrections(corrected.namesakes(night, lists), owners),
        )

    return _made(
        night,
        "linkage.mention_entity",
        make,
        {"household_lists": lists},
        ["mention_no"],
        lambda: delta_mentions.mention_entities(night, lists),
    )


def entity(night: Night) -> Built:
    values = {"household_lists": _household_lists(night)}
    return _queried(
        night,
        "linkage.entity",
        ["entity_no"],
        lambda: delta_mentions.entities(night, values),
        values,
    )


def number_repair(night: Night) -> Built:
    return _made(
        night,
        "linkage.number_repair",
        lambda: repair.repairs(repair.concerned(night)),
        since=lambda: repair.repairs_since(night),
    )


def profile(night: Night) -> Built:
    model = load_model(schemas=night.settings.schemas)
    return _made(
        night,
        "linkage.profile",
        lambda: profiles.profiles(night.frame("linkage.entity", profiles.READ_COLUMNS), model),
        {"model": model.text, "lookups": names.lookups()},
        ["entity_no"],
        lambda: delta_profiles.profile(night, model),
    )


def blocking(night: Night) -> Built:
    model = load_model(schemas=night.settings.schemas)
    return _made(
        night,
        "quality.blocking",
        lambda: counts(night, model),
        {"model": model.text},
        since=lambda: counts_since(night, model),
    )


def scored_pair(night: Night) -> Built:
    model = load_model(schemas=night.settings.schemas)
    return _made(
        night,
        "linkage.scored_pair",
        lambda: incremental.scored(night, model),
        None,
        ["left_no", "right_no"],
        lambda: incremental.scored_delta(night, model),
    )


def pair_decision(night: Night) -> Built:
    model = load_model(schemas=night.settings.schemas)
    judged = judgements.of_night(night)
    return _made(
        night,
        "linkage.pair_decision",
        lambda: decide.decisions(
            night.frame("linkage.scored_pair"),
            night.frame("linkage.number_repair"),
            decide.concerned(night, judged),
            model,
            judged,
        ),
        {"model": model.text},
        ["left_no", "right_no"],
        lambda: delta_decisions.pair_decisions(night, model, judged),
    )


def entity_cluster(night: Night) -> Built:
    return _made(
        night,
        "linkage.entity_cluster",
        lambda: clusters.clusters(
            night.frame("linkage.entity", clusters.ENTITY_COLUMNS),
            night.frame("linkage.pair_decision"),
        ),
        None,
        ["entity_no"],
        lambda: delta_persons.entity_clusters(night),
    )


def reassigned_mention(night: Night) -> Built:
    return _made(
        night,
        "linkage.reassigned_mention",
        lambda: reassigned.reassigned(night),
        {"as_of": night.as_of, "lookups": names.lookups()},
        since=lambda: reassigned.reassigned_since(night),
    )


def mention_link(night: Night) -> Built:
    def make() -> pl.DataFrame:
        mentions = night.frame(
            "linkage.mention_entity", ["mention_no", "entity_no", "tied_by", "number"]
        ).join(
            night.frame(
                "linkage.mention_feature",
                ["mention_no", "mention_key", "source", "dataset", "record_key"],
            ),
            on="mention_no",
        )
        return ledger.links(
            mentions,
            night.frame("linkage.entity_cluster"),
            night.frame(
                "prev_linkage.mention_link", ["mention_key", "person_id", "person_since"]
            ).join(reassigned.tonight(night), on="mention_key", how="anti"),
            delta_persons.once_in_use(night),
            night.key,
            night.as_of,
        )

    return _made(
        night,
        "linkage.mention_link",
        make,
        {"as_of": night.as_of},
        ["mention_key"],
        lambda: delta_persons.mention_links(night),
    )


def person_id_change(night: Night) -> Built:
    table = "linkage.person_id_change"
    sql = read_sql(HERE / "person_id_change.sql")
    taken, recipe = night.reuse(table, tables_read(sql), {"sql": sql, "as_of": night.as_of})
    if taken:
        return taken
    made = None if night.rebuild else delta_persons.person_id_changes(night)
    if made is None:
        return night.write_query(table, sql, recipe)
    return night.write(table, made, recipe)


def person_ref(night: Night) -> Built:
    return _queried(
        night, "linkage.person_ref", ["person_ref"], lambda: delta_persons.person_refs(night)
    )


def redirect(night: Night) -> Built:
    return _made(
        night,
        "linkage.redirect",
        lambda: redirects.redirects(*redirects.concerned(night)),
        {"lookups": names.lookups()},
    )


def person_identity(night: Night) -> Built:
    return _queried(
        night,
        "linkage.person_identity",
        ["person_id"],
        lambda: delta_persons.person_identities(night),
    )


def person_link(night: Night) -> Built:
    return _queried(
        night,
        "linkage.person_link",
        ["source", "dataset", "record_key"],
        lambda: delta_persons.person_links(night),
    )


def match_review(night: Night) -> Built:
    return night.build("linkage.match_review")


def match_count(night: Night) -> Built:
    table = "linkage.match_count"
    sql = read_sql(HERE / "match_count.sql")
    reads, values = tables_read(sql), {"sql": sql}
    taken, recipe = night.reuse(table, reads, values | {"as_of": night.as_of})
    if taken:
        return taken
    made_from = night.made_from(table, reads, values)
    if night.may_patch(table, reads, values):
        made = delta_report.match_counts(night)
        if made is not None:
            return night.write(table, made, recipe, made_from)
    return night.write_query(table, sql, recipe, made_from)


def match_report(night: Night) -> Built:
    return night.build("quality.match_report")


def build(table: str, night: Night) -> Built:
    """Make one table of this room by its name."""
    made: Callable[[Night], Built] = globals()[table.split(".", 1)[1]]
    return made(night)


def tables() -> tuple[str, ...]:
    """The room's tables in build order."""
    return TABLES


def reads() -> dict[str, tuple[str, ...]]:
    """What each table of the room is made from."""
    found = {table: tuple(names) for table, names in READS.items()}
    found["linkage.reference_mention"] = tables_read(
        references.statement(load_contracts().values())
    )
    for table in TABLES:
        path = HERE / f"{table.split('.', 1)[1]}.sql"
        if table not in found and path.exists():
            found[table] = tables_read(read_sql(path))
    return found
