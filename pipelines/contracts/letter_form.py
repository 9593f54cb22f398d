"""The form that goes with a data-request letter: a workbook a department fills in or copies.

One sheet per dataset whose first row is the header that intake reads; beside it how every column
is written and the codes that may be chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.contracts.codes import CodeList
from pipelines.contracts.letter import form_of, header_of, how_often, whole_or_new
from pipelines.contracts.model import Column, Contract

NOTES, CODES = "填写说明", "代码"
FORM_ROWS = 5000
"""Rows of a form that offer codes to choose from."""
CHOICES: dict[str, tuple[str, ...]] = {"sex": ("男", "女"), "boolean": ("是", "否")}


def write_form(contracts: Sequence[Contract], codes: Mapping[str, CodeList], path: Path) -> None:
    """Write the workbook of one department's datasets."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    looks = {
        "text": book.add_format({"num_format": "@"}),
        "head": book.add_format(
            {"bold": True, "bg_color": "#DDEBF7", "border": 1, "num_format": "@"}
        ),
        "need": book.add_format(
            {"bold": True, "bg_color": "#FCE4D6", "border": 1, "num_format": "@"}
        ),
        "wrap": book.add_format({"text_wrap": True, "valign": "top", "border": 1}),
        "title": book.add_format({"bold": True, "font_size": 12}),
    }
    sheets = [(c, book.add_worksheet(sheet_name(c, contracts))) for c in contracts]
    notes = book.add_worksheet(NOTES)
    places = _codes(book.add_worksheet(CODES), contracts, codes, looks)
    for contract, sheet in sheets:
        _form(sheet, contract, codes, places, looks)
    _notes(notes, contracts, codes, looks)
    book.close()


def sheet_name(contract: Contract, contracts: Sequence[Contract]) -> str:
    """The dataset's title, cut to what a sheet may be called."""
    plain = "".join(c for c in contract.title_zh if c not in "[]:*?/\\")[:28]
    twice = [c for c in contracts if c.title_zh == contract.title_zh]
    return plain if len(twice) == 1 else f"{plain}{1 + twice.index(contract)}"


def form_header(column: Column) -> str:
    """A header with the mark of a required column, which intake drops again."""
    return f"{header_of(column)}{'*' if column.required else ''}"


def _form(
    sheet: Any, contract: Contract, codes: Mapping[str, CodeList], places: Mapping[str, str],
    looks: Mapping[str, Any],
) -> None:  # fmt: skip
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    _printed(sheet)
    for at, column in enumerate(contract.columns):
        header = form_header(column)
        width = max(12, min(28, 2 * len(header) + 4), 22 if column.kind == "identity_number" else 0)
        sheet.set_column(at, at, width, looks["text"])
        sheet.write_string(0, at, header, looks["need" if column.required else "head"])
        said = f"{column.zh}\n{form_of(column, codes)}"
        sheet.write_comment(0, at, said, {"x_scale": 2, "y_scale": 1.2})
        choice = CHOICES.get(column.kind)
        source: Any = list(choice) if choice else places.get(column.codes or "")
        if source and column.kind != "codes":
            sheet.data_validation(
                1, at, FORM_ROWS, at,
                {"validate": "list", "source": source, "error_type": "warning",
                 "error_title": "不在代码表中", "error_message": "可以保留，但请先核对"},
            )  # fmt: skip


def _printed(sheet: Any) -> None:
    """On A4, lying, as wide as one page."""
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _codes(
    sheet: Any, contracts: Sequence[Contract], codes: Mapping[str, CodeList],
    looks: Mapping[str, Any],
) -> dict[str, str]:  # fmt: skip
    """Write the code lists side by side; where the words of each stand, as a range."""
    wanted = dict.fromkeys(
        column.codes
        for contract in contracts
        for column in contract.columns
        if column.codes in codes and column.kind not in CHOICES
    )
    places: dict[str, str] = {}
    for number, name in enumerate(wanted):
        listed = codes[str(name)]
        plain = [value for value in listed.values if not value.is_pattern]
        at = 3 * number
        sheet.set_column(at, at, 10)
        sheet.set_column(at + 1, at + 1, 30)
        sheet.write_string(0, at, f"{listed.zh}代码", looks["head"])
        sheet.write_string(0, at + 1, listed.zh, looks["head"])
        for line, value in enumerate(plain, start=1):
            sheet.write_string(line, at, value.code, looks["text"])
            sheet.write_string(line, at + 1, value.zh, looks["text"])
        letters = _letters(at + 1)
        places[str(name)] = f"='{CODES}'!${letters}$2:${letters}${len(plain) + 1}"
    return places


def _letters(column: int) -> str:
    found = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def _notes(
    sheet: Any, contracts: Sequence[Contract], codes: Mapping[str, CodeList],
    looks: Mapping[str, Any],
) -> None:  # fmt: skip
    for at, width in enumerate((22, 34, 10, 60)):
        sheet.set_column(at, at, width)
    _printed(sheet)
    line = 0
    for contract in contracts:
        sheet.write_string(line, 0, contract.title_zh, looks["title"])
        sheet.write_string(line + 1, 0, f"{contract.zh}。{whole_or_new(contract)}。")
        sheet.write_string(line + 2, 0, f"{how_often(contract)}。带 * 的列必需。")
        line += 3
        for at, word in enumerate(("列", "含义", "要求", "填写方式")):
            sheet.write_string(line, at, word, looks["head"])
        for column in contract.columns:
            line += 1
            need = "必需" if column.required else "可选"
            said = form_of(column, codes)
            sheet.set_row(line, 15 * (1 + max(len(said) // 34, len(column.zh) // 18)))
            for at, cell in enumerate((form_header(column), column.zh, need, said)):
                sheet.write_string(line, at, cell, looks["wrap"])
        line += 3
