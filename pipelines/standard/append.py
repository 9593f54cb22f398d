"""The rows of an append dataset that count: by key the latest extract, then the last received."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.contracts.model import Contract
from pipelines.standard import expressions as e
from pipelines.standard.deliveries import Delivery
from pipelines.standard.landed import delivery_step


def append_sql(contract: Contract, deliveries: Sequence[Delivery]) -> str:
    """One row per key; a later delivery of the key is its correction."""
    body = e.template("append.sql", contract.raw_table)
    body = body.select(*(e.column(name, "raw") for name in contract.types()))
    return e.as_sql(e.with_steps(body, delivery_step(deliveries)))
