"""The night's checks as the table quality.expectation, and the stop when a blocking one failed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import contracts
from pipelines.contracts.expectations import (
    ExpectationResult,
    validate_batches,
    validate_tables,
)
from pipelines.errors import PublicationHeldBack
from pipelines.lake import fingerprint
from pipelines.lake.night import Built, Night

TABLE = "quality.expectation"
SCHEMA: dict[str, Any] = {
    "as_of": pl.Date,
    "suite": pl.String,
    "check_name": pl.String,
    "expectation": pl.String,
    "column_name": pl.String,
    "success": pl.Boolean,
    "errored": pl.Boolean,
    "unexpected_count": pl.Int64,
    "element_count": pl.Int64,
    "blocking": pl.Boolean,
    "meaning_zh": pl.String,
    "meaning_en": pl.String,
}


def expectation(night: Night, candidates: Sequence[str]) -> Built:
    """Check the batches received in the night and those ``candidates`` that the night has."""
    present = [table for table in candidates if night.exists(table)]
    taken, recipe = night.reuse(TABLE, present, _values(night))
    if taken:
        return taken
    results = [*validate_batches(night), *validate_tables(night, present)]
    return night.write(TABLE, as_frame(night, results), recipe)


def as_frame(night: Night, results: Sequence[ExpectationResult]) -> pl.DataFrame:
    rows = [
        (
            night.as_of, r.suite, r.name, r.expectation, r.column_name, r.success, r.errored,
            r.unexpected_count, r.element_count, r.blocking, r.zh or None, r.en or None,
        )
        for r in results
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _values(night: Night) -> dict[str, Any]:
    """What the checks rest on besides the tables: the suites' sources, and what was received."""
    schemas = night.settings.schemas
    return {
        "as_of": night.as_of,
        "previous": night.previous,
        "counts_accepted": night.settings.accept_row_counts == night.as_of,
        "suites": fingerprint.code(Path(contracts.__file__).parent),
        "contracts": [fingerprint.folder(schemas / part) for part in ("sources", "codes")],
        "checks": (schemas / "tables" / "checks.yml").read_text(encoding="utf-8"),
        "received": sorted(r.receipt_id for r in night.receipts if r.received_night == night.as_of),
    }


def stop_if_held_back(night: Night) -> None:
    """Raise if a blocking check failed: what is published stays as it is."""
    failed = night.frame(TABLE, ["suite", "check_name", "blocking", "success"]).filter(
        pl.col("blocking") & ~pl.col("success")
    )
    if failed.is_empty():
        return
    ordered = failed.sort("suite", "check_name")
    named = [f"{suite}:{check}" for suite, check, *_ in ordered.iter_rows()]
    more = f" and {len(named) - 5} more" if len(named) > 5 else ""
    raise PublicationHeldBack(
        f"night {night.as_of} is not published, {len(named)} blocking checks failed: "
        f"{', '.join(named[:5])}{more}; see quality.expectation in the lake and "
        f"{night.home.published / 'quality' / 'index.html'}; the previous night stays"
    )
