"""Weights, limits and due days in force in every township: policy data, dated and by region.

``schemas/orders/parameters.yaml`` holds everywhere; the night's policy may name any of them again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.errors import ConfigurationFault
from pipelines.hardship.policy_model import Parameter, ParameterValue, Policy
from pipelines.hardship.policy_parameters import read_parameters
from pipelines.hardship.policy_yaml import Faults, read_yaml

FILE = "parameters.yaml"
#: the code asks for these by name
NEEDED = (
    "rank_weight_measure", "rank_weight_level", "rank_weight_household", "rank_weight_agreement",
    "rank_weight_identity", "rank_weight_yield", "rank_weight_waiting", "rank_level_red",
    "rank_level_orange", "rank_level_yellow", "rank_children", "rank_elders", "rank_disabled",
    "rank_severe", "rank_yield_prior", "rank_yield_prior_visits", "rank_yield_full",
    "rank_waiting_full_days", "order_open_rows", "order_due_days_red", "order_due_days_orange",
    "order_due_days_yellow", "order_due_days_follow_up",
)  # fmt: skip


def load_parameters(schemas: Path, policy: Policy | None = None) -> dict[str, Parameter]:
    """Every parameter of this room by name; raises ConfigurationFault with every fault found.

    What the policy says about one goes before what holds everywhere, value by value.
    """
    faults = Faults()
    folder = schemas / "orders"
    _, general = read_parameters(read_yaml(folder / FILE, faults, required=True), faults)
    told = [f"schemas/orders/{fault}" for fault in faults.found]
    told += [f"schemas/orders/{FILE}: {name} is missing" for name in NEEDED if name not in general]
    found: dict[str, Parameter] = {}
    for name, parameter in general.items():
        own = policy.parameters.get(name) if policy else None
        values = (*(own.values if own else ()), *parameter.values)
        base = own or parameter
        found[name] = Parameter(name, parameter.unit, base.title_zh, base.title_en, values)
    for name, parameter in found.items():
        told += [
            f"{name}: {value.value:g} is below 0: such a value must be 0 or more"
            for value in parameter.values
            if value.value is not None and value.value < 0
        ]
    if told:
        raise ConfigurationFault(told)
    return found


def _everywhere(parameter: Parameter, on: date) -> ParameterValue | None:
    """The value for all places; it also holds for cases that no township can be named for."""
    dated = [
        v for v in parameter.values if not v.region and not v.urban_rural and v.valid_from <= on
    ]
    return max(dated, key=lambda value: value.valid_from, default=None)


def in_force(parameters: dict[str, Parameter], townships: Iterable[str], on: date) -> pl.DataFrame:
    """The value of every parameter on a day in every township (9 digits)."""
    rows: list[dict[str, Any]] = []
    faults: list[str] = []
    for township in sorted(set(townships)):
        for name, parameter in sorted(parameters.items()):
            value = parameter.in_force(township, None, on) or _everywhere(parameter, on)
            if value is None or value.value is None:
                faults.append(f"{name} has no value on {on} for region {township}: give it one")
                continue
            rows.append({
                "township_code": township, "name": name, "title_zh": parameter.title_zh,
                "title_en": parameter.title_en, "unit": parameter.unit, "value": value.value,
                "valid_from": value.valid_from, "assumption": value.assumption,
                "source": value.source,
            })  # fmt: skip
    if faults:
        raise ConfigurationFault(faults)
    schema = {
        "township_code": pl.String, "name": pl.String, "title_zh": pl.String,
        "title_en": pl.String, "unit": pl.String, "value": pl.Float64, "valid_from": pl.Date,
        "assumption": pl.Boolean, "source": pl.String,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema)
