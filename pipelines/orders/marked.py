"""Answers to sheets that came back with mistakes: a copy of what was sent, marked cell by cell.

The marked copy can be mended and sent back itself. Which mistakes there are is judged in ``intake``
when a file lands; nothing is judged anew here that decides about a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from pipelines.contracts.cells import safe
from pipelines.intake.order_form import Returned, header_of, read_returned, role_of
from pipelines.intake.receipts import sha256_of
from pipelines.lake.night import Night
from pipelines.lake.receipt import LANDED, REFUSED, Receipt
from pipelines.orders.audiences import Configuration
from pipelines.orders.workbook import (
    FIXED,
    FONT,
    SIZE,
    FormWords,
    text_lines,
    widths_of,
    write_hidden,
)

UNKNOWN_SENDER = "unknown_sender"
WRONG, RIGHT, HEADING, ANSWER = "#F8CBAD", "#E2EFDA", "#DCE6F1", "#FFFBE6"
NOTE = "退回说明"
WIDEST = 24.0
_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


@dataclass(frozen=True)
class Reply:
    """What is told about one file: for a sheet of ours its rows, for others a list."""

    receipt: Receipt
    returned: Returned | None = None
    told: tuple[tuple[int | None, str], ...] = field(default=())

    @property
    def file_name(self) -> str:
        stem = Path(self.receipt.file_name).stem
        return f"退回_{stem}_{self.receipt.received_night:%Y%m%d}.xlsx"


def replies(night: Night, words: FormWords) -> list[Reply]:
    """What has to be answered of the workbooks that this night received: those with a fault."""
    found = []
    for receipt in night.receipts:
        if receipt.key != words.contract.name or receipt.received_night != night.as_of:
            continue
        if not receipt.file_name.lower().endswith(".xlsx"):
            continue
        if receipt.status not in (LANDED, REFUSED):
            continue
        reply = _reply(night, receipt, words)
        if reply is not None:
            found.append(reply)
    return found


def _reply(night: Night, receipt: Receipt, words: FormWords) -> Reply | None:
    path = night.settings.landing / receipt.relative_path
    returned = None
    if path.is_file() and sha256_of(path) == receipt.sha256:
        try:
            returned = read_returned(path, words.contract, words.codes, receipt.received_night)
        except Exception:  # no workbook at all: the receipt says so
            returned = None
    if returned is not None:
        if returned.header_at is None:
            return Reply(receipt, returned, ((None, "order_no_header"),))
        if not returned.answers:
            return Reply(receipt, returned, ((None, "order_empty"),))
        return Reply(receipt, returned) if returned.mistaken else None
    if receipt.status == REFUSED:
        return Reply(receipt, None, ((None, "refused"),))
    told = _faults_of_rows(night, receipt, words)
    return Reply(receipt, None, tuple(told)) if told else None


def _faults_of_rows(
    night: Night, receipt: Receipt, words: FormWords
) -> list[tuple[int | None, str]]:
    """Rows of an ordinary table that were set aside, or that name no case or no known result."""
    told: list[tuple[int | None, str]] = []
    if receipt.quarantine:
        aside = pl.read_parquet(night.home.quarantine / receipt.quarantine)
        told += [(row, code) for row, code in aside.select("row_number", "reason_code").rows()]
    role = role_of(words.contract)
    if receipt.parquet and role is not None:
        landed = pl.read_parquet(night.home.lake / receipt.parquet)
        known = set(night.frame("hardship.case_file", columns=["case_id"])["case_id"])
        listed = words.codes.get(words.contract.column(str(role.result)).codes or "")
        results = set(listed.codes) if listed else set()
        for row, case, result in landed.select("row_number", role.case, role.result).rows():
            if case not in known:
                told.append((row, "unknown_case"))
            elif results and result not in results:
                told.append((row, "unknown_result"))
    return sorted(told, key=lambda item: (item[0] or 0, item[1]))


def folder_of(reply: Reply, configuration: Configuration) -> str:
    """Below the outbox; what a returned sheet says of itself is believed only if it is possible."""
    form = reply.returned.form if reply.returned else None
    known = form is not None and configuration.audience(form.audience) is not None
    if form is None or not known or not form.region_code.isdigit():
        return UNKNOWN_SENDER
    if len(form.region_code) not in (6, 9, 12):
        return UNKNOWN_SENDER
    return f"{form.audience}/{form.region_code}"


def write_reply(path: Path, reply: Reply, configuration: Configuration, words: FormWords) -> None:
    """Write one marked copy."""
    with xlsxwriter.Workbook(path, {**_OPTIONS, "tmpdir": str(path.parent)}) as book:
        book.set_properties({"title": "退回", "created": FIXED})
        page = book.add_worksheet("退回更正")
        said = configuration.words["mistake"]
        if reply.returned is None:
            _list(book, page, reply, said)
        else:
            _copy(book, page, reply, reply.returned, said, words)
            write_hidden(book, reply.returned.form)


def _formats(book: Any) -> dict[str, Any]:
    plain = {"font_name": FONT, "font_size": SIZE, "valign": "vcenter", "text_wrap": True}
    edged = plain | {"border": 1, "border_color": "#A6A6A6"}
    return {
        "title": book.add_format({"font_name": "黑体", "font_size": 14}),
        "plain": book.add_format(edged),
        "heading": book.add_format(edged | {"bold": True, "bg_color": HEADING}),
        "open": book.add_format(edged | {"locked": False, "bg_color": ANSWER}),
        "right": book.add_format(edged | {"locked": False, "bg_color": RIGHT}),
        "wrong": book.add_format(edged | {"locked": False, "bg_color": WRONG, "bold": True}),
        "note": book.add_format(edged | {"font_color": "#C00000", "bold": True}),
        "free": book.add_format(plain),
    }


def _list(book: Any, page: Any, reply: Reply, said: Mapping[str, str]) -> None:
    looks = _formats(book)
    page.write_string(0, 0, f"退回：{safe(reply.receipt.file_name)}", looks["title"])
    for column, (text, width) in enumerate((("行号（表头以下）", 16), ("问题", 60))):
        page.write_string(2, column, text, looks["heading"])
        page.set_column(column, column, width)
    for at, (row, code) in enumerate(reply.told, 3):
        page.write_string(at, 0, "整份文件" if row is None else str(row), looks["plain"])
        page.write_string(at, 1, said.get(code, said["other"]), looks["note"])


def _copy(
    book: Any, page: Any, reply: Reply, returned: Returned, said: Mapping[str, str],
    words: FormWords,
) -> None:  # fmt: skip
    looks = _formats(book)
    mistaken = returned.mistaken
    general = [said.get(code, said["other"]) for _, code in reply.told]
    taken = len(returned.answers) - len(mistaken)
    summary = (
        f"退回更正：已收 {taken} 行，{len(mistaken)} 行有误（橙色单元格，见批注与“{NOTE}”栏）。"
        "请直接在本表改正后交回。" if not general else "退回：" + "；".join(general)
    )  # fmt: skip
    page.write_string(0, 0, summary, looks["title"])
    page.set_row(0, 24)
    if returned.header_at is None:
        for at, row in enumerate(returned.cells, 2):
            for column, cell in enumerate(row):
                page.write_string(at, column, safe(cell), looks["free"])
        return
    cells = returned.cells[returned.header_at :]
    header = [cell or "" for cell in cells[0]]
    places = dict(returned.columns)
    for name in words.columns:
        if name not in places:
            places[name] = len(header)
            header.append(header_of(words.contract, name))
    note_at = len(header)
    top = 2
    for column, text in enumerate([*header, NOTE]):
        page.write_string(top, column, safe(text), looks["heading"])
    answers = {answer.at: answer for answer in returned.answers}
    answer_places = {places[name]: name for name in words.columns}
    role = role_of(words.contract)
    assert role is not None
    case_at = places.get(str(role.case))
    for offset, row in enumerate(cells[1:], 1):
        at = top + offset
        answer = answers.get(returned.header_at + offset)
        wrong = dict(answer.mistakes) if answer else {}
        for column in range(len(header)):
            text = safe(row[column] if column < len(row) else None)
            asked = answer_places.get(column)
            look = "plain"
            if asked is not None:
                look = "open" if answer is None or not text else "right"
                if asked in wrong or str(role.case) in wrong:
                    look = "wrong"
            page.write_string(at, column, text, looks[look])
            if asked in wrong:
                page.write_comment(at, column, said.get(wrong[str(asked)], said["other"]),
                                   {"author": "救助链", "x_scale": 1.6})  # fmt: skip
        told = dict.fromkeys(said.get(code, said["other"]) for _, code in
                             (answer.mistakes if answer else ()))  # fmt: skip
        page.write_string(at, note_at, "；".join(told), looks["note"])
    _choices(page, places, words, top, len(cells) - 1)
    widths = [
        min(WIDEST, widths_of([part for row in cells if column < len(row)
                               for part in str(row[column] or "").split("\n")]))
        for column in range(len(header))
    ]  # fmt: skip
    for column, width in enumerate(widths):
        hidden = {"hidden": True} if column == case_at else {}
        page.set_column(column, column, max(width, 12.0), None, hidden)
    for offset, row in enumerate(cells):
        lines = [text_lines(cell or "", max(width, 12.0))
                 for column, (cell, width) in enumerate(zip(row, widths, strict=False))
                 if column != case_at]  # fmt: skip
        page.set_row(top + offset, min(400, 15 * max([2, *lines]) + 4))
    page.set_column(note_at, note_at, 32)
    page.freeze_panes(top + 1, 0)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(top)
    page.protect("", {"format_columns": True, "format_rows": True})


def _choices(page: Any, places: Mapping[str, int], words: FormWords, top: int, rows: int) -> None:
    for name in words.columns:
        if rows and (choices := words.choices(name)):
            page.data_validation(top + 1, places[name], top + rows, places[name], {
                "validate": "list", "source": choices, "error_title": "请从下拉框选择",
                "error_message": "请从下拉框选择一项",
            })  # fmt: skip
