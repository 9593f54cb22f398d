"""quality.scope: of every scope of every snapshot what is in force, how old it is, what is held.

Decisions are made in ``scopes``; here they are put beside each other for people.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from sqlglot import exp

from pipelines.contracts.model import Contract
from pipelines.lake.night import Built, Night
from pipelines.standard import expressions as e
from pipelines.standard.deliveries import Delivery
from pipelines.standard.landed import landed_steps
from pipelines.standard.scope_table import SCOPE, with_holder

SCOPE_STATE = "quality.scope"
SCHEMA: dict[str, Any] = {
    "source": pl.String,
    "dataset": pl.String,
    "scope": pl.String,
    "newest_extract": pl.Date,
    "rows": pl.Int64,
    "age_days": pl.Int32,
    "due_days": pl.Int32,
    "late": pl.Boolean,
    "held_extract": pl.Date,
    "held_received_on": pl.Date,
    "held_reason": pl.String,
    "held_rows": pl.Int64,
    "lost_rows": pl.Int64,
    "leaving_rows": pl.Int64,
}
Row = dict[str, Any]


def build_scope_state(night: Night, contracts: Mapping[str, Contract]) -> Built:
    """One row per scope that has rows in force or something held back."""
    decided = night.frame(SCOPE)
    rows: list[Row] = []
    for (source, dataset), found in decided.group_by("source", "dataset", maintain_order=True):
        contract = contracts[f"{source}/{dataset}"]
        states = [
            _state(contract, night.as_of, one.to_dicts())
            for _, one in sorted(found.group_by("scope"), key=lambda item: str(item[0]))
        ]
        held = [state for state in states if state["held_extract"] is not None]
        if held:
            _count_leaving(night, contract, contracts, held)
        rows += [s for s in states if s["rows"] or s["held_extract"] is not None]
    return night.write(SCOPE_STATE, pl.DataFrame(rows, schema=SCHEMA))


def _state(contract: Contract, as_of: dt.date, decisions: list[Row]) -> Row:
    """A scope: the newest decision that stands, and the newest of all if it was held back."""
    newest = max(decisions, key=_order)
    in_force = max((d for d in decisions if d["stands"]), key=_order)
    age = (as_of - in_force["extract_date"]).days
    due = contract.due_days
    state: Row = dict.fromkeys(SCHEMA)
    state |= {
        "source": contract.source,
        "dataset": contract.dataset,
        "scope": newest["scope"],
        "newest_extract": in_force["extract_date"],
        "in_force_received_on": in_force["received_on"],
        "rows": in_force["rows"],
        "age_days": age,
        "due_days": due,
        "late": bool(in_force["rows"]) and due is not None and age > due,
    }
    if not newest["accepted"]:
        state |= {
            "held_extract": newest["extract_date"],
            "held_received_on": newest["received_on"],
            "held_reason": newest["reason"],
            "held_rows": newest["rows"],
            "lost_rows": in_force["rows"] - newest["rows"],
        }
    return state


def _order(decision: Row) -> tuple[dt.date, dt.date]:
    return decision["extract_date"], decision["received_on"]


def _count_leaving(
    night: Night, contract: Contract, contracts: Mapping[str, Contract], held: Sequence[Row]
) -> None:
    """How many keys in force the held-back files do not have in any scope."""
    known = with_holder(night, contract, contracts)
    found = dict(night.query(leaving_sql(contract, contracts, known, held)).iter_rows())
    for state in held:
        state["leaving_rows"] = found.get(state["scope"], 0)


def leaving_sql(
    contract: Contract,
    contracts: Mapping[str, Contract],
    deliveries: Mapping[str, Sequence[Delivery]],
    held: Sequence[Row],
) -> str:
    """Keys by scope that would leave if what is held back were accepted."""
    days = ("extract_date", "received_on")
    names = ["scope", *(f"{of}_{day}" for of in ("old", "new") for day in days)]
    asked = e.rows(
        "asked",
        [(name, "VARCHAR" if name == "scope" else "DATE") for name in names],
        [
            (s["scope"], s["newest_extract"], s["in_force_received_on"], s["held_extract"],
             s["held_received_on"])
            for s in held
        ],
    )  # fmt: skip

    def same(left: tuple[str, str], right: tuple[str, str]) -> exp.Expr:
        return exp.EQ(this=e.column(left[1], left[0]), expression=e.column(right[1], right[0]))

    key = e.column("record_key", "old")
    body = (
        exp.select(
            e.column("scope", "asked"),
            exp.Count(this=exp.Distinct(expressions=[key])).as_("leaving_rows"),
        )
        .from_(e.table("asked"))
        .join(
            e.table("landed", "old"),
            on=exp.and_(
                same(("asked", "scope"), ("old", "scope")),
                *(same(("asked", f"old_{day}"), ("old", day)) for day in days),
            ),
        )
        .join(
            e.table(contract.std_table, "kept"),
            on=exp.and_(
                same(("old", "record_key"), ("kept", "record_key")),
                same(("asked", "old_extract_date"), ("kept", "extract_date")),
                exp.Is(this=e.column("left_on", "kept"), expression=exp.null()),
            ),
        )
        .join(
            e.table("landed", "new"),
            on=exp.and_(
                same(("old", "record_key"), ("new", "record_key")),
                *(same(("asked", f"new_{day}"), ("new", day)) for day in days),
            ),
            join_type="left",
        )
        .where(exp.Is(this=e.column("record_key", "new"), expression=exp.null()))
        .group_by(e.column("scope", "asked"))
    )
    return e.as_sql(e.with_steps(body, *landed_steps(contract, contracts, deliveries), asked))
