"""Reads contracts, promises and a policy as a night would, and says everything that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.contracts.load import load_contracts
from pipelines.contracts.promises import load_promises
from pipelines.errors import ConfigurationFault
from pipelines.hardship.policy import check_policy, load_policy
from pipelines.orders.faults import order_faults


def check_all(schemas: Path, policy: Path) -> str:
    """One line that says what was read; raises ConfigurationFault with every fault found."""
    faults: list[str] = []

    def read(loader: Callable[[Path], Any], place: Path) -> Any:
        try:
            return loader(place)
        except ConfigurationFault as fault:
            faults.extend(fault.faults)
            return ()

    contracts = read(load_contracts, schemas)
    promises = read(load_promises, schemas)
    faults.extend(check_policy(policy))
    faults.extend(order_faults(schemas, policy))
    if faults:
        raise ConfigurationFault(faults)
    rules = load_policy(policy)
    return (
        f"{len(contracts)} contracts, {len(promises)} promised tables, "
        f"policy {policy.name}: {len(rules.rules)} rules, {len(rules.parameters)} parameters: "
        "nothing wrong"
    )
