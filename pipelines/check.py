"""Reads contracts, promises and a policy as a night would, and says everything that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.assistance.catalogue import load_catalogue
from pipelines.assistance.entitlements import check_entitlements
from pipelines.contracts.load import load_contracts
from pipelines.contracts.promises import load_promises
from pipelines.errors import ConfigurationFault
from pipelines.hardship.policy import check_policy, load_policy
from pipelines.hardship.worked_examples import contradictions, read_examples
from pipelines.intake.pull import delivery_faults
from pipelines.logs import warn
from pipelines.orders.faults import order_faults
from pipelines.publish.audience import audience_faults, left_out
from pipelines.publish.places.cuts import cut_faults
from pipelines.settings import Settings


def check_all(schemas: Path, policy: Path, settings: Settings | None = None) -> str:
    """One line that says what was read; raises ConfigurationFault with every fault found.

    ``settings``: databases and remote folders are looked at too, without connecting.
    """
    faults: list[str] = []

    def read(loader: Callable[[Path], Any], place: Path) -> Any:
        try:
            return loader(place)
        except ConfigurationFault as fault:
            faults.extend(fault.faults)
            return ()

    contracts = read(load_contracts, schemas)
    promises = read(load_promises, schemas)
    catalogue = read(load_catalogue, schemas)
    wrong = check_policy(policy)
    if catalogue and not wrong:
        wrong = check_entitlements(policy, schemas, date.today())
    faults.extend(wrong)
    faults.extend(order_faults(schemas, policy))
    if promises:
        listed = audience_faults(schemas)
        faults.extend(listed or cut_faults(schemas))
    if settings is not None and contracts:
        faults.extend(delivery_faults(settings, contracts))
    if faults:
        raise ConfigurationFault(faults)
    for column in left_out(schemas):
        warn(f"{column} is promised, and listed for nobody in schemas/publish/audiences.yaml")
    rules = load_policy(policy)
    examples, faults = read_examples(policy, rules)
    if faults:
        raise ConfigurationFault(faults)
    # an example speaks of the policy it was written for: one that no longer holds is no fault
    for said in contradictions(rules, examples):
        warn(said)
    return (
        f"{len(contracts)} contracts, {len(promises)} promised tables, "
        f"policy {policy.name}: {len(rules.rules)} rules, {len(rules.parameters)} parameters, "
        f"{len(examples)} worked examples: "
        "nothing wrong"
    )
