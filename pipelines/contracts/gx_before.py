"""What earlier deliveries of a dataset were like, and the registers that its rows refer to.

Against these a batch is held: columns that used to be filled, as many rows as usual, keys that the
register knows. All of it warns; what may be believed is decided in *standard*.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from math import sqrt
from pathlib import Path
from statistics import median
from typing import Any

from pipelines.contracts.gx_run import Expected, literal, quoted
from pipelines.contracts.model import Contract
from pipelines.contracts.roles import Person

#: extract dates that say how full columns were; and how many rows usually come
FILL_DELIVERIES, VOLUME_DELIVERIES, VOLUME_FROM = 3, 12, 4
#: a column may be this much emptier than before, and by chance twice the spread of a small batch
FILL_DROP = 0.1
#: rows of an addition against the usual number a day since the last one, from so many rows on
FEW, MANY, VOLUME_ROWS = 0.2, 5.0, 50
REFERS = 0.95


@dataclass(frozen=True)
class Register:
    """The dataset that holds the keys which ``column`` carries, and its landed files."""

    column: str
    dataset: str
    key: str
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class Before:
    """``fills``: column → share of filled rows.

    ``rows_a_day``: what earlier extracts held for each day since the one before them, oldest first;
    ``days``: since the last of them. So a day's file is not held against a month's.
    """

    fills: Mapping[str, float] = field(default_factory=dict)
    rows_a_day: Sequence[float] = ()
    days: int = 1
    registers: Sequence[Register] = ()


def references(
    contract: Contract, contracts: Mapping[str, Contract]
) -> Iterator[tuple[str, str, str]]:
    """(column, dataset, its column) for every key of another dataset that the rows carry."""
    holders = {
        person.holds: (other.name, str(person.key))
        for other in contracts.values()
        for person in other.roles_of(Person)
        if person.holds
    }
    seen: set[str] = set()
    for person in contract.roles_of(Person):
        if person.refers in holders and person.key and person.key not in seen:
            seen.add(person.key)
            yield person.key, *holders[person.refers]
    if (through := contract.scope.through) is not None and through.key not in seen:
        yield through.key, f"{contract.source}/{through.dataset}", through.key


def fill_rates(paths: Iterable[Path], columns: Iterable[str]) -> dict[str, float]:
    """Share of filled rows by column, out of the files' footers alone."""
    import pyarrow.parquet as pq

    wanted = set(columns)
    rows, empty = 0, dict.fromkeys(wanted, 0)
    for path in paths:
        footer = pq.read_metadata(path)
        rows += footer.num_rows
        for group in range(footer.num_row_groups):
            part = footer.row_group(group)
            for at in range(part.num_columns):
                chunk = part.column(at)
                if chunk.path_in_schema not in wanted:
                    continue
                said = chunk.statistics
                if said is None or not said.has_null_count:
                    empty.pop(chunk.path_in_schema, None)
                elif chunk.path_in_schema in empty:
                    empty[chunk.path_in_schema] += said.null_count
    return {name: 1 - nulls / rows for name, nulls in empty.items()} if rows else {}


def before(
    contract: Contract,
    earlier: Sequence[tuple[Any, Path]],
    rows_by_extract: Mapping[date, int],
    newest_extract: date,
    registers: Sequence[Register],
) -> Before:
    """``earlier``: receipts and files that were received before the night; ``rows_by_extract``:
    rows of the extract dates before ``newest_extract``.
    """
    dates = sorted({receipt.extract_date for receipt, _ in earlier}, reverse=True)
    newest = set(dates[:FILL_DELIVERIES])
    plain = [c.name for c in contract.columns if not c.type.endswith("[]")]
    paths = {path for receipt, path in earlier if receipt.extract_date in newest}
    days = sorted(rows_by_extract)
    daily = [rows_by_extract[day] / (day - last).days for last, day in pairwise(days)]
    since = (newest_extract - days[-1]).days if days else 1
    fills = fill_rates(sorted(paths), plain)
    return Before(fills, daily[-VOLUME_DELIVERIES:], since, registers)


def expected_like_before(contract: Contract, held: Before, rows: int) -> Iterator[Expected]:
    """What a batch of ``rows`` rows is expected to share with those before it."""
    for register in held.registers:
        listed = ", ".join(literal(str(path)) for path in register.paths)
        key, carried = quoted(register.key), quoted(register.column)
        yield Expected(
            f"refers_{register.column}", "condition", (register.column,), mostly=REFERS,
            sql=f"CASE WHEN {carried} IS NOT NULL THEN {carried} IN (SELECT held.{key} FROM "
            f"read_parquet([{listed}], hive_partitioning = false) AS held "
            f"WHERE held.{key} IS NOT NULL) END",
            zh=f"{contract.column(register.column).zh}在 {register.dataset} 中存在",
            en=f"{register.column} stands in {register.dataset}",
        )  # fmt: skip
    for column in contract.columns:
        rate = held.fills.get(column.name)
        if rate is None or rate <= FILL_DROP or column.stops_row or not rows:
            continue
        least = rate - FILL_DROP - 2 * sqrt(rate * (1 - rate) / rows)
        if least > 0:
            yield Expected(
                f"filled_as_before_{column.name}", "filled", (column.name,),
                mostly=round(least, 4),
                zh=f"{column.zh or column.name}的填写率不低于以往（以往 {rate:.0%}）",
                en=f"{column.name} is filled as it used to be ({rate:.0%} before)",
            )  # fmt: skip


def expected_rows(held: Before) -> Expected | None:
    """How many rows an addition is expected to have; None where too little came before."""
    daily = held.rows_a_day
    usual = median(daily) * held.days if len(daily) >= VOLUME_FROM else 0
    if usual < VOLUME_ROWS:
        return None
    return Expected(
        "rows_as_usual", "row_count", values=(int(usual * FEW), int(usual * MANY)),
        zh=f"新增行数与以往相当（按距上次天数计，通常约 {usual:,.0f} 行）",
        en=f"about as many rows as usual ({usual:,.0f} for the days since the last extract)",
    )  # fmt: skip
