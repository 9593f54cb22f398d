"""Names, kinds and words of the indicators that rules may use, taken from the tables' promises."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pipelines.contracts.promises import load_promises
from pipelines.hardship.expressions import Kind
from pipelines.hardship.policy_model import Grain


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
