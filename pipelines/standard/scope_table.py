"""standard.scope and standard.spending_delivery: what was decided about deliveries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import polars as pl

from pipelines.contracts.model import Contract
from pipelines.contracts.roles import SpendingMedical
from pipelines.lake.acceptance import ScopeOf, in_force, load_acceptances
from pipelines.lake.night import Built, Night
from pipelines.standard.deliveries import Delivery, append_deliveries, snapshot_deliveries
from pipelines.standard.scopes import (
    Believable,
    Decision,
    Group,
    Piece,
    decide,
    pieces,
)
from pipelines.standard.snapshot import counts_sql

SCOPE = "standard.scope"
SPENDING_DELIVERY = "standard.spending_delivery"
SCOPE_SCHEMA = {
    "source": pl.String,
    "dataset": pl.String,
    "extract_date": pl.Date,
    "received_on": pl.Date,
    "scope": pl.String,
    "rows": pl.Int64,
    "previous_rows": pl.Int64,
    "accepted": pl.Boolean,
    "stands": pl.Boolean,
    "reason": pl.String,
}
DELIVERY_SCHEMA = {
    "source": pl.String,
    "dataset": pl.String,
    "delivery_id": pl.String,
    "received_order": pl.Int64,
}


def deliveries(night: Night, contract: Contract) -> tuple[Delivery, ...]:
    """What stands for the extract dates of a dataset on this night."""
    if contract.mode == "snapshot":
        return snapshot_deliveries(r for r, _ in night.landed(contract.name, repeated=True))
    return append_deliveries(r for r, _ in night.landed(contract.name))


def with_holder(
    night: Night, contract: Contract, contracts: Mapping[str, Contract]
) -> dict[str, tuple[Delivery, ...]]:
    """Deliveries of a dataset and, where its scope goes through another one, of that one too."""
    found = {contract.name: deliveries(night, contract)}
    if contract.scope.through is not None:
        holder = contracts[f"{contract.source}/{contract.scope.through.dataset}"]
        found[holder.name] = deliveries(night, holder)
    return found


def build_scope(night: Night, contracts: Mapping[str, Contract]) -> Built:
    """Judge every scope of every snapshot; taken over while nothing new was delivered."""
    snapshots = [contracts[name] for name in sorted(contracts) if _is_snapshot(contracts[name])]
    by_person = in_force(load_acceptances(night.home))
    values = {
        "deliveries": {c.name: deliveries(night, c) for c in snapshots},
        "believable": {c.name: (c.scope, c.believable) for c in snapshots},
        "accepted": sorted((key, sorted(found)) for key, found in by_person.items()),
    }
    taken, recipe = night.reuse(SCOPE, [c.raw_table for c in snapshots], values)
    if taken is not None:
        return taken
    rows = [
        (
            c.source,
            c.dataset,
            d.extract_date,
            d.received_on,
            d.scope,
            d.rows,
            d.previous_rows,
            d.accepted,
            d.stands,
            d.reason,
        )
        for c in snapshots
        for d in _decisions(night, c, contracts, by_person.get((c.source, c.dataset), ()))
    ]
    return night.write(SCOPE, pl.DataFrame(rows, schema=SCOPE_SCHEMA, orient="row"), recipe)


def _decisions(
    night: Night,
    contract: Contract,
    contracts: Mapping[str, Contract],
    by_person: Collection[ScopeOf],
) -> tuple[Decision, ...]:
    known = with_holder(night, contract, contracts)
    own: Sequence[Delivery] = known[contract.name]
    if not own:
        return ()
    counts: dict[Group, dict[str, int]] = {}
    for extract_date, received_on, scope, rows in night.query(
        counts_sql(contract, contracts, known)
    ).iter_rows():
        counts.setdefault(Group(received_on, extract_date), {})[scope] = rows
    limits = Believable(contract.believable.lost_share, contract.believable.lost_rows)
    groups = [Group(d.received_on, d.extract_date) for d in own]
    return decide(groups, counts, limits, by_person)


def standing_pieces(night: Night, contract: Contract) -> tuple[Piece, ...]:
    """The believed scopes of a dataset, as ``standard.scope`` says."""
    decided = night.query(
        "SELECT extract_date, received_on, scope, rows, previous_rows, accepted, reason, stands "
        "FROM standard.scope WHERE source = $source AND dataset = $dataset",
        {"source": contract.source, "dataset": contract.dataset},
    )
    return pieces(Decision(*row) for row in decided.iter_rows())


def build_spending_delivery(night: Night, contracts: Mapping[str, Contract]) -> Built:
    """The order in which deliveries of settlements count."""
    rows = [
        (contract.source, contract.dataset, delivery.delivery_id, delivery.version)
        for name in sorted(contracts)
        if (contract := contracts[name]).roles_of(SpendingMedical)
        for delivery in append_deliveries(r for r, _ in night.landed(name))
    ]
    taken, recipe = night.reuse(SPENDING_DELIVERY, [], {"deliveries": rows})
    if taken is not None:
        return taken
    frame = pl.DataFrame(rows, schema=DELIVERY_SCHEMA, orient="row")
    return night.write(SPENDING_DELIVERY, frame, recipe)


def _is_snapshot(contract: Contract) -> bool:
    return contract.mode == "snapshot"
