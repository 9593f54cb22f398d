"""SQL of the rules: every rule of a grain in one pass over its indicators, built with sqlglot.

Sentences (reasons) are put together here too, because they need the same values; the words of the
indicators come from the tables' promises.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlglot import exp

from pipelines.hardship.indicators import indicators
from pipelines.hardship.policy_model import COLOURS, GRAINS, Grain, Policy, Rule
from pipelines.hardship.reasons import reason

_IDS = ("person_id", "household_id", "region_code", "urban_rural")
_MISSING_PARAMETER = "parameter:"
_MISSING_INDICATOR = "unknown:"


def alert_sql(policy: Policy, on: date) -> str:
    """One row per rule that fires; columns as promised for hardship.alert."""
    parts = [
        _fired(policy, rule, number)
        for grain in GRAINS
        for number, rule in enumerate(policy.rules_in_force(on, grain))
    ]
    if not parts:
        return empty({
            "as_of": "DATE", "rule_id": "VARCHAR", "person_id": "VARCHAR",
            "household_id": "VARCHAR", "list": "VARCHAR", "level": "VARCHAR",
            "measure": "DOUBLE", "threshold": "DOUBLE", "reason_zh": "VARCHAR",
            "reason_en": "VARCHAR", "policy_version": "VARCHAR",
        })  # fmt: skip
    return _assembled(policy, on, parts)


def not_judged_sql(policy: Policy, on: date) -> str:
    """Per rule and reason: how many of those whom it watches could not be judged."""
    parts = [
        _undecided(policy, rule, number)
        for grain in GRAINS
        for number, rule in enumerate(policy.rules_in_force(on, grain))
    ]
    if not parts:
        return empty({
            "as_of": "DATE", "rule_id": "VARCHAR", "reason": "VARCHAR", "persons": "BIGINT",
            "households": "BIGINT",
        })  # fmt: skip
    return _assembled(policy, on, parts)


def fired_sql(policy: Policy, on: date) -> str:
    """One row per rule that fires, without its sentence, with what it pays (NULL: not said)."""
    columns = ("rule_id", "list", "grain", "person_id", "household_id", "level", "measure", "pays")
    parts = [
        _fired(policy, rule, number).select(
            exp.alias_(text(grain), "grain"),
            exp.alias_(column(f"pays_{number}"), "pays"),
            exp.alias_(exp.Literal.number(1 if rule.pays else 0), "says_pays"),
        )
        for grain in GRAINS
        for number, rule in enumerate(policy.rules_in_force(on, grain))
    ]
    if not parts:
        kinds = {"measure": "DOUBLE", "pays": "DOUBLE", "says_pays": "INTEGER"}
        return empty({name: kinds.get(name, "VARCHAR") for name in (*columns, "says_pays")})
    wanted = ", ".join((*columns, "says_pays"))
    return f"SELECT {wanted} FROM (\n{_assembled(policy, on, parts)}\n) AS fired"


def verdict_sql(policy: Policy, on: date, grain: Grain) -> str:
    """Who, when and measure of every rule of a grain (``who_0``, ``when_0`` …), by row."""
    rules = policy.rules_in_force(on, grain)
    query = exp.select(exp.Star()).from_(f"{grain}_verdict")
    query = query.with_("parameter_wide", as_=parameter_wide(policy), copy=False)
    query = query.with_(f"{grain}_input", as_=rule_input(policy, grain, rules), copy=False)
    query = query.with_(f"{grain}_verdict", as_=verdict(policy, grain, rules), copy=False)
    return query.sql(dialect="duckdb", pretty=True)


def _assembled(policy: Policy, on: date, parts: Sequence[exp.Query]) -> str:
    query: exp.Query = parts[0]
    for part in parts[1:]:
        query = exp.union(query, part, distinct=False, copy=False)
    for grain in GRAINS:
        rules = policy.rules_in_force(on, grain)
        if rules:
            query = query.with_("parameter_wide", as_=parameter_wide(policy), copy=False)
            break
    for grain in GRAINS:
        rules = policy.rules_in_force(on, grain)
        if rules:
            query = query.with_(f"{grain}_input", as_=rule_input(policy, grain, rules), copy=False)
            query = query.with_(f"{grain}_verdict", as_=verdict(policy, grain, rules), copy=False)
    return query.sql(dialect="duckdb", pretty=True)


def empty(columns: dict[str, str]) -> str:
    query = exp.select(*(
        exp.alias_(exp.cast(exp.null(), type_, dialect="duckdb"), name, quoted=True)
        for name, type_ in columns.items()
    ))  # fmt: skip
    return query.where(exp.false()).sql(dialect="duckdb")


def column(name: str, table: str | None = None) -> exp.Column:
    return exp.column(name, table=table)


def text(value: str) -> exp.Expr:
    return exp.Literal.string(value)


def assumed_name(name: str) -> str:
    return f"{name}__assumed"


def parameter_wide(policy: Policy) -> exp.Select:
    """Parameters in force, one row per place, one pair of columns per parameter."""
    columns: list[exp.Expr] = [column("region_code"), column("urban_rural")]
    for name in sorted(policy.parameters):
        is_it = exp.EQ(this=column("name"), expression=text(name))
        value = exp.Case().when(is_it, column("value"))
        assumed = exp.Case().when(
            exp.and_(is_it.copy(), column("assumption")), exp.Literal.number(1)
        ).else_(exp.Literal.number(0))  # fmt: skip
        columns.append(exp.alias_(exp.Max(this=value), name))
        columns.append(exp.alias_(exp.Max(this=assumed), assumed_name(name)))
    return (
        exp.select(*columns)
        .from_("hardship.parameter_in_force")
        .group_by(column("region_code"), column("urban_rural"))
    )


def _used(policy: Policy, rules: Sequence[Rule]) -> tuple[list[str], list[str]]:
    """Indicators and parameters that the rules use, sorted."""
    names = {name for rule in rules for name in rule.names}
    needed = {name for rule in rules for name in policy.parameters_of(rule)}
    return sorted(names - set(policy.parameters)), sorted(needed & set(policy.parameters))


def rule_input(
    policy: Policy, grain: Grain, rules: Sequence[Rule], indicator: str | None = None
) -> exp.Select:
    """The indicators and parameters that the rules need; numbers as doubles.

    indicator: what to read instead of the night's indicators, with the same columns.
    """
    known = indicators(grain)
    used, parameters = _used(policy, rules)
    columns: list[exp.Expr] = []
    for name in sorted(set(used) | (set(_IDS) & set(known))):
        found = column(name, "indicator")
        kept = known[name].kind != "number"
        columns.append(found if kept else exp.alias_(exp.cast(found, "double"), name))
    for name in parameters:
        columns.append(column(name, "parameter_wide"))
        columns.append(column(assumed_name(name), "parameter_wide"))

    def same(name: str) -> exp.Expr:
        place = exp.func("coalesce", column(name, "indicator"), text(""))
        return exp.EQ(this=place, expression=column(name, "parameter_wide"))

    return (
        exp.select(*columns)
        .from_(
            exp.alias_(
                exp.to_table(indicator or f"hardship.{grain}_indicator"), "indicator", table=True
            )
        )
        .join(
            exp.to_table("parameter_wide"),
            on=exp.and_(same("region_code"), same("urban_rural")),
            join_type="left",
        )
    )


def verdict(
    policy: Policy, grain: Grain, rules: Sequence[Rule], given: str | None = None
) -> exp.Select:
    """Who, when and measure of every rule beside the values that they were worked out from."""
    ids = [name for name in _IDS if name in indicators(grain)]
    used, parameters = _used(policy, rules)
    kept = sorted({*ids, *used, *parameters, *(assumed_name(name) for name in parameters)})
    columns: list[exp.Expr] = [column(name) for name in kept]
    for number, rule in enumerate(rules):
        columns.append(exp.alias_(exp.paren(_safe(rule.who.tree)), f"who_{number}"))
        columns.append(exp.alias_(exp.paren(_safe(rule.when.tree)), f"when_{number}"))
        measure = _safe(rule.measure.tree) if rule.measure else exp.null()
        columns.append(exp.alias_(exp.cast(exp.paren(measure), "double"), f"measure_{number}"))
        pays = _safe(rule.pays.tree) if rule.pays else exp.null()
        columns.append(exp.alias_(exp.cast(exp.paren(pays), "double"), f"pays_{number}"))
    return exp.select(*columns).from_(given or f"{grain}_input")


def _safe(tree: exp.Expr) -> exp.Expr:
    """The same expression, with a division by nothing left unknown."""

    def guarded(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Div) and not isinstance(node.expression, exp.Nullif):
            zero = exp.Literal.number(0)
            node.set("expression", exp.Nullif(this=exp.paren(node.expression), expression=zero))
        return node

    return tree.copy().transform(guarded, copy=False)


def _level(rule: Rule, number: int) -> exp.Expr:
    """The highest colour whose bound the measure reaches; yellow below them all."""
    case = exp.Case()
    for colour in COLOURS[:2]:
        if colour in rule.level:
            bound = exp.Literal.number(repr(rule.level[colour]))
            reached = exp.GTE(this=column(f"measure_{number}"), expression=bound)
            case = case.when(reached, text(colour), copy=False)
    yellow = text(COLOURS[-1])
    return case.else_(yellow, copy=False) if case.args.get("ifs") else yellow


def _fired(policy: Policy, rule: Rule, number: int) -> exp.Select:
    threshold = exp.null() if rule.threshold is None else exp.Literal.number(repr(rule.threshold))
    person = column("person_id") if rule.grain == "person" else exp.null()
    columns = {
        "as_of": exp.cast(exp.Placeholder(this="as_of"), "date"),
        "rule_id": text(rule.rule_id),
        "person_id": exp.cast(person, "varchar", dialect="duckdb"),
        "household_id": column("household_id"),
        "list": text(rule.case),
        "level": _level(rule, number),
        "measure": column(f"measure_{number}"),
        "threshold": exp.cast(threshold, "double"),
        "reason_zh": reason(policy, rule, number, "zh"),
        "reason_en": reason(policy, rule, number, "en"),
        "policy_version": text(policy.version),
    }
    return (
        exp.select(*(exp.alias_(value, name, quoted=True) for name, value in columns.items()))
        .from_(f"{rule.grain}_verdict")
        .where(exp.and_(column(f"who_{number}"), column(f"when_{number}")))
    )


def _undecided(policy: Policy, rule: Rule, number: int) -> exp.Select:
    """Those in ``who`` for whom ``when`` is unknown, by the first thing that is missing."""
    why = exp.Case()
    names = tuple(dict.fromkeys((*rule.when.names, *policy.parameters_of(rule))))
    behind = [name for name in names if name in policy.parameters]
    for name in [*behind, *(n for n in names if n not in policy.parameters)]:
        sign = _MISSING_PARAMETER if name in policy.parameters else _MISSING_INDICATOR
        missing = exp.Is(this=column(name), expression=exp.null())
        why = why.when(missing, text(sign + name), copy=False)
    unknown = text("unknown")
    why_text = why.else_(unknown, copy=False) if why.args.get("ifs") else unknown
    unjudged = (
        exp.select(exp.alias_(why_text, "reason"))
        .from_(f"{rule.grain}_verdict")
        .where(
            exp.and_(
                column(f"who_{number}"),
                exp.Is(this=column(f"when_{number}"), expression=exp.null()),
            )
        )
    )
    count = exp.Count(this=exp.Star())
    nobody = exp.cast(exp.null(), "bigint")
    columns = {
        "as_of": exp.cast(exp.Placeholder(this="as_of"), "date"),
        "rule_id": text(rule.rule_id),
        "reason": column("reason", "unjudged"),
        "persons": count if rule.grain == "person" else nobody,
        "households": nobody.copy() if rule.grain == "person" else count.copy(),
    }
    return (
        exp.select(*(exp.alias_(value, name, quoted=True) for name, value in columns.items()))
        .from_(unjudged.subquery("unjudged"))
        .group_by(column("reason", "unjudged"))
    )
