"""A contract in memory: one dataset of one department, its columns, its keys and its promises.

Frozen, and free of any knowledge of YAML; `load` makes it and `check` has proved it consistent.
The roles its rows play stand in `roles`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pipelines.contracts.roles import Role

KIND_TYPES: dict[str, str] = {
    "text": "VARCHAR",
    "key": "VARCHAR",
    "identity_number": "VARCHAR",
    "person_name": "VARCHAR",
    "sex": "VARCHAR",
    "code": "VARCHAR",
    "region": "VARCHAR",
    "phone": "VARCHAR",
    "codes": "VARCHAR[]",
    "date": "DATE",
    "month": "DATE",
    "timestamp": "TIMESTAMP",
    "money": "DECIMAL(12,2)",
    "count": "INTEGER",
    "boolean": "BOOLEAN",
}
"""The kinds of value and the DuckDB type each lands as."""

ID_STATUSES = ("valid", "converted_15", "invalid", "rounded", "other", "missing")
MODES = ("snapshot", "append")
CLASSES = ("identifying", "pseudonym", "quasi", "sensitive", "public")
ROW_STOPPERS = frozenset({"date", "month", "timestamp", "money"})
COUNTY_DIGITS = 6

R = TypeVar("R", bound=Role)


@dataclass(frozen=True)
class Column:
    """One column. `aliases` are the headers a file may carry, besides the name itself."""

    name: str
    kind: str
    type: str
    required: bool
    classification: str
    zh: str
    en: str
    aliases: tuple[str, ...] = ()
    codes: str | None = None
    key_position: int | None = None

    @property
    def is_key(self) -> bool:
        return self.key_position is not None

    @property
    def stops_row(self) -> bool:
        """Whether a row without a readable value here cannot be used and goes to quarantine.

        So it is for a required part of the key and for a required date or amount;
        a missing name or identity number alone never is (interface §1.3).
        """
        if not self.required or self.kind in ("person_name", "identity_number"):
            return False
        return self.is_key or self.kind in ROW_STOPPERS

    def types(self) -> dict[str, str]:
        """The landed columns that come of this one, name → DuckDB type."""
        landed = {self.name: self.type}
        if self.kind == "identity_number":
            landed[f"{self.name}_status"] = "VARCHAR"
        return landed


@dataclass(frozen=True)
class Through:
    """The scope of a row is the scope of the row of `dataset` (same source) with the same `key`."""

    dataset: str
    key: str


@dataclass(frozen=True)
class Scope:
    """What is judged and replaced together. No columns and no `through`: the whole dataset.

    A scope column of kind region counts by county, its first six digits (COUNTY_DIGITS).
    """

    columns: tuple[str, ...] = ()
    through: Through | None = None


@dataclass(frozen=True)
class Believable:
    """A scope that lost more than this share of its rows *and* at least so many is not believed."""

    lost_share: float = 0.1
    lost_rows: int = 10


@dataclass(frozen=True)
class Check:
    """An expectation about the values of one batch; `blocking` ones hold publication back.

    kind `sum`: `column` equals the sum of `parts` (missing parts count as 0), within `tolerance`.
    kind `range`: `column` lies between `low` and `high`.  kind `order`: `column` <= `other`.
    kind `filled`: `column` is not missing.  kind `format`: all of `column` matches `pattern` (RE2).
    kind `generated`: says of a check that is generated (`known_sex`) how strictly it is meant.
    They hold for at least the share `mostly` of the rows where the columns they name are there.
    """

    name: str
    kind: str
    column: str
    zh: str
    en: str
    parts: tuple[str, ...] = ()
    other: str | None = None
    low: Decimal | date | None = None
    high: Decimal | date | None = None
    pattern: str | None = None
    tolerance: Decimal = Decimal("0.01")
    mostly: float = 1.0
    blocking: bool = False


CHECK_KINDS = ("sum", "range", "order", "filled", "format", "generated")
#: what the names of generated checks begin with; the column follows
GENERATED = ("filled", "known", "usable", "not_rounded", "plausible", "refers", "filled_as_before")


@dataclass(frozen=True)
class Contract:
    """One dataset. `key` is in the order in which its parts make up the record_key.

    `optional`: not every site has it; it is late only once it has been delivered at all.
    """

    source: str
    dataset: str
    mode: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    roles: tuple[Role, ...]
    zh: str
    en: str
    title_zh: str
    title_en: str
    version: str
    owner: str
    quarantine_owner: str
    scope: Scope = Scope()
    believable: Believable = Believable()
    due_days: int | None = None
    frequency: str | None = None
    checks: tuple[Check, ...] = ()
    optional: bool = False
    path: Path | None = None

    @property
    def name(self) -> str:
        """`<source>/<dataset>`, the key of load_contracts()."""
        return f"{self.source}/{self.dataset}"

    @property
    def raw_table(self) -> str:
        return f"intake.raw_{self.source}__{self.dataset}"

    @property
    def std_table(self) -> str:
        return f"standard.std_{self.source}__{self.dataset}"

    @cached_property
    def by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def column(self, name: str) -> Column:
        return self.by_name[name]

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)

    def types(self) -> dict[str, str]:
        """All landed columns of the contract in order (lineage columns not included)."""
        return {name: kind for column in self.columns for name, kind in column.types().items()}

    def roles_of(self, kind: type[R]) -> tuple[R, ...]:
        """The roles of one kind, e.g. `contract.roles_of(Person)`."""
        return tuple(role for role in self.roles if isinstance(role, kind))
