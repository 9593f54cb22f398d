"""Rows that cannot be used at all: no key, a date or an amount that cannot be read."""

import numpy as np
import polars as pl

from pipelines.contracts.model import Contract
from pipelines.synthetic import errors

NO_KEY, NO_DATE, NO_AMOUNT = "no_key", "unreadable_date", "unreadable_amount"
Way = tuple[str, str, tuple[str, ...]]


def spoil(
    rng: np.random.Generator, contract: Contract, written: dict[str, pl.Series], dirt: float
) -> tuple[dict[str, pl.Series], pl.Series]:
    """Makes a few rows unusable; the reason per row, null for the others."""
    height = len(next(iter(written.values())))
    reason = pl.Series([None], dtype=pl.String).new_from_index(0, height)
    ways = _ways(contract, written)
    if dirt <= 0 or not ways:
        return written, reason
    count = int(rng.poisson(height * errors.UNUSABLE_ROWS * dirt))
    if rng.random() < 0.3 and height > 50:
        count += errors.UNUSABLE_AT_LEAST.get(contract.dataset, 0)
    for row in rng.choice(height, min(count, height), replace=False):
        why, column, words = ways[int(rng.integers(0, len(ways)))]
        word = words[int(rng.integers(0, len(words)))]
        written[column] = written[column].scatter(int(row), word or None)
        reason = reason.scatter(int(row), why)
    return written, reason


def _ways(contract: Contract, written: dict[str, pl.Series]) -> list[Way]:
    ways: list[Way] = []
    for column in contract.columns:
        if not column.stops_row or column.name not in written:
            continue
        if column.is_key:
            if contract.mode == "append" and column.key_position == 1 and column.kind == "key":
                ways.append((NO_KEY, column.name, ("",)))
        elif column.kind in ("date", "timestamp"):
            ways.append((NO_DATE, column.name, errors.NO_WORDS_DATE))
        elif column.kind == "money":
            ways.append((NO_AMOUNT, column.name, errors.NO_WORDS_MONEY))
    return ways
