"""What is uncertain about a case, in words: what a visitor checks and an auditor asks about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.publish.explain import Explanation

SURE = 0.99
OLD_INCOME = timedelta(days=365)
WEAK = {
    "guardian": ("同住只依据学籍监护人", "who lives together rests on the roll's guardian alone"),
    "family": ("同住依据参保家庭编号", "who lives together rests on an insurance family number"),
    "alone": ("未见任何同住记录，按独居计", "no record of anyone living together: counted alone"),
}


def doubts(told: Explanation) -> tuple[tuple[str, str], ...]:
    """(Chinese, English) for each thing that is not certain, the gravest first."""
    return (*_case(told), *_identity(told), *_household(told), *_rules(told), *_data(told))


def _case(told: Explanation) -> Iterator[tuple[str, str]]:
    case = told.case
    if case["disputed"]:
        on = f" {case['disputed_on']}" if case.get("disputed_on") else ""
        yield f"当事人有异议{on}", f"disputed by the person{on}"
    if told.pending_disputes:
        yield "另有新异议，下一夜入案", "a new dispute was written down; the next night takes it in"
    if case["identity_review"]:
        yield "上次走访查无此人，待身份复核", "a visit found nobody: who it is is under review"
    if case["last_flagged_on"] < told.as_of:
        yield (
            f"今夜没有规则命中，最近一次 {case['last_flagged_on']}",
            f"no rule fires tonight; the last did on {case['last_flagged_on']}",
        )
    if not str(case["region_code"] or "").strip("0")[6:]:
        yield "住址不能定位到乡镇", "cannot be placed in a township"


def _identity(told: Explanation) -> Iterator[tuple[str, str]]:
    weak: dict[str, float] = {}
    for link in told.links:
        chance = link["probability"]
        if chance is not None and chance < SURE:
            where = f"{link['source']}/{link['dataset']}"
            weak[where] = min(chance, weak.get(where, 1.0))
    for where, chance in sorted(weak.items()):
        yield (
            f"{where} 的记录未必是本户人（把握 {chance:.3f}），先核对身份",
            f"rows of {where} may be somebody else's ({chance:.3f}): verify who it is first",
        )
    doubtful = [m for m in told.members if m["death_doubtful"]]
    if doubtful:
        yield f"{len(doubtful)} 人的死亡登记存疑", f"{len(doubtful)} death records are doubtful"


def _household(told: Explanation) -> Iterator[tuple[str, str]]:
    figures = told.household
    if figures is None:
        yield "该户今夜已不存在", "the household does not exist tonight"
        return
    if (weak := WEAK.get(figures["composition_evidence"])) is not None:
        yield weak
    absent = [m for m in told.members if m["alive"] and m["present"] is False]
    if absent:
        yield (
            f"{len(absent)} 人失踪或服刑：计入人口，不计入在家",
            f"{len(absent)} missing or imprisoned: count in the size, not as present",
        )
    income = told.income
    if income is None or income["annual_income"] is None:
        yield "家庭收入未知（不等于零）", "the household's income is unknown, which is not 0"
    elif income["income_source"] != "economic_check":
        yield "收入为申报值，未经核对", "the income is declared, no check stands behind it"
    elif told.as_of - income["income_as_of"] > OLD_INCOME:
        yield (
            f"收入核对较旧（{income['income_as_of']}）",
            f"the income check is old ({income['income_as_of']})",
        )


def _rules(told: Explanation) -> Iterator[tuple[str, str]]:
    assumed = {v.name: v for fired in told.rules for v in fired.values if v.assumption}
    for value in assumed.values():
        yield (
            f"{value.title_zh}为假定值，没有公开依据",
            f"{value.title_en} is an assumption: no source was found",
        )
    lacking: dict[tuple[str, ...], list[str]] = {}
    for rule_id, missing in told.not_judged:
        lacking.setdefault(missing, []).append(rule_id)
    for missing, rules in lacking.items():
        names, listed = ", ".join(missing) or "?", ", ".join(rules)
        yield f"缺 {names}，无法判断：{listed}", "without it these rules could not judge"


def _data(told: Explanation) -> Iterator[tuple[str, str]]:
    for name in told.late:
        yield (
            f"{name} 已逾期，数字可能过时，逾期期间不结案",
            f"{name} is past due: numbers may be old, nothing is cleared",
        )
    alone = sum(1 for row in told.evidence if "未配对" in row.note)
    if alone:
        yield f"{alone} 笔退费未配对", f"{alone} refunds have no partner"
    unknown = [r for r in told.evidence if r.kind == "settlement" and r.counts and r.amount is None]
    if unknown:
        yield f"{len(unknown)} 笔结算个人负担未知", f"{len(unknown)} settlements without a burden"
