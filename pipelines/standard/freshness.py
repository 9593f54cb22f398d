"""quality.freshness: how old the newest extract of each dataset is, and whether it is overdue."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping

import polars as pl

from pipelines.contracts.model import Contract
from pipelines.lake.receipt import LANDED, REPEATED, Receipt

SCHEMA = {
    "source": pl.String,
    "dataset": pl.String,
    "newest_extract": pl.Date,
    "age_days": pl.Int32,
    "due_days": pl.Int32,
    "late": pl.Boolean,
    "optional": pl.Boolean,
    "late_scopes": pl.Int32,
    "held_scopes": pl.Int32,
}


def freshness(
    contracts: Mapping[str, Contract],
    receipts: Iterable[Receipt],
    as_of: dt.date,
    states: pl.DataFrame,
) -> pl.DataFrame:
    """One row per dataset; a repeated file is as fresh as a new one, a refused one is not.

    ``states``: source, dataset, late, held_extract of every scope (quality.scope).

    A dataset that was never delivered is late, unless nothing says when it is due or not every
    site has it (``optional``).
    """
    newest: dict[str, dt.date] = {}
    for receipt in receipts:
        date = receipt.extract_date
        if date is None or date > as_of or receipt.status not in (LANDED, REPEATED):
            continue
        newest[receipt.key] = max(date, newest.get(receipt.key, date))
    late_scopes: Counter[str] = Counter()
    held_scopes: Counter[str] = Counter()
    for source, dataset, is_late, held in states.iter_rows():
        late_scopes[f"{source}/{dataset}"] += is_late
        held_scopes[f"{source}/{dataset}"] += held is not None
    rows = []
    for name in sorted(contracts):
        contract = contracts[name]
        extract, due = newest.get(name), contract.due_days
        age = (as_of - extract).days if extract else None
        late = due is not None and (not contract.optional if age is None else age > due)
        rows.append(
            (contract.source, contract.dataset, extract, age, due, late, contract.optional,
             late_scopes[name], held_scopes[name])
        )  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
