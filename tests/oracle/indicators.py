"""Indicators of persons and households: interface §3.4 as §4 defines them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.oracle import tiers as tier_rules
from tests.oracle.households import households
from tests.oracle.income import income
from tests.oracle.load import Seen, Truth, seen
from tests.oracle.medical import Medical, floor, medical, minus, months_before, total
from tests.oracle.parents import record_parents
from tests.oracle.people import Person, people
from tests.oracle.regions import UNKNOWN, Regions
from tests.oracle.rules import Parameters, Rule, Verdict, judge, load_rules


@dataclass
class Facts:
    """What the oracle says of one night whatever the policy."""

    seen: Seen
    people: dict[int, Person]
    households: list[frozenset[int]]
    history: dict[int, list[tier_rules.Interval]]
    tiers: dict[int, list[str]]
    regions: Regions
    persons: dict[int, dict[str, Any]]
    ahead: dict[int, dict[str, Any]]  # the same indicators on 31 December
    school: dict[int, tuple[Decimal | None, Decimal | None]]


@dataclass
class Night(Facts):
    """Everything the oracle says of one night under one policy."""

    homes: dict[frozenset[int], dict[str, Any]]
    verdicts: dict[str, dict[Any, Verdict]]
    near: dict[str, dict[Any, float]]  # rule → subject → measure on 31 December
    rules: list[Rule]


def work_out(
    truth: Truth, policy: Path, on: Any, death_methods: Mapping[str, str] | None = None
) -> Night:
    """The whole night from the truth."""
    return judged(facts(truth, on, death_methods), policy)


def facts(
    truth: Truth, on: Any, death_methods: Mapping[str, str] | None = None,
    visits: Iterable[tuple[Set[int], date]] = (),
) -> Facts:  # fmt: skip
    """Persons, households, tiers and indicators; visits: whom one confirmed, and when."""
    rows = seen(truth, on)
    folk = people(rows, death_methods or {})
    homes = households(rows, folk)
    history = tier_rules.history(rows, folk, homes, visits)
    held = {uid: tier_rules.tiers_on(history.get(uid, []), on) for uid in folk}
    record_parents(rows, folk)
    regions = Regions(rows)
    reports = _reports(rows)
    now, ahead = (
        {
            uid: _person(person, rows, regions, held, care.get(uid, Medical()), reports)
            for uid, person in folk.items()
        }
        for care in medical(rows)
    )
    return Facts(rows, folk, homes, history, held, regions, now, ahead, _education(rows))


def judged(of: Facts, policy: Path) -> Night:
    """The night under a policy: households, and what every rule says now and on 31 December."""
    parameters = Parameters(policy, of.seen.night)
    homes, homes_ahead = (
        {h: _household(h, of, persons, parameters) for h in of.households}
        for persons in (of.persons, of.ahead)
    )
    parts = {field.name: getattr(of, field.name) for field in fields(Facts)}
    night = Night(**parts, homes=homes, verdicts={}, near={},
                  rules=load_rules(policy, of.seen.night))  # fmt: skip
    for rule in night.rules:
        mine, later = (of.persons, of.ahead) if rule.grain == "person" else (homes, homes_ahead)
        subjects = [
            key for key in mine
            if (of.people[key].alive if rule.grain == "person" else mine[key]["size"] > 0)
        ]  # fmt: skip

        def judge_one(names: dict[str, Any], rule: Rule = rule) -> Verdict:
            given = parameters.all(names["region_code"], names["urban_rural"])
            return judge(rule, names | given)

        night.verdicts[rule.id] = {key: judge_one(mine[key]) for key in subjects}
        night.near[rule.id] = {}
        for key, tonight in night.verdicts[rule.id].items():
            then = judge_one(later[key])
            watched = tonight.measure is not None and then.measure is not None
            if watched and then.fired and not tonight.fired and then.measure > tonight.measure:
                night.near[rule.id][key] = float(then.measure)
    return night


def _reports(rows: Seen) -> Counter[int]:
    after = rows.night - timedelta(days=90)
    return Counter(
        r["person_uid"]
        for r in rows.append["civil_affairs/field_report"]
        if r["person_uid"] is not None and after < r["reported_on"] <= rows.night
    )


def _person(
    person: Person, rows: Seen, regions: Regions, held: Mapping[int, list[str]], care: Medical,
    reports: Counter[int],
) -> dict[str, Any]:  # fmt: skip
    uid = person.uid
    code = regions.people.get(uid, UNKNOWN)
    return {
        "region_code": code,
        "urban_rural": regions.urban_rural(code),
        "age": person.age(rows.night),
        "sex": person.sex,
        "tier": next((t for t in held[uid] if t != "其他"), "none"),
        "is_student": person.is_student,
        "stage": person.stage,
        "is_orphan": person.is_orphan,
        "disability_level": person.disability_level,
        "severe_chronic": person.severe_chronic,
        "former_poor": person.former_poor,
        "employee_insured": person.employee_insured,
        "confirmed_hardship": "其他" in held[uid],
        **asdict(care),
        "field_reports_90d": reports[uid],
    }


def _household(
    members: frozenset[int], of: Facts, persons: Mapping[int, dict[str, Any]],
    parameters: Parameters,
) -> dict[str, Any]:  # fmt: skip
    rows, folk, regions, held, school = of.seen, of.people, of.regions, of.tiers, of.school
    night = rows.night
    living = {m for m in members if folk[m].alive}
    size = len(living)
    code = regions.of_household(rows, members, folk)
    residence = regions.urban_rural(code)
    tier, any_tier = tier_rules.household_tier(living, held)
    annual = income(rows, members, folk)
    year = months_before(night, 12)
    bear = living | {
        m for m in members if (day := folk[m].died_on) is not None and year < day <= night
    }
    ages = {m: age for m in living if (age := folk[m].age(night)) is not None}
    minors = [folk[m] for m, age in ages.items() if age < 18]
    working = [folk[m] for m, age in ages.items() if 18 <= age < 60 and folk[m].present]
    medical_burden = total(persons[m]["burden_all_12m"] for m in bear)
    fees = [school[m] for m in members if m in school]
    education = floor(minus(total(paid for paid, _ in fees), total(aid for _, aid in fees)))
    standard = parameters.in_force("dibao_standard", code, residence)
    living_cost = None if standard is None else size * standard * 12
    line = parameters.in_force("societal_poverty_line", code, residence)
    rigid = _sum(living_cost, medical_burden, education)
    spent = _sum(medical_burden, education)
    left = None if annual is None or line is None else Fraction(annual) - size * line
    return {
        "region_code": code,
        "urban_rural": residence,
        "tier": tier,
        "any_tier": any_tier,
        "size": size,
        "annual_income": annual,
        "income_known": annual is not None,
        "income_per_head": None if annual is None or not size else Fraction(annual) / size,
        "medical_burden_12m": medical_burden,
        "burden_in_scope_12m": total(persons[m]["burden_in_scope_12m"] for m in bear),
        "burden_in_scope_inpatient_chronic_12m": total(
            persons[m]["burden_in_scope_inpatient_chronic_12m"] for m in bear
        ),
        "education_cost_12m": education,
        "living_cost_12m": living_cost,
        "rigid_cost_12m": rigid,
        "rigid_ratio": _ratio(rigid, annual),
        "expense_income_ratio": _ratio(spent, annual),
        "discretionary_ratio": _ratio(medical_burden, left),
        "severe_members": sum(folk[m].severe_chronic for m in living),
        "disabled_members": sum(folk[m].disability_level is not None for m in living),
        "minors": len(minors),
        "elders": sum(age >= 60 for age in ages.values()),
        "students": sum(folk[m].is_student for m in living),
        "minors_without_guardian": sum(_unguarded(m, folk) for m in minors),
        "minors_without_parent": sum(_parentless(m, folk) for m in minors),
        "working_age_members": len(working),
        "able_members": sum(_able(person) for person in working),
        "employee_insured_members": sum(folk[m].employee_insured for m in living),
        "field_reports_90d": sum(persons[m]["field_reports_90d"] for m in members),
    }


def _sum(*parts: Any) -> Fraction | None:
    return None if None in parts else sum((Fraction(part) for part in parts), Fraction(0))


def _ratio(cost: Any, means: Any) -> Fraction | None:
    """Cost over means; over nothing it is 99, or 0 where there is no cost."""
    if cost is None or means is None:
        return None
    if means <= 0:
        return Fraction(99 if cost > 0 else 0)
    return Fraction(cost) / Fraction(means)


def _education(rows: Seen) -> dict[int, tuple[Decimal | None, Decimal | None]]:
    """Per person what was paid for school and what student aid came, in the last 12 months."""
    year = months_before(rows.night, 12)
    found: dict[int, tuple[list[Any], list[Any]]] = defaultdict(lambda: ([], []))
    for place, (name, amount) in enumerate(
        (("education/student_charge", "amount_paid"), ("education/student_aid", "amount"))
    ):
        for row in rows.append[name]:
            if year < row["paid_on"] <= rows.night:
                found[row["person_uid"]][place].append(row[amount])
    return {uid: (total(paid), total(aid)) for uid, (paid, aid) in found.items()}


def _there(uid: int, folk: Mapping[int, Person]) -> bool:
    return folk[uid].alive and folk[uid].present


def _unguarded(minor: Person, folk: Mapping[int, Person]) -> bool:
    gone = bool(minor.guardians) and not any(_there(g, folk) for g in minor.guardians)
    return minor.is_student and (minor.is_orphan or gone)


def _parentless(minor: Person, folk: Mapping[int, Person]) -> bool:
    gone = bool(minor.parents) and not any(_there(p, folk) for p in minor.parents)
    return minor.is_orphan or gone


def _able(person: Person) -> bool:
    return not (
        person.is_student
        or person.disability_level in ("一", "二")
        or person.severe_chronic
        or person.labour_ability in ("无", "丧失")
    )
