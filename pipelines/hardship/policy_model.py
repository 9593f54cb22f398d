"""What a policy is once read: dated parameters by place, and rules with checked expressions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from pipelines.hardship.expressions import Expression

Grain = Literal["person", "household"]
LISTS = (
    "suspected_illness_poverty",
    "income_expenditure",
    "child_protection",
    "tier_candidate",
    "field_report",
)
COLOURS = ("red", "orange", "yellow")
GRAINS: tuple[Grain, ...] = ("person", "household")
#: the parameters that stand behind an indicator
DERIVED = {
    "living_cost_12m": "dibao_standard",
    "rigid_cost_12m": "dibao_standard",
    "rigid_ratio": "dibao_standard",
    "discretionary_ratio": "societal_poverty_line",
}


@dataclass(frozen=True)
class ParameterValue:
    """A value from a day on, in a region; ``value`` None ends the parameter there."""

    region: str
    urban_rural: str | None
    valid_from: date
    value: float | None
    source: str
    assumption: bool


@dataclass(frozen=True)
class Parameter:
    name: str
    unit: str
    title_zh: str
    title_en: str
    values: tuple[ParameterValue, ...]

    def in_force(
        self, region: str | None, urban_rural: str | None, on: date
    ) -> ParameterValue | None:
        """The value on a day in a place: longest region, then urban_rural named, then latest."""
        fitting = [
            value
            for value in self.values
            if (region or "").strip("0")  # zeros: unknown
            and region is not None
            and region.startswith(value.region)
            and value.urban_rural in (None, urban_rural)
            and value.valid_from <= on
        ]
        if not fitting:
            return None
        return max(fitting, key=lambda v: (len(v.region), v.urban_rural is not None, v.valid_from))


@dataclass(frozen=True)
class Rule:
    """One rule of the policy; expressions are over the indicators of its grain and parameters.

    It is in force from ``effective_from`` until the day before ``effective_to``.
    """

    rule_id: str
    title_zh: str
    title_en: str
    grain: Grain
    who: Expression
    when: Expression
    measure: Expression | None
    threshold: float | None
    level: dict[str, float]
    case: str
    suggest: tuple[str, ...]
    effective_from: date
    effective_to: date | None
    source: str
    #: CNY a year that a hit would be paid if it is confirmed; None: the rule does not say
    pays: Expression | None = None

    def in_force(self, on: date) -> bool:
        return self.effective_from <= on and (self.effective_to is None or on < self.effective_to)

    @property
    def names(self) -> tuple[str, ...]:
        """Names that the rule uses, in order of appearance."""
        measure = self.measure.names if self.measure else ()
        pays = self.pays.names if self.pays else ()
        return tuple(dict.fromkeys((*self.when.names, *measure, *self.who.names, *pays)))


@dataclass(frozen=True)
class Policy:
    """A policy folder: parameters, rules, and the digest by which a night refers to it."""

    name: str
    version: str
    covers: tuple[str, ...]
    parameters: dict[str, Parameter]
    rules: tuple[Rule, ...]
    files: tuple[str, ...] = field(default=())

    def rules_in_force(self, on: date, grain: Grain | None = None) -> tuple[Rule, ...]:
        return tuple(
            rule for rule in self.rules if rule.in_force(on) and grain in (None, rule.grain)
        )

    def parameters_of(self, rule: Rule) -> tuple[str, ...]:
        """Parameters that a rule needs, also those behind the indicators that it uses."""
        direct = [name for name in rule.names if name in self.parameters]
        behind = [DERIVED[name] for name in rule.names if name in DERIVED]
        return tuple(dict.fromkeys([*direct, *behind]))
