"""Rule expressions: parsed, held to a whitelist, and typed before any data is seen.

What the names mean is given by the caller (indicator columns and parameters); how an expression
is evaluated belongs to ``rule_sql``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

Kind = Literal["number", "text", "boolean", "unknown"]
FUNCTIONS = "coalesce, least, greatest, abs, round, nullif"

_LOGIC = (exp.And, exp.Or)
_ORDER = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.EQ, exp.NEQ)
_SUMS = (exp.Add, exp.Sub, exp.Mul, exp.Div)
_LONGEST = 4000  # characters; beyond it nobody can review a rule
_WORDS = {"number": "a number", "text": "a text", "boolean": "true or false"}


class ExpressionFault(Exception):
    """Why an expression cannot be used, and at which character (from 1; 0 = as a whole)."""

    def __init__(self, message: str, character: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.character = character

    def __str__(self) -> str:
        return f"character {self.character}: {self.message}" if self.character else self.message


@dataclass(frozen=True)
class Expression:
    """A checked expression: its text, tree, kind and the names it uses in order of appearance."""

    text: str
    tree: exp.Expr
    kind: Kind
    names: tuple[str, ...]


def parse(
    text: str,
    kinds: Mapping[str, Kind],
    wanted: Kind,
    values: Mapping[str, Sequence[str]] | None = None,
) -> Expression:
    """Parse and check ``text`` over the names of ``kinds``; raises ExpressionFault.

    values: what a coded name can hold; a comparison with anything else could never be true.
    """
    if len(text) > _LONGEST:
        raise ExpressionFault(f"is longer than {_LONGEST} characters; split the rule")
    names: list[str] = []
    try:
        tree = _tree(text)
        kind = _kind(tree, kinds, names)
        _check_constants(tree, values or {})
    except RecursionError:
        raise ExpressionFault("is nested too deeply; split the rule") from None
    if kind not in (wanted, "unknown"):
        raise ExpressionFault(f"gives {_WORDS[kind]}, but {_WORDS[wanted]} is wanted here")
    return Expression(text, tree, wanted, tuple(dict.fromkeys(names)))


def is_name(word: str) -> bool:
    """Whether a rule can use ``word`` as a name: no function, no keyword."""
    try:
        tree = _tree(f"{word} > {word}")
        beside = _tree(f"{word}(1)")
    except ExpressionFault:
        return False
    plain = isinstance(tree, exp.GT) and isinstance(tree.this, exp.Column)
    return plain and isinstance(beside, exp.Anonymous)


def _tree(text: str) -> exp.Expr:
    try:
        statements = sqlglot.parse(text, read="duckdb")
    except SqlglotError as error:
        details = getattr(error, "errors", None) or [{}]
        first = details[0]
        near = str(first.get("highlight") or "").strip()
        where = int(first.get("col") or 0)
        hint = f" near {near!r}" if near else ""
        raise ExpressionFault(f"cannot be read as an expression{hint}", where) from None
    present = [statement for statement in statements if statement is not None]
    if not present:
        raise ExpressionFault("is empty")
    if len(present) > 1 or len(statements) > 1:
        raise ExpressionFault("holds a second statement; one expression is allowed")
    return present[0]


def _check_constants(tree: exp.Expr, values: Mapping[str, Sequence[str]]) -> None:
    """Constants that make a rule mean nothing: a division by 0, a value that a code never has."""
    for node in tree.walk():
        if node.comments:
            raise ExpressionFault("holds a comment; write it beside the rule, after #")
        if isinstance(node, exp.Literal) and not node.is_string:
            if not math.isfinite(float(node.this)):
                raise ExpressionFault("holds a number that is too large")
        elif isinstance(node, exp.Div) and _zero(node.expression):
            raise ExpressionFault("divides by 0", _place(node))
        elif isinstance(node, (exp.EQ, exp.NEQ, exp.In)):
            sides = [node.this, *(node.expressions or [node.expression])]
            coded = [s for s in sides if isinstance(s, exp.Column) and s.name in values]
            for side in sides:
                if coded and isinstance(side, exp.Literal) and side.is_string:
                    allowed = values[coded[0].name]
                    if side.this not in allowed:
                        raise ExpressionFault(
                            f"{coded[0].name} is never '{side.this}'; it is one of "
                            f"{', '.join(allowed)}",
                            _place(node),
                        )


def _zero(node: exp.Expr) -> bool:
    while isinstance(node, (exp.Paren, exp.Neg)):
        node = node.this
    return isinstance(node, exp.Literal) and not node.is_string and float(node.this) == 0


def _place(node: exp.Expr) -> int:
    for identifier in node.find_all(exp.Identifier):
        start = identifier.meta.get("start")
        if isinstance(start, int):
            return start + 1
    return 0


def _kind(node: exp.Expr, kinds: Mapping[str, Kind], names: list[str]) -> Kind:
    """The kind of ``node``; raises at the first thing that is not allowed."""

    def kind_of(child: exp.Expr) -> Kind:
        return _kind(child, kinds, names)

    def expect(child: exp.Expr, kind: Kind, role: str) -> None:
        given = kind_of(child)
        if given not in (kind, "unknown"):
            raise ExpressionFault(
                f"{role} wants {_WORDS[kind]}, but {child.sql('duckdb')} is {_WORDS[given]}",
                _place(child),
            )

    def same(children: list[exp.Expr], role: str) -> Kind:
        found: Kind = "unknown"
        for child in children:
            given = kind_of(child)
            if "unknown" not in (found, given) and found != given:
                raise ExpressionFault(
                    f"{role} mixes {_WORDS[found]} and {_WORDS[given]}", _place(node)
                )
            found = given if found == "unknown" else found
        return found

    if isinstance(node, exp.Column):
        return _column(node, kinds, names)
    if isinstance(node, exp.Literal):
        return "text" if node.is_string else "number"
    if isinstance(node, exp.Boolean):
        return "boolean"
    if isinstance(node, exp.Null):
        return "unknown"
    if isinstance(node, exp.Paren):
        return kind_of(node.this)
    if isinstance(node, exp.Neg):
        expect(node.this, "number", "a minus sign")
        return "number"
    if isinstance(node, exp.Not):
        expect(node.this, "boolean", "not")
        return "boolean"
    if isinstance(node, _LOGIC):
        for child in (node.this, node.expression):
            expect(child, "boolean", "and/or")
        return "boolean"
    if isinstance(node, _ORDER):
        same([node.this, node.expression], "a comparison")
        return "boolean"
    if isinstance(node, _SUMS):
        for child in (node.this, node.expression):
            expect(child, "number", "arithmetic")
        return "number"
    if isinstance(node, exp.Between):
        same([node.this, node.args["low"], node.args["high"]], "between")
        return "boolean"
    if isinstance(node, exp.In):
        if node.args.get("query"):
            raise ExpressionFault("a sub-query is not allowed", _place(node))
        if not node.expressions:
            raise ExpressionFault("in needs at least one value", _place(node))
        same([node.this, *node.expressions], "in")
        return "boolean"
    if isinstance(node, exp.Like):
        expect(node.this, "text", "like")
        expect(node.expression, "text", "like")
        return "boolean"
    if isinstance(node, exp.Is):
        if not isinstance(node.expression, (exp.Null, exp.Boolean)):
            raise ExpressionFault("is may be followed by null, true or false", _place(node))
        kind_of(node.this)
        return "boolean"
    if isinstance(node, exp.Case) and node.this is None:
        for branch in node.args["ifs"]:
            expect(branch.this, "boolean", "when")
        outcomes = [branch.args["true"] for branch in node.args["ifs"]]
        default = node.args.get("default")
        return same([*outcomes, *([default] if default is not None else [])], "case")
    if isinstance(node, (exp.Coalesce, exp.Least, exp.Greatest)):
        return same([node.this, *node.expressions], node.key)
    if isinstance(node, exp.Nullif):
        return same([node.this, node.expression], "nullif")
    if isinstance(node, exp.Abs):
        expect(node.this, "number", "abs")
        return "number"
    if isinstance(node, exp.Round):
        expect(node.this, "number", "round")
        decimals = node.args.get("decimals")
        if decimals is not None and (not isinstance(decimals, exp.Literal) or decimals.is_string):
            raise ExpressionFault("round wants a plain number of decimals", _place(node))
        return "number"
    raise ExpressionFault(_refusal(node), _place(node))


def _column(node: exp.Column, kinds: Mapping[str, Kind], names: list[str]) -> Kind:
    if node.table or node.name not in kinds:
        shown = node.sql("duckdb")
        raise ExpressionFault(
            f"unknown name {shown}: neither an indicator of this grain nor a parameter",
            _place(node),
        )
    names.append(node.name)
    return kinds[node.name]


def _refusal(node: exp.Expr) -> str:
    if isinstance(node, (exp.Subquery, exp.Exists, exp.Query)):
        return "a sub-query is not allowed"
    if isinstance(node, (exp.DDL, exp.DML, exp.Command, exp.Drop)):
        return "a statement is not allowed, only an expression"
    if isinstance(node, exp.Func):
        name = node.name if isinstance(node, exp.Anonymous) else node.sql_name().lower()
        return f"function {name} is not allowed; allowed are {FUNCTIONS}"
    if isinstance(node, (exp.Placeholder, exp.Parameter)):
        return "a placeholder ($ or ?) is not allowed; write a parameter's name"
    return f"{node.sql('duckdb')} is not allowed in a rule"
