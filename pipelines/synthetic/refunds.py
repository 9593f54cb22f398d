"""Refunds in every style that departments use, and rows that come late or are corrected.

A style says what the negative row carries and what happens to the positive one. Between periods
a Carry holds what is due in a later file.
"""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from pipelines.synthetic.calendar import Period
from pipelines.synthetic.randomness import pick, stream
from pipelines.synthetic.settlements import MONEY, scaled

REFUND_SHARE = 0.006
HELD_BACK_SHARE = 0.0005
CORRECTED_SHARE = 0.002
STYLES = {
    # style: (weight, negative row, with original id, negative flagged, positive flagged)
    "original_id": (0.30, True, True, False, False),
    "same_visit": (0.25, True, False, False, False),
    "both_flagged": (0.20, True, True, True, True),
    "negative_flagged": (0.08, True, False, True, False),
    "flag_only": (0.15, False, False, False, True),
    "no_positive": (0.02, True, False, False, False),
}


@dataclass
class Carry:
    """Rows due in later files: refunds and flags by day, rows held back, rows to correct."""

    due: list[pl.DataFrame] = field(default_factory=list)
    held: list[pl.DataFrame] = field(default_factory=list)
    recent: pl.DataFrame | None = None


def with_refunds(
    seed: int, rows: pl.DataFrame, period: Period, carry: Carry, nightly: bool, block: int
) -> pl.DataFrame:
    """The rows a period's file holds, refunds and belated rows among them.

    Column change says what a row is: new, refund, flag, late, correction.
    """
    rng = stream(seed, "refunds", period.start.isoformat(), block)
    rows = rows.with_columns(change=pl.lit("new"), refund_style=pl.lit(None, dtype=pl.String))
    size = rows.height
    chosen = (rng.random(size) < REFUND_SHARE) & (rows["total_cost"] > 0).to_numpy()
    style = np.array(list(STYLES))[pick(rng, [s[0] for s in STYLES.values()], size)]
    delay = np.minimum((rng.exponential(4.0, size)).astype(int), 25)
    refunded_on = rows["settled_on"].to_numpy().astype("datetime64[D]") + delay
    table = pl.DataFrame(
        {
            "refund_style": list(STYLES),
            "makes_negative": [s[1] for s in STYLES.values()],
            "gives_original": [s[2] for s in STYLES.values()],
            "flags_negative": [s[3] for s in STYLES.values()],
            "flags_positive": [s[4] for s in STYLES.values()],
        }
    )
    rows = rows.with_columns(
        refund_style=pl.when(pl.Series(chosen)).then(pl.Series(style)),
        due_on=pl.Series(refunded_on),
    ).join(table, on="refund_style", how="left", maintain_order="left")
    back = rows.filter(pl.col("refund_style").is_not_null())
    minute = (540 + 500 * rng.random(back.height)).astype(int)
    lag = pl.duration(minutes=pl.lit(pl.Series(minute)))
    negative = back.filter(pl.lit(True)).with_columns(
        *(-pl.col(name) for name in MONEY),
        settlement_id=pl.col("settlement_id").str.replace("S", "T"),
        original_settlement_id=pl.when("gives_original").then("settlement_id"),
        refunded="flags_negative",
        settled_on="due_on", settled_at=pl.col("due_on").cast(pl.Datetime("us")) + lag,
        change=pl.lit("refund"),
    ).filter("makes_negative")  # fmt: skip
    flags = back.filter("flags_positive").with_columns(refunded=pl.lit(True), change=pl.lit("flag"))
    at_once = pl.col("flags_positive").fill_null(False) & (
        pl.col("due_on") <= pl.lit(period.extract_date)
    )
    rows = rows.filter(pl.col("refund_style").fill_null("") != "no_positive").with_columns(
        refunded=pl.col("refunded") | at_once
    )
    flags = flags.filter(pl.col("due_on") > pl.lit(period.extract_date))
    rows, late = _hold_back(rng, rows, nightly)
    coming = pl.concat([*carry.due, negative.select(rows.columns), flags.select(rows.columns)])
    now = coming.filter(pl.col("due_on") <= pl.lit(period.end))
    carry.due = [coming.filter(pl.col("due_on") > pl.lit(period.end))]
    parts = [rows, now, *carry.held]
    carry.held = [late.with_columns(change=pl.lit("late"))]
    if nightly and carry.recent is not None and carry.recent.height:
        parts.append(_corrections(rng, carry.recent).select(rows.columns))
    elif not nightly:
        plain = pl.col("refund_style").is_null() & pl.col("fund_total").is_not_null()
        plain &= pl.col("in_scope_cost").is_not_null() & (pl.col("change") == "new")
        carry.recent = rows.filter(plain)
    out = pl.concat(parts)
    # one row per key in a file: of a flag and its positive row the flag
    return out.unique("settlement_id", keep="last", maintain_order=True)


def _hold_back(
    rng: np.random.Generator, rows: pl.DataFrame, nightly: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    held = pl.Series(rng.random(rows.height) < (0.0 if nightly else HELD_BACK_SHARE))
    held = held & rows["refund_style"].is_null()
    return rows.filter(~held), rows.filter(held)


def _corrections(rng: np.random.Generator, recent: pl.DataFrame) -> pl.DataFrame:
    """Rows of this month again, with other amounts under the same key."""
    count = min(recent.height, max(2, int(recent.height * CORRECTED_SHARE)))
    chosen = recent[np.sort(rng.choice(recent.height, count, replace=False))]
    share = pl.Series("share", 0.7 + 0.6 * rng.random(count))
    again = scaled(chosen.with_columns(share), pl.col("share")).drop("share")
    return again.with_columns(change=pl.lit("correction"))


def by_hand(seed: int, rows: pl.DataFrame, block: int, count: int) -> pl.DataFrame:
    """Reimbursements claimed by hand, as they will be delivered months later.

    Visits of the same people that never went through the settlement system; day and amounts are
    those of rows of the period, the ids are their own.
    """
    rng = stream(seed, "by hand", block)
    plain = rows.filter(
        pl.col("refund_style").is_null() & (pl.col("change") == "new")
        & (pl.col("personal_burden") > 0)
    )  # fmt: skip
    chosen = plain[np.sort(rng.permutation(plain.height)[:count])]
    return chosen.with_columns(
        settlement_id=pl.col("settlement_id") + "B", visit_id=pl.col("visit_id") + "B",
        change=pl.lit("by_hand"),
    )  # fmt: skip
