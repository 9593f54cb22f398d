"""Excel workbooks: the sheet and the row that hold the header are found; cells become text.

A workbook cannot be read in pieces and holds at most 1,048,576 rows; blocks bound what follows.
"""

from __future__ import annotations

from collections.abc import Iterator

import fastexcel
import polars as pl

from pipelines.contracts.headers import match_headers
from pipelines.contracts.model import Contract
from pipelines.intake.discover import Found
from pipelines.intake.errors import Refusal
from pipelines.intake.rows import BLOCK_ROWS, HEADER_WITHIN, Block, header_row


class ExcelRows:
    """The sheet of a workbook that names most of the contract's columns, beneath its header."""

    def __init__(self, found: Found, contract: Contract) -> None:
        try:
            book = fastexcel.read_excel(found.path)
            tops = {name: _top(book, name) for name in book.sheet_names}
        except Exception as error:
            raise Refusal(
                f"not a workbook that can be opened ({type(error).__name__}): have it sent again"
            ) from None
        sheet = max(tops, key=lambda name: _most(contract, tops[name]), default=None)
        if sheet is None:
            raise Refusal("the workbook has no sheet")
        at = header_row(contract, tops[sheet])
        self.headers: tuple[str | None, ...] = tuple(tops[sheet][at])
        cells = book.load_sheet(sheet, header_row=None, dtypes="string").to_polars()
        cells.columns = [str(position) for position in range(cells.width)]
        self._cells = cells.slice(at + 1)

    def blocks(self) -> Iterator[Block]:
        """Blocks of rows; rows without any cell filled only count."""
        for start in range(0, self._cells.height, BLOCK_ROWS):
            frame = self._cells.slice(start, BLOCK_ROWS)
            numbers = pl.Series("row_number", range(start + 1, start + frame.height + 1), pl.Int64)
            filled = frame.select(
                pl.any_horizontal(pl.all().str.strip_chars().str.len_bytes() > 0).fill_null(False)
            ).to_series()
            yield Block(frame.filter(filled), numbers.filter(filled))


def _top(book: fastexcel.ExcelReader, sheet: str) -> list[tuple[str | None, ...]]:
    rows = book.load_sheet(sheet, header_row=None, dtypes="string", n_rows=HEADER_WITHIN)
    return list(rows.to_polars().iter_rows())


def _most(contract: Contract, top: list[tuple[str | None, ...]]) -> int:
    return max((len(match_headers(contract, cells).columns) for cells in top), default=0)
