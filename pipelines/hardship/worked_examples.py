"""Worked examples of rules: a household in words, its numbers, the sum, and what must come of it.

They lie beside the rules (examples.yaml), are worked out by the statements that run at night, and
are printed in the manual. Which rules a pack holds does not belong here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pipelines.contracts.promises import load_promises
from pipelines.engine.duck import DuckEngine
from pipelines.engine.sql import quoted
from pipelines.hardship.indicators import indicators
from pipelines.hardship.policy_model import GRAINS, Policy, Rule
from pipelines.hardship.policy_yaml import Faults, as_date, as_number, as_text, read_yaml, titles
from pipelines.hardship.rule_sql import alert_sql, not_judged_sql

FILE = "examples.yaml"
OUTCOMES = ("fires", "does not fire", "could not be judged")
_FIELDS = {
    "title", "place", "day", "values", "parameters", "sum", "expect", "level", "measure",
    "__line__",
}  # fmt: skip
Outcome = Literal["fires", "does not fire", "could not be judged"]


@dataclass(frozen=True)
class Example:
    """One example of one rule; what ``values`` leaves out is unknown."""

    rule_id: str
    number: int
    title_zh: str
    title_en: str
    on: date
    region: str
    urban_rural: str | None
    values: dict[str, Any]
    parameters: dict[str, float | None]
    sum_zh: str
    sum_en: str
    expect: str
    level: str | None
    measure: float | None

    @property
    def place(self) -> str:
        return f"{FILE}: rule {self.rule_id}, example {self.number}"


@dataclass(frozen=True)
class Found:
    """What a rule says of an example."""

    outcome: Outcome
    level: str | None
    measure: float | None
    reason_zh: str | None
    reason_en: str | None


def read_examples(folder: Path, policy: Policy) -> tuple[list[Example], list[str]]:
    """The examples of a pack and what is wrong with the file; none where there is no file."""
    faults = Faults()
    raw = read_yaml(folder / FILE, faults, required=False)
    if raw is None:
        return [], faults.found
    if not isinstance(raw, dict):
        faults.add(FILE, "", "must be a map of rule ids, each with a list of examples")
        return [], faults.found
    shared = raw.get("defaults")
    shared = shared if isinstance(shared, dict) else {}
    found: list[Example] = []
    for rule_id, items in raw.items():
        if rule_id in ("defaults", "__line__"):
            continue
        rules = [rule for rule in policy.rules if rule.rule_id == rule_id]
        if not rules:
            faults.add(FILE, f"rule {rule_id}", "stands not in rules.yaml")
        elif not isinstance(items, list):
            faults.add(FILE, f"rule {rule_id}", "needs a list of examples")
        else:
            for number, item in enumerate(items, 1):
                example = _example(str(rule_id), number, item, shared, rules[0], policy, faults)
                if example is not None:
                    found.append(example)
    return found, faults.found


def _example(
    rule_id: str, number: int, raw: Any, shared: dict[str, Any], rule: Rule, policy: Policy,
    faults: Faults,
) -> Example | None:  # fmt: skip
    place = f"rule {rule_id}, example {number}"
    before = len(faults.found)
    if not isinstance(raw, dict):
        faults.add(FILE, place, "must be a map")
        return None
    for unknown in sorted(set(raw) - _FIELDS, key=str):
        faults.add(FILE, place, f"{unknown} is not a field of an example")
    where = raw.get("place", shared.get("place"))
    where = where if isinstance(where, dict) else {}
    on = as_date(raw.get("day", shared.get("day")))
    if on is None:
        faults.add(FILE, place, "needs 'day', on which it is worked out")
    values, parameters = _named(raw.get("values")), _named(raw.get("parameters"))
    known = indicators(rule.grain)
    for name in sorted(set(values) - set(known)):
        faults.add(FILE, place, f"{name} is no indicator of a {rule.grain}")
    for name in sorted(set(parameters) - set(policy.parameters)):
        faults.add(FILE, place, f"{name} is no parameter of the pack")
    if raw.get("expect") not in OUTCOMES:
        faults.add(FILE, place, f"'expect' must be one of {', '.join(OUTCOMES)}")
    if len(faults.found) > before or on is None:
        return None
    urban_rural = where.get("urban_rural")
    title_zh, title_en = titles(raw.get("title"), place)
    sum_zh, sum_en = titles(raw.get("sum"), "")
    return Example(
        rule_id, number, title_zh, title_en, on, as_text(where.get("region")),
        as_text(urban_rural) if urban_rural else None, values,
        {name: as_number(value) for name, value in parameters.items()},
        sum_zh, sum_en, str(raw["expect"]), raw.get("level"), as_number(raw.get("measure")),
    )  # fmt: skip


def _named(raw: Any) -> dict[str, Any]:
    return {k: v for k, v in raw.items() if k != "__line__"} if isinstance(raw, dict) else {}


def contradictions(policy: Policy, examples: Iterable[Example]) -> list[str]:
    """Examples that do not come out as they say, one sentence each."""
    said: list[str] = []
    with tempfile.TemporaryDirectory(prefix="jiuzhulian-") as folder:
        engine = DuckEngine(Path(folder), "500MB", 1)
        try:
            for example in examples:
                said += _contradicted(policy, example, worked_out(policy, example, engine))
        finally:
            engine.close()
    return said


def _contradicted(policy: Policy, example: Example, found: Found) -> list[str]:
    said = []
    for name, value in example.parameters.items():
        in_force = policy.parameters[name].in_force(example.region, example.urban_rural, example.on)
        if (in_force.value if in_force else None) != value:
            now = "nothing" if in_force is None else in_force.value
            said.append(f"{example.place}: says {name} is {value}, but {now} is in force")
    if found.outcome != example.expect:
        said.append(f"{example.place}: says '{example.expect}', but the rule {found.outcome}")
    elif example.level != found.level:
        said.append(f"{example.place}: says level {example.level}, but it is {found.level}")
    elif (example.measure is None) != (found.measure is None) or (
        example.measure is not None
        and found.measure is not None
        and abs(example.measure - found.measure) > 0.005
    ):
        said.append(f"{example.place}: says measure {example.measure}, but it is {found.measure}")
    return said


def worked_out(policy: Policy, example: Example, engine: DuckEngine) -> Found:
    """What the rule says of the example, by the statements of the night."""
    rules = tuple(
        r for r in policy.rules if r.rule_id == example.rule_id and r.in_force(example.on)
    )
    if not rules:
        return Found("does not fire", None, None, None, None)
    alone = replace(policy, rules=rules)
    for grain in GRAINS:
        given = {
            "person_id": "P", "household_id": "H", "region_code": example.region,
            "urban_rural": example.urban_rural, **example.values,
        }  # fmt: skip
        engine.view(f"hardship.{grain}_indicator", _row(f"hardship.{grain}_indicator", given))
    engine.view("hardship.parameter_in_force", _parameters(policy, example))
    values = {"as_of": example.on}
    alerts = engine.query(alert_sql(alone, example.on), values).to_dicts()
    if alerts:
        alert = alerts[0]
        return Found("fires", alert["level"], alert["measure"],
                     alert["reason_zh"], alert["reason_en"])  # fmt: skip
    unjudged = engine.query(not_judged_sql(alone, example.on), values)
    outcome: Outcome = "could not be judged" if unjudged.height else "does not fire"
    return Found(outcome, None, None, None, None)


def _row(table: str, given: dict[str, Any]) -> str:
    listed = ", ".join(
        f"CAST({_literal(given.get(column.name))} AS {column.type}) AS {quoted(column.name)}"
        for column in load_promises()[table].columns
    )
    return f"SELECT {listed}"


def _parameters(policy: Policy, example: Example) -> str:
    rows = [
        "SELECT {} AS region_code, {} AS urban_rural, {} AS name, CAST({} AS DOUBLE) AS value, "
        "{} AS assumption".format(
            _literal(example.region), _literal(example.urban_rural or ""), _literal(name),
            _literal(value.value), _literal(value.assumption),
        )
        for name, parameter in policy.parameters.items()
        if (value := parameter.in_force(example.region, example.urban_rural, example.on))
    ]  # fmt: skip
    nothing = (
        "SELECT '' AS region_code, '' AS urban_rural, '' AS name, CAST(NULL AS DOUBLE) AS value, "
        "false AS assumption WHERE false"
    )
    return " UNION ALL ".join(rows or [nothing])


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"
