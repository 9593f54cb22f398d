"""How a sheet looks: an A4 page in landscape to print, and cells to fill in.

Only answer cells can be written in. Every text goes in as text, so that nothing becomes a formula,
and no clock is asked, so that the same night gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Any

import xlsxwriter

from pipelines.contracts.cells import safe
from pipelines.contracts.codes import CodeList
from pipelines.contracts.model import Contract
from pipelines.intake.order_form import (
    HIDDEN_SHEET,
    OrderForm,
    answer_columns,
    header_of,
    role_of,
)
from pipelines.orders.audiences import Configuration
from pipelines.orders.fields import FIELDS
from pipelines.orders.sheets import Sheet

FONT, SIZE = "宋体", 11
#: a workbook's clock; whoever asks when it was made finds the night on the sheet
FIXED = datetime(2000, 1, 1)
FILL = {"red": "#F4B6B0", "orange": "#FAD7A0", "yellow": "#FFF2AE"}
HEADING, ANSWER, GREY = "#DCE6F1", "#FFFBE6", "#595959"
ANSWER_WIDTHS = (11, 12, 14, 11, 11)
LONGEST = 200


@dataclass(frozen=True)
class FormWords:
    """The contract that answers follow, and its lists of words for drop-downs."""

    contract: Contract
    codes: Mapping[str, CodeList]

    @property
    def columns(self) -> tuple[str, ...]:
        return answer_columns(self.contract)

    @property
    def case_header(self) -> str:
        role = role_of(self.contract)
        assert role is not None
        return header_of(self.contract, str(role.case))

    @property
    def day_column(self) -> str:
        role = role_of(self.contract)
        assert role is not None
        return str(role.on)

    def choices(self, column: str) -> list[str]:
        """What may be chosen; none where it is written freely or several may stand."""
        found = self.contract.column(column)
        listed = self.codes.get(found.codes or "")
        return list(listed.codes) if listed and found.kind == "code" else []


def write_order(path: Path, sheet: Sheet, configuration: Configuration, words: FormWords) -> None:
    """Write one sheet of tonight."""
    options = {"strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False, "tmpdir": str(path.parent)}  # fmt: skip
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"title": sheet.audience.title_zh, "created": FIXED})
        _Writer(book, sheet, configuration, words).write()


class _Writer:
    def __init__(
        self, book: Any, sheet: Sheet, configuration: Configuration, words: FormWords
    ) -> None:
        self.book, self.sheet, self.words = book, sheet, words
        self.configuration = configuration
        self.page = book.add_worksheet("核查工单" if sheet.audience.answers else "清单")
        self.fields = [FIELDS[name] for name in sheet.audience.fields]
        self.answers = words.columns if sheet.audience.answers else ()
        self.width = len(self.fields) + len(self.answers)

    def format(self, **changes: Any) -> Any:
        plain = {"font_name": FONT, "font_size": SIZE, "valign": "vcenter", "text_wrap": True,
                 "border": 1, "border_color": "#A6A6A6"}  # fmt: skip
        return self.book.add_format({**plain, **changes})

    def write(self) -> None:
        top = self._top()
        self._header(top)
        for at, line in enumerate(self.sheet.lines, top + 1):
            self._line(at, line)
        last = top + len(self.sheet.lines)
        if self.answers:
            self._choices(top + 1, last)
        self._page(top, last)
        if self.answers:
            self._hidden()

    def _top(self) -> int:
        """Title, figures and instructions; the row of the header."""
        sheet = self.sheet
        title = self.book.add_format({"font_name": "黑体", "font_size": 16, "align": "center",
                                      "valign": "vcenter"})  # fmt: skip
        note = self.book.add_format({"font_name": FONT, "font_size": SIZE, "valign": "vcenter",
                                     "text_wrap": True, "font_color": GREY})  # fmt: skip
        carried = len(sheet.lines) - sheet.new_rows
        figures = (
            f"工单编号 {sheet.order_id}　截至 {sheet.night}　共{len(sheet.lines)}行："
            f"新增{sheet.new_rows}，续办{carried}，超期{sheet.overdue_rows}"
        )
        texts = [figures]
        if self.answers:
            texts.append(
                "填写说明：请入户后只填右侧浅黄色栏，核查结果从下拉框选一项，并写核查日期；"
                "没去的留空，下次再交。填好后原样交回，不要删列、改名或复制到别的表。"
                "所列均为数据比对的疑似线索，不是认定结论；内容涉及个人隐私，请妥善保管。"
            )
        else:
            texts.append("所列均为疑似线索或待落实事项，不是认定结论；请按职责使用，妥善保管。")
        self.page.merge_range(0, 0, 0, self.width - 1, "", title)
        heading = f"{sheet.region_name}{sheet.audience.title_zh}"
        self.page.write_string(0, 0, safe(heading), title)
        self.page.set_row(0, 28)
        for at, text in enumerate(texts, 1):
            self.page.merge_range(at, 0, at, self.width - 1, "", note)
            self.page.write_string(at, 0, safe(text), note)
        self.page.set_row(1, 18)
        self.page.set_row(2, 34)
        return 3

    def _header(self, at: int) -> None:
        plain = self.format(bold=True, align="center", bg_color=HEADING)
        asked = self.format(bold=True, align="center", bg_color="#FFE699")
        for column, found in enumerate(self.fields):
            self.page.write_string(at, column, found.heading, plain)
            self.page.set_column(column, column, found.width)
        for place, name in enumerate(self.answers):
            column = len(self.fields) + place
            self.page.write_string(at, column, header_of(self.words.contract, name), asked)
            self.page.set_column(column, column, ANSWER_WIDTHS[min(place, 4)])
        if self.answers:
            self.page.write_string(at, self.width, self.words.case_header, plain)
            self.page.set_column(self.width, self.width, 28, None, {"hidden": True})
        self.page.set_row(at, 32)

    def _line(self, at: int, line: Mapping[str, Any]) -> None:
        lines = 1
        for column, (name, found) in enumerate(
            zip(self.sheet.audience.fields, self.fields, strict=True)
        ):
            text = safe(found.text(line, self.configuration.words))
            look: dict[str, Any] = {"align": "center" if found.centred else "left"}
            if name in ("level", "kind"):
                look |= {"bg_color": FILL.get(line["level"], "#FFFFFF"), "bold": True}
            if name == "due" and line["is_overdue"]:
                look |= {"bold": True, "font_color": "#C00000"}
            self.page.write_string(at, column, text, self._look(look))
            lines = max(lines, text_lines(text, found.width))
        for place, name in enumerate(self.answers):
            look = {"locked": False, "bg_color": ANSWER}
            look |= {"num_format": "yyyy-mm-dd"} if name == self.words.day_column else {}
            self.page.write_blank(at, len(self.fields) + place, None, self._look(look))
        if self.answers:
            self.page.write_string(at, self.width, line["case_id"], self._look({}))
        self.page.set_row(at, min(400, max(32, 15 * lines + 4)))

    def _look(self, look: Mapping[str, Any]) -> Any:
        """Formats are shared, or a workbook would hold one per cell."""
        key = tuple(sorted(look.items()))
        held: dict[Any, Any] = self.__dict__.setdefault("_looks", {})
        if key not in held:
            held[key] = self.format(**look)
        return held[key]

    def _choices(self, first: int, last: int) -> None:
        for place, name in enumerate(self.answers):
            column = len(self.fields) + place
            choices = self.words.choices(name)
            if choices:
                self.page.data_validation(first, column, last, column, {
                    "validate": "list", "source": choices, "error_title": "请从下拉框选择",
                    "error_message": "只能选择：" + "、".join(choices),
                    "error_type": "stop" if sum(map(len, choices)) < LONGEST else "warning",
                })  # fmt: skip
            elif name == self.words.day_column:
                self.page.data_validation(first, column, last, column, {
                    "validate": "date", "criteria": ">=", "value": datetime(2020, 1, 1),
                    "input_title": "核查日期", "input_message": "写成 2026-11-20 这样",
                    "error_title": "日期", "error_message": "请写成 2026-11-20 这样的日期",
                })  # fmt: skip

    def _page(self, top: int, last: int) -> None:
        page = self.page
        page.set_landscape()
        page.set_paper(9)
        page.set_margins(left=0.3, right=0.3, top=0.45, bottom=0.5)
        page.fit_to_pages(1, 0)
        page.repeat_rows(top)
        page.print_area(0, 0, last, self.width - 1)
        page.set_footer(
            f"&L{self.sheet.order_id}&C第 &P 页，共 &N 页&R核查人签字：　　　　　　　　"
        )
        page.freeze_panes(top + 1, 0)
        page.hide_gridlines(2)
        if self.answers:
            page.protect("", {"format_columns": True, "format_rows": True,
                              "select_locked_cells": True})  # fmt: skip

    def _hidden(self) -> None:
        sheet = self.sheet
        form = OrderForm(
            sheet.order_id, sheet.audience.id, sheet.region_code, sheet.night,
            {line["sequence"]: line["case_id"] for line in sheet.lines},
        )  # fmt: skip
        write_hidden(self.book, form)


def write_hidden(book: Any, form: OrderForm) -> None:
    """The hidden sheet by which a returned form is known again."""
    page = book.add_worksheet(HIDDEN_SHEET)
    for at, (name, value) in enumerate(form.hidden_rows()):
        page.write_string(at, 0, name)
        page.write_string(at, 1, value)
    page.protect("")
    page.very_hidden()


def text_lines(text: str, width: float) -> int:
    """Lines that a text takes in a column of so many characters; a Chinese one is two wide."""
    return sum(max(1, ceil(text_width(part) / max(width - 2, 1))) for part in text.split("\n"))


def text_width(text: str) -> int:
    return sum(1 if ord(character) < 0x2E80 else 2 for character in text)


def widths_of(texts: Sequence[str]) -> float:
    """A fitting width for a column that holds these texts."""
    return float(min(44, max(6, *(text_width(text) for text in texts), 6) + 2))
