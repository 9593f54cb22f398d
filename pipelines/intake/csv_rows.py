"""CSV: separator and header found from the top, then parsed in blocks of bounded size.

Rows with too few or too many cells are set aside with their number. A file whose quotation marks
do not close goes to ``csv_careful``.
"""

from __future__ import annotations

import codecs
import csv
import io
import threading
from collections.abc import Iterator
from typing import IO

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv

from pipelines.contracts.model import Contract
from pipelines.intake import csv_careful
from pipelines.intake.encoding import BLOCK, TextFile
from pipelines.intake.errors import Refusal, UnbalancedQuotes
from pipelines.intake.heading import HEADER_WITHIN, find_heading
from pipelines.intake.rows import BLOCK_ROWS, TOO_FEW, TOO_MANY, Block, Malformed

_TOP_CHARACTERS = 1 << 18


class CsvRows:
    """A CSV file beneath its header."""

    def __init__(self, text: TextFile, contract: Contract, *, careful: bool = False) -> None:
        self._text = text
        self._careful = careful
        with text.open_utf8() as stream:
            start = stream.read(_TOP_CHARACTERS)
        marks = len(start) - len(start.removeprefix(codecs.BOM_UTF8))  # a second byte order mark
        top = start[marks:].decode("utf-8", errors="ignore")
        self.separator = _separator(top)
        records, ends = _records(top, self.separator)
        heading = find_heading(contract, records)
        self.headers, self.unit = heading.headers, heading.unit
        damaged = (f"{text.damaged} damaged characters",) if text.damaged else ()
        careful_note = ("read line by line: quotation marks do not close",) if careful else ()
        self.notes: tuple[str, ...] = (*damaged, *careful_note, *heading.notes)
        self._offset = marks + len("".join(ends[: heading.last + 1]).encode("utf-8"))
        self._names = [str(position) for position in range(len(self.headers))]

    def blocks(self) -> Iterator[Block]:
        """Blocks of rows. Raises UnbalancedQuotes where the file needs the careful way."""
        with self._text.open_utf8() as stream:
            stream.read(self._offset)
            if self._careful:
                yield from csv_careful.blocks(stream, self.separator, self._names)
            else:
                yield from self._parsed(stream)

    def _parsed(self, stream: IO[bytes]) -> Iterator[Block]:
        odd = _OddRows(self.separator, len(self._names))
        names = pa_csv.ReadOptions(
            use_threads=False, block_size=BLOCK, column_names=self._names, encoding="utf8"
        )
        shape = pa_csv.ParseOptions(
            delimiter=self.separator,
            quote_char='"' if self._text.has_quotes else False,
            newlines_in_values=self._text.has_quotes,
            ignore_empty_lines=True,
            invalid_row_handler=odd,
        )
        types = pa_csv.ConvertOptions(
            column_types={name: pa.string() for name in self._names},
            strings_can_be_null=False,
            check_utf8=False,  # the whole file has been decoded strictly
        )
        try:
            reader = pa_csv.open_csv(stream, names, shape, types)
        except pa.ArrowInvalid as error:
            if "Empty CSV" in str(error):
                return
            raise UnbalancedQuotes from None
        number, waiting, rows = 1, [], 0
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                break
            except pa.ArrowInvalid:  # a row longer than a block, mostly for an open quote
                raise UnbalancedQuotes from None
            waiting.append(batch)
            rows += batch.num_rows
            if rows >= BLOCK_ROWS:
                block, number = self._block(waiting, odd, number)
                yield block
                waiting, rows = [], 0
        block, _ = self._block(waiting, odd, number, last=True)
        if block.frame.height or block.malformed:
            yield block

    def _block(
        self, batches: list[pa.RecordBatch], odd: _OddRows, number: int, *, last: bool = False
    ) -> tuple[Block, int]:
        """The rows parsed since ``number``, with the numbers that the odd ones leave them."""
        table = pa.Table.from_batches(batches) if batches else None
        frame = (
            _frame(table) if table is not None
            else pl.DataFrame(schema=dict.fromkeys(self._names, pl.String))
        )  # fmt: skip
        runs_over = self._text.has_quotes and any(map(_has_line_end, batches))
        if runs_over and _swallowed(frame, self.separator, len(self._names)):
            raise UnbalancedQuotes()
        if odd.unbalanced:
            raise UnbalancedQuotes()
        numbers, following = odd.numbers(frame.height, number)
        mended, malformed = odd.taken(None if last else following)
        if len(self._names) == 1:
            frame, numbers = _without_blank(frame, numbers)
        if mended:
            extra = pl.DataFrame(
                [cells for _, cells in mended], schema=dict.fromkeys(self._names, pl.String),
                orient="row",
            )  # fmt: skip
            frame = pl.concat([frame, extra])
            numbers = np.concatenate([numbers, np.array([n for n, _ in mended], dtype=np.int64)])
        return Block(frame, pl.Series("row_number", numbers), malformed), following


class _OddRows:
    """Rows with another number of cells than the header, as the parser meets them."""

    def __init__(self, separator: str, width: int) -> None:
        self._separator, self._width = separator, width
        self._lock = threading.Lock()
        self._at: list[int] = []
        self._mended: list[tuple[int, list[str]]] = []
        self._malformed: list[Malformed] = []
        self.unbalanced = False

    def __call__(self, row: pa_csv.InvalidRow) -> str:
        with self._lock:
            number = int(row.number)
            self._at.append(number)
            if not row.text.strip():
                return "skip"
            if "\n" in row.text.strip("\r\n") and '"' in row.text:
                self.unbalanced = True
            cells = next(csv.reader(io.StringIO(row.text), delimiter=self._separator), [])
            if len(cells) > self._width and not any(c.strip() for c in cells[self._width :]):
                self._mended.append((number, cells[: self._width]))
            else:
                reason = TOO_FEW if len(cells) < self._width else TOO_MANY
                self._malformed.append(Malformed(number, reason, tuple(cells)))
        return "skip"

    def numbers(self, height: int, first: int) -> tuple[np.ndarray, int]:
        """Numbers of ``height`` good rows from ``first`` on, and the number that comes next."""
        with self._lock:
            odd = np.array(sorted(n for n in self._at if n >= first), dtype=np.int64)
        numbers = np.arange(first, first + height + len(odd), dtype=np.int64)
        numbers = numbers[~np.isin(numbers, odd)][:height]
        return numbers, int(numbers[-1]) + 1 if height else first

    def taken(
        self, before: int | None
    ) -> tuple[list[tuple[int, list[str]]], tuple[Malformed, ...]]:
        """Mended and malformed rows numbered below ``before`` (None: all), once."""
        with self._lock:
            limit = before if before is not None else 1 << 62
            mended = [pair for pair in self._mended if pair[0] < limit]
            malformed = tuple(row for row in self._malformed if row.row_number < limit)
            self._mended = [pair for pair in self._mended if pair[0] >= limit]
            self._malformed = [row for row in self._malformed if row.row_number >= limit]
            self._at = [number for number in self._at if number >= limit]
        return mended, malformed


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table, rechunk=False)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _has_line_end(batch: pa.RecordBatch) -> bool:
    """Whether any value holds a line feed (the text of a column lies in one buffer)."""
    return any(
        (buffers := column.buffers())[2] is not None and b"\n" in buffers[2].to_pybytes()
        for column in batch.columns
    )


def _swallowed(frame: pl.DataFrame, separator: str, width: int) -> bool:
    """Whether some value runs over a line's end and holds a whole row: a quote was left open."""
    if not frame.height or width < 2:
        return False
    held = frame.select(
        pl.any_horizontal(
            (pl.all().str.contains("\n", literal=True)
             & (pl.all().str.count_matches(separator, literal=True) >= width - 1)).any()
        )
    )  # fmt: skip
    return bool(held.item())


def _without_blank(frame: pl.DataFrame, numbers: np.ndarray) -> tuple[pl.DataFrame, np.ndarray]:
    filled = (frame.to_series().str.strip_chars() != "").to_numpy()
    return frame.filter(pl.Series(filled)), numbers[filled]


def _separator(top: str) -> str:
    """Tab or comma, whichever the lines at the top hold more of."""
    lines = [line for line in top.splitlines()[:HEADER_WITHIN] if line.strip()]
    tabs = max((line.count("\t") for line in lines), default=0)
    commas = max((line.count(",") for line in lines), default=0)
    return "\t" if tabs > commas else ","


def _records(top: str, separator: str) -> tuple[list[list[str]], list[str]]:
    """The records at the top, and for each the text that it takes up, line ends included."""
    lines = io.StringIO(top, newline="")
    taken: list[str] = []
    texts: list[str] = []
    records: list[list[str]] = []

    def watched() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    try:
        for record in csv.reader(watched(), delimiter=separator):
            records.append(record)
            texts.append("".join(taken))
            taken.clear()
            if len(records) >= HEADER_WITHIN:
                break
    except csv.Error:
        if not records:
            raise Refusal("the top of the file cannot be parsed as CSV") from None
    return records, texts
