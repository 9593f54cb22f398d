"""What the bulletin says: figures of the published file, small numbers already hidden.

Only counts leave this module; how they look does not belong here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipelines.engine.sql import read_sql
from pipelines.publish.bulletin.places import Place, places
from pipelines.publish.small_numbers import LEAST, Shown, protected, shown

HERE = Path(__file__).parent
LEVELS = ("red", "orange", "yellow")
TIERS = ("特困", "低保", "防止返贫监测", "低保边缘", "刚性支出困难", "其他")
Row = dict[str, Any]


@dataclass(frozen=True)
class Figures:
    """Everything that the page shows."""

    night: Row
    history: list[Row]
    lists: list[Row]
    counties: list[Place]
    funnel: dict[str, Shown]
    tiers: list[Row]
    freshness: list[Row]
    rules: list[Row]
    findings: list[Row]
    groups: list[Row]
    waiting: dict[str, Shown]
    #: the smallest count of people that is shown
    least: int

    @property
    def as_of(self) -> date:
        found: date = self.night["as_of"]
        return found

    @property
    def tonight(self) -> Row:
        """The row of this night in the history."""
        return self.history[-1]

    @property
    def before(self) -> Row | None:
        """The row of the night before; None on a first night."""
        return self.history[-2] if len(self.history) > 1 else None

    @property
    def late(self) -> list[Row]:
        """Datasets past their due date."""
        return [row for row in self.freshness if row["late"]]

    @property
    def townships(self) -> list[Place]:
        """Townships with a case, the most pressing first."""
        found = [place for county in self.counties for place in county.parts if place.has_cases]
        return sorted(found, key=lambda place: place.pressing, reverse=True)


def figures(con: duckdb.DuckDBPyConnection, least: int = LEAST) -> Figures:
    """The figures of one night, from a connection to its published file."""
    [night] = _asked(con, "night")
    counties, waiting = places(_asked(con, "case_place"), least)
    return Figures(
        night=night,
        history=_history(_asked(con, "history"), least),
        lists=_lists(_asked(con, "case_list"), least),
        counties=counties,
        funnel={name: shown(count, least) for name, count in _asked(con, "funnel")[0].items()},
        tiers=_tiers(_asked(con, "tier"), least),
        freshness=_asked(con, "freshness"),
        rules=[_shown(row, least, "alerts", "flagged", "checked", "confirmed", "not_judged")
               for row in _asked(con, "rule")],
        findings=[_shown(row, least, "looked_at", "found", "certain")
                  for row in _asked(con, "finding")],
        groups=[_group(row, least) for row in _asked(con, "match")],
        waiting=waiting,
        least=least,
    )  # fmt: skip


def _asked(con: duckdb.DuckDBPyConnection, name: str) -> list[Row]:
    """Rows of ``<name>.sql``, by column name."""
    answer = con.execute(read_sql(HERE / f"{name}.sql"))
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _shown(row: Row, least: int, *columns: str) -> Row:
    return row | {column: shown(row[column], least) for column in columns}


#: figures of people in the history; the others count files, rows and checks
PEOPLE = (
    "persons", "households", "monitored_persons", "entered", "gone", "moved", "open_cases", "red",
    "orange", "yellow", "new_cases", "closed_cases", "confirmed_cases", "overdue_rows",
    "gap_findings", "overlap_findings",
)  # fmt: skip


def _history(rows: list[Row], least: int) -> list[Row]:
    """Nights with small numbers hidden, the three levels and their sum as one."""
    shown_rows = []
    for row in rows:
        levels = {name: row[name] for name in (*LEVELS, "open_cases")}
        shown_rows.append(
            _shown(row, least, *PEOPLE) | protected(levels, [("open_cases", LEVELS)], least)
        )  # fmt: skip
    return shown_rows


def _lists(rows: list[Row], least: int) -> list[Row]:
    """Cases by list and level; each list, each level and everything are sums."""
    counts = {(row["list"], level): row[level] for row in rows for level in LEVELS}
    counts |= {(row["list"], "all"): sum(row[level] for level in LEVELS) for row in rows}
    names = [row["list"] for row in rows]
    sums = [((name, "all"), [(name, level) for level in LEVELS]) for name in names]
    for level in (*LEVELS, "all"):
        counts[("all", level)] = sum(counts[(name, level)] for name in names)
        sums.append((("all", level), [(name, level) for name in names]))
    sums.append((("all", "all"), [("all", level) for level in LEVELS]))
    seen = protected(counts, sums, least)
    return [
        _shown(row, least, "new_cases", "closed_cases")
        | {level: seen[(row["list"], level)] for level in (*LEVELS, "all")}
        for row in rows
    ]


def _tiers(rows: list[Row], least: int) -> list[Row]:
    """People by tier in the order of the tiers, those without anybody too."""
    found = {row["tier"]: row for row in rows}
    listed: list[Row] = [{"tier": tier} for tier in TIERS]
    for column in ("persons", "entered", "gone"):
        counts: dict[str, int] = {tier: found.get(tier, {}).get(column, 0) for tier in TIERS}
        counts["all"] = sum(counts.values())
        seen = protected(counts, [("all", TIERS)], least)
        for row in listed:
            row[column] = seen[row["tier"]]
    return listed


def _group(row: Row, least: int) -> Row:
    """How one group of people was matched; its four parts are a sum."""
    parts = ("linked_by_id", "linked_by_probability", "unlinked")
    seen = protected(
        {name: row[name] for name in ("mentions", *parts)}, [("mentions", parts)], least
    )
    return _shown(row, least, "in_review") | seen | {"enough": row["mentions"] >= 30}
