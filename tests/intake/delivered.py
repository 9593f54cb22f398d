"""The same rows of texts written as every kind of file that a department may send."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
import xlsxwriter

ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be")
Row = Sequence[str | None]


@dataclass(frozen=True)
class Form:
    """``kind``: csv, csv.gz, xlsx or parquet; titles stand above the header."""

    kind: str
    encoding: str = "utf-8"
    separator: str = ","
    end: str = "\r\n"
    titles: int = 0
    two_rows: bool = False
    quoted: bool = False

    @property
    def ending(self) -> str:
        return self.kind


FORMS = (
    *(Form(kind, encoding, separator, end, titles, two, quoted)
      for kind in ("csv", "csv.gz")
      for encoding in ENCODINGS
      for separator in (",", "\t")
      for end, titles, two, quoted in (("\r\n", 0, False, False), ("\n", 2, True, True))),
    *(Form("xlsx", titles=titles, two_rows=two) for titles in (0, 2) for two in (False, True)),
    Form("parquet"),
)  # fmt: skip


def written(form: Form, headers: Sequence[str], rows: Sequence[Row]) -> bytes:
    """The bytes of a file."""
    if form.kind == "parquet":
        held = io.BytesIO()
        columns = zip(*rows, strict=True) if rows else [()] * len(headers)
        pl.DataFrame(
            [pl.Series(h, list(c), pl.String) for h, c in zip(headers, columns, strict=True)]
        ).write_parquet(held)
        return held.getvalue()
    table: list[Row] = [["某某情况表", *[""] * (len(headers) - 1)]] * min(form.titles, 1)
    table += [["制表：数据组 单位：元"]] * (form.titles - 1 if form.titles else 0)
    if form.two_rows:
        first, second = _over_two(headers)
        table += [first, second]
    else:
        table.append(list(headers))
    table += rows
    if form.kind == "xlsx":
        return _workbook(table)
    lines = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if form.quoted else csv.QUOTE_MINIMAL
    csv.writer(lines, delimiter=form.separator, lineterminator=form.end, quoting=quoting).writerows(
        [["" if cell is None else cell for cell in row] for row in table]
    )
    raw = lines.getvalue().encode(form.encoding)
    return gzip.compress(raw, 1, mtime=0) if form.kind == "csv.gz" else raw


def _over_two(headers: Sequence[str]) -> tuple[list[str], list[str]]:
    """A header of two rows: the last two columns stand under a common word."""
    above = [*headers[:-2], "本人情况", ""]
    return above, [*[""] * (len(headers) - 2), *headers[-2:]]


def _workbook(table: Sequence[Row]) -> bytes:
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        book.add_worksheet("说明").write_string(0, 0, "由系统导出")
        sheet = book.add_worksheet("数据")
        for at, row in enumerate(table):
            for place, cell in enumerate(row):
                if cell:
                    sheet.write_string(at, place, cell)
        hidden = book.add_worksheet("隐藏")
        hidden.write_row(0, 0, ["key", "text"])
        hidden.write_row(1, 0, ["HIDDEN1", "旧"])
        hidden.hide()
    return held.getvalue()
