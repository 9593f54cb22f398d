"""Reading a policy folder: parameters.yaml and rules.yaml, all faults at once.

Legal amounts are data with a date, a region and a source; nothing here contains one. How a
parameter reaches a person and how a rule is evaluated belong to SQL (``parameter_in_force``,
``rule_sql``).
"""

from __future__ import annotations

import hashlib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipelines.errors import ConfigurationFault
from pipelines.hardship.coverage import coverage_faults
from pipelines.hardship.expressions import Expression, ExpressionFault, Kind, parse
from pipelines.hardship.indicators import VALUES, indicators
from pipelines.hardship.policy_model import (
    COLOURS,
    GRAINS,
    LISTS,
    Grain,
    Parameter,
    Policy,
    Rule,
)
from pipelines.hardship.policy_parameters import read_parameters
from pipelines.hardship.policy_yaml import Faults, as_date, as_number, as_text, read_yaml, titles

PARAMETERS = "parameters.yaml"
RULES = "rules.yaml"
FIELDS = {
    "id", "title", "grain", "who", "when", "measure", "threshold", "level", "case", "suggest",
    "effective", "source", "note", "example", "examples", "description", "pays",
}  # fmt: skip


def load_policy(folder: Path) -> Policy:
    """The policy of a folder; raises ConfigurationFault with every fault found."""
    policy, faults = _read(Path(folder))
    if faults or policy is None:
        raise ConfigurationFault(list(faults))
    return policy


def check_policy(folder: Path, on: date | None = None) -> list[str]:
    """What is wrong with the policy of a folder, also on the day ``on`` (default today)."""
    policy, faults = _read(Path(folder))
    if policy is not None and not faults:
        return coverage_faults(policy, on or date.today())
    return list(faults)


def _read(folder: Path) -> tuple[Policy | None, list[str]]:
    if not folder.is_dir():
        return None, [f"policy {folder}: is not a folder"]
    return _read_once(folder, policy_version(folder))


@lru_cache(maxsize=8)
def _read_once(folder: Path, version: str) -> tuple[Policy | None, list[str]]:
    """Every room of a night asks for the policy; ``version`` changes with its files."""
    faults = Faults()
    raw_parameters = read_yaml(folder / PARAMETERS, faults, required=False)
    raw_rules = read_yaml(folder / RULES, faults, required=True)
    if faults.found:  # what cannot be read would make every name in the other file unknown
        return None, faults.found
    covers, parameters = read_parameters(raw_parameters, faults)
    for grain in GRAINS:
        for name in sorted(set(parameters) & set(indicators(grain))):
            faults.add(PARAMETERS, name, f"has the name of a {grain} indicator; choose another")
    rules = _rules(raw_rules, parameters, faults)
    policy = Policy(
        folder.resolve().name, version, covers, parameters, rules
    )  # fmt: skip
    return policy, list(faults.found)


def policy_version(folder: Path) -> str:
    """The folder's name and a digest of its two files, as alerts and runs carry it."""
    digest = hashlib.sha256()
    for name in (PARAMETERS, RULES):
        path = folder / name
        digest.update(name.encode() + b"\0" + (path.read_bytes() if path.exists() else b""))
    return f"{folder.resolve().name}@{digest.hexdigest()[:12]}"


def _rules(raw: Any, parameters: dict[str, Parameter], faults: Faults) -> tuple[Rule, ...]:
    if raw is None:
        faults.add(RULES, "", "is empty; write [] where no rule is wanted")
        return ()
    if isinstance(raw, dict) and isinstance(raw.get("rules"), list):
        raw = raw["rules"]
    if not isinstance(raw, list):
        faults.add(RULES, "", "must be a list of rules, each beginning with '- id:'")
        return ()
    found = [_rule(item, number, parameters, faults) for number, item in enumerate(raw, 1)]
    rules = [rule for rule in found if rule is not None]
    for index, rule in enumerate(rules):
        for other in rules[:index]:
            if other.rule_id == rule.rule_id and _overlap(other, rule):
                faults.add(
                    RULES, f"rule {rule.rule_id}",
                    "stands twice with overlapping effective dates: end the earlier one before",
                )  # fmt: skip
    return tuple(rules)


def _overlap(one: Rule, other: Rule) -> bool:
    last_one, last_other = one.effective_to or date.max, other.effective_to or date.max
    return one.effective_from < last_other and other.effective_from < last_one


def _rule(raw: Any, number: int, parameters: dict[str, Parameter], faults: Faults) -> Rule | None:
    if not isinstance(raw, dict):
        faults.add(RULES, f"rule number {number}", "must be a map with an id")
        return None
    before = len(faults.found)
    rule_id = as_text(raw.get("id"))
    line = raw.get("__line__", 0)
    place = f"rule {rule_id}" if rule_id else f"rule number {number}"
    place = f"{place} (line {line})" if line else place

    def fault(field: str, message: str) -> None:
        faults.add(RULES, f"{place}, {field}" if field else place, message)

    if not rule_id:
        fault("id", "is missing")
    elif not isinstance(raw["id"], str):
        fault("id", "must be a text")
    for unknown in sorted(set(raw) - FIELDS - {"__line__"}, key=str):
        fault(str(unknown), f"is not a field of a rule; fields are {', '.join(sorted(FIELDS))}")
    grain = raw.get("grain")
    if grain not in GRAINS:
        fault("grain", "must be person or household")
        return None
    kinds = _kinds(grain, parameters)

    def expression(field: str, wanted: Kind, default: str | None = None) -> Expression | None:
        text = raw.get(field, default)
        if isinstance(text, (bool, int, float)):
            text = str(text).lower()
        if text is None:
            if field == "when":
                fault(field, "is missing")
            return None
        try:
            return parse(str(text), kinds, wanted, VALUES)
        except ExpressionFault as error:
            fault(field, str(error))
            return None

    who = expression("who", "boolean", "true")
    when = expression("when", "boolean")
    measure = expression("measure", "number")
    if not isinstance(raw.get("title", ""), (str, dict)):
        fault("title", "must be a text, or a map of zh and en")
    pays = expression("pays", "number")
    title_zh, title_en = titles(raw.get("title"), rule_id or place)
    threshold = as_number(raw.get("threshold"))
    if raw.get("threshold") is not None and threshold is None:
        fault("threshold", "must be a number")
    level = _level(raw.get("level"), fault)
    if level and raw.get("measure") is None:
        fault("level", "needs a measure that it grades")
    case = raw.get("case")
    if case not in LISTS:
        fault("case", f"must be one of {', '.join(LISTS)}")
    suggest = raw.get("suggest") or []
    if not isinstance(suggest, list) or not all(isinstance(item, str) for item in suggest):
        fault("suggest", "must be a list of kinds of assistance")
        suggest = []
    effective = raw.get("effective")
    effective = effective if isinstance(effective, dict) else {}
    for unknown in sorted(set(effective) - {"from", "to", "__line__"}, key=str):
        fault("effective", f"{unknown} is not known here; write from and to")
    start, end = as_date(effective.get("from")), as_date(effective.get("to"))
    if start is None:
        fault("effective", "needs 'from', a date like 2024-11-01")
    if effective.get("to") is not None and end is None:
        fault("effective", "'to' must be a date like 2025-10-31")
    if start and end and end <= start:
        fault("effective", "ends before it begins ('to' is the first day without the rule)")
    if len(faults.found) > before or who is None or when is None or start is None:
        return None
    return Rule(
        rule_id, title_zh, title_en, grain, who, when, measure, threshold, level, str(case),
        tuple(suggest), start, end, as_text(raw.get("source")), pays,
    )  # fmt: skip


def _level(raw: Any, fault: Any) -> dict[str, float]:
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        fault("level", "must be a map of colours to bounds")
        return {}
    bounds: dict[str, float] = {}
    for colour, value in raw.items():
        if colour == "__line__":
            continue
        number = as_number(value)
        if colour not in COLOURS:
            fault("level", f"{colour} is no level; levels are {', '.join(COLOURS)}")
        elif number is None:
            fault("level", f"the bound of {colour} must be a number")
        else:
            bounds[colour] = number
    listed = [bounds[colour] for colour in COLOURS if colour in bounds]
    if listed != sorted(listed, reverse=True):
        fault("level", "bounds must fall from red over orange to yellow")
    return bounds


def _kinds(grain: Grain, parameters: dict[str, Parameter]) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {name: item.kind for name, item in indicators(grain).items()}
    kinds.update(dict.fromkeys(parameters, "number"))
    return kinds
