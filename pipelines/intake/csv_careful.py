"""CSV whose quotation marks do not close, read line by line so that one bad row costs one row.

A line with an open quote is joined with those after it only if that makes a row of the right width.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import IO

import polars as pl

from pipelines.intake.errors import Refusal
from pipelines.intake.rows import BLOCK_ROWS, OPEN_QUOTE, TOO_FEW, TOO_MANY, Block, Malformed

_JOINED_LINES = 30
_LONGEST = 64 << 20
csv.field_size_limit(_LONGEST)


def blocks(stream: IO[bytes], separator: str, names: list[str]) -> Iterator[Block]:
    """Blocks of rows from UTF-8 bytes that begin beneath the header."""
    lines = _lines(io.TextIOWrapper(stream, encoding="utf-8", newline=""))
    rows: list[list[str]] = []
    numbers: list[int] = []
    malformed: list[Malformed] = []
    for number, cells, closed in _records(lines, separator, len(names)):
        surplus = cells[len(names) :]
        if not closed:
            malformed.append(Malformed(number, OPEN_QUOTE, tuple(cells)))
        elif len(cells) < len(names):
            malformed.append(Malformed(number, TOO_FEW, tuple(cells)))
        elif any(cell.strip() for cell in surplus):
            malformed.append(Malformed(number, TOO_MANY, tuple(cells)))
        else:
            rows.append(cells[: len(names)])
            numbers.append(number)
        if len(rows) >= BLOCK_ROWS or len(malformed) >= BLOCK_ROWS:
            yield _block(rows, numbers, malformed, names)
            rows, numbers, malformed = [], [], []
    if rows or malformed:
        yield _block(rows, numbers, malformed, names)


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(_LONGEST):
        if len(line) == _LONGEST and line[-1] not in "\r\n":
            raise Refusal(
                f"a line is longer than {_LONGEST >> 20} million characters: have it sent again"
            )
        yield line


def _records(
    lines: Iterator[str], separator: str, width: int
) -> Iterator[tuple[int, list[str], bool]]:
    """Number, cells and whether all quotes close, record by record; blank lines are none."""
    ahead: deque[str] = deque()
    number = 0
    while True:
        ahead.extend(islice(lines, _JOINED_LINES - len(ahead)))
        if not ahead:
            return
        line = ahead.popleft()
        if not line.strip():
            continue
        number += 1
        if line.count('"') % 2 == 0:
            yield number, _cells(line, separator), True
            continue
        joined = line
        for count, following in enumerate(ahead, start=1):
            joined += following
            if joined.count('"') % 2 == 0:
                cells = _cells(joined, separator)
                if len(cells) == width:
                    for _ in range(count):
                        ahead.popleft()
                    yield number, cells, True
                else:
                    yield number, _cells(line, separator), False
                break
        else:
            yield number, _cells(line, separator), False


def _cells(text: str, separator: str) -> list[str]:
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])


def _block(
    rows: list[list[str]], numbers: list[int], malformed: list[Malformed], names: list[str]
) -> Block:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return Block(frame, pl.Series("row_number", numbers, pl.Int64), tuple(malformed))
