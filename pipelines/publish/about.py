"""Tables about the night itself: meta.run and meta.dictionary."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl

from pipelines.contracts.promises import load_macros, load_views
from pipelines.lake import fingerprint
from pipelines.lake.night import Built, Night
from pipelines.publish.audience import allowed_promises
from pipelines.publish.version import code_version

#: column of meta.run → the table it counts, and which of its rows
COUNTS: dict[str, tuple[str, str]] = {
    "persons": ("population.person", "TRUE"),
    "households": ("population.household", "TRUE"),
    "monitored_persons": ("population.monitored_person", "TRUE"),
    "alerts": ("hardship.alert", "TRUE"),
    "open_cases": ("hardship.case_file", "status IN ('open', 'checking')"),
    "checks": ("quality.expectation", "TRUE"),
    "checks_failed": ("quality.expectation", "NOT success"),
}
#: those that count people and what concerns them; a place's file counts its own
COUNTED_FOR_PLACES = frozenset(COUNTS) - {"checks", "checks_failed"}
COUNTED = sorted({table for table, _ in COUNTS.values()} - {"quality.expectation"} | {"meta.rule"})


def dictionary(night: Night) -> Built:
    """One row per column of the published tables and views, and per argument of a macro."""
    schemas = night.settings.schemas
    promised = {**allowed_promises(schemas), **load_views(schemas), **load_macros(schemas)}
    rows = [
        {
            "table_name": promise.table,
            "column_name": column.name,
            "position": position,
            "type": column.type,
            "nullable": column.nullable and column.name not in promise.key,
            "in_key": column.name in promise.key,
            "class": column.class_,
            "zh": column.zh,
            "en": column.en,
            "table_zh": promise.title_zh,
            "table_en": promise.title_en,
            "grain": promise.grain,
            "room": promise.room,
        }
        for _, promise in sorted(promised.items())
        for position, column in enumerate(promise.columns, start=1)
    ]
    taken, recipe = night.reuse("meta.dictionary", [], {"rows": fingerprint.of(rows)})
    return taken or night.write("meta.dictionary", pl.DataFrame(rows), recipe)


def run(night: Night) -> Built:
    """The one row that says what this night is."""
    tonight = [r for r in night.receipts if r.received_night == night.as_of]
    row: dict[str, Any] = {
        "as_of": night.as_of,
        "run_id": night.run_id,
        "recorded_at": datetime.now(UTC).replace(tzinfo=None, microsecond=0),
        "previous_night": night.previous,
        "policy": night.policy_dir.name,
        "policy_version": _policy_version(night),
        "policy_sha256": fingerprint.folder(night.policy_dir),
        "code_version": code_version(),
        "files_received": len(tonight),
        "files_refused": sum(r.status == "refused" for r in tonight),
        "files_repeated": sum(r.status == "repeated" for r in tonight),
        "rows_landed": sum(r.rows_landed or 0 for r in tonight),
        "rows_quarantined": sum(r.rows_quarantined or 0 for r in tonight),
        **{name: _count(night, *counted) for name, counted in COUNTS.items()},
    }
    frame = pl.DataFrame([row], schema_overrides={"previous_night": pl.Date})
    return night.write("meta.run", frame)


def _count(night: Night, table: str, condition: str) -> int:
    if not night.exists(table):
        return 0
    return int(night.query(f"SELECT count(*) FROM {table} WHERE {condition}").item())


def _policy_version(night: Night) -> str:
    if night.exists("meta.rule"):
        versions = night.frame("meta.rule", ["policy_version"])["policy_version"].unique().sort()
        if len(versions):
            return str(versions[-1])
    return fingerprint.folder(night.policy_dir)[:12]
