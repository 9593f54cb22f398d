"""Near misses: who has not crossed a line but is on course to do so before the year ends.

The rules are put a second time, over the indicators as they will stand on 31 December (how, says
``person_outlook.sql``). Whoever fires then and not tonight is listed; alerts and cases never read
this list.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlglot import exp

from pipelines.engine.sql import parsed, read_sql, tables_read
from pipelines.hardship.policy_model import GRAINS, Grain, Policy, Rule
from pipelines.hardship.reasons import WORDS, Language, assumed, joined, money
from pipelines.hardship.rule_sql import column, empty, parameter_wide, rule_input, text, verdict

ROOM = Path(__file__).resolve().parent
#: indicators that another pace of the rest of the year would change
MOVING: dict[Grain, frozenset[str]] = {
    "person": frozenset({
        "burden_all_12m", "burden_in_scope_12m", "burden_all_ytd", "burden_in_scope_ytd",
        "burden_in_scope_inpatient_chronic_12m",
    }),
    "household": frozenset({
        "medical_burden_12m", "burden_in_scope_12m", "burden_in_scope_inpatient_chronic_12m",
        "rigid_cost_12m", "rigid_ratio", "expense_income_ratio", "discretionary_ratio",
    }),
}  # fmt: skip
_COLUMNS = {
    "as_of": "DATE", "rule_id": "VARCHAR", "person_id": "VARCHAR", "household_id": "VARCHAR",
    "region_code": "VARCHAR", "list": "VARCHAR", "measure": "DOUBLE", "threshold": "DOUBLE",
    "share_reached": "DOUBLE", "measure_year_end": "DOUBLE", "days_left": "INTEGER",
    "reason_zh": "VARCHAR", "reason_en": "VARCHAR", "policy_version": "VARCHAR",
}  # fmt: skip


def days_left(on: date) -> int:
    """Days from the night to 31 December."""
    return (date(on.year, 12, 31) - on).days


def near_miss_sql(policy: Policy, on: date) -> str:
    """One row per rule and subject that would fire on 31 December and does not tonight."""
    rules = {grain: _rules(policy, on, grain) for grain in GRAINS}
    parts = [
        _missed(policy, rule, number, on) for grain in GRAINS
        for number, rule in enumerate(rules[grain])
    ]  # fmt: skip
    if not parts:
        return empty(_COLUMNS)
    query: exp.Query = parts[0]
    for part in parts[1:]:
        query = exp.union(query, part, distinct=False, copy=False)
    query = query.with_("parameter_wide", as_=parameter_wide(policy), copy=False)
    for name, ahead in _ahead().items():
        query = query.with_(name, as_=ahead, copy=False)
    for grain in GRAINS:
        if not rules[grain]:
            continue
        for when, source in (("now", None), ("ahead", f"{grain}_ahead")):
            given = f"{grain}_{when}_input"
            query = query.with_(
                given, as_=rule_input(policy, grain, rules[grain], source), copy=False
            ).with_(
                f"{grain}_{when}_verdict", as_=verdict(policy, grain, rules[grain], given),
                copy=False,
            )  # fmt: skip
    return query.sql(dialect="duckdb", pretty=True)


def reads() -> tuple[str, ...]:
    """What the list reads beside the rules and tonight's indicators."""
    found = {name for tree in _ahead().values() for name in tables_read(tree.sql("duckdb"))}
    return tuple(sorted(found))


def _rules(policy: Policy, on: date, grain: Grain) -> tuple[Rule, ...]:
    return tuple(
        rule
        for rule in policy.rules_in_force(on, grain)
        if rule.measure is not None and MOVING[grain] & set(rule.names)
    )


def _ahead() -> dict[str, exp.Query]:
    """The statements of the indicators, over the outlook instead of tonight's sums."""
    outlook = {"hardship.person_medical": "hardship.person_outlook"}
    return {
        "person_ahead": _over("person_indicator", outlook),
        "household_cost_ahead": _over("household_cost", outlook),
        "household_ahead": _over(
            "household_indicator", {"hardship.household_cost": "household_cost_ahead"}
        ),
    }


def _over(name: str, instead: dict[str, str]) -> exp.Query:
    tree = parsed(read_sql(ROOM / f"{name}.sql")).copy()
    for table in tree.find_all(exp.Table):
        other = instead.get(f"{table.db}.{table.name}")
        if other is not None:
            alias = table.alias_or_name
            table.replace(exp.alias_(exp.to_table(other), alias, table=True))
    assert isinstance(tree, exp.Query)
    return tree


def _missed(policy: Policy, rule: Rule, number: int, on: date) -> exp.Select:
    key = f"{rule.grain}_id"
    measure, ahead = column(f"measure_{number}", "now"), column(f"measure_{number}", "ahead")
    threshold = exp.null() if rule.threshold is None else exp.Literal.number(repr(rule.threshold))
    share: exp.Expr = exp.null()
    if rule.threshold:
        share = exp.Div(this=measure.copy(), expression=threshold.copy())
    person = column("person_id", "now") if rule.grain == "person" else exp.null()
    columns = {
        "as_of": exp.cast(exp.Placeholder(this="as_of"), "date"),
        "rule_id": text(rule.rule_id),
        "person_id": exp.cast(person, "varchar", dialect="duckdb"),
        "household_id": column("household_id", "now"),
        "region_code": column("region_code", "now"),
        "list": text(rule.case),
        "measure": measure,
        "threshold": exp.cast(threshold, "double"),
        "share_reached": exp.cast(share, "double"),
        "measure_year_end": ahead,
        "days_left": exp.cast(exp.Literal.number(days_left(on)), "integer"),
        "reason_zh": _reason(policy, rule, number, on, "zh"),
        "reason_en": _reason(policy, rule, number, on, "en"),
        "policy_version": text(policy.version),
    }
    fires = exp.func("coalesce", column(f"when_{number}", "now"), exp.false())
    return (
        exp.select(*(exp.alias_(value, name, quoted=True) for name, value in columns.items()))
        .from_(exp.alias_(exp.to_table(f"{rule.grain}_now_verdict"), "now", table=True))
        .join(
            exp.alias_(exp.to_table(f"{rule.grain}_ahead_verdict"), "ahead", table=True),
            on=exp.EQ(this=column(key, "now"), expression=column(key, "ahead")),
        )
        .where(
            exp.and_(
                column(f"who_{number}", "now"), exp.Not(this=fires),
                column(f"who_{number}", "ahead"), column(f"when_{number}", "ahead"),
                exp.GT(this=ahead.copy(), expression=measure.copy()),
            )
        )
    )  # fmt: skip


def _reason(policy: Policy, rule: Rule, number: int, on: date, language: Language) -> exp.Expr:
    """Not crossed, on course: both numbers, the line, and how the second one was reached."""
    words = WORDS[language]
    zh = language == "zh"
    left = days_left(on)
    name = f"measure_{number}"
    parts: list[exp.Expr] = [
        text(f"疑似将越线：{rule.title_zh}（尚未越线；目前指标值 " if zh else
             f"May cross: {rule.title_en} (not crossed yet; measure now "),
        money(column(name, "now"), words),
        text("；年末推算 " if zh else "; on 31 December "),
        money(column(name, "ahead"), words),
    ]  # fmt: skip
    if rule.threshold is not None:
        parts.append(text(f"{words['next']}{words['line']}{words['gap']}{rule.threshold:g}"))
    for parameter in policy.parameters_of(rule):
        if parameter in policy.parameters:
            found = policy.parameters[parameter]
            title = found.title_zh if zh else found.title_en
            parts += [text(f"{words['next']}{title}{words['gap']}"),
                      money(column(parameter, "now"), words),
                      assumed(parameter, words, "now")]  # fmt: skip
    parts.append(
        text(f"；推算：本年已发生的医疗负担，加剩余 {left} 天按近12个月进度）" if zh else
             f"; reckoned: the burden of the year so far, and the {left} days left at the pace of "
             "the last 12 months)")
    )  # fmt: skip
    return joined(parts)
