"""A comparison of two nights as counts for machines."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import polars as pl

from pipelines.lookback.compare import Comparison


def by(rows: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Rows by ``columns``, most first."""
    if not rows.height:
        return pl.DataFrame(schema={**dict.fromkeys(columns, pl.String), "count": pl.Int64})
    counted = rows.group_by(columns).agg(pl.len().cast(pl.Int64).alias("count"))
    return counted.sort("count", *columns, descending=[True, *[False] * len(columns)])


def as_json(found: Comparison) -> dict[str, Any]:
    causes = asdict(found.causes)
    causes["stale"] = [night.isoformat() for night in found.causes.stale]
    return {
        "a": found.a.isoformat(),
        "b": found.b.isoformat(),
        "causes": causes,
        "tables": [asdict(table) for table in found.tables if not table.same],
        "alerts_by_rule": by(found.hits, "rule_id", "change", "cause").to_dicts(),
        "alerts_by_township": by(found.hits, "township", "change").to_dicts(),
        "alerts_by_tier": by(found.hits, "tier", "change").to_dicts(),
        "tiers": by(found.tiers, "tier_a", "tier_b").to_dicts(),
        "cases": by(found.cases, "list", "status_a", "status_b").to_dicts(),
        "case_changes": found.cases.to_dicts(),
        "causes_of_alerts_told_apart": found.split,
    }
