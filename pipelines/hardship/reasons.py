"""The sentence that goes with an alert: the rule's title, the numbers, the policy values used.

Everything is 疑似 (suspected). A value that rests on an assumption says so.
"""

from __future__ import annotations

from typing import Literal

from sqlglot import exp

from pipelines.hardship.indicators import Indicator, indicators
from pipelines.hardship.policy_model import Policy, Rule

Language = Literal["zh", "en"]
WORDS = {
    "zh": {
        "start": "疑似：", "open": "（", "close": "）", "next": "；", "gap": " ", "unknown": "未知",
        "yes": "是", "no": "否", "measure": "指标值", "line": "界线", "assumed": "（假定值）",
    },
    "en": {
        "start": "Suspected: ", "open": " (", "close": ")", "next": "; ", "gap": " ",
        "unknown": "unknown", "yes": "yes", "no": "no", "measure": "measure", "line": "line",
        "assumed": " (assumed)",
    },
}  # fmt: skip
_SILENT = {"person_id", "household_id"}


def reason(policy: Policy, rule: Rule, number: int, language: Language) -> exp.Expr:
    """An expression over the columns of the verdict that gives the sentence."""
    words = WORDS[language]
    known = indicators(rule.grain)
    measure = rule.measure.names if rule.measure else ()
    names = [n for n in dict.fromkeys((*rule.when.names, *measure)) if n not in _SILENT]
    parts: list[exp.Expr] = []
    for name in names:
        if name in known:
            label = known[name].zh if language == "zh" else known[name].en
            parts += [exp.Literal.string(label + words["gap"]), _shown(known[name], words)]
            parts.append(exp.Literal.string(words["next"]))
    for name in policy.parameters_of(rule):
        if name not in policy.parameters:
            continue
        parameter = policy.parameters[name]
        label = parameter.title_zh if language == "zh" else parameter.title_en
        parts += [exp.Literal.string(label + words["gap"]), money(exp.column(name), words)]
        parts.append(assumed(name, words))
        parts.append(exp.Literal.string(words["next"]))
    parts += [
        exp.Literal.string(words["measure"] + words["gap"]),
        money(exp.column(f"measure_{number}"), words),
    ]
    if rule.threshold is not None:
        line = f"{words['next']}{words['line']}{words['gap']}{rule.threshold:g}"
        parts.append(exp.Literal.string(line))
    title = rule.title_zh if language == "zh" else rule.title_en
    return joined([
        exp.Literal.string(words["start"] + title + words["open"]),
        *parts,
        exp.Literal.string(words["close"]),
    ])  # fmt: skip


def joined(parts: list[exp.Expr]) -> exp.Expr:
    """The parts one after the other, neighbouring texts folded into one."""
    folded: list[exp.Expr] = []
    for part in parts:
        last = folded[-1] if folded else None
        if isinstance(part, exp.Literal) and isinstance(last, exp.Literal):
            folded[-1] = exp.Literal.string(str(last.this) + str(part.this))
        else:
            folded.append(part)
    whole = folded[0]
    for part in folded[1:]:
        whole = exp.DPipe(this=whole, expression=part)
    return whole


def _text(value: exp.Expr, unknown: str) -> exp.Expr:
    return exp.func("coalesce", value, exp.Literal.string(unknown))


def _varchar(value: exp.Expr) -> exp.Expr:
    return exp.cast(value, "varchar", dialect="duckdb")


def money(column: exp.Expr, words: dict[str, str]) -> exp.Expr:
    """A number with two decimals."""
    rounded = exp.Round(this=column, decimals=exp.Literal.number(2))
    return _text(_varchar(exp.cast(rounded, "decimal(18, 2)")), words["unknown"])


def _shown(item: Indicator, words: dict[str, str]) -> exp.Expr:
    column = exp.column(item.name)
    if item.kind == "boolean":
        yes = exp.Literal.string(words["yes"])
        case = exp.Case().when(column, yes).when(
            exp.Not(this=exp.column(item.name)), exp.Literal.string(words["no"])
        )  # fmt: skip
        return _text(case, words["unknown"])
    if item.kind == "text":
        return _text(column, words["unknown"])
    if item.type in ("INTEGER", "BIGINT"):
        return _text(_varchar(exp.cast(column, "bigint")), words["unknown"])
    return money(column, words)


def assumed(name: str, words: dict[str, str], table: str | None = None) -> exp.Expr:
    """A remark behind the value of a parameter that rests on an assumption."""
    mark = exp.column(f"{name}__assumed", table=table)
    marked = exp.EQ(this=mark, expression=exp.Literal.number(1))
    return exp.Case().when(marked, exp.Literal.string(words["assumed"])).else_(
        exp.Literal.string("")
    )  # fmt: skip
