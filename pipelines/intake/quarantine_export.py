"""What waits for a department: counts to look at, and workbooks that it can mend and send back.

A workbook holds a file's own headers, one set-aside row a line, and the name of each row, so that
``corrections`` finds it again. Workbooks identify people: they lie in restricted/outbox, mode 0600.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.cells import safe
from pipelines.contracts.headers import match_headers
from pipelines.contracts.letter import header_of
from pipelines.contracts.model import Contract
from pipelines.errors import NotFound
from pipelines.intake.corrections import ORIGINAL, REASON, REF, ref_of, without_helpers
from pipelines.intake.set_aside import OPEN, QUARANTINE
from pipelines.lake.home import Home
from pipelines.lake.newest import newest_frame

SHEET = "更正"
REASONS = {
    "missing_key": "缺少“{}”，请补填",
    "unreadable_key": "“{}”无法识别，请更正",
    "missing_amount": "缺少“{}”，请填写金额，如 1234.50；没有请填 0",
    "unreadable_amount": "“{}”不是金额，请改为数字，如 1234.50",
    "missing_date": "缺少“{}”，请填写日期，如 2026-11-20",
    "unreadable_date": "“{}”不是日期，请改为如 2026-11-20",
    "too_few_columns": "这一行的列数比表头少，请对照“隔离原文”重新填写",
    "too_many_columns": "这一行的列数比表头多，请对照“隔离原文”重新填写",
    "unclosed_quote": "这一行的引号不成对，请对照“隔离原文”重新填写",
}
NOTES = (
    "一、请直接在“更正”表中修改，改完后按原文件名保存，放回原来的报送位置。",
    "二、“隔离行标识”一列请勿改动，系统据此找到原来的行；列的顺序可以调整。",
    "三、无需更正的行可以删去，删去的行仍视为待更正。标黄的单元格是无法使用的内容。",
    "四、本表含个人信息，请按规定保管，用后删除。",
    "Mend the rows in sheet 更正, keep column 隔离行标识 and the file name, send it back.",
)


@dataclass(frozen=True)
class Waiting:
    """Open rows of one dataset with one reason at one column."""

    source: str
    dataset: str
    owner: str
    reason_code: str
    column_name: str | None
    rows: int
    oldest: date


def open_rows(home: Home, department: str | None = None) -> tuple[date, pl.DataFrame]:
    """The newest night and its open rows, of one department (source, or part of its owner's name).

    Raises NotFound where no night was run, or nobody of that name has a dataset with such rows.
    """
    night, rows = newest_frame(home, QUARANTINE, ("status", "owner"))
    if department is not None:
        of = (pl.col("source") == department) | pl.col("owner").str.contains(
            department, literal=True
        )
        named = rows.filter(of)
        if named.is_empty() and not rows.is_empty():
            known = ", ".join(rows["source"].unique().sort())
            raise NotFound(f"no row of {department} was ever set aside; there are rows of: {known}")
        rows = named
    return night, rows.filter(pl.col("status") == OPEN)


def waiting(rows: pl.DataFrame) -> list[Waiting]:
    """Open rows in figures, those that wait longest first."""
    keys = ["source", "dataset", "owner", "reason_code", "column_name"]
    counted = rows.group_by(keys).agg(
        pl.len().alias("rows"), pl.col("first_seen").min().alias("oldest")
    )
    return [Waiting(*row) for row in counted.sort("oldest", *keys, nulls_last=True).iter_rows()]


def export(
    home: Home, contracts: Mapping[str, Contract], department: str | None = None
) -> list[Path]:
    """Write a workbook per dataset, extract date and header; earlier ones of the name are replaced.

    Raises NotFound where no row waits.
    """
    _, rows = open_rows(home, department)
    if rows.is_empty():
        raise NotFound(f"no open row{f' of {department}' if department else ''}: nothing to export")
    written = []
    by = ["source", "dataset", "extract_date"]
    for (source, dataset, day), found in rows.sort(*by, "first_seen", "row_number").group_by(
        by, maintain_order=True
    ):
        contract = contracts.get(f"{source}/{dataset}")
        if contract is None:
            continue
        for number, (headers, listed) in enumerate(_by_headers(found, contract), start=1):
            part = f"_{number}" if number > 1 else ""
            name = f"更正_{source}_{dataset}{part}_{day:%Y%m%d}.xlsx"
            written.append(_written(home.outbox / str(source) / name, contract, headers, listed))
    return written


def _by_headers(
    rows: pl.DataFrame, contract: Contract
) -> list[tuple[tuple[str, ...], list[dict[str, Any]]]]:
    """Rows by the headers of the files they came in; units such as 万元 stand in a header."""
    grouped: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    unfit: list[dict[str, Any]] = []
    for row in rows.iter_rows(named=True):
        row["cells"] = json.loads(row["raw"])
        if isinstance(row["cells"], dict):
            own = without_helpers(row["cells"])
            known = next((headers for headers in grouped if set(headers) == set(own)), own)
            grouped.setdefault(known, []).append(row)
        else:
            unfit.append(row)
    if unfit:  # what does not fit its header is asked for under the headers of its neighbours
        first = next(iter(grouped), tuple(header_of(column) for column in contract.columns))
        grouped.setdefault(first, []).extend(unfit)
    return list(grouped.items())


def reason_text(row: Mapping[str, Any], contract: Contract) -> str:
    """What is wrong with a row, in the department's words; no value stands in it."""
    column = contract.by_name.get(row["column_name"] or "")
    code = str(row["reason_code"])
    return REASONS.get(code, code).format(column.zh if column else row["column_name"] or "")


def _written(
    target: Path, contract: Contract, headers: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> Path:
    import xlsxwriter

    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    before = os.umask(0o077)
    try:
        book = xlsxwriter.Workbook(
            str(partial), {"strings_to_formulas": False, "strings_to_urls": False,
                           "strings_to_numbers": False, "tmpdir": str(target.parent)},
        )  # fmt: skip
        _sheet(book, contract, headers, rows)
        notes = book.add_worksheet("说明")
        notes.set_column(0, 0, 90)
        for at, line in enumerate(NOTES):
            notes.write_string(at, 0, line)
        book.close()
    finally:
        os.umask(before)
    os.chmod(partial, 0o600)
    os.replace(partial, target)
    return target


def _sheet(
    book: Any, contract: Contract, headers: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> None:
    """Every cell is text: a number keeps its digits, and what begins with = is no formula."""
    text = book.add_format({"num_format": "@"})
    head = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1, "text_wrap": True})
    fault = book.add_format({"num_format": "@", "bg_color": "#FFF2CC"})
    note = book.add_format({"num_format": "@", "font_color": "#7F7F7F"})
    sheet = book.add_worksheet(SHEET)
    listed = [REF, REASON, *headers, ORIGINAL]
    sheet.set_column(0, 0, 24, text)
    sheet.set_column(1, 1, 36, text)
    sheet.set_column(2, len(listed) - 1, 18, text)
    sheet.freeze_panes(1, 2)
    for at, header in enumerate(listed):
        sheet.write_string(0, at, safe(header), head)
    matched = match_headers(contract, list(headers)).columns
    for line, row in enumerate(rows, start=1):
        sheet.write_string(line, 0, ref_of(row["delivery_id"], row["row_number"]), note)
        sheet.write_string(line, 1, reason_text(row, contract), note)
        cells = row["cells"]
        if not isinstance(cells, dict):
            sheet.write_string(line, len(listed) - 1, safe(" | ".join(map(str, cells))), note)
            cells = {}
        for at, header in enumerate(headers):
            is_fault = at in matched and matched[at].name == row["column_name"]
            value = cells.get(header)
            if value is not None and value != "":
                sheet.write_string(line, at + 2, safe(value), fault if is_fault else text)
            elif is_fault:
                sheet.write_blank(line, at + 2, None, fault)
