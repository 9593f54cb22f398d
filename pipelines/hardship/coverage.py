"""Whether the parameters that rules use have a value everywhere the policy covers.

A region outside, or unknown, is no fault: whoever lives there could not be judged.
"""

from __future__ import annotations

from datetime import date

from pipelines.hardship.policy_model import Parameter, Policy
from pipelines.lake.night import Night

PARAMETERS, RULES = "parameters.yaml", "rules.yaml"


def coverage_faults(policy: Policy, on: date) -> list[str]:
    """Parameters that a rule in force uses and that have no value in a covered region."""
    faults: list[str] = []
    users: dict[str, list[str]] = {}
    for rule in policy.rules_in_force(on):
        for name in policy.parameters_of(rule):
            if name in policy.parameters:
                users.setdefault(name, []).append(rule.rule_id)
            else:
                faults.append(
                    f"{RULES}: rule {rule.rule_id}: needs the parameter {name}, "
                    f"which {PARAMETERS} does not have"
                )
    faults += [
        f"{PARAMETERS}: {name}: no value in force on {on} for region {region}{kind}, "
        f"which the policy covers; used by {', '.join(rules)}"
        for name, rules in users.items()
        for region in policy.covers
        for kind in _uncovered(policy.parameters[name], region, on)
    ]
    return faults


def _uncovered(parameter: Parameter, region: str, on: date) -> list[str]:
    """Which of urban and rural ("" for both) has no value in ``region`` on a day."""
    beneath = [v for v in parameter.values if v.region.startswith(region) and v.region != region]
    missing = []
    for kind in ("urban", "rural"):
        value = parameter.in_force(region, kind, on)
        by_county = any(v.valid_from <= on and v.urban_rural in (None, kind) for v in beneath)
        if value is None and by_county:
            continue  # uncovered_places looks at the regions that occur
        if value is None or value.value is None:
            missing.append(f" ({kind})")
    return [""] if len(missing) == 2 else missing


def uncovered_places(night: Night, policy: Policy) -> list[str]:
    """The same for the regions in which somebody lives tonight."""
    rules = policy.rules_in_force(night.as_of)
    used = {name: rule for rule in reversed(rules) for name in policy.parameters_of(rule)}
    if not used or not policy.covers:
        return []
    places = night.query(
        "SELECT DISTINCT region_code, urban_rural FROM hardship.household_indicator "
        "WHERE region_code IS NOT NULL "
        "UNION SELECT DISTINCT region_code, urban_rural FROM hardship.person_indicator "
        "WHERE region_code IS NOT NULL"
    ).rows()
    faults = set()
    for region, urban_rural in places:
        covered = next((code for code in policy.covers if region.startswith(code)), None)
        if covered is None:
            continue
        for name, rule in used.items():
            parameter = policy.parameters[name]
            value = parameter.in_force(region, urban_rural, night.as_of)
            by_kind = urban_rural is None and any(v.urban_rural for v in parameter.values)
            if (value is None or value.value is None) and not by_kind:
                faults.add(
                    f"{PARAMETERS}: {name}: no value in force on {night.as_of} for region "
                    f"{region}, which the policy covers ({covered}); rule {rule.rule_id} uses it"
                )
    return sorted(faults)
