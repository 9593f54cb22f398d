"""What every kind of file is read as: headers, blocks of text columns, rows that do not fit.

Row numbers count from 1 beneath the header.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

import polars as pl

#: rows that are read, repaired and written together
BLOCK_ROWS = 65_536
TOO_FEW, TOO_MANY = "too_few_columns", "too_many_columns"
OPEN_QUOTE = "unclosed_quote"


@dataclass(frozen=True)
class Malformed:
    """A row that has another number of cells than the header."""

    row_number: int
    reason: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """Rows in the order of the file: columns named "0", "1", … by header position, all strings."""

    frame: pl.DataFrame
    row_numbers: pl.Series
    malformed: tuple[Malformed, ...] = field(default=())


class Rows(Protocol):
    """A file that is open for reading.

    ``unit``: worth in yuan of amounts whose header names no unit. ``notes``: what is to be said of
    the file, without a value of it.
    """

    @property
    def headers(self) -> tuple[str | None, ...]: ...
    @property
    def unit(self) -> Decimal: ...
    @property
    def notes(self) -> tuple[str, ...]: ...

    def blocks(self) -> Iterator[Block]: ...
