"""How long each step of a night took: Dagster's record in HOME beside samples of the process."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import Measured

QUERY = """
select step_key, dagster_event_type, timestamp from event_logs
where dagster_event_type in ('STEP_START', 'STEP_SUCCESS') order by id
"""


def steps_of_run(home: Path, measured: Measured) -> dict[str, dict[str, float]]:
    """Step → seconds on the clock and of processor time, of the newest run; `work` is all steps.

    Empty where the night kept no record (JIUZHULIAN_RECORD_RUNS=0).
    """
    runs = home / "restricted" / "dagster" / "history" / "runs"
    records = [path for path in runs.glob("*.db") if path.name != "index.db"]
    if not records:
        return {}
    newest = max(records, key=lambda path: path.stat().st_mtime)
    with sqlite3.connect(f"file:{newest}?mode=ro", uri=True) as con:
        events = con.execute(QUERY).fetchall()
    begun: dict[str, float] = {}
    found: dict[str, dict[str, float]] = {}
    last = 0.0
    for key, kind, stamp in events:
        at = datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()
        if kind == "STEP_START":
            begun[key] = at
        elif key in begun:
            found[key] = _took(measured, begun[key], at)
            last = at
    if found:
        found["work"] = _took(measured, min(begun.values()), last)
    return found


def _took(measured: Measured, start: float, end: float) -> dict[str, float]:
    return {
        "wall_seconds": round(end - start, 2),
        "cpu_seconds": round(measured.cpu_between(start, end), 2),
    }
