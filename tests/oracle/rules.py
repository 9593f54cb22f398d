"""Rules over indicators, with a small evaluator of its own: three-valued logic, exact fractions.

Reads the policy's YAML plainly; parameters in force as interface §4 says.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

COLOURS = ("red", "orange", "yellow")


@dataclass(frozen=True)
class Rule:
    """One rule, its expressions parsed."""

    id: str
    grain: str
    who: ast.expr
    when: ast.expr
    measure: ast.expr
    level: Mapping[str, Fraction]


@dataclass(frozen=True)
class Verdict:
    """What a rule says of one subject: fired with a level, or not judged."""

    fired: bool
    judged: bool
    level: str | None = None
    measure: Fraction | None = None


def load_rules(policy: Path, night: date) -> list[Rule]:
    """The rules in force on a night."""
    rules = []
    for entry in yaml.safe_load((policy / "rules.yaml").read_text(encoding="utf-8")):
        effective = entry.get("effective") or {}
        if effective.get("from", date.min) > night or effective.get("to", date.max) <= night:
            continue
        levels = {c: Fraction(str(v)) for c, v in (entry.get("level") or {}).items()}
        rules.append(
            Rule(
                entry["id"],
                entry["grain"],
                parsed(entry["who"]),
                parsed(entry["when"]),
                parsed(entry["measure"]),
                levels,
            )
        )
    return rules


def parsed(sql: str) -> ast.expr:
    """A rule's expression as a Python syntax tree."""
    pieces = re.split(r"('(?:[^']|'')*')", sql)
    for place in range(0, len(pieces), 2):
        text = pieces[place]
        text = re.sub(r"(?i)\b(and|or|not|in|is)\b", lambda m: m.group(0).lower(), text)
        text = re.sub(r"(?i)\bnull\b", "None", text)
        text = re.sub(r"(?i)\b(true|false)\b", lambda m: m.group(0).capitalize(), text)
        text = text.replace("<>", "!=")
        pieces[place] = re.sub(r"(?<![<>!=])=(?!=)", "==", text)
    return ast.parse(" ".join("".join(pieces).split()), mode="eval").body


class Parameters:
    """Dated values by region."""

    def __init__(self, policy: Path, night: date) -> None:
        content = yaml.safe_load((policy / "parameters.yaml").read_text(encoding="utf-8"))
        self.night = night
        self.values = {k: v["values"] for k, v in content.items() if k != "covers"}
        self._known: dict[tuple[str | None, str | None], dict[str, Fraction | None]] = {}

    def in_force(self, name: str, region: str | None, residence: str | None) -> Fraction | None:
        """Longest region, then the one that names urban_rural, then the latest day."""
        fitting = [
            v
            for v in self.values.get(name, ())
            if (region or "").strip("0")
            and (region or "").startswith(str(v["region"]))
            and v.get("urban_rural") in (None, residence)
            and v["from"] <= self.night
        ]
        if not fitting:
            return None
        best = max(fitting, key=lambda v: (len(str(v["region"])), "urban_rural" in v, v["from"]))
        return None if best["value"] is None else Fraction(str(best["value"]))

    def all(self, region: str | None, residence: str | None) -> dict[str, Fraction | None]:
        place = (region, residence)
        if place not in self._known:
            self._known[place] = {n: self.in_force(n, region, residence) for n in self.values}
        return self._known[place]


def judge(rule: Rule, names: Mapping[str, Any]) -> Verdict:
    """One rule on one subject's indicators and parameters."""
    if evaluate(rule.who, names) is not True:
        return Verdict(False, True)
    when = evaluate(rule.when, names)
    measure = evaluate(rule.measure, names)
    if when is not True:
        return Verdict(False, when is False, None, measure)
    reached = (
        []
        if measure is None
        else [(bound, colour) for colour, bound in rule.level.items() if measure >= bound]
    )
    ranked = sorted(reached, key=lambda e: COLOURS.index(e[1]))
    return Verdict(True, True, ranked[0][1] if ranked else "yellow", measure)


def evaluate(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """The value of an expression; None is unknown."""
    match node:
        case ast.Constant(value=value):
            return _exact(value)
        case ast.Name(id=name):
            return _exact(names[name])
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return [evaluate(item, names) for item in items]
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            value = evaluate(inner, names)
            return None if value is None else not value
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            value = evaluate(inner, names)
            return None if value is None else -value
        case ast.BoolOp(op=op, values=parts):
            values = [evaluate(part, names) for part in parts]
            decisive = isinstance(op, ast.Or)
            if decisive in values:
                return decisive
            return None if None in values else not decisive
        case ast.BinOp(left=left, op=op, right=right):
            return _arithmetic(evaluate(left, names), op, evaluate(right, names))
        case ast.Compare(left=left, ops=ops, comparators=others):
            return _compare(evaluate(left, names), ops[0], evaluate(others[0], names))
        case ast.Call(func=ast.Name(id=name), args=args):
            return _call(name.lower(), [evaluate(arg, names) for arg in args])
    raise ValueError(ast.dump(node))


def _exact(value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, float):
        return Fraction(str(value))
    return Fraction(value) if isinstance(value, int | Decimal | Fraction) else value


def _arithmetic(one: Any, op: ast.operator, two: Any) -> Fraction | None:
    if one is None or two is None:
        return None
    match op:
        case ast.Add():
            return Fraction(one + two)
        case ast.Sub():
            return Fraction(one - two)
        case ast.Mult():
            return Fraction(one * two)
        case ast.Div():
            return None if two == 0 else Fraction(one / two)
    raise ValueError(ast.dump(op))


def _compare(one: Any, op: ast.cmpop, two: Any) -> bool | None:
    if isinstance(op, ast.Is | ast.IsNot):
        return (one is None) == isinstance(op, ast.Is)
    if isinstance(op, ast.In | ast.NotIn):
        if one is None:
            return None
        among = one in (two if isinstance(two, list) else [two])
        return among == isinstance(op, ast.In)
    if one is None or two is None:
        return None
    match op:
        case ast.Eq():
            return bool(one == two)
        case ast.NotEq():
            return bool(one != two)
        case ast.Lt():
            return bool(one < two)
        case ast.LtE():
            return bool(one <= two)
        case ast.Gt():
            return bool(one > two)
        case ast.GtE():
            return bool(one >= two)
    raise ValueError(ast.dump(op))


def _call(name: str, values: list[Any]) -> Any:
    known = [value for value in values if value is not None]
    match name:
        case "coalesce":
            return known[0] if known else None
        case "least":
            return min(known) if known else None
        case "greatest":
            return max(known) if known else None
        case "abs":
            return None if values[0] is None else abs(values[0])
        case "nullif":
            return None if values[0] == values[1] else values[0]
        case "round":
            return None if values[0] is None else Fraction(round(values[0], int(values[1])))
    raise ValueError(name)
