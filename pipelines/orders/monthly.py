"""The monthly reports as one workbook per county: figures by township, and the entries behind them.

The month before the as-of date is reported; what counts is said by the tables of this room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from pipelines.contracts.cells import safe
from pipelines.lake.night import Night
from pipelines.orders.audiences import Configuration
from pipelines.orders.fields import masked_number
from pipelines.orders.registry import months
from pipelines.orders.sheets import region_names
from pipelines.orders.workbook import FIXED, FONT, SIZE, widths_of

READS = (
    "orders.monthly_report", "orders.monthly_change", "orders.monthly_amount",
    "orders.monthly_aid", "orders.order_line", "orders.township_load",
    "linkage.person_identity", "standard.region",
)  # fmt: skip
_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
Table = tuple[str, list[str], list[list[Any]]]


@dataclass(frozen=True)
class Report:
    """One county's month."""

    county_code: str
    county_name: str
    month: date
    as_of: date
    tables: tuple[Table, ...]

    @property
    def file_name(self) -> str:
        return f"救助月报_{self.county_name}_{self.county_code}_{self.month:%Y%m}.xlsx"

    def write(self, path: Path) -> None:
        """Write the workbook."""
        with xlsxwriter.Workbook(path, {**_OPTIONS, "tmpdir": str(path.parent)}) as book:
            book.set_properties({"title": "救助月报", "created": FIXED})
            for name, header, rows in self.tables:
                self._sheet(book, name, header, rows)

    def _sheet(self, book: Any, name: str, header: Sequence[str], rows: list[list[Any]]) -> None:
        page = book.add_worksheet(name)
        plain = {"font_name": FONT, "font_size": SIZE, "border": 1, "border_color": "#A6A6A6"}
        text, head = book.add_format(plain), book.add_format(plain | {
            "bold": True, "bg_color": "#DCE6F1", "align": "center", "text_wrap": True})  # fmt: skip
        money = book.add_format(plain | {"num_format": "#,##0.00"})
        title = book.add_format({"font_name": "黑体", "font_size": 14})
        page.write_string(0, 0, f"{safe(self.county_name)}{self.month:%Y年%m月}{name}", title)
        page.write_string(1, 0, f"数据截至 {self.as_of}", book.add_format({"font_name": FONT}))
        for column, word in enumerate(header):
            page.write_string(3, column, word, head)
            shown = [str(row[column] if row[column] is not None else "") for row in rows]
            page.set_column(column, column, widths_of([word, *shown]))
        if not rows:
            page.write_string(4, 0, "本月无", text)
        for at, row in enumerate(rows, 4):
            for column, value in enumerate(row):
                if value is None:
                    page.write_blank(at, column, None, text)
                elif isinstance(value, int):
                    page.write_number(at, column, value, text)
                elif isinstance(value, (str, date)):
                    page.write_string(at, column, safe(value), text)
                else:
                    page.write_number(at, column, float(value), money)
        page.freeze_panes(4, 0)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.repeat_rows(3)
        page.set_footer("&C第 &P 页，共 &N 页")


def reports_of(night: Night, configuration: Configuration) -> list[Report]:
    """The reports of the month before the as-of date, one per county; nothing is a report too."""
    month = months(night.as_of)["month_start"]
    figures = night.frame("orders.monthly_report").filter(pl.col("month") == month)
    names = region_names(night)
    known = night.frame("orders.township_load", columns=["county_code"])
    counties = sorted({*figures.get_column("county_code"), *known.get_column("county_code")})
    people = _people(night, month)
    return [
        Report(
            county, names.get(county + "000000", county), month, night.as_of,
            tuple(_tables(night, county, month, figures, names, people, configuration.words)),
        )
        for county in counties
    ]  # fmt: skip


def _people(night: Night, month: date) -> dict[str, tuple[str, str]]:
    """Name and last digits of everybody whom a detail sheet lists."""
    listed = pl.concat([
        night.frame(table, columns=["month", "person_id"])
        for table in ("orders.monthly_change", "orders.monthly_aid")
    ]).filter(pl.col("month") == month)  # fmt: skip
    wanted = listed.select("person_id").unique()
    known = night.frame("linkage.person_identity", columns=["person_id", "name", "id_number"])
    rows = known.join(wanted, on="person_id", how="semi").rows()
    return {person: (name or "", masked_number(number)) for person, name, number in rows}


def _tables(
    night: Night, county: str, month: date, figures: pl.DataFrame, names: Mapping[str, str],
    people: Mapping[str, tuple[str, str]], words: Mapping[str, Mapping[str, str]],
) -> list[Table]:  # fmt: skip
    def of(table: str, *keys: str) -> list[dict[str, Any]]:
        frame = night.frame(table).filter(
            (pl.col("county_code") == county) & (pl.col("month") == month)
        )
        return frame.sort("township_code", *keys).to_dicts()

    def place(row: Mapping[str, Any]) -> str:
        return names.get(row["township_code"] + "000") or "待落乡镇"

    def who(row: Mapping[str, Any]) -> list[str]:
        return list(people.get(row["person_id"], ("", "")))

    said = words["report"]
    mine = figures.filter(pl.col("county_code") == county).sort("report", "item", "township_code")
    summary = [
        [said.get(row["report"], row["report"]), words["level"].get(row["item"], row["item"]),
         place(row), row["entries"], row["persons"], row["households"], row["amount"]]
        for row in mine.to_dicts()
    ]  # fmt: skip
    changes = of("orders.monthly_change", "tier", "changed_on", "person_id")
    person_header = ["乡镇（街道）", "保障类别", "姓名", "证件尾号", "日期"]

    def moved(rows: list[dict[str, Any]]) -> list[list[Any]]:
        return [[place(r), r["tier"], *who(r), r["changed_on"]] for r in rows]

    amounts = of("orders.monthly_amount", "aid_type", "household_id")
    aid = of("orders.monthly_aid", "given_on", "payment_ref")
    return [
        ("汇总", ["报表", "类别", "乡镇（街道）", "笔数", "人数", "户数", "金额（元）"], summary),
        (said["added"], person_header, moved([r for r in changes if r["change"] == "added"])),
        (said["stopped"], person_header, moved([r for r in changes if r["change"] == "stopped"])),
        (said["natural_decrease"], person_header, moved([r for r in changes if r["by_death"]])),
        ("金额增减", ["乡镇（街道）", "项目", "家庭编号", "上月（元）", "本月（元）", "增减（元）"],
         [[place(r), r["aid_type"], r["household_id"], r["amount_before"], r["amount"],
           r["difference"]] for r in amounts]),
        (said["temporary_aid"], ["乡镇（街道）", "项目", "姓名", "证件尾号", "日期", "金额（元）"],
         [[place(r), r["aid_type"], *who(r), r["given_on"], r["amount"]] for r in aid]),
        (said["overdue_check"],
         ["乡镇（街道）", "线索类型", "等级", "个案编号", "首次派单", "期限", "状态"],
         _overdue(night, county, month, place, words)),
    ]  # fmt: skip


def _overdue(
    night: Night, county: str, month: date, place: Any, words: Mapping[str, Mapping[str, str]]
) -> list[list[Any]]:
    """Rows that were due and unanswered when the month ended."""
    last = months(night.as_of)["this_month"]
    ended = pl.coalesce("answered_on", "ended_on", pl.lit(date.max))
    lines = night.frame("orders.order_line").filter(
        (pl.col("county_code") == county) & (pl.col("due_on").dt.offset_by("1d") < last)
        & (pl.col("first_ordered_on") < last) & (ended >= last)
    )  # fmt: skip
    return [
        [place(r), words["list"].get(r["list"], r["list"]), words["level"][r["level"]],
         r["case_id"], r["first_ordered_on"], r["due_on"], words["kind"][r["kind"]]]
        for r in lines.sort("township_code", "due_on", "case_id").to_dicts()
    ]  # fmt: skip
