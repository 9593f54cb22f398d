"""How long each step and table of a night took: Dagster's record in HOME beside samples of the
process."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import Measured

QUERY = """
select step_key, dagster_event_type, timestamp from event_logs
where dagster_event_type in ('STEP_START', 'STEP_SUCCESS') order by id
"""
TABLES = """
select dagster_event_type, timestamp, asset_key from event_logs
where dagster_event_type in ('STEP_START', 'ASSET_MATERIALIZATION') order by id
"""


def steps_of_run(home: Path, measured: Measured) -> dict[str, dict[str, float]]:
    """Step → seconds on the clock and of processor time and the peak of resident memory (0: too
    short for a sample), of the newest run; `work` is all steps.

    Empty where the night kept no record (JIUZHULIAN_RECORD_RUNS=0).
    """
    events = _events(home, QUERY)
    begun: dict[str, float] = {}
    found: dict[str, dict[str, float]] = {}
    last = 0.0
    for key, kind, stamp in events:
        at = _instant(stamp)
        if kind == "STEP_START":
            begun[key] = at
        elif key in begun:
            found[key] = _took(measured, begun[key], at)
            last = at
    if found:
        found["work"] = _took(measured, min(begun.values()), last)
    return found


def tables_of_run(home: Path, most: int = 20) -> dict[str, float]:
    """The tables and files that took longest, with seconds on the clock since the one before."""
    took: dict[str, float] = {}
    before = 0.0
    for kind, stamp, asset in _events(home, TABLES):
        at = _instant(stamp)
        if kind == "ASSET_MATERIALIZATION" and before:
            parts = json.loads(asset)
            # what lands is reported as one step, under the name of its first dataset
            name = "landing" if parts[0] == "delivery" else ".".join(parts)
            took[name] = round(took.get(name, 0.0) + at - before, 1)
        before = at
    return dict(sorted(took.items(), key=lambda one: -one[1])[:most])


def _events(home: Path, query: str) -> list[tuple[str, str, str]]:
    """Rows of the newest run's record; none where the night kept no record."""
    runs = home / "restricted" / "dagster" / "history" / "runs"
    records = [path for path in runs.glob("*.db") if path.name != "index.db"]
    if not records:
        return []
    newest = max(records, key=lambda path: path.stat().st_mtime)
    with sqlite3.connect(f"file:{newest}?mode=ro", uri=True) as con:
        return con.execute(query).fetchall()


def _instant(stamp: str) -> float:
    return datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()


def _took(measured: Measured, start: float, end: float) -> dict[str, float]:
    return {
        "wall_seconds": round(end - start, 2),
        "cpu_seconds": round(measured.cpu_between(start, end), 2),
        "peak_megabytes": round(measured.peak_between(start, end)),
    }
