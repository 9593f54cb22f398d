"""Rows of work orders read from and written to tables: last night's, tonight's cases and ranks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.contracts.load import load_codes, load_contracts
from pipelines.contracts.roles import Disposition
from pipelines.hardship.case_model import NO_REASON
from pipelines.lake.night import Built, Night
from pipelines.orders.line_life import OPEN, CaseNow, Line, live_on

TABLE = "orders.order_line"
READS = (
    "orders.case_rank", "orders.parameter", "hardship.case_file", "hardship.case_event",
    "prev_orders.order_line",
)  # fmt: skip
_KEPT = tuple(name for name in Line.__dataclass_fields__ if name != "region_code")
UNPLACED = "0" * 12


def order_line(night: Night) -> Built:
    """Make orders.order_line."""
    words = result_words(night)
    taken, recipe = night.reuse(TABLE, READS, {"as_of": night.as_of, "results": sorted(words)})
    if taken:
        return taken
    cases = _cases(night, words)
    before = [Line(**row) for row in night.frame(
        f"prev_{TABLE}", columns=[*_KEPT, "region_code"]).to_dicts()]  # fmt: skip
    values = _values(night)
    lines = live_on(
        before, cases, night.as_of,
        cap=lambda township: int(values.get((township, "order_open_rows"), 0)),
        due_days=lambda township, level: int(
            values.get((township, f"order_due_days_{level}"), 0)
        ),
    )  # fmt: skip
    return night.write(TABLE, _frame(night, lines, cases), recipe)


def result_words(night: Night) -> frozenset[str]:
    """The results that a visit can have, by the code lists of the contracts."""
    codes = load_codes(night.settings.schemas)
    return frozenset(
        code
        for contract in load_contracts(night.settings.schemas).values()
        for role in contract.roles_of(Disposition)
        if (listed := codes.get(contract.column(str(role.result)).codes or "")) is not None
        for code in listed.codes
    )


def _cases(night: Night, words: frozenset[str]) -> dict[str, CaseNow]:
    columns = ["case_id", "household_id", "list", "status", "level", "region_code",
               "last_checked_on", "last_result", "identity_review"]  # fmt: skip
    ranks = night.frame("orders.case_rank", columns=["case_id", "score", "rank"])
    checks = (
        night.frame("hardship.case_event", columns=["case_id", "event", "detail"])
        .filter(
            (pl.col("event") == "checked")
            & pl.col("detail").str.strip_suffix(NO_REASON).is_in(sorted(words))
        )
        .group_by("case_id")
        .agg(pl.len().cast(pl.Int64).alias("checks"))
    )
    joined = (
        night.frame("hardship.case_file", columns=columns)
        .join(ranks, on="case_id", how="left")
        .join(checks, on="case_id", how="left")
        .with_columns(pl.col("checks").fill_null(0), pl.col("region_code").fill_null(UNPLACED))
    )
    return {row["case_id"]: CaseNow(**row) for row in joined.to_dicts()}


def _values(night: Night) -> Mapping[tuple[str, str], float]:
    rows = night.frame("orders.parameter", columns=["township_code", "name", "value"]).rows()
    return {(township, name): value for township, name, value in rows}


def _frame(night: Night, lines: list[Line], cases: Mapping[str, CaseNow]) -> pl.DataFrame:
    rows: list[dict[str, Any]] = []
    for line in lines:
        case = cases.get(line.case_id)
        row = {name: getattr(line, name) for name in _KEPT}
        rows.append(row | {
            "household_id": case.household_id if case else None,
            "region_code": line.region_code,
            "county_code": line.region_code[:6],
            "township_code": line.region_code[:9],
            "is_overdue": line.state == OPEN and line.due_on < night.as_of,
        })  # fmt: skip
    text, day, number = pl.String(), pl.Date(), pl.Int64()
    kinds: dict[str, pl.DataType] = {
        "first_ordered_on": day, "due_on": day, "answered_on": day, "ended_on": day,
        "score": pl.Float64(), "rank": number, "checks_before": number, "is_overdue": pl.Boolean(),
    }  # fmt: skip
    names = night.promise(TABLE).column_names
    return pl.DataFrame(rows, schema={name: kinds.get(name, text) for name in names})
