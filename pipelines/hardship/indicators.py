"""Names, kinds and words of the indicators that rules may use, taken from the tables' promises."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pipelines.contracts.promises import load_promises
from pipelines.hardship.expressions import Kind
from pipelines.hardship.policy_model import Grain

#: in the indicators 其他 reads none, and confirmed_hardship says it
_TIERS = ("特困", "低保", "防止返贫监测", "低保边缘", "刚性支出困难", "none")
#: what a coded indicator can hold; a rule that compares it with anything else is refused
VALUES: dict[str, tuple[str, ...]] = {
    "tier": _TIERS,
    "any_tier": _TIERS,
    "urban_rural": ("urban", "rural"),
    "sex": ("1", "2"),
    "stage": ("1", "2", "3", "4", "5", "6"),
    "disability_level": ("一", "二", "三", "四"),
    "composition_evidence": ("register", "roster", "certificate", "family", "guardian", "alone"),
}


@dataclass(frozen=True)
class Indicator:
    name: str
    kind: Kind
    type: str
    zh: str
    en: str


@cache
def indicators(grain: Grain) -> dict[str, Indicator]:
    """Every indicator column of a grain, by name."""
    promise = load_promises()[f"hardship.{grain}_indicator"]
    return {
        column.name: Indicator(
            column.name, _kind(column.type), column.type, _short(column.zh), _short(column.en)
        )
        for column in promise.columns
    }


def _kind(type_: str) -> Kind:
    if type_ == "BOOLEAN":
        return "boolean"
    if type_.startswith(("DECIMAL", "DOUBLE", "INTEGER", "BIGINT")):
        return "number"
    return "text"


def _short(meaning: str) -> str:
    """The name of a column: its description up to the first explanation."""
    for mark in ("（", " (", "：", ": ", "；", "; "):
        meaning = meaning.split(mark)[0]
    return meaning
