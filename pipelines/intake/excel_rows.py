"""Excel workbooks: the sheets and rows that hold the header are found; cells become text.

Every visible sheet that has all required columns, and for the greater part columns of the contract,
is read, one after the other; a hidden one only where no visible one has them. What is left unread
is said in the receipt. A workbook cannot be read in pieces and holds at most 1,048,576 rows a
sheet; blocks bound what follows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import fastexcel
import polars as pl

from pipelines.contracts.headers import fold_header, match_headers
from pipelines.contracts.model import Contract
from pipelines.intake.discover import Found
from pipelines.intake.errors import Refusal, is_fault_of_reader
from pipelines.intake.heading import HEADER_WITHIN, Heading, find_heading, matched_or_refused
from pipelines.intake.limits import DEFAULT, Limits
from pipelines.intake.rows import BLOCK_ROWS, Block
from pipelines.intake.workbook import look


@dataclass(frozen=True)
class _Sheet:
    """A sheet with a header; ``places``: where each of its columns goes among the headers read."""

    name: str
    visible: bool
    complete: bool
    matched: int
    heading: Heading

    @property
    def filled(self) -> int:
        """How many columns have a header."""
        return sum(1 for header in self.heading.headers if header)


class ExcelRows:
    """The sheets of a workbook that hold the contract's columns, beneath their headers."""

    def __init__(self, found: Found, contract: Contract, limits: Limits = DEFAULT) -> None:
        looked = look(found.path, limits)
        try:
            self._book = fastexcel.read_excel(found.path)
            tops = {name: self._top(name) for name in self._book.sheet_names}
        except BaseException as error:
            if not is_fault_of_reader(error):
                raise
            raise Refusal(
                f"not a workbook that can be opened ({type(error).__name__}): have it sent again"
            ) from None
        if not tops:
            raise Refusal("the workbook has no sheet")
        sheets = _headed(contract, tops)
        self._sheets = _chosen(contract, sheets, tops)
        self.unit = self._sheets[0].heading.unit
        self.headers, self._places = _together(contract, self._sheets)
        self._check_units(contract)
        others = [cells for name, (cells, _) in tops.items() if name not in self._names and cells]
        hidden = [sheet for sheet in sheets if sheet.complete and sheet.name not in self._names]
        told = {
            f"{len(self._sheets)} sheets read one after the other": len(self._sheets) > 1,
            f"{len(others)} other sheets not read": others,
            f"{len(hidden)} of them hidden though they have all columns": hidden,
            "read from a hidden sheet": not self._sheets[0].visible,
            f"{looked.errors} cells hold an error and were read as empty": looked.errors,
            f"{looked.empty_formulas} formulas were never worked out and were read as empty":
                looked.empty_formulas,
        }  # fmt: skip
        above = (note for sheet in self._sheets for note in sheet.heading.notes)
        self.notes: tuple[str, ...] = (*(n for n, holds in told.items() if holds), *above)

    @property
    def _names(self) -> set[str]:
        return {sheet.name for sheet in self._sheets}

    def blocks(self) -> Iterator[Block]:
        """Blocks of rows; rows without any cell filled only count."""
        number = 1
        for sheet, places in zip(self._sheets, self._places, strict=True):
            cells = self._cells(sheet.name).slice(sheet.heading.last + 1)
            for start in range(0, cells.height, BLOCK_ROWS):
                part = cells.slice(start, BLOCK_ROWS)
                columns = [
                    part.to_series(places[at]).alias(str(at))
                    if at in places
                    else pl.Series(str(at), [None] * part.height, pl.String)
                    for at in range(len(self.headers))
                ]
                frame = pl.DataFrame(columns)
                numbers = pl.Series("row_number", range(number, number + part.height), pl.Int64)
                number += part.height
                filled = part.select(
                    pl.any_horizontal(pl.all().str.strip_chars().str.len_bytes() > 0)
                    .fill_null(False)
                ).to_series()  # fmt: skip
                yield Block(frame.filter(filled), numbers.filter(filled))

    def _top(self, name: str) -> tuple[list[tuple[str | None, ...]], bool]:
        """The first rows of a sheet, and whether it is visible."""
        rows = self._book.load_sheet(name, header_row=None, dtypes="string", n_rows=HEADER_WITHIN)
        return list(rows.to_polars().iter_rows()), rows.visible == "visible"

    def _cells(self, name: str) -> pl.DataFrame:
        try:
            return self._book.load_sheet(name, header_row=None, dtypes="string").to_polars()
        except BaseException as error:
            if not is_fault_of_reader(error):
                raise
            raise Refusal(
                f"a sheet cannot be read ({type(error).__name__}): have it saved again"
            ) from None

    def _check_units(self, contract: Contract) -> None:
        """What one sheet calls 万元 the others must not call 元."""
        scales: dict[str, set[Decimal]] = {}
        for sheet in self._sheets:
            matched = matched_or_refused(contract, sheet.heading.headers, sheet.heading.unit)
            for at, column in matched.columns.items():
                if column.kind == "money":
                    scales.setdefault(column.name, set()).add(matched.scales.get(at, Decimal(1)))
        if differing := sorted(name for name, units in scales.items() if len(units) > 1):
            raise Refusal(
                f"sheets name different units for {', '.join(differing)}: have them sent as files "
                "of their own"
            )


def _headed(
    contract: Contract, tops: dict[str, tuple[list[tuple[str | None, ...]], bool]]
) -> list[_Sheet]:
    """The sheets that have a header."""
    sheets = []
    for name, (cells, visible) in tops.items():
        try:
            heading = find_heading(contract, cells)
        except Refusal:
            continue
        matched = match_headers(contract, heading.headers)
        complete = not matched.missing_required
        sheets.append(_Sheet(name, visible, complete, len(matched.columns), heading))
    return sheets


def _chosen(
    contract: Contract,
    sheets: list[_Sheet],
    tops: dict[str, tuple[list[tuple[str | None, ...]], bool]],
) -> list[_Sheet]:
    """The visible sheets of this dataset, else the best hidden one. Raises Refusal.

    A sheet of another dataset can have all required columns, too (payments name a certificate and
    a person, as members do): it is known by most of its columns being none of the contract's.
    """
    visible = [sheet for sheet in sheets if sheet.complete and sheet.visible]
    if visible:
        best = max(visible, key=lambda sheet: sheet.matched)
        return [sheet for sheet in visible if sheet is best or 2 * sheet.matched >= sheet.filled]
    if not sheets:
        find_heading(contract, next(iter(tops.values()))[0])  # raises
    best = max(sheets, key=lambda sheet: (sheet.complete, sheet.matched, sheet.visible))
    matched_or_refused(contract, best.heading.headers, best.heading.unit)
    return [best]


def _together(
    contract: Contract, sheets: list[_Sheet]
) -> tuple[tuple[str | None, ...], list[dict[int, int]]]:
    """The headers of all sheets as one, and for each sheet: place among them → its column."""
    headers: list[str | None] = []
    at_name: dict[tuple[str, int], int] = {}
    places: list[dict[int, int]] = []
    for sheet in sheets:
        matched = match_headers(contract, sheet.heading.headers).columns
        seen: Counter[str] = Counter()
        mine: dict[int, int] = {}
        for at, header in enumerate(sheet.heading.headers):
            name = f"={matched[at].name}" if at in matched else fold_header(header or "")
            seen[name] += 1
            place = at_name.setdefault((name, seen[name]), len(headers))
            if place == len(headers):
                headers.append(header)
            mine[place] = at
        places.append(mine)
    return tuple(headers), places
