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
    "basis": pl.String,
}


def expectation(night: Night, candidates: Sequence[str]) -> Built:
    """Check the batches received in the night and those ``candidates`` that the night has."""
    present = [table for table in candidates if night.exists(table)]
    taken, recipe = night.reuse(TABLE, present, _values(night))
    if taken:
        return taken
    known = _known(night)
    results = [
        *validate_batches(night, held=lambda basis: known.get(_now(basis))),
        *validate_tables(night, present, lambda basis: known.get(_now(basis))),
    ]
    return night.write(TABLE, as_frame(night, results), recipe)


def _now(basis: str) -> str:
    """A basis, and the code that judges by it."""
    return fingerprint.of(fingerprint.code(Path(contracts.__file__).parent), basis)


def as_frame(night: Night, results: Sequence[ExpectationResult]) -> pl.DataFrame:
    rows = [
        (
            night.as_of, r.suite, r.name, r.expectation, r.column_name, r.success, r.errored,
            r.unexpected_count, r.element_count, r.blocking, r.zh or None, r.en or None,
            _now(r.basis) if r.basis else None,
        )
        for r in results
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _known(night: Night) -> dict[str, list[ExpectationResult]]:
    """What is known by basis: from an earlier run of this night, and from the night before.

    A suite of which a check could not be evaluated is evaluated again.
    """
    found: dict[str, list[ExpectationResult]] = {}
    if night.rebuild:
        return found
    for table in (f"prev_{TABLE}", TABLE):
        if night.pointer(table) is None:
            continue
        rows = night.frame(table, [name for name in SCHEMA if name != "as_of"])
        known = rows.filter(pl.col("basis").is_not_null())
        for (basis,), suite in known.group_by("basis", maintain_order=True):
            if not suite["errored"].any():
                found[str(basis)] = [_result(row) for row in suite.iter_rows(named=True)]
    return found


def _result(row: dict[str, Any]) -> ExpectationResult:
    return ExpectationResult(
        row["suite"], row["check_name"], row["expectation"], row["column_name"], row["success"],
        row["unexpected_count"], row["element_count"], row["blocking"], False,
        row["meaning_zh"] or "", row["meaning_en"] or "", row["basis"],
    )  # fmt: skip


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
