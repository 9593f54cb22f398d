"""Why a case: its rules and numbers, its household, how each person was recognised, and the rows.

Reads the last committed night; writes nothing. How it looks on a terminal stands in
`explain_text`; names are masked there unless they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines.errors import NotFound
from pipelines.lake.home import Home
from pipelines.lake.manifest import committed_nights
from pipelines.lake.night import Night
from pipelines.publish import explain_rows
from pipelines.publish.explain_text import rendered
from pipelines.settings import Settings
from pipelines.standard import register_views
from pipelines.standard.promises import contract_promise

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
    """Everything that the case rests on. Rows are dicts by column name; ``names`` by person_id."""

    as_of: date
    case: Row
    events: tuple[Row, ...]
    rules: tuple[FiredRule, ...]
    household: Row | None
    members: tuple[Row, ...]
    names: dict[str, str | None]
    links: tuple[Row, ...]
    evidence: tuple[explain_rows.EvidenceRow, ...]

    @property
    def counted_burden(self) -> Decimal:
        """Personal burden of the rows that count."""
        rows = (row for row in self.evidence if row.kind == "settlement" and row.counts)
        return sum((row.amount or Decimal(0) for row in rows), Decimal(0))


def explain(case_id: str, home: Path, *, names: bool = False, rows: int | None = 40) -> Any:
    """The explanation as text for a terminal; at most ``rows`` extract rows (None: all)."""
    with last_night(home) as night:
        return rendered(explanation(night, case_id), names=names, rows=rows)


@contextmanager
def last_night(home: Path) -> Iterator[Night]:
    """The last committed night of a HOME, for reading."""
    if not (home / "restricted" / "lake" / "nights").is_dir() or not (
        nights := committed_nights(Home(home))
    ):
        raise NotFound(f"{home} holds no night yet: run `jiuzhulian run` first")
    night = Night(Home(home), nights[-1], Settings(home=home), contract_promises=contract_promise)
    try:
        register_views(night)
        yield night
    finally:
        night.close()


def explanation(night: Night, case_id: str) -> Explanation:
    """Collect what the case rests on; raises NotFound for a case that is not there."""
    cases = _rows(night, "SELECT * FROM hardship.case_file WHERE case_id = $case_id",
                  case_id=case_id)  # fmt: skip
    if not cases:
        raise NotFound(
            f"there is no case {case_id} on {night.as_of}: case ids stand in hardship.case_file"
        )
    case = cases[0]
    household = case["household_id"]
    members = _rows(
        night,
        """
        SELECT member.person_id, member.relation, member.since, person.sex, person.birth_year,
               person.alive, person.identity_confidence, indicator.age, indicator.tier,
               indicator.burden_all_12m, indicator.severe_chronic, indicator.disability_level
        FROM population.household_member AS member
        INNER JOIN population.person AS person ON member.person_id = person.person_id
        LEFT JOIN hardship.person_indicator AS indicator
            ON member.person_id = indicator.person_id
        WHERE member.household_id = $household
        ORDER BY person.alive DESC, person.birth_year NULLS LAST, member.person_id
        """,
        household=household,
    )
    people = sorted({member["person_id"] for member in members} | _given(case["person_id"]))
    household_rows = _rows(
        night, "SELECT * FROM hardship.household_indicator WHERE household_id = $household",
        household=household,
    )  # fmt: skip
    return Explanation(
        as_of=night.as_of,
        case=case,
        events=tuple(_rows(
            night, "SELECT * FROM hardship.case_event WHERE case_id = $case_id "
            "ORDER BY sequence", case_id=case_id,
        )),
        rules=tuple(_rules(night, case)),
        household=household_rows[0] if household_rows else None,
        members=tuple(members),
        names={
            row["person_id"]: row["name"]
            for row in _rows(
                night, "SELECT person_id, name FROM linkage.person_identity "
                "WHERE list_contains($people, person_id)", people=people,
            )
        },
        links=tuple(_rows(
            night, "SELECT * FROM linkage.person_link WHERE list_contains($people, person_id) "
            "ORDER BY person_id, source, dataset, record_key", people=people,
        )),
        evidence=tuple(explain_rows.evidence(night, people)),
    )  # fmt: skip


def _given(value: str | None) -> set[str]:
    return {value} if value else set()


def _rows(night: Night, sql: str, **values: Any) -> list[Row]:
    return night.query(sql, values).to_dicts()


def _rules(night: Night, case: Row) -> Iterator[FiredRule]:
    """The case's rules, those that fired tonight with their numbers."""
    alerts = _rows(
        night, "SELECT * FROM hardship.alert WHERE household_id = $household "
        "ORDER BY rule_id, measure DESC NULLS LAST, person_id", household=case["household_id"],
    )  # fmt: skip
    written = _rows(night, "SELECT * FROM meta.rule ORDER BY rule_id, in_force, effective_from")
    known = {rule["rule_id"]: rule for rule in written}
    parameters = _rows(night, "SELECT * FROM meta.policy_parameter")
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
    found = _rows(
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
