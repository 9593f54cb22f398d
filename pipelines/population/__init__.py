"""Population: everybody, where they live, what is known of them, and in which tier they are.

What people spend and which rules fire does not belong here.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import polars as pl

from pipelines.contracts.load import load_codes, load_contracts
from pipelines.engine.sql import read_sql, tables_read
from pipelines.lake.night import Built, Night
from pipelines.population import roll_parent
from pipelines.population.severe import severe_codes
from pipelines.settings import SCHEMAS

HERE = Path(__file__).parent

TABLES: tuple[str, ...] = (
    "population.death",
    "population.severe_code",
    "population.person_region",
    "population.person_attribute",
    "population.roll_parent",
    "population.parent",
    "population.minor_care",
    "population.tier_history",
    "population.monitored_person",
    "population.household_income",
    "population.household",
    "population.household_member",
    "population.person",
    "population.change",
    "population.id_change",
)

READS: dict[str, tuple[str, ...]] = {"population.severe_code": ()}


@cache
def _roll_parent_sql(schemas: Path = SCHEMAS) -> str:
    return roll_parent.statement(load_contracts(schemas), load_codes(schemas))


def make_roll_parent(night: Night) -> Built:
    """Parents whom any landed roll named as guardian."""
    return night.build_query("population.roll_parent", _roll_parent_sql(night.settings.schemas))


@cache
def _severe_codes(schemas: Path) -> pl.DataFrame:
    return severe_codes(load_contracts(schemas), load_codes(schemas))


def make_severe_code(night: Night) -> Built:
    """The chronic codes that count as severe."""
    made = _severe_codes(night.settings.schemas)
    table = "population.severe_code"
    taken, recipe = night.reuse(table, (), {"codes": [list(row) for row in made.rows()]})
    return taken if taken is not None else night.write(table, made, recipe)


def make_household_income(night: Night) -> Built:
    """What is known of each household's yearly income."""
    oldest = months_before(night.as_of, night.settings.income_check_valid_months)
    return night.build("population.household_income", {"oldest_check": oldest})


def make_change(night: Night) -> Built:
    """Who entered, left or moved."""
    return night.build("population.change", {"first_night": night.previous is None})


_MADE: dict[str, Callable[[Night], Built]] = {
    "population.severe_code": make_severe_code,
    "population.roll_parent": make_roll_parent,
    "population.household_income": make_household_income,
    "population.change": make_change,
}


def months_before(day: date, months: int) -> date:
    """The same day of the month that many months earlier, or that month's last day."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(years, month + 1, min(day.day, monthrange(years, month + 1)[1]))


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
    found["population.roll_parent"] = tables_read(_roll_parent_sql())
    for table in TABLES:
        if table not in found:
            found[table] = tables_read(read_sql(HERE / f"{table.split('.', 1)[1]}.sql"))
    return found
