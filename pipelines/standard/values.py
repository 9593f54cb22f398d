"""A frame of strings made into the typed columns of a contract, with a count of every repair.

Clean values take a cheap path; what is left is repaired once per distinct text. Which rows can be
used is said here (``unreadable``), what becomes of the others is intake's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import polars as pl

from pipelines.contracts.codes import CodeList
from pipelines.contracts.model import Column, Contract
from pipelines.standard import amount, contact, date, identity_number, name, region, sex, text
from pipelines.standard.text import UNREADABLE, Repaired

#: Polars types of the landed columns, by the contract's type
TYPES: dict[str, pl.DataType] = {
    "VARCHAR": pl.String(),
    "VARCHAR[]": pl.List(pl.String()),
    "DATE": pl.Date(),
    "TIMESTAMP": pl.Datetime("us"),
    "BOOLEAN": pl.Boolean(),
    "INTEGER": pl.Int32(),
    "BIGINT": pl.Int64(),
    "DOUBLE": pl.Float64(),
    "DECIMAL(12,2)": pl.Decimal(12, 2),
    "DECIMAL(18,2)": pl.Decimal(18, 2),
}
HEADER_UNIT = "header_unit"
_DISTINCT_FROM = 512
_UNREADABLE_SCHEMA = {"row": pl.UInt32(), "column": pl.String(), "reason": pl.String()}

Quick = Callable[[pl.Expr], pl.Expr]
Repair = Callable[[pl.Expr], Repaired]


@dataclass(frozen=True)
class Standardised:
    """Typed columns in the contract's order, row for row as given, and what was done to them.

    ``unreadable``: row (position in the frame), column, reason of every value without which its
    row cannot be used. ``repairs``: column → rule → rows; ``unreadable`` among the rules counts
    values that became NULL.
    """

    frame: pl.DataFrame
    unreadable: pl.DataFrame
    repairs: dict[str, dict[str, int]] = field(default_factory=dict)


def standardise(
    frame: pl.DataFrame,
    contract: Contract,
    codes: Mapping[str, CodeList],
    scales: Mapping[str, Decimal] | None = None,
) -> Standardised:
    """Standardise a frame whose columns are strings named as the contract's columns.

    A column that the frame does not have is NULL throughout. ``scales``: factor to yuan of money
    columns whose header named another unit.
    """
    columns: list[pl.Series] = []
    repairs: dict[str, dict[str, int]] = {}
    stopped: list[pl.DataFrame] = []
    clean = _Clean(frame, contract, codes, scales or {})
    for column in contract.columns:
        if column.name not in frame.columns:
            columns += _absent(column, frame.height)
            texts = pl.Series(column.name, [], pl.String).extend_constant(None, frame.height)
            rules: dict[str, int] = {}
            made = columns[-len(column.types())]
        else:
            texts = frame.get_column(column.name)
            scale = (scales or {}).get(column.name, Decimal(1))
            typed, rules = _column(column, texts, clean)
            columns += typed
            made = typed[0]
            if scale != 1 and column.kind == "money":
                rules[HEADER_UNIT] = made.len() - made.null_count()
        if rules:
            repairs[column.name] = rules
        if column.stops_row and made.null_count():
            stopped.append(_stopped(column, texts, made))
    unreadable = pl.concat(stopped) if stopped else pl.DataFrame(schema=_UNREADABLE_SCHEMA)
    return Standardised(pl.DataFrame(columns), unreadable, repairs)


def record_key(frame: pl.DataFrame, contract: Contract) -> pl.Series:
    """Key parts of a standardised frame joined by ``|``: dates ISO, a missing part empty."""
    parts = [pl.col(part).cast(pl.String).fill_null("") for part in contract.key]
    return frame.select(pl.concat_str(parts, separator="|").alias("record_key")).to_series()


class _Clean:
    """The columns of a frame as far as the cheap way goes, and what it leaves over."""

    def __init__(
        self,
        frame: pl.DataFrame,
        contract: Contract,
        codes: Mapping[str, CodeList],
        scales: Mapping[str, Decimal],
    ) -> None:
        present = [column for column in contract.columns if column.name in frame.columns]
        self.ways = {
            column.name: _ways(column, codes, scales.get(column.name, Decimal(1)))
            for column in present
        }
        # all columns at once: a query for each would cost more than the work of a small file
        self.values = frame.select(
            self.ways[column.name][0](pl.col(column.name))
            .cast(TYPES[column.type]).alias(column.name)
            for column in present
        )  # fmt: skip
        texts = frame.select(pl.col(c.name).alias(f"{c.name} as given") for c in present)
        self._left = pl.concat([self.values, texts], how="horizontal").select(
            (pl.col(c.name).is_null() & pl.col(f"{c.name} as given").fill_null("").ne(""))
            .alias(c.name)
            for c in present
        )  # fmt: skip
        self._any = self._left.select(pl.all().any()).row(0, named=True) if present else {}

    def left(self, name: str) -> pl.Series | None:
        """Positions of the values that need the thorough way; None if no value does."""
        return self._left.get_column(name).arg_true() if self._any[name] else None


def _column(
    column: Column, texts: pl.Series, clean: _Clean
) -> tuple[list[pl.Series], dict[str, int]]:
    """The landed columns that come of one column, and how many values each rule repaired."""
    value, left = clean.values.get_column(column.name), clean.left(column.name)
    if left is None:
        return _with_status(column, value, None, None), {}
    pool, position = _distinct(texts.gather(left))
    repaired = clean.ways[column.name][1](pl.col(texts.name))
    made = pool.to_frame(texts.name).select(repaired.struct().alias("made")).unnest("made")
    made = made.with_columns(pl.col("value").cast(TYPES[column.type]))
    where = np.arange(texts.len(), dtype=np.uint32)
    where[left.to_numpy()] = texts.len() + position
    rules = made.get_column("rule").gather(position)
    counts = rules.drop_nulls().value_counts(sort=True, name="rows")
    counted = {str(rule): int(rows) for rule, rows in counts.iter_rows()}
    typed = pl.concat([value, made.get_column("value")])
    return _with_status(column, typed, made.get_column("rule"), where), counted


def _distinct(rest: pl.Series) -> tuple[pl.Series, np.ndarray]:
    """Distinct texts and, for each text given, its position among them."""
    if rest.len() < _DISTINCT_FROM:
        return rest, np.arange(rest.len(), dtype=np.uint32)
    texts = rest.rename("text").to_frame()
    distinct = texts.unique(maintain_order=True).with_row_index("at")
    found = texts.join(distinct, on="text", how="left", maintain_order="left")
    return distinct.get_column("text"), found.get_column("at").to_numpy()


def _with_status(
    column: Column, pool: pl.Series, rules: pl.Series | None, where: np.ndarray | None
) -> list[pl.Series]:
    """The pool laid out by row; an identity number brings its status with it."""
    made = [pool.alias(column.name)]
    if column.kind == "identity_number":
        state = _status(pool.alias("value")).to_frame(f"{column.name}_status")
        if rules is not None:
            clean = pl.Series("rule", [], pl.String).extend_constant(None, pool.len() - rules.len())
            converted = pl.concat([clean, rules.alias("rule")]) == identity_number.CONVERTED
            state = state.with_columns(
                pl.when(converted.fill_null(False)).then(pl.lit(identity_number.CONVERTED))
                .otherwise(pl.all()).alias(f"{column.name}_status")
            )  # fmt: skip
        states = state.to_series()
        if (states == identity_number.ROUNDED).any():
            both = pl.DataFrame({"value": pool, "state": states})
            plain = identity_number.thousands(pl.col("value"), pl.col("state"))
            made = [both.select(plain.alias(column.name)).to_series()]
        made.append(states)
    return made if where is None else [series.gather(where) for series in made]


def _status(numbers: pl.Series) -> pl.Series:
    """Status of cleaned numbers; the thorough look is for those that are not valid."""
    number = pl.col("value")
    is_valid = numbers.to_frame().select(identity_number.valid(number)).to_series()
    others = (~is_valid.fill_null(False)).arg_true()
    looked = numbers.gather(others).to_frame().select(identity_number.status(number)).to_series()
    pool = pl.concat([pl.Series("status", [identity_number.VALID], pl.String),
                      looked.alias("status")])  # fmt: skip
    where = np.zeros(numbers.len(), dtype=np.uint32)
    where[others.to_numpy()] = np.arange(1, others.len() + 1)
    return pool.gather(where)


def _ways(column: Column, codes: Mapping[str, CodeList], scale: Decimal) -> tuple[Quick, Repair]:
    """The cheap way for clean values and the thorough one for the others, by kind."""
    if column.kind == "money" and scale != 1:
        never = pl.lit(None, amount.MONEY)
        return (lambda col: pl.when(col.is_null()).then(never)), (
            lambda col: amount.money(col, scale)
        )
    if column.kind in ("code", "codes"):
        return _coded(column, codes.get(column.codes or ""))
    return _WAYS[column.kind]


def _coded(column: Column, listed: CodeList | None) -> tuple[Quick, Repair]:
    words = dict(listed.lookup) if listed else {}
    open_list = listed is not None and any(value.is_pattern for value in listed.values)
    if column.kind == "codes":
        never = pl.lit(None, pl.List(pl.String))
        return (lambda col: pl.when(col.is_null()).then(never)), lambda col: text.codes(col, words)
    if not words or open_list:
        return (lambda col: text.quick_key(col, "code")), lambda col: text.code(col, {})
    known = {code: code for code in words.values()}

    def quick(col: pl.Expr) -> pl.Expr:
        return col.replace_strict(known, default=None, return_dtype=pl.String)

    return quick, lambda col: text.code(col, words)


def _quick_identity(col: pl.Expr) -> pl.Expr:
    return pl.when(col.str.contains(identity_number.EIGHTEEN) & (col != "0" * 18)).then(col)


def _identity(col: pl.Expr) -> Repaired:
    repaired = identity_number.identity_number(col)
    return Repaired(repaired.value, repaired.rule, repaired.struct())


_WAYS: dict[str, tuple[Quick, Repair]] = {
    "text": (text.quick_text, text.text),
    "key": (text.quick_key, text.key),
    "identity_number": (_quick_identity, _identity),
    "person_name": (name.quick_name, name.person_name),
    "sex": (sex.quick_sex, sex.sex),
    "date": (date.quick_date, date.date),
    "month": (lambda col: date.quick_date(col).dt.month_start(), date.month),
    "timestamp": (date.quick_timestamp, date.timestamp),
    "money": (amount.quick_money, amount.money),
    "count": (amount.quick_count, amount.count),
    "boolean": (amount.quick_boolean, amount.boolean),
    "region": (region.quick_region, region.region),
    "phone": (contact.quick_phone, contact.phone),
}


def _absent(column: Column, height: int) -> list[pl.Series]:
    made = [pl.Series(column.name, [], TYPES[column.type]).extend_constant(None, height)]
    if column.kind == "identity_number":
        missing = pl.Series(f"{column.name}_status", [], pl.String)
        made.append(missing.extend_constant(identity_number.MISSING, height))
    return made


def _stopped(column: Column, texts: pl.Series, made: pl.Series) -> pl.DataFrame:
    """The rows that cannot be used for want of this value, with the reason's code."""
    what = {"money": "amount", "date": "date", "month": "date", "timestamp": "date"}
    thing = what.get(column.kind, "key")
    rows = made.is_null().arg_true()
    frame = pl.DataFrame({"row": rows.cast(pl.UInt32), "said": texts.gather(rows)})
    _, repair = _WAYS.get(column.kind, _WAYS["key"])
    rule = repair(pl.col("said")).rule
    return frame.select(
        "row",
        pl.lit(column.name).alias("column"),
        pl.when(rule == UNREADABLE).then(pl.lit(f"unreadable_{thing}"))
        .otherwise(pl.lit(f"missing_{thing}")).alias("reason"),
    )  # fmt: skip
