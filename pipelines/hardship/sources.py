"""Which lists rest on a source that is past its due date, so that nothing of them is cleared.

An indicator rests on roles, a role is played by the datasets whose contracts say so; no dataset
is named here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipelines.contracts.load import load_contracts
from pipelines.hardship.policy_model import Policy
from pipelines.lake.night import Night

_MEDICAL = frozenset({"spending_medical", "help"})
_COMPOSITION = frozenset({"household", "death"})
_INCOME = frozenset({"income", "tier_grant"})
_TIER = frozenset({"tier_grant", "tier_member", "tier"})
_PREFIXES: tuple[tuple[tuple[str, ...], frozenset[str]], ...] = (
    (("burden_", "inpatient_", "largest_", "total_cost", "medical_", "visits_"), _MEDICAL),
    (("education_", "living_cost"), frozenset({"spending_education", "help"})),
    (("rigid_", "expense_"), _MEDICAL | _INCOME | {"spending_education"}),
    (("discretionary_",), _MEDICAL | _INCOME),
    (("annual_income", "income_"), _INCOME),
    (("tier", "any_tier"), _TIER),
    (("field_reports",), frozenset({"field_report"})),
    (("severe_", "disab", "is_", "stage", "able_", "employee_", "former_"), _COMPOSITION
     | {"attribute"}),
    (("minors", "elders", "students", "size", "working_age", "age"), _COMPOSITION
     | {"guardianship"}),
)  # fmt: skip


def roles_behind(indicator: str) -> frozenset[str]:
    """Roles of the rows from which an indicator is worked out."""
    for prefixes, roles in _PREFIXES:
        if indicator.startswith(prefixes):
            return roles
    return frozenset()


def roles_of_lists(policy: Policy) -> dict[str, frozenset[str]]:
    """For each list, the roles behind whom its rules watch and behind their conditions."""
    found: dict[str, frozenset[str]] = {"field_report": frozenset({"field_report"})}
    for rule in policy.rules:
        used = {*rule.who.names, *rule.when.names}
        behind = frozenset[str]().union(*(roles_behind(name) for name in used))
        found[rule.case] = found.get(rule.case, frozenset()) | behind
    return found


def late_lists(night: Night, policy: Policy) -> frozenset[str]:
    """Lists of which nothing is cleared tonight."""
    late = late_sources(night)
    return resting_on(late, roles_played(night.settings.schemas), policy) if late else frozenset()


def late_sources(night: Night) -> set[str]:
    """``source/dataset`` past its due date; on one that was never delivered nothing rests."""
    if not night.exists("quality.freshness"):
        return set()
    fresh = night.frame("quality.freshness", ["source", "dataset", "newest_extract", "late"])
    return {
        f"{row['source']}/{row['dataset']}"
        for row in fresh.to_dicts()
        if row["late"] and row["newest_extract"]
    }


def resting_on(
    late: set[str], played: Mapping[str, frozenset[str]], policy: Policy
) -> frozenset[str]:
    """Lists whose rules rest on one of the ``late`` datasets, given the roles each plays."""
    tardy = frozenset[str]().union(*(played.get(name, frozenset()) for name in late))
    return frozenset(name for name, roles in roles_of_lists(policy).items() if roles & tardy)


def roles_played(schemas: Path) -> dict[str, frozenset[str]]:
    """The roles that each dataset plays, by its contract."""
    return {
        name: frozenset(role.role for role in contract.roles)
        for name, contract in load_contracts(schemas).items()
    }
