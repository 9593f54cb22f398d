"""Households: who lives with whom tonight, on what evidence, under a stable id.

Who is alive is settled here, since it decides with whom a pupil lives. Tiers, incomes and
attributes do not belong here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import polars as pl

from pipelines.contracts.load import load_contracts
from pipelines.engine.sql import read_sql, tables_read
from pipelines.households import components, group_seen
from pipelines.lake.night import Built, Night
from pipelines.settings import SCHEMAS

HERE = Path(__file__).parent

TABLES: tuple[str, ...] = (
    "households.death",
    "households.life",
    "households.group_seen",
    "households.group_member",
    "households.household_group",
    "households.set_aside",
    "households.tie",
    "households.component",
    "households.inherited_id",
    "households.household_key",
    "households.member",
    "households.household_base",
    "households.group_home",
    "households.id_change",
)


@cache
def _group_seen_sql(schemas: Path = SCHEMAS) -> str:
    return group_seen.statement(load_contracts(schemas))


def make_group_seen(night: Night) -> Built:
    """When rows whose group changed began to name it."""
    return night.build_query("households.group_seen", _group_seen_sql(night.settings.schemas))


def make_component(night: Night) -> Built:
    """Each person's component."""
    taken, recipe = night.reuse("households.component", READS["households.component"])
    if taken is not None:
        return taken
    made = components.components(
        night.frame("households.life", ["person_id"]),
        night.frame("households.tie", ["group_key", "person_id"]),
    )
    return night.write("households.component", made, recipe)


def make_household_key(night: Night) -> Built:
    """Each component's household id: inherited, else keyed by its canonical member."""
    name = "households.household_key"
    taken, recipe = night.reuse(name, READS[name], {"as_of": night.as_of})
    if taken is not None:
        return taken
    inherited = night.frame("households.inherited_id").sort("component")
    old = inherited.filter(pl.col("household_id").is_not_null())
    new = inherited.filter(pl.col("household_id").is_null())
    before = night.frame("prev_households.member", ["household_id", "person_id"])
    known = before.join(new, left_on="person_id", right_on="component", how="semi")
    ids = components.new_ids(
        night.key,
        new["component"],
        frozenset(known["person_id"]),
        frozenset(before["household_id"]),
        night.as_of,
    )
    fresh = new.with_columns(
        pl.Series("household_id", list(ids), dtype=pl.String),
        pl.lit(night.as_of, dtype=pl.Date).alias("id_since"),
    )
    return night.write(name, pl.concat([old, fresh.select(old.columns)]), recipe)


READS: dict[str, tuple[str, ...]] = {
    "households.component": ("households.life", "households.tie"),
    "households.household_key": ("households.inherited_id", "prev_households.member"),
}

_MADE: dict[str, Callable[[Night], Built]] = {
    "households.group_seen": make_group_seen,
    "households.component": make_component,
    "households.household_key": make_household_key,
}


def build(table: str, night: Night) -> Built:
    """Make one table of this room."""
    made = _MADE.get(table)
    return made(night) if made else night.build(table)


def tables() -> tuple[str, ...]:
    """The room's tables in build order."""
    return TABLES


def reads() -> dict[str, tuple[str, ...]]:
    """What each table of the room is made from."""
    found = dict(READS)
    found["households.group_seen"] = tables_read(_group_seen_sql())
    for table in TABLES:
        if table not in found:
            found[table] = tables_read(read_sql(HERE / f"{table.split('.', 1)[1]}.sql"))
    return found
