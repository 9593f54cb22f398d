"""One spreadsheet of referrals per department in HOME/restricted/outbox/<department>.

A department sees the fields that its allow-list names and no others. Equal nights give equal
files. How a department answers does not belong here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines.assistance.catalogue import Department, load_catalogue
from pipelines.assistance.fields import BASIS, FIELDS, LEVELS, NO_TIER
from pipelines.contracts.cells import safe
from pipelines.lake.night import Night

TABLE = "assistance.referral_row"
_ORDER = {"red": 0, "orange": 1, "yellow": 2}


@dataclass(frozen=True)
class Outbox:
    """What was written: files and rows over all departments."""

    files: int
    rows: int


def write_referrals(night: Night) -> Outbox:
    """Write every department's spreadsheet of tonight; folders 0700, files 0600."""
    rows = night.frame(TABLE).to_dicts()
    written = Outbox(0, 0)
    for department in load_catalogue(night.settings.schemas).departments:
        if not department.outbox:
            continue
        mine = sorted(
            (row for row in rows if row["department"] == department.department), key=_place
        )
        folder = night.home.outbox / department.department
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chmod(folder, 0o700)
        target = folder / f"referrals_{night.as_of.isoformat()}.xlsx"
        partial = night.temp / f"{department.department}.xlsx"
        _write(partial, department, mine, night.as_of)
        os.chmod(partial, 0o600)
        os.replace(partial, target)
        written = Outbox(written.files + 1, written.rows + len(mine))
    return written


def _place(row: dict[str, Any]) -> tuple[Any, ...]:
    """Place by place, the most urgent first."""
    return (
        row["region_code"] or "", _ORDER.get(row["level"], 3), row["since"], row["position"],
        row["referral_id"],
    )  # fmt: skip


def _write(path: Path, department: Department, rows: list[dict[str, Any]], as_of: date) -> None:
    import xlsxwriter

    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.close(handle)  # so that nobody else can read it while it is written
    book = xlsxwriter.Workbook(
        str(path),
        {
            "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
            "tmpdir": str(path.parent),
        },
    )  # fmt: skip
    book.set_properties({
        "title": f"分类转介（{department.title_zh}）{as_of.isoformat()}",
        "created": datetime(as_of.year, as_of.month, as_of.day),
        "comments": "疑似线索，须经核实 · suspected, to be verified by a person",
    })  # fmt: skip
    sheet = book.add_worksheet("转介")
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
    text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    money = book.add_format({"num_format": "#,##0.00", "valign": "top"})
    for column, name in enumerate(department.outbox):
        field = FIELDS[name]
        sheet.set_column(column, column, field.width)
        sheet.write_string(0, column, f"{field.zh}\n{field.en}", head)
    for number, row in enumerate(rows, 1):
        for column, name in enumerate(department.outbox):
            value = row[name]
            if isinstance(value, (Decimal, int, float)):
                sheet.write_number(
                    number, column, float(value), money if name == "given_12m" else text
                )
            elif (shown := _shown(name, value)) != "":
                sheet.write_string(number, column, safe(shown), text)  # never a formula
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(rows), 1), len(department.outbox) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&C第 &P 页，共 &N 页")
    book.close()


def _shown(name: str, value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return ""
    if name == "basis":
        return "、".join(BASIS.get(item, item) for item in value)
    if name == "level":
        return LEVELS.get(value, str(value))
    if name == "tier":
        return NO_TIER if value == "none" else str(value)
    if isinstance(value, list):
        return "\n".join(map(str, value))
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
