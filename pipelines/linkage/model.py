"""The matching model: read from schemas/linkage, checked, and turned into Splink's settings.

Weights and thresholds are data with their origin; nothing of them stands in code.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.errors import ConfigurationFault
from pipelines.settings import SCHEMAS

DIFFERENT = "different"
STEPS_PER_DOUBLING = 14  # of the number of entities: about 5 % each
_PREFIX = re.compile(r"\b([lr])\.(\w+)")


@dataclass(frozen=True)
class Level:
    """One way in which a comparison can turn out; without `sql` it is what remains."""

    label: str
    m: float
    u: float
    sql: str | None = None
    term_frequency: str | None = None
    per_entity: bool = False

    def u_among(self, entities: int) -> float:
        return min(1.0, self.u / max(1, entities)) if self.per_entity else self.u


@dataclass(frozen=True)
class Comparison:
    """One property of two records; `unknown` says when it tells nothing."""

    name: str
    unknown: str
    levels: tuple[Level, ...]

    def label(self, gamma: int) -> str:
        """Splink numbers levels from the last (0) to the first; −1 is unknown."""
        return "unknown" if gamma < 0 else self.levels[len(self.levels) - 1 - gamma].label


@dataclass(frozen=True)
class Blocking:
    """Pairs that agree in all `columns` become candidates."""

    name: str
    columns: tuple[str, ...]
    explode: tuple[str, ...] = ()


@dataclass(frozen=True)
class Training:
    """How `unsupervised` finds m and u: rules are lists of columns that agree."""

    deterministic: tuple[tuple[str, ...], ...]
    recall: float
    random_pairs: int
    seed: int
    expectation_maximisation: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Model:
    """A model file."""

    name: str
    version: str
    link: float
    review: float
    margin: float
    expected_match_share: float
    comparisons: tuple[Comparison, ...]
    blocking: tuple[Blocking, ...]
    # what only a model of people in registers has
    name_prior_weight: float = 0.0
    name_prior_share: float = 0.0
    largest_shared_phone: int = 0
    largest_group: int = 0
    common_birthday_share: float = 1.0
    common_birthday_least: int = 0
    linking_names: tuple[str, ...] = ()
    renamed_births: tuple[str, ...] = ()
    companions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    repaired_probability: float = 1.0
    # how it is trained without truth, where it is
    training: Training | None = None
    text: str = ""

    def comparison(self, name: str) -> Comparison:
        return next(c for c in self.comparisons if c.name == name)

    def largest_birthday(self, entities: int) -> float:
        """How many of a city's entities may have one birthday for it to say something."""
        return max(self.common_birthday_least, self.common_birthday_share * settled(entities))

    def settings(self, entities: int) -> dict[str, Any]:
        """Splink's settings for a night with about so many entities."""
        entities = settled(entities)
        return {
            "link_type": "dedupe_only",
            "unique_id_column_name": "entity_no",
            "probability_two_random_records_match": self.expected_match_share / max(2, entities),
            "retain_matching_columns": True,  # Splink keeps the levels only with the columns
            "retain_intermediate_calculation_columns": False,
            "comparisons": [_comparison(c, entities) for c in self.comparisons],
            "blocking_rules_to_generate_predictions": [_blocking(b) for b in self.blocking],
        }


def settled(count: int) -> int:
    """A count in steps of about 5 %, so that weights stay the same while a city hardly grows."""
    if count < 2:
        return count
    return round(2 ** (round(math.log2(count) * STEPS_PER_DOUBLING) / STEPS_PER_DOUBLING))


def load_model(name: str = "person", schemas: Path = SCHEMAS) -> Model:
    """The model in schemas/linkage/<name>.yaml; all its faults at once."""
    return read_model(schemas / "linkage" / f"{name}.yaml")


def read_model(path: Path) -> Model:
    """The model in any file."""
    return _load(path)


@cache
def _load(path: Path) -> Model:
    text = path.read_text(encoding="utf-8")
    try:
        raw = yaml.safe_load(text)
        thresholds = raw["thresholds"]
        model = Model(
            name=raw["name"],
            version=raw["version"],
            link=float(thresholds["link"]),
            review=float(thresholds["review"]),
            margin=float(thresholds["margin"]),
            expected_match_share=float(raw["expected_match_share"]),
            comparisons=tuple(_read_comparison(item) for item in raw["comparisons"]),
            blocking=tuple(
                Blocking(item["name"], tuple(item["columns"]), tuple(item.get("explode", ())))
                for item in raw["blocking"]
            ),
            training=_read_training(raw["training"]) if "seed" in raw.get("training", {}) else None,
            text=text,
            **(_of_people(raw) if "linking_names" in raw else {}),
        )
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        place = f"schemas/linkage/{path.name}"
        raise ConfigurationFault([f"{place}: {type(error).__name__}: {error}"]) from error
    if faults := _faults(model):
        raise ConfigurationFault([f"schemas/linkage/{path.name}: {fault}" for fault in faults])
    return model


def _of_people(raw: dict[str, Any]) -> dict[str, Any]:
    return {
        "name_prior_weight": float(raw["name_prior"]["weight"]),
        "name_prior_share": float(raw["name_prior"]["share"]),
        "largest_shared_phone": int(raw["largest_shared_phone"]),
        "largest_group": int(raw["largest_group"]),
        "common_birthday_share": float(raw["common_birthday"]["share"]),
        "common_birthday_least": int(raw["common_birthday"]["least"]),
        "linking_names": tuple(raw["linking_names"]),
        "renamed_births": tuple(raw["renamed_births"]),
        "companions": {name: tuple(labels) for name, labels in raw["companions"].items()},
        "repaired_probability": float(raw["repaired_probability"]),
    }


def _read_training(raw: dict[str, Any]) -> Training:
    def rules(name: str) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(columns) for columns in raw[name])

    return Training(
        rules("deterministic"), float(raw["recall"]), int(raw["random_pairs"]), int(raw["seed"]),
        rules("expectation_maximisation"),
    )  # fmt: skip


def _read_comparison(item: dict[str, Any]) -> Comparison:
    return Comparison(
        item["name"],
        item["unknown"],
        tuple(
            Level(
                label=level["label"],
                m=float(level["m"]),
                u=float(level["u"]),
                sql=level.get("sql"),
                term_frequency=level.get("term_frequency"),
                per_entity=level.get("scale") == "per_entity",
            )
            for level in item["levels"]
        ),
    )


def _faults(model: Model) -> list[str]:
    faults = []
    if not 0 < model.review < model.link <= 1:
        faults.append("thresholds: review must lie below link, both between 0 and 1")
    for comparison in model.comparisons:
        if not comparison.levels or comparison.levels[-1].sql is not None:
            faults.append(f"comparison {comparison.name}: the last level takes what remains")
        for level in comparison.levels:
            if not 0 < level.m <= 1 or level.u <= 0 or (level.u > 1 and not level.per_entity):
                faults.append(f"comparison {comparison.name}, {level.label}: m or u out of range")
    known = {f"{c.name}_level": {level.label for level in c.levels} for c in model.comparisons}
    named = [*model.companions.items()]
    if model.linking_names:
        named.append(("name_level", model.linking_names))
    if model.renamed_births:
        named.append(("birth_level", model.renamed_births))
    for comparison_name, labels in named:
        if missing := sorted(set(labels) - known.get(comparison_name, set())):
            faults.append(f"{comparison_name}: no such levels: {', '.join(missing)}")
    return faults


def _sides(sql: str) -> str:
    """`l.name` and `r.name` as Splink writes the columns of a pair."""
    return _PREFIX.sub(lambda found: f'"{found[2]}_{found[1]}"', sql)


def _comparison(comparison: Comparison, entities: int) -> dict[str, Any]:
    levels: list[dict[str, Any]] = [
        {
            "sql_condition": _sides(comparison.unknown),
            "label_for_charts": "unknown",
            "is_null_level": True,
        }
    ]
    for level in comparison.levels:
        made: dict[str, Any] = {
            "sql_condition": _sides(level.sql) if level.sql else "ELSE",
            "label_for_charts": level.label,
            "m_probability": level.m,
            "u_probability": level.u_among(entities),
        }
        if level.term_frequency:
            made["tf_adjustment_column"] = level.term_frequency
            made["tf_adjustment_weight"] = 1.0
            made["disable_tf_exact_match_detection"] = True
        levels.append(made)
    return {"output_column_name": comparison.name, "comparison_levels": levels}


def _blocking(rule: Blocking) -> dict[str, Any]:
    condition = " and ".join(f'l."{column}" = r."{column}"' for column in rule.columns)
    made: dict[str, Any] = {"blocking_rule": condition, "sql_dialect": "duckdb"}
    if rule.explode:
        made["arrays_to_explode"] = list(rule.explode)
    return made
