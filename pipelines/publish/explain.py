"""Why a case: its rules and numbers, its household, how each person was recognised, and the rows.

Reads the last committed night; writes nothing. How it looks on a terminal stands in
`explain_text`; names are masked there unless they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines.errors import NotFound
from pipelines.hardship.sources import late_sources, resting_on, roles_played
from pipelines.hardship.what_if import WhatIf
from pipelines.lake.dispute import Dispute, load_disputes
from pipelines.lake.night import Night
from pipelines.publish import explain_rows
from pipelines.publish.explain_doubts import doubts
from pipelines.publish.explain_people import members_of, names_of, place_names, rows_of
from pipelines.publish.explain_rules import UNKNOWN, judged, kept_what_if
from pipelines.publish.explain_text import rendered
from pipelines.publish.reading import past_night

Row = dict[str, Any]


@dataclass(frozen=True)
class PolicyValue:
    """A parameter's value as it was in force where the case lives."""

    name: str
    title_zh: str
    title_en: str
    value: float | None
    unit: str | None
    valid_from: date
    source: str | None
    assumption: bool


@dataclass(frozen=True)
class FiredRule:
    """A rule behind the case: what it says, and tonight's numbers where it fired tonight."""

    rule: Row
    alert: Row | None
    values: tuple[PolicyValue, ...]


@dataclass(frozen=True)
class Explanation:
    """Everything that the case rests on. Rows are dicts by column name; ``names`` by person_id.

    ``place``: names from county to village. ``income``: where the household's income comes from.
    ``not_judged``: rules that watch the household or its people and lack a value, with what is
    missing. ``pending_disputes`` were written down after the night.
    """

    as_of: date
    policy_version: str
    case: Row
    events: tuple[Row, ...]
    rules: tuple[FiredRule, ...]
    household: Row | None
    income: Row | None
    place: tuple[str, ...]
    members: tuple[Row, ...]
    names: dict[str, str | None]
    links: tuple[Row, ...]
    evidence: tuple[explain_rows.EvidenceRow, ...]
    disputes: tuple[Dispute, ...]
    pending_disputes: int
    other_cases: tuple[Row, ...]
    not_judged: tuple[tuple[str, tuple[str, ...]], ...]
    late: tuple[str, ...]

    @property
    def counted_burden(self) -> Decimal:
        """Personal burden of the rows that count."""
        rows = (row for row in self.evidence if row.kind == "settlement" and row.counts)
        return sum((row.amount or Decimal(0) for row in rows), Decimal(0))


def explain(
    case_id: str, home: Path, *, names: bool = False, rows: int | None = 12,
    as_of: date | None = None,
) -> Any:  # fmt: skip
    """The explanation as text for a terminal; kinds with more than ``rows`` rows are summed up by
    what they are (None: every row)."""
    with past_night(home, as_of) as night:
        return rendered(explanation(night, case_id), names=names, rows=rows)


def as_json(
    case_id: str, home: Path, *, names: bool = False, as_of: date | None = None
) -> dict[str, Any]:
    """The explanation for programs: every row; names and words only with ``names``."""
    with past_night(home, as_of) as night:
        return in_json(explanation(night, case_id), names=names)


def in_json(told: Explanation, *, names: bool) -> dict[str, Any]:
    found = asdict(told)
    found["doubts"] = [{"zh": zh, "en": en} for zh, en in doubts(told)]
    found["not_judged"] = [{"rule_id": r, "missing": list(m)} for r, m in told.not_judged]
    if not names:
        found.pop("names")
        for dispute in found["disputes"]:
            dispute.pop("text")
        for link in found["links"]:
            link.pop("record_key")
    return found


def explanation(night: Night, case_id: str) -> Explanation:
    """Collect what the case rests on; raises NotFound for a case that is not there."""
    cases = rows_of(night, "SELECT * FROM hardship.case_file WHERE case_id = $case_id",
                  case_id=case_id)  # fmt: skip
    if not cases:
        raise NotFound(
            f"there is no case {case_id} on {night.as_of}: case ids stand in hardship.case_file"
        )
    case = cases[0]
    household = case["household_id"]
    members = members_of(night, household)
    people = sorted({member["person_id"] for member in members} | _given(case["person_id"]))
    household_rows = rows_of(
        night, "SELECT * FROM hardship.household_indicator WHERE household_id = $household",
        household=household,
    )  # fmt: skip
    rows = tuple(explain_rows.evidence(night, people, household, case_id))
    known = sorted({*people, *(r.about for r in rows if r.about),
                    *(r.person_id for r in rows if r.person_id)})  # fmt: skip
    disputes = [one for one in load_disputes(night.home) if one.case_id == case_id]
    taken_in = {one.dispute_id for one in night.disputes}
    rules = tuple(_rules(night, case))
    held = kept_what_if(night)
    versions = {rule.alert["policy_version"] for rule in rules if rule.alert}
    return Explanation(
        as_of=night.as_of,
        policy_version=next(iter(versions), ""),
        case=case,
        events=tuple(rows_of(
            night, "SELECT * FROM hardship.case_event WHERE case_id = $case_id "
            "ORDER BY sequence", case_id=case_id,
        )),
        rules=rules,
        household=household_rows[0] if household_rows else None,
        income=_one(night, "population.household_income", household),
        place=place_names(night, (household_rows or cases)[0]["region_code"]),
        members=tuple(members),
        names=names_of(night, known),
        links=tuple(rows_of(
            night, "SELECT * FROM linkage.person_link WHERE list_contains($people, person_id) "
            "ORDER BY person_id, source, dataset, record_key", people=people,
        )),
        evidence=rows,
        disputes=tuple(one for one in disputes if one.dispute_id in taken_in),
        pending_disputes=sum(one.dispute_id not in taken_in for one in disputes),
        other_cases=tuple(rows_of(
            night, "SELECT case_id, list, level, status FROM hardship.case_file "
            "WHERE household_id = $household AND case_id <> $case_id ORDER BY list, ordinal",
            household=household, case_id=case_id,
        )),
        not_judged=tuple(not_judged(held, household, people)),
        late=tuple(_late(night, case["list"], held)),
    )  # fmt: skip


def not_judged(
    held: WhatIf | None, household: str | None, people: Sequence[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Rules that watch the household or one of its people but lack a value (with its names)."""
    if held is None or household is None:
        return
    missing: dict[str, set[str]] = {}
    for grain, ids in (("household", [household]), ("person", people)):
        for id_ in ids:
            for said in judged(held, grain, id_):
                if said.verdict == UNKNOWN:
                    missing.setdefault(said.rule.rule_id, set()).update(said.missing)
    for rule_id, names in sorted(missing.items()):
        yield rule_id, tuple(sorted(names))


def _one(night: Night, table: str, household: str | None) -> Row | None:
    if not night.exists(table):
        return None
    rows = rows_of(night, f"SELECT * FROM {table} WHERE household_id = $h", h=household)
    return rows[0] if rows else None


def _late(night: Night, list_: str, held: WhatIf | None) -> Iterator[str]:
    """Sources past their due date; where the policy is known, those that the list rests on."""
    for name in sorted(late_sources(night)):
        played = roles_played(night.settings.schemas)
        if held is None or list_ in resting_on({name}, played, held.policy):
            yield name


def _given(value: str | None) -> set[str]:
    return {value} if value else set()


def _rules(night: Night, case: Row) -> Iterator[FiredRule]:
    """The case's rules, those that fired tonight with their numbers."""
    alerts = rows_of(
        night, "SELECT * FROM hardship.alert WHERE household_id = $household "
        "ORDER BY rule_id, measure DESC NULLS LAST, person_id", household=case["household_id"],
    )  # fmt: skip
    written = rows_of(night, "SELECT * FROM meta.rule ORDER BY rule_id, in_force, effective_from")
    known = {rule["rule_id"]: rule for rule in written}
    parameters = rows_of(night, "SELECT * FROM meta.policy_parameter")
    place = _place(night, case)
    for rule_id in case["rule_ids"] or ():
        rule = known.get(rule_id, {"rule_id": rule_id, "title_zh": rule_id, "title_en": rule_id,
                                   "parameters": []})  # fmt: skip
        fired = [alert for alert in alerts if alert["rule_id"] == rule_id]
        used = [
            value
            for name in rule["parameters"] or ()
            if (
                value := in_force(
                    [given for given in parameters if given["name"] == name], *place, night.as_of
                )
            )
        ]
        for alert in fired:
            yield FiredRule(rule, alert, tuple(used))
        if not fired:
            yield FiredRule(rule, None, tuple(used))


def _place(night: Night, case: Row) -> tuple[str, str | None]:
    """Region and urban or rural of the case's household."""
    found = rows_of(
        night, "SELECT region_code, urban_rural FROM hardship.household_indicator "
        "WHERE household_id = $household", household=case["household_id"],
    )  # fmt: skip
    place = found[0] if found else {"region_code": case["region_code"], "urban_rural": None}
    return place["region_code"] or "", place["urban_rural"]


def in_force(
    values: list[Row], region_code: str, urban_rural: str | None, as_of: date
) -> PolicyValue | None:
    """The value that held: longest region, then the one for urban or rural, then the latest."""
    fitting = [
        value for value in values
        if region_code.startswith(value["region"]) and value["valid_from"] <= as_of
        and value["urban_rural"] in (None, urban_rural)
    ]  # fmt: skip
    if not fitting:
        return None
    best = max(fitting, key=lambda v: (len(v["region"]), v["urban_rural"] is not None,
                                       v["valid_from"]))  # fmt: skip
    return PolicyValue(
        best["name"], best["title_zh"], best["title_en"], best["value"], best["unit"],
        best["valid_from"], best["source"], bool(best["assumption"]),
    )  # fmt: skip
