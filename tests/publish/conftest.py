"""A small night whose tables were written by hand: one household, one case."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.contracts.promises import load_promises
from pipelines.lake.home import Home
from pipelines.lake.night import Night
from pipelines.publish import TABLES
from pipelines.settings import Settings
from pipelines.standard.promises import contract_promise

AS_OF = date(2026, 11, 18)
FILLED: dict[str, Any] = {
    "VARCHAR": "x", "DATE": AS_OF, "TIMESTAMP": datetime(2026, 11, 18, 2), "BOOLEAN": True,
    "INTEGER": 1, "BIGINT": 1, "DOUBLE": 1.0, "DECIMAL(12,2)": Decimal(1),
    "DECIMAL(18,2)": Decimal(1), "VARCHAR[]": [],
}  # fmt: skip
ROWS: dict[str, list[dict[str, Any]]] = {
    "population.person": [
        {"person_id": "P2", "household_id": "H1", "sex": "2", "birth_year": 1980, "alive": True,
         "region_code": "371102001001", "urban_rural": "rural", "identity_confidence": 0.97},
        {"person_id": "P1", "household_id": "H1", "sex": "1", "birth_year": 1975, "alive": True,
         "region_code": "371102001001", "urban_rural": "rural", "identity_confidence": 1.0},
    ],
    "population.household": [
        {"household_id": "H1", "tier": "none", "any_tier": "none", "size": 2,
         "composition_evidence": "family", "urban_rural": "rural"},
    ],
    "population.household_member": [
        {"household_id": "H1", "person_id": "P1", "relation": "本人", "evidence": "family"},
        {"household_id": "H1", "person_id": "P2", "relation": "配偶", "evidence": "family"},
    ],
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create()


@pytest.fixture
def night(home: Home) -> Iterator[Night]:
    opened = open_night(home)
    yield opened
    opened.close()


def open_night(home: Home, as_of: date = AS_OF, run_id: str = "run-1") -> Night:
    return Night(
        home, as_of, Settings(home=home.root), run_id=run_id, contract_promises=contract_promise
    )


def write(night: Night, table: str, rows: list[dict[str, Any]]) -> None:
    """Write a table; columns that may not be NULL and are not given get a harmless value."""
    promise = night.promise(table)
    full = [
        {
            column.name: row.get(
                column.name,
                FILLED.get(column.type, [] if column.type.endswith("[]") else None)
                if not column.nullable or column.name in promise.key else None,
            )
            for column in promise.columns
        }
        for row in rows
    ]  # fmt: skip
    names = list(promise.column_names)
    frame = (
        pl.DataFrame(full, infer_schema_length=None)
        if full
        else pl.DataFrame({name: [] for name in names})
    )
    night.write(table, frame.select(names))


def write_few(night: Night, **given: list[dict[str, Any]]) -> None:
    """The tables of `ROWS`, or what is given for them."""
    for name, rows in {**ROWS, **_named(given)}.items():
        write(night, name, rows)


def _named(given: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    return {name.replace("__", "."): rows for name, rows in given.items()}


def write_all(night: Night, **given: list[dict[str, Any]]) -> None:
    """Every published or restricted table of the other rooms, most of them empty."""
    rows = {**ROWS, **_named(given)}
    for name, promise in load_promises().items():
        if name == "standard.region" or (promise.published is not False and name not in TABLES):
            write(night, name, rows.get(name, []))
