"""The rows of a snapshot dataset that count, and what its scopes hold: statements, not decisions.

Which scope is believed is decided in ``scopes`` from the counts that ``counts_sql`` gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from pipelines.contracts.model import Contract
from pipelines.standard import expressions as e
from pipelines.standard.deliveries import Delivery
from pipelines.standard.landed import landed_steps, piece_step
from pipelines.standard.scopes import Piece


def counts_sql(
    contract: Contract,
    contracts: Mapping[str, Contract],
    deliveries: Mapping[str, Sequence[Delivery]],
) -> str:
    """Rows by extract date, received group and scope.

    A key counts once where one night received a group in several runs; else it stands only once.
    """
    runs: dict[tuple[object, object], set[str]] = {}
    for delivery in deliveries[contract.name]:
        group = (delivery.extract_date, delivery.received_on)
        runs.setdefault(group, set()).add(delivery.received_run)
    several = any(len(found) > 1 for found in runs.values())
    counted: exp.Expr = exp.Count(this=exp.Star())
    if several:
        key = e.column("record_key", "landed")
        counted = exp.Count(this=exp.Distinct(expressions=[key]))
    groups = [e.column(name, "landed") for name in ("extract_date", "received_on", "scope")]
    select = exp.select(*groups, counted.as_("rows")).from_(e.table("landed"))
    select = select.group_by(*(group.copy() for group in groups))
    return e.as_sql(e.with_steps(select, *landed_steps(contract, contracts, deliveries)))


def snapshot_sql(
    contract: Contract,
    contracts: Mapping[str, Contract],
    deliveries: Mapping[str, Sequence[Delivery]],
    pieces: Sequence[Piece],
) -> str:
    """One row per key, its newest believed version; ``left_on`` where its scope lost it."""
    body = e.template("snapshot.sql", contract.raw_table)
    body = body.select(*(e.column(name, "raw") for name in contract.types()))
    steps = landed_steps(contract, contracts, deliveries)
    return e.as_sql(e.with_steps(body, *steps, piece_step(pieces)))


def since_query(
    contract: Contract,
    contracts: Mapping[str, Contract],
    deliveries: Mapping[str, Sequence[Delivery]],
    pieces: Sequence[Piece],
    where: exp.Expr,
) -> exp.Select:
    """By key, the first believed extract date whose row (as ``raw``) made ``where`` true."""
    steps = landed_steps(contract, contracts, deliveries, where)
    return e.with_steps(e.template("since.sql"), *steps, piece_step(pieces))
