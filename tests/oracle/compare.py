"""Holds a published night against the oracle: what agrees, what stands on one side only.

Persons whose mentions are not cleanly one to one are set aside, and with them everything that
touches their households; differences name ids only.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.oracle.help_compare import Waits, help_lines
from tests.oracle.identity import Frame, Linkage, Published, identities, linkage, linked
from tests.oracle.indicators import Night
from tests.oracle.load import Truth
from tests.oracle.tiers import OPEN


@dataclass
class Tally:
    """One line of the agreement: how many agree, and what stands on one side only."""

    agreed: int = 0
    pipeline_only: list[Any] = field(default_factory=list)
    oracle_only: list[Any] = field(default_factory=list)

    @property
    def differences(self) -> int:
        return len(self.pipeline_only) + len(self.oracle_only)


@dataclass
class Agreement:
    """Everything that was compared on one night."""

    linkage: Linkage
    people: int
    unmatched: int  # persons of either side that stand for nobody certain on the other
    set_aside: set[int]
    certain_households: int
    households: Tally
    tiers: dict[str, Tally]
    history: Tally
    alerts: dict[str, Tally]
    near_misses: dict[str, Tally]
    not_judged: dict[str, tuple[int, int]]
    indicators: dict[str, Tally]
    help: dict[str, Tally]
    people_certain: dict[str, int]
    pupils_without_aid: set[int]  # as the oracle says


def value_differs(one: Any, two: Any) -> bool:
    """Numbers differ by more than rounding to a cent or to nine digits."""
    if one is None or two is None:
        return one is not two
    if isinstance(one, bool) or isinstance(two, bool):
        return bool(one) != bool(two)
    numbers = (int, float, Decimal, Fraction)
    if isinstance(one, numbers) and isinstance(two, numbers):
        return not math.isclose(float(one), float(two), rel_tol=1e-6, abs_tol=0.006)
    return str(one) != str(two)


def compare(
    truth: Truth, night: Night, published: Published, waits: Waits | None = None
) -> Agreement:
    """The published night against the oracle's."""
    mentions = linked(truth, published.links)
    certain, uncertain = identities(mentions)
    homes: dict[str, set[str]] = defaultdict(set)
    for row in published.tables["population.person"]:
        if row["household_id"] is not None:  # who died in a household nobody lives in has none
            homes[row["household_id"]].add(row["person_id"])
    unsure = _touched(truth, night, uncertain | (night.seen.known - set(certain.values())))
    sure_homes = {
        home: frozenset(certain[m] for m in members)
        for home, members in homes.items()
        if all(m in certain and certain[m] not in unsure for m in members)
    }
    sure = {h for h in night.households if not h & unsure}
    wanted = {h for h in sure if any(night.people[uid].alive for uid in h)}
    gone = {uid for h in sure - wanted for uid in h}
    same = {home: uids for home, uids in sure_homes.items() if uids in wanted}
    at_home = {uid for uids in same.values() for uid in uids} | gone
    people = {p: u for p, u in certain.items() if u in at_home and u in night.people}
    tables = published.tables
    lines = help_lines(tables, night, people, same, waits or Waits())
    return Agreement(
        linkage(mentions), len(night.people),
        len({r["person_id"] for r in tables["population.person"]} - people.keys())
        + len(night.people.keys() - set(people.values())),
        unsure, len(wanted),
        _sets({tuple(sorted(h)) for h in sure_homes.values()}, {tuple(sorted(h)) for h in wanted}),
        _tiers(tables["population.monitored_person"], night, people),
        _history(tables["population.tier_history"], night, people),
        _alerts(tables["hardship.alert"], night, people, same),
        _near(tables["hardship.near_miss"], night, people, same),
        _not_judged(tables["quality.not_judged"], night),
        _values(tables["hardship.person_indicator"], "person_id", night.persons, people)
        | _values(tables["hardship.household_indicator"], "household_id", night.homes, same),
        {name: _sets(got, want) for name, (got, want) in lines.items()},
        people,
        {found[0] for found in lines.get("student_without_aid", (set(), set()))[1]},
    )  # fmt: skip


def _touched(truth: Truth, night: Night, unsure: set[int]) -> set[int]:
    """Uncertain people, those in their households and those whose guardians they are."""
    touched = set(unsure)
    touched |= {uid for uid, person in night.people.items()
                if unsure & (set(person.guardians) | person.parents)}  # fmt: skip
    for members in night.households:
        if members & touched:
            touched |= members
    return touched


def _sets(pipeline: set[Any], oracle: set[Any]) -> Tally:
    return Tally(
        len(pipeline & oracle), sorted(pipeline - oracle, key=repr),
        sorted(oracle - pipeline, key=repr),
    )  # fmt: skip


def _tiers(rows: Frame, night: Night, people: Mapping[str, int]) -> dict[str, Tally]:
    got = {(tier, people[r["person_id"]]) for r in rows if r["person_id"] in people
           for tier in r["tiers"]}  # fmt: skip
    uids = set(people.values())
    want = {(tier, uid) for uid, held in night.tiers.items() if uid in uids for tier in held}
    kinds = sorted({tier for tier, _ in got | want})
    return {k: _sets({g for g in got if g[0] == k}, {w for w in want if w[0] == k}) for k in kinds}


def _history(rows: Frame, night: Night, people: Mapping[str, int]) -> Tally:
    got = {
        (people[r["person_id"]], r["tier"], r["valid_from"], r["valid_to"] or OPEN)
        for r in rows
        if r["person_id"] in people
    }
    uids = set(people.values())
    want = {(u, *span) for u, spans in night.history.items() if u in uids for span in spans}
    return _sets(got, want)


def _alerts(
    rows: Frame, night: Night, people: Mapping[str, int], homes: Mapping[str, frozenset[int]]
) -> dict[str, Tally]:
    got: dict[str, set[Any]] = defaultdict(set)
    for row in rows:
        if row["person_id"] in people:
            got[row["rule_id"]].add((people[row["person_id"]], row["level"]))
        elif row["person_id"] is None and row["household_id"] in homes:
            subject = tuple(sorted(homes[row["household_id"]]))
            got[row["rule_id"]].add((subject, row["level"]))
    subjects: dict[str, set[Any]] = {
        "person": set(people.values()),
        "household": set(homes.values()),
    }
    found = {}
    for rule in night.rules:
        want = {
            (tuple(sorted(key)) if rule.grain == "household" else key, verdict.level)
            for key, verdict in night.verdicts[rule.id].items()
            if verdict.fired and key in subjects[rule.grain]
        }
        found[rule.id] = _sets(got[rule.id], want)
    return found


def _near(
    rows: Frame, night: Night, people: Mapping[str, int], homes: Mapping[str, frozenset[int]]
) -> dict[str, Tally]:
    """Subjects on course, with the measure that the year will end with."""
    got: dict[str, dict[Any, float]] = defaultdict(dict)
    for row in rows:
        if row["person_id"] in people:
            got[row["rule_id"]][people[row["person_id"]]] = row["measure_year_end"]
        elif row["person_id"] is None and row["household_id"] in homes:
            subject = homes[row["household_id"]]
            got[row["rule_id"]][subject] = row["measure_year_end"]
    subjects = {"person": set(people.values()), "household": set(homes.values())}
    found = {}
    for rule in night.rules:
        want = {k: v for k, v in night.near[rule.id].items() if k in subjects[rule.grain]}
        mine = got[rule.id]
        same = {k for k in want.keys() & mine.keys() if not value_differs(mine[k], want[k])}
        found[rule.id] = Tally(
            len(same),
            sorted((_shown(k), v) for k, v in mine.items() if k not in same),
            sorted((_shown(k), v) for k, v in want.items() if k not in same),
        )
    return found


def _shown(subject: Any) -> Any:
    return tuple(sorted(subject)) if isinstance(subject, frozenset) else subject


def _not_judged(rows: Frame, night: Night) -> dict[str, tuple[int, int]]:
    """Rule → (pipeline, oracle) counts over everybody: a figure, not an identity."""
    got: Counter[str] = Counter()
    for row in rows:
        got[row["rule_id"]] += (row["persons"] or 0) + (row["households"] or 0)
    return {
        rule.id: (got[rule.id], sum(not v.judged for v in night.verdicts[rule.id].values()))
        for rule in night.rules
    }


def _values(
    rows: Frame, key: str, oracle: Mapping[Any, dict[str, Any]], subjects: Mapping[str, Any]
) -> dict[str, Tally]:
    found: dict[str, Tally] = defaultdict(Tally)
    grain = key.removesuffix("_id")
    for row in rows:
        if row[key] not in subjects:
            continue
        subject = subjects[row[key]]
        for name, value in oracle[subject].items():
            line = found[f"{grain}.{name}"]
            if name in row and not value_differs(row[name], value):
                line.agreed += 1
            else:
                shown = subject if isinstance(subject, int) else tuple(sorted(subject))
                line.pipeline_only.append((shown, row.get(name), value))
    return dict(found)
