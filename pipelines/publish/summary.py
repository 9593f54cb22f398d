"""What a night found, in plain words, for the end of ``run``: counts and where to look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipelines.errors import NotFound

TIERS = {
    "特困": "destitute, supported by the state",
    "低保": "minimum living allowance",
    "防止返贫监测": "watched against falling back into poverty",
    "低保边缘": "just above the allowance",
    "刚性支出困难": "in need because of unavoidable costs",
    "其他": "confirmed by a visit",
}
LISTS = {
    "suspected_illness_poverty": "疑似因病致贫 suspected illness poverty",
    "income_expenditure": "收支失衡 costs beyond income",
    "child_protection": "困境儿童 child protection",
    "tier_candidate": "疑似应保未保 may belong in a tier",
    "field_report": "基层线索 field report",
}


def summarise(home: Path) -> RenderableType:
    """Read the published file of a HOME and say what is in it."""
    path = home / "published" / "monitoring.duckdb"
    if not path.exists():
        raise NotFound(f"nothing is published in {home} yet")
    con = duckdb.connect(str(path), read_only=True)
    try:
        return Group(*_parts(con, home))
    finally:
        con.close()


def _parts(con: duckdb.DuckDBPyConnection, home: Path) -> list[RenderableType]:
    present = {
        f"{schema}.{table}"
        for schema, table in con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables()"
        ).fetchall()
    }
    parts: list[RenderableType] = []
    if "meta.run" in present:
        parts.append(_night(con))
    for needs, part in (
        ("quality.receipt", _files),
        ("population.monitored_person", _tiers),
        ("hardship.alert", _alerts),
        ("hardship.case_file", _cases),
        ("quality.expectation", _checks),
    ):
        if needs in present:
            parts.append(part(con))
    parts.append(_where(home))
    return parts


def _night(con: duckdb.DuckDBPyConnection) -> RenderableType:
    row = _rows(
        con,
        "SELECT as_of, policy_version, persons, households, monitored_persons, "
        "previous_night FROM meta.run",
    )[0]
    as_of, version, persons, households, monitored, previous = row
    before = f"stands on the night of {previous}" if previous else "the first night of this HOME"
    return Text(
        f"\nNight of {as_of} ({before}) · policy {version}\n"
        f"{persons:,} people (人员) in {households:,} households (家庭); "
        f"{monitored:,} are in a tier and monitored (监测对象)\n"
    )


def _files(con: duckdb.DuckDBPyConnection) -> RenderableType:
    landed, refused, repeated, rows, aside = _rows(
        con,
        "SELECT count(*) FILTER (WHERE status = 'landed'), "
        "count(*) FILTER (WHERE status = 'refused'), "
        "count(*) FILTER (WHERE status = 'repeated'), coalesce(sum(rows_landed), 0), "
        "coalesce(sum(rows_quarantined), 0) FROM quality.receipt",
    )[0]
    return Text(
        f"Files so far: {landed:,} landed (落地) with {rows:,} rows, {refused:,} refused (拒收), "
        f"{repeated:,} seen before (重复); {aside:,} rows in quarantine (隔离)\n"
    )


def _tiers(con: duckdb.DuckDBPyConnection) -> RenderableType:
    found = dict(_rows(con, "SELECT tier, count(*) FROM population.monitored_person GROUP BY tier"))
    table = _table("People in a tier (救助类别)", "tier", "", "people")
    for tier, meaning in TIERS.items():
        if tier in found:
            table.add_row(tier, meaning, f"{found[tier]:,}")
    return table


def _alerts(con: duckdb.DuckDBPyConnection) -> RenderableType:
    table = _table("Alerts tonight (预警), by rule", "rule", "红 red", "橙 orange", "黄 yellow")
    for rule, *counts in _rows(
        con,
        "SELECT rule_id, count(*) FILTER (WHERE level = 'red'), "
        "count(*) FILTER (WHERE level = 'orange'), count(*) FILTER (WHERE level = 'yellow') "
        "FROM hardship.alert GROUP BY rule_id ORDER BY rule_id",
    ):
        table.add_row(rule, *(f"{count:,}" for count in counts))
    return table


def _cases(con: duckdb.DuckDBPyConnection) -> RenderableType:
    columns = ("list", "红 red", "橙 orange", "黄 yellow", "e.g.")
    table = _table("Open cases (待核查), by list", *columns)
    for name, red, orange, yellow, example in _rows(
        con,
        "SELECT list, count(*) FILTER (WHERE level = 'red'), "
        "count(*) FILTER (WHERE level = 'orange'), count(*) FILTER (WHERE level = 'yellow'), "
        "arg_max(case_id, coalesce(measure, 0)) FROM hardship.case_file "
        "WHERE status IN ('open', 'checking') GROUP BY list ORDER BY list",
    ):
        counts = (f"{count:,}" for count in (red, orange, yellow))
        table.add_row(LISTS.get(name, name), *counts, example)
    return table


def _checks(con: duckdb.DuckDBPyConnection) -> RenderableType:
    checks, failed = _rows(
        con, "SELECT count(*), count(*) FILTER (WHERE NOT success) FROM quality.expectation"
    )[0]
    said = "all passed" if not failed else f"{failed:,} did not pass (warnings, 提示)"
    return Text(f"{checks:,} checks (校验) of batches and tables: {said}\n")


def _where(home: Path) -> RenderableType:
    published = home / "published"
    return Text(
        f"Where to look:\n"
        f"  {published / 'monitoring.duckdb'}  (e.g. FROM hardship.suspected_illness_poverty)\n"
        f"  {published / 'bulletin.html'}  (the night on one page, in a browser)\n"
        f"  {published / 'quality' / 'index.html'}  (what was checked)\n"
        f"  jiuzhulian explain CASE_ID --home {home}  (why a case)\n",
        no_wrap=True,
        overflow="ignore",
    )


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for column in columns:
        right = column in ("people", "红 red", "橙 orange", "黄 yellow")
        table.add_column(
            column, justify="right" if right else "left", overflow="fold", no_wrap=column == "e.g."
        )
    return table


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return con.execute(sql).fetchall()
