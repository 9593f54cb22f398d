"""Which rules of any policy fire on the indicators of a night: read, never written.

The stored indicators are read as they are. Only where the other policy gives a value behind an
indicator (such as the minimum living standard in the living cost) differently is that one
worked out again.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl
from sqlglot import exp

from pipelines.engine.sql import parsed, read_sql
from pipelines.errors import ConfigurationFault
from pipelines.hardship import meta_tables, rule_sql
from pipelines.hardship.coverage import coverage_faults, uncovered_places
from pipelines.hardship.policy_model import DERIVED, GRAINS, Grain, Policy
from pipelines.hardship.registry import windows
from pipelines.lake.night import Night

ROOM = Path(__file__).resolve().parent
PARAMETER, IN_FORCE = "meta.policy_parameter", "hardship.parameter_in_force"
HOUSEHOLD = "hardship.household_indicator"


class WhatIf:
    """A policy held against a night: what its rules say of whom."""

    def __init__(self, night: Night, policy: Policy, on: date | None = None) -> None:
        """The policy as in force ``on`` a day (default the night's); raises ConfigurationFault
        where it has no value that it should have."""
        self.night, self.policy = night, policy
        self.on = on or night.as_of
        faults = [*coverage_faults(policy, self.on), *uncovered_places(night, policy)]
        if faults:
            raise ConfigurationFault(faults)
        self._mark = f"what_if_{secrets.token_hex(3)}"
        self._instead: dict[str, str] = {}
        self._put(PARAMETER, meta_tables.parameter_frame(policy))
        self._put(
            IN_FORCE, self._asked(read_sql(ROOM / "parameter_in_force.sql"), {"as_of": self.on})
        )
        #: whether indicators had to be worked out again
        self.other_indicators = self._other_values_behind()
        if self.other_indicators:
            self._put(HOUSEHOLD, self._asked(read_sql(ROOM / "household_indicator.sql")))

    def fired(self) -> pl.DataFrame:
        """One row per rule that fires: rule_id, list, grain, person_id, household_id, level,
        measure, pays (CNY a year; NULL unknown or not said), says_pays."""
        return self._asked(rule_sql.fired_sql(self.policy, self.on))

    def not_judged(self) -> pl.DataFrame:
        """As promised for quality.not_judged."""
        return self._asked(rule_sql.not_judged_sql(self.policy, self.on))

    def verdicts(self, grain: Grain, id_: str) -> dict[str, object] | None:
        """What every rule of a grain says of one person or household, and from which values."""
        assert grain in GRAINS
        sql = rule_sql.verdict_sql(self.policy, self.on, grain)
        found = self._asked(f"SELECT * FROM ({sql}) AS said WHERE {grain}_id = $id", {"id": id_})
        return found.to_dicts()[0] if found.height else None

    def _asked(self, sql: str, values: Mapping[str, object] | None = None) -> pl.DataFrame:
        given = {**windows(self.night.as_of), **(values or {})}
        return self.night.query(_reading(sql, self._instead), given)

    def _put(self, table: str, frame: pl.DataFrame) -> None:
        """Let ``frame`` stand for a table in what this policy is asked."""
        schema, name = table.split(".", 1)
        held = f"{self._mark}_{name}"
        self.night.engine.register(held, frame)
        self.night.view(f"{self._mark}_{schema}.{name}", f"SELECT * FROM {held}")
        self._instead[table] = f"{self._mark}_{schema}.{name}"

    def _other_values_behind(self) -> bool:
        """Whether a parameter behind an indicator has another value anywhere than that night."""
        listed = ", ".join(f"'{name}'" for name in sorted(set(DERIVED.values())))
        sql = (
            f"SELECT region_code, urban_rural, name, value FROM {IN_FORCE} WHERE name IN ({listed})"
        )
        mine, stored = self._asked(sql), self.night.query(sql)
        return set(mine.rows()) != set(stored.rows())


def _reading(sql: str, instead: Mapping[str, str]) -> str:
    """The statement with some of its tables read elsewhere."""
    tree = parsed(sql).copy()
    for table in list(tree.find_all(exp.Table)):
        if (other := instead.get(f"{table.db}.{table.name}")) is not None:
            schema, name = other.split(".", 1)
            table.set("db", exp.to_identifier(schema))
            table.set("this", exp.to_identifier(name))
    return tree.sql(dialect="duckdb")
