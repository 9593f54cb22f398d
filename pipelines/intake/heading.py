"""The header of a table: which of its rows at the top it is, and what each column is called.

A header may stand below titles and may itself take two or three rows, of which cells were merged:
the words of a column are then read from top to bottom. A unit named in a title counts for all
amounts whose own header names none. Which column of the contract is meant is said by ``headers``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pipelines.contracts.headers import (
    Matched,
    column_named,
    is_mark,
    match_headers,
    names_unit,
    title_units,
)
from pipelines.contracts.model import Contract
from pipelines.intake.errors import Refusal

#: the header is looked for among so many rows at the top
HEADER_WITHIN = 40
#: and takes at most so many of them
_ROWS = 3
#: cells filled in a row above the header from which on the receipt speaks of it
_LIKE_A_ROW = 4

Cells = Sequence[str | None]


@dataclass(frozen=True)
class Heading:
    """Rows ``first`` to ``last`` (from 0) are the header; ``unit``: worth in yuan of a title's.

    ``passed``: rows above it that hold so much that they may be more than titles.
    """

    first: int
    last: int
    headers: tuple[str | None, ...]
    unit: Decimal = Decimal(1)
    passed: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of the rows above the header."""
        return (f"{self.passed} filled rows above the header passed over",) if self.passed else ()


def find_heading(contract: Contract, top: Sequence[Cells]) -> Heading:
    """The first rows that name most of the contract's columns. Raises Refusal."""
    best: Heading | None = None
    most = (0, 0, 0, 0)
    for first in range(min(len(top), HEADER_WITHIN)):
        for last, names, count, marks in _headings(contract, top, first):
            # the most columns; the first such place; no title with it, but a row of units beneath
            rank = (count, marks - last, first, marks)
            if count and rank > most:
                best, most = Heading(first, last, names), rank
    if best is None:
        raise Refusal(
            f"no header: none of the first {HEADER_WITHIN} rows names a column of the contract"
        )
    above = top[: best.first]
    passed = sum(sum(map(_filled, row)) >= _LIKE_A_ROW for row in above)
    return replace(best, unit=_title_unit(above), passed=passed)


def _headings(
    contract: Contract, top: Sequence[Cells], first: int
) -> Iterator[tuple[int, tuple[str | None, ...], int, int]]:
    """Row ``first`` as a header, alone and with those beneath it that name more.

    Last row, names, how many columns they name, how many of the rows hold nothing but units.
    """
    names: tuple[str | None, ...] = tuple(top[first])
    count, marks = _count(contract, names), 0
    yield first, names, count, marks
    for last in range(first + 1, min(first + _ROWS, len(top))):
        cells = [str(cell) for cell in top[last] if _filled(cell)]
        only_marks = bool(cells) and all(map(is_mark, cells))
        names = _joined(contract, names, top[last])
        more = _count(contract, names)
        only_marks = only_marks and count > 0  # a title that names a unit is no row of the header
        if more < count or not cells or (more == count and not only_marks):
            return
        count, marks = more, marks + only_marks
        yield last, names, count, marks


def matched_or_refused(contract: Contract, headers: Cells, unit: Decimal) -> Matched:
    """The contract's columns among the headers; Refusal names the required ones that lack."""
    matched = match_headers(contract, headers)
    if matched.missing_required:
        raise Refusal(f"missing required columns: {lacking(contract, matched)}")
    for position, column in matched.columns.items():
        if unit != 1 and column.kind == "money" and not names_unit(str(headers[position])):
            matched.scales[position] = unit
    return matched


def lacking(contract: Contract, matched: Matched) -> str:
    """The required columns that are missing, each with the headers that it may carry."""
    return ", ".join(
        f"{name} ({'/'.join(contract.column(name).aliases[:2]) or name})"
        for name in matched.missing_required
    )


def _count(contract: Contract, names: Cells) -> int:
    """How many columns the names name; those of a header row are unlike each other."""
    found = (column_named(contract, name) for name in names if name)
    return len({column[0].name for column in found if column})


def _filled(cell: str | None) -> bool:
    return cell is not None and bool(cell.strip())


def _joined(contract: Contract, upper: Cells, lower: Cells) -> tuple[str | None, ...]:
    """Two rows as one: for each column the words that name something in the contract.

    A cell merged over several columns is read for each of them. 家庭 above 人口 may be called
    家庭人口 or 人口; what neither names is reported by both.
    """
    names: list[str | None] = []
    over: str | None = None
    for at in range(max(len(upper), len(lower))):
        above = upper[at] if at < len(upper) and _filled(upper[at]) else None
        below = lower[at] if at < len(lower) and _filled(lower[at]) else None
        over = above or over
        if below is None:
            names.append(above)
            continue
        if is_mark(below):
            names.append(f"{above or over or ''}（{below.strip().strip('()（）')}）")
            continue
        whole = f"{over or ''}{below}"
        known = [name for name in (whole, below) if column_named(contract, name)]
        names.append(known[0] if known else whole)
    return tuple(names)


def _title_unit(titles: Sequence[Cells]) -> Decimal:
    """The unit of money that the lines above the header name; 1 where none does."""
    units = {worth for row in titles for cell in row if cell for worth in title_units(cell)}
    if len(units) > 1:
        raise Refusal("the titles name two units of money: say one, or the unit in each header")
    return units.pop() if units else Decimal(1)
