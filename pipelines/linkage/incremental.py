"""linkage.scored_pair from night to night: only what changed is compared again.

A pair's score follows from the two rows of linkage.profile, the model and the size of the city in
steps; all of these stand in the rows (`basis`). So pairs of rows that stood there unchanged the
night before keep their score, and the result equals that of comparing everything.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from pipelines.lake.night import Night
from pipelines.lake.patch import rows_of
from pipelines.linkage import on_cluster, probabilistic
from pipelines.linkage.blocking import blocked_by
from pipelines.linkage.delta import Delta, few
from pipelines.linkage.model import Model
from pipelines.linkage.profiles import exploded, reached

PROFILE = "linkage.profile"
READS = ("linkage.entity", PROFILE)


def scored(night: Night, model: Model) -> tuple[pl.DataFrame, Mapping[str, int]]:
    """All pairs of tonight, found where the profiles' number says, and what they cost a cluster."""
    if on_cluster.takes(night):
        return on_cluster.scored_pairs(night, model, entities(night))
    return scored_pairs(night, model), {}


def scored_pairs(night: Night, model: Model, changed: pl.Series | None = None) -> pl.DataFrame:
    """All pairs of tonight; with `changed` (entity numbers) those that hold one of these. They are
    found on this machine."""
    profiles = (
        night.frame(PROFILE)
        if changed is None
        else rows_of(night, PROFILE, _met(night, changed, model))
    )
    return probabilistic.scored_pairs(
        profiles,
        entities(night),
        model,
        night.temp,
        night.settings.threads,
        night.settings.memory_limit,
        changed,
    )


def scored_delta(night: Night, model: Model) -> Delta | None:
    """The pairs of which one profile is new, gone or another than the night before."""
    changed = few(night, PROFILE, ["entity_no"])
    if changed is None:
        return None
    again = scored_pairs(night, model, changed.keys["entity_no"])
    ends = ("left_no", "right_no")
    before = [
        rows_of(night, "prev_linkage.scored_pair", changed.keys.rename({"entity_no": end}), ends)
        for end in ends
    ]
    return Delta(pl.concat([*before, again.select(ends)]), again)


def _met(night: Night, changed: pl.Series, model: Model) -> pl.DataFrame:
    """`entity_no` of the changed ones and of those that a blocking rule may bring them together
    with."""
    profiles = night.frame(PROFILE, blocked_by(model))
    by = profiles.filter(pl.col("entity_no").is_in(changed.implode()))
    met = reached(profiles, exploded(profiles), by, exploded(by), model)
    return pl.concat([changed, met]).unique().to_frame("entity_no")


def entities(night: Night) -> int:
    """How many entities the night has."""
    return int(night.query("select count(*) as entities from linkage.entity").item())
