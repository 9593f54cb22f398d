"""Which sheets go out tonight: open rows, dealt out to audiences and regions as configured.

A sheet goes out where one of its rows is new or has just become overdue; else the one of an earlier
night still holds. Where the night before was cut off and laid none out, all go. What a row shows
belongs to ``rows``, how a sheet looks to ``workbook``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import polars as pl

from pipelines.lake import fingerprint
from pipelines.lake.night import Built, Night
from pipelines.orders.audiences import Audience, load_configuration

TABLE = "orders.order_sheet"
#: beside a night's tables once its sheets lie in the outbox
SENT = "outbox.sent"
READS = ("orders.order_line", "orders.case_rank", "hardship.case_file", "standard.region")
_UNFIT = re.compile(r"[^\w（）()·-]", re.UNICODE)
FOLLOW_UP_LAST = {"visit": 0, "follow_up": 1}


@dataclass
class Sheet:
    """One sheet of tonight; ``lines`` in the order in which they stand, numbered from 1."""

    audience: Audience
    region_code: str
    region_name: str
    night: date
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def order_id(self) -> str:
        return f"{self.audience.id}-{self.region_code}-{self.night:%Y%m%d}"

    @property
    def file_name(self) -> str:
        place = _UNFIT.sub("", self.region_name) or self.region_code
        return f"{self.audience.title_zh}_{place}_{self.region_code}_{self.night:%Y%m%d}.xlsx"

    @property
    def new_rows(self) -> int:
        return sum(line["first_ordered_on"] == self.night for line in self.lines)

    @property
    def overdue_rows(self) -> int:
        return sum(line["is_overdue"] for line in self.lines)


def sheets_of(night: Night) -> list[Sheet]:
    """Tonight's sheets, by audience and region."""
    lines = _open_lines(night)
    names = region_names(night)
    found: dict[tuple[str, str], Sheet] = {}
    for audience in load_configuration(night.settings.schemas).audiences:
        for line in lines:
            region = _region(audience, line)
            if region is None:
                continue
            key = (audience.id, region)
            if key not in found:
                name = names.get(region.ljust(12, "0")) or "未知区县"
                found[key] = Sheet(audience, region, name, night.as_of)
            sheet = found[key]
            sheet.lines.append(line | {"sequence": len(sheet.lines) + 1})
    last = night.previous or night.as_of - timedelta(days=1)
    sent = sent_before(night)
    return [
        sheet for _, sheet in sorted(found.items())
        if not sent or any(
            line["first_ordered_on"] == night.as_of
            or (line["is_overdue"] and line["due_on"] >= last)
            for line in sheet.lines
        )
    ]  # fmt: skip


def sent_before(night: Night) -> bool:
    """Whether the night before laid its sheets out; where there was none, nothing is owed."""
    if night.previous is None:
        return True
    return (night.home.nights / night.previous.isoformat() / SENT).exists()


def _region(audience: Audience, line: dict[str, Any]) -> str | None:
    if line["kind"] not in audience.kinds:
        return None
    if audience.suggest and not set(audience.suggest) & set(line["suggest"] or ()):
        return None
    return audience.region_of(line["county_code"], line["township_code"], line["region_code"])


def _open_lines(night: Night) -> list[dict[str, Any]]:
    """Open rows with tonight's rank and what the case points to, in the order of a sheet."""
    ranks = night.frame("orders.case_rank", columns=["case_id", "rank"])
    suggest = night.frame("hardship.case_file", columns=["case_id", "suggest"])
    frame = (
        night.frame("orders.order_line")
        .filter(pl.col("state") == "open")
        .drop("rank")
        .join(ranks, on="case_id", how="left")
        .join(suggest, on="case_id", how="left")
    )
    return sorted(
        frame.to_dicts(),
        key=lambda line: (
            line["county_code"], line["township_code"], FOLLOW_UP_LAST[line["kind"]],
            line["rank"] is None, line["rank"] or 0, line["case_id"],
        ),
    )  # fmt: skip


def region_names(night: Night) -> dict[str, str]:
    """Names of regions by their 12 digits."""
    rows = night.frame("standard.region", columns=["region_code", "name"]).rows()
    return {code: name for code, name in rows if name}


def order_sheet(night: Night) -> Built:
    """Make orders.order_sheet."""
    values = {
        "as_of": night.as_of, "before": night.previous, "sent": sent_before(night),
        "schemas": fingerprint.folder(night.settings.schemas / "orders"),
    }  # fmt: skip
    taken, recipe = night.reuse(TABLE, READS, values)
    if taken:
        return taken
    rows = [
        {
            "audience": sheet.audience.id, "region_code": sheet.region_code,
            "order_id": sheet.order_id, "file_name": sheet.file_name, "rows": len(sheet.lines),
            "new_rows": sheet.new_rows, "carried_rows": len(sheet.lines) - sheet.new_rows,
            "overdue_rows": sheet.overdue_rows,
        }
        for sheet in sheets_of(night)
    ]  # fmt: skip
    counts = ("rows", "new_rows", "carried_rows", "overdue_rows")
    names = night.promise(TABLE).column_names
    schema = {name: pl.Int64() if name in counts else pl.String() for name in names}
    return night.write(TABLE, pl.DataFrame(rows, schema=schema), recipe)
