"""Everything that is wrong with the data of this room, for ``check`` and before a night begins."""

from __future__ import annotations

from pathlib import Path

from pipelines.errors import ConfigurationFault
from pipelines.hardship.policy import check_policy, load_policy
from pipelines.orders.audiences import load_configuration
from pipelines.orders.parameters import load_parameters


def order_faults(schemas: Path, policy: Path) -> list[str]:
    """Faults of schemas/orders, and of what the policy says about its parameters."""
    told: list[str] = []
    try:
        load_configuration(schemas)
    except ConfigurationFault as fault:
        told += fault.faults
    try:
        load_parameters(schemas, load_policy(policy) if not check_policy(policy) else None)
    except ConfigurationFault as fault:
        told += fault.faults
    return told
