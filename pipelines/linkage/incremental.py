"""linkage.scored_pair from night to night: only what changed is compared again.

A pair's score follows from the two rows of linkage.profile, the model and the size of the city in
steps; all of these stand in the rows (`basis`). So pairs of rows that stood there unchanged the
night before keep their score, and the result equals that of comparing everything.
"""

from __future__ import annotations

import polars as pl

from pipelines.lake.night import Night
from pipelines.linkage import probabilistic
from pipelines.linkage.model import Model

READS = (
    "linkage.entity",
    "linkage.profile",
    "prev_linkage.profile",
    "prev_linkage.scored_pair",
)
CHANGED = """
select entity_no
from (
    select {columns} from linkage.profile
    except
    select {columns} from prev_linkage.profile
)
"""


def scored_pairs(night: Night, model: Model) -> pl.DataFrame:
    """All pairs of tonight, those that could be kept without comparing them."""
    profiles = night.frame("linkage.profile")
    changed = _changed(night)
    again = probabilistic.scored_pairs(
        profiles,
        entities(night),
        model,
        night.temp,
        night.settings.threads,
        night.settings.memory_limit,
        None if changed.len() == profiles.height else changed,
    )
    kept = night.frame("prev_linkage.scored_pair")
    unchanged = profiles["entity_no"].filter(
        ~profiles["entity_no"].is_in(changed.implode())
    ).implode()  # fmt: skip
    kept = kept.filter(pl.col("left_no").is_in(unchanged) & pl.col("right_no").is_in(unchanged))
    return pl.concat([again, kept.select(again.columns)]).sort("left_no", "right_no")


def entities(night: Night) -> int:
    """How many entities the night has."""
    return int(night.query("select count(*) as entities from linkage.entity").item())


def _changed(night: Night) -> pl.Series:
    listed = ", ".join(night.promise("linkage.profile").column_names)
    found = night.query(CHANGED.format(columns=listed))["entity_no"]
    return found if night.pointer("prev_linkage.scored_pair") else _everyone(night)


def _everyone(night: Night) -> pl.Series:
    return night.frame("linkage.profile", ["entity_no"])["entity_no"]
