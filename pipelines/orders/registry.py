"""The tables of this room: their order, what each reads, and how each is made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.engine.sql import parameters, read_sql, tables_read
from pipelines.errors import NotFound
from pipelines.hardship.registry import policy_of, windows
from pipelines.lake import fingerprint
from pipelines.lake.night import Built, Night
from pipelines.orders import line_table, sheets
from pipelines.orders.audiences import load_configuration
from pipelines.orders.parameters import in_force, load_parameters

ROOM = Path(__file__).resolve().parent
TABLES: tuple[str, ...] = (
    "orders.parameter",
    "orders.report_item",
    "orders.recent_help",
    "orders.case_rank",
    "orders.order_line",
    "orders.order_sheet",
    "orders.township_load",
    "orders.field_match",
    "orders.monthly_change",
    "orders.monthly_amount",
    "orders.monthly_aid",
    "orders.monthly_report",
)
READS: dict[str, tuple[str, ...]] = {
    "orders.parameter": ("hardship.case_file", "prev_orders.order_line"),
    "orders.report_item": (),
    "orders.order_line": line_table.READS,
    "orders.order_sheet": sheets.READS,
}


def tables() -> tuple[str, ...]:
    """Every table of this room, in build order."""
    return TABLES


def reads() -> dict[str, tuple[str, ...]]:
    """What each table is made from."""
    return {
        table: READS[table] if table in READS else tables_read(read_sql(_sql_file(table)))
        for table in TABLES
    }


def _sql_file(table: str) -> Path:
    return ROOM / f"{table.split('.', 1)[1]}.sql"


def build(table: str, night: Night) -> Built:
    """Make one table of this room."""
    if table not in TABLES:
        raise NotFound(f"room orders makes no table {table}")
    if table in _MADE:
        return _MADE[table](night)
    bound = {**windows(night.as_of), **months(night.as_of)}
    wanted = parameters(read_sql(_sql_file(table)))
    return night.build(table, params={k: v for k, v in bound.items() if k in wanted})


def months(as_of: date) -> dict[str, Any]:
    """First days of this month, of the one that is reported on, and of the one before that."""
    this = as_of.replace(day=1)
    start = (this - timedelta(days=1)).replace(day=1)
    return {
        "this_month": this,
        "month_start": start,
        "month_before": (start - timedelta(days=1)).replace(day=1),
    }


def parameter(night: Night) -> Built:
    """The parameters in force in every township that has, or had, something to do."""
    table = "orders.parameter"
    policy = policy_of(night)
    values = {
        "policy": policy.version, "as_of": night.as_of,
        "schemas": fingerprint.folder(night.settings.schemas / "orders"),
    }  # fmt: skip
    taken, recipe = night.reuse(table, READS[table], values)
    if taken:
        return taken
    found = load_parameters(night.settings.schemas, policy)
    known = [
        night.frame(name, columns=["region_code"])
        for name in ("hardship.case_file", "prev_orders.order_line")
    ]
    townships = pl.concat(known).get_column("region_code").fill_null(line_table.UNPLACED)
    return night.write(table, in_force(found, townships.str.slice(0, 9), night.as_of), recipe)


def report_item(night: Night) -> Built:
    """Which tiers and kinds of aid the monthly reports count."""
    table = "orders.report_item"
    reports = load_configuration(night.settings.schemas).reports
    rows = [(report, code) for report, codes in sorted(reports.items()) for code in codes]
    taken, recipe = night.reuse(table, (), {"rows": rows})
    schema = {"report": pl.String, "code": pl.String}
    return taken or night.write(table, pl.DataFrame(rows, schema=schema, orient="row"), recipe)


_MADE: dict[str, Callable[[Night], Built]] = {
    "orders.parameter": parameter,
    "orders.report_item": report_item,
    "orders.order_line": line_table.order_line,
    "orders.order_sheet": sheets.order_sheet,
}
