"""What every kind of file is read as: headers, blocks of text columns, rows that do not fit.

Row numbers count from 1 beneath the header.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from pipelines.contracts.headers import Matched, match_headers
from pipelines.contracts.model import Contract
from pipelines.intake.errors import Refusal

#: rows that are read, repaired and written together
BLOCK_ROWS = 65_536
#: the header is looked for among so many rows at the top
HEADER_WITHIN = 40
TOO_FEW, TOO_MANY, OPEN_QUOTE = "too_few_columns", "too_many_columns", "unclosed_quote"


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
    """A file that is open for reading."""

    @property
    def headers(self) -> tuple[str | None, ...]: ...

    def blocks(self) -> Iterator[Block]: ...


def header_row(contract: Contract, top: Sequence[Sequence[str | None]]) -> int:
    """The first of the rows that names most of the contract's columns. Raises Refusal."""
    matched = [len(match_headers(contract, cells).columns) for cells in top[:HEADER_WITHIN]]
    if not matched or max(matched) == 0:
        raise Refusal(
            f"no header: none of the first {HEADER_WITHIN} rows names a column of the contract"
        )
    return matched.index(max(matched))


def matched_or_refused(contract: Contract, headers: Sequence[str | None]) -> Matched:
    """The contract's columns among the headers; Refusal names the required ones that lack."""
    matched = match_headers(contract, headers)
    if matched.missing_required:
        lacking = ", ".join(
            f"{name} ({'/'.join(contract.column(name).aliases[:2]) or name})"
            for name in matched.missing_required
        )
        raise Refusal(f"missing required columns: {lacking}")
    return matched
