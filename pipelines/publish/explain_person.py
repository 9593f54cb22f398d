"""Why a person is in a tier, and why rules did or did not flag them or their household."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from pipelines.errors import NotFound
from pipelines.hardship.indicators import indicators
from pipelines.hardship.policy_model import Grain
from pipelines.lake.past import PastNight
from pipelines.publish import explain_rows
from pipelines.publish.explain_evidence import evidence_parts
from pipelines.publish.explain_people import members_of, names_of, place_names
from pipelines.publish.explain_rules import (
    FIRED,
    NOT,
    NOT_WATCHED,
    UNKNOWN,
    Judged,
    judged,
    kept_what_if,
)
from pipelines.publish.explain_words import NOTE, labels, masked, number, plain_table
from pipelines.publish.reading import past_night

Row = dict[str, Any]
SAID = {
    FIRED: "命中 fired", NOT: "未命中 did not fire", UNKNOWN: "无法判断 could not judge",
    NOT_WATCHED: "不在范围 not watched",
}  # fmt: skip


@dataclass(frozen=True)
class PersonTold:
    """A person on a night: tier and its spans, cases of the household, what each rule said.

    ``rules`` is None where the policy of that night was not kept.
    """

    as_of: date
    person: Row
    place: tuple[str, ...]
    name: str | None
    tiers: Row | None
    history: tuple[Row, ...]
    death: Row | None
    cases: tuple[Row, ...]
    rules: tuple[Judged, ...] | None
    evidence: tuple[explain_rows.EvidenceRow, ...]
    names: dict[str, str | None]
    members: tuple[Row, ...]


def explain(
    person_id: str, home: Path, *, names: bool = False, as_of: date | None = None
) -> RenderableType:
    with past_night(home, as_of) as night:
        return rendered(told(night, person_id), names=names)


def as_json(person_id: str, home: Path, *, as_of: date | None = None) -> dict[str, Any]:
    """For programs; without names."""
    with past_night(home, as_of) as night:
        found = told(night, person_id)
    return {
        "as_of": found.as_of.isoformat(),
        "person": found.person,
        "tier": found.tiers,
        "tier_history": list(found.history),
        "death": found.death,
        "cases": list(found.cases),
        "rules": None if found.rules is None else [
            {"rule_id": one.rule.rule_id, "grain": one.rule.grain, "verdict": one.verdict,
             "who": one.rule.who.text, "when": one.rule.when.text, "measure": one.measure,
             "values": one.values, "missing": list(one.missing)}
            for one in found.rules
        ],
    }  # fmt: skip


def told(night: PastNight, person_id: str) -> PersonTold:
    """Collect it; NotFound for a person that the night does not know."""
    people = _rows(night, "population.person", person_id)
    if not people:
        raise NotFound(
            f"there is no person {person_id} on {night.as_of}: person ids stand in "
            "population.person, and in population.id_change those that were merged"
        )
    person = people[0]
    household = person["household_id"]
    held = kept_what_if(night)
    said = None
    if held is not None:
        said = (*judged(held, "person", person_id),
                *(judged(held, "household", household) if household else ()))  # fmt: skip
    cases = night.query(
        "SELECT case_id, list, level, status, rule_ids, silent_until FROM hardship.case_file "
        "WHERE household_id = $household ORDER BY list, ordinal", {"household": household},
    )  # fmt: skip
    rows = [
        row
        for row in explain_rows.evidence(night, [person_id], household)
        if row.kind in ("certificate", "death", "condition", "income")
    ]
    members = members_of(night, household)
    everybody = {m["person_id"] for m in members} | {person_id}
    tiers = _rows(night, "population.monitored_person", person_id)
    deaths = _rows(night, "population.death", person_id)
    return PersonTold(
        night.as_of, person, place_names(night, person["region_code"]),
        names_of(night, [person_id]).get(person_id), tiers[0] if tiers else None,
        tuple(_rows(night, "population.tier_history", person_id, "valid_from")),
        deaths[0] if deaths else None, tuple(cases.to_dicts()), said, tuple(rows),
        names_of(night, sorted(everybody)), tuple(members),
    )  # fmt: skip


def _rows(night: PastNight, table: str, person_id: str, order: str = "person_id") -> list[Row]:
    if not night.exists(table):
        return []
    sql = f"SELECT * FROM {table} WHERE person_id = $person ORDER BY {order}"
    return night.query(sql, {"person": person_id}).to_dicts()


def rendered(found: PersonTold, *, names: bool) -> RenderableType:
    parts: list[RenderableType] = [_person(found, names)]
    if found.rules is None:
        parts.append(
            Text("The policy of this night was not kept: run it again to ask the rules.\n")
        )
    else:
        parts += _rules(found.rules)
    called = labels(found.names, found.members, names=names)
    parts += evidence_parts(found.evidence, called, limit=None)
    parts.append(Text(NOTE, style="italic"))
    return Group(*parts)


def _person(found: PersonTold, names: bool) -> RenderableType:
    person, tiers = found.person, found.tiers
    lines = [
        f"{masked(found.name, show=names)} · {' '.join(found.place) or '住址未知 place unknown'} · "
        f"户 household {person['household_id'] or '—'}",
        "在世 alive" if person["alive"] else "已故 dead"
        + (f" {found.death['died_on']}" if found.death else ""),
    ]  # fmt: skip
    if found.death and found.death["doubtful"]:
        lines.append(f"死亡存疑 doubtful death {found.death['died_on']}: {found.death['doubt']}")
    if tiers:
        lines.append(
            f"类别 tier: {tiers['tier']} ({'、'.join(tiers['tiers'])}) 自 since {tiers['since']}"
        )
    else:
        lines.append("类别 tier: 无 none")
    lines += [
        f"  {span['tier']} {span['valid_from']} → {span['valid_to'] or '今 now'} "
        f"({span['evidence']})"
        for span in found.history
    ]
    lines.append(f"个案 cases: {len(found.cases)}")
    lines += [
        f"  {case['case_id']} {case['list']} {case['level']} {case['status']}"
        + (f" · 静默至 silent until {case['silent_until']}" if case["silent_until"] else "")
        for case in found.cases
    ]
    title = f"{person['person_id']} · {found.as_of}"
    return Panel(Text("\n".join(lines)), title=title, title_align="left")


def _rules(said: tuple[Judged, ...]) -> list[RenderableType]:
    """Rules that look at this person or household, then those that do not."""
    table = plain_table("规则 · What each rule said, and from which values", "规则 rule",
                        "结论 verdict", "条件 condition", "数值 values")  # fmt: skip
    order = (FIRED, UNKNOWN, NOT, NOT_WATCHED)
    for one in sorted(said, key=lambda j: (order.index(j.verdict), j.rule.rule_id)):
        watched = one.verdict != NOT_WATCHED
        condition = f"{one.rule.when.text}" if watched else f"who: {one.rule.who.text}"
        verdict = SAID[one.verdict]
        if one.missing:
            verdict += f"\n缺 no {', '.join(_labelled(one.rule.grain, n) for n in one.missing)}"
        table.add_row(
            f"{one.rule.title_zh}\n{one.rule.rule_id}", verdict, condition,
            "\n".join(f"{_labelled(one.rule.grain, name)} {_number(one.rule.grain, name, value)}"
                      for name, value in _read(one).items()),
            style="" if watched else "dim",
        )  # fmt: skip
    return [table]


def _read(one: Judged) -> dict[str, Any]:
    if one.verdict == NOT_WATCHED:
        return {name: one.values.get(name) for name in one.rule.who.names}
    return {n: v for n, v in one.values.items() if n not in one.rule.who.names or v is None}


def _number(grain: Grain, name: str, value: Any) -> str:
    """A value as its indicator is written: a count has no decimals."""
    item = indicators(grain).get(name)
    whole = item is not None and item.type in ("INTEGER", "BIGINT") and value is not None
    return number(int(value) if whole else value)


def _labelled(grain: Grain, name: str) -> str:
    item = indicators(grain).get(name)
    return f"{item.zh} {name}" if item else name
