"""How rows of work orders live from night to night, as a function of values.

A row is given once, carried over until it is answered or its case ends, and never repeated. A
township has at most so many suspected cases to visit at a time; the next in rank fill what is free.
Reads no table and writes none; ``line_table`` does that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

VISIT, FOLLOW_UP = "visit", "follow_up"
OPEN, ANSWERED, ENDED = "open", "answered", "ended"
#: case statuses in which each kind of row still has something to ask
ASKS = {VISIT: frozenset({"open", "checking"}), FOLLOW_UP: frozenset({"confirmed"})}


@dataclass(frozen=True)
class CaseNow:
    """A case tonight, as far as rows depend on it; ``checks`` are the visits recorded so far."""

    case_id: str
    household_id: str | None
    list: str
    status: str
    level: str
    region_code: str
    checks: int = 0
    last_checked_on: date | None = None
    last_result: str | None = None
    identity_review: bool = False
    score: float | None = None
    rank: int | None = None


@dataclass(frozen=True)
class Line:
    """One row of a work order. ``checks_before``: visits known when it was given."""

    case_id: str
    kind: str
    region_code: str
    list: str
    level: str
    score: float | None
    rank: int | None
    first_ordered_on: date
    due_on: date
    checks_before: int
    state: str = OPEN
    answered_on: date | None = None
    result: str | None = None
    ended_on: date | None = None
    ended_by: str | None = None


def township_of(region_code: str) -> str:
    """The first nine digits; those of a county with 000 where no township is known."""
    return region_code[:9]


def live_on(
    lines: Iterable[Line],
    cases: Mapping[str, CaseNow],
    as_of: date,
    cap: Callable[[str], int],
    due_days: Callable[[str, str], int],
) -> list[Line]:
    """Every row ever given, after this night.

    ``cap``: rows to visit that a township may have open; ``due_days``: days that a township has for
    a level (or for ``follow_up``).
    """
    kept = [_tonight(line, cases.get(line.case_id), as_of) for line in lines]
    open_now = {(line.case_id, line.kind) for line in kept if line.state == OPEN}
    busy: dict[str, int] = defaultdict(int)
    for line in kept:
        if line.state == OPEN and line.kind == VISIT:
            busy[township_of(line.region_code)] += 1
    given = []
    for case in _waiting(cases.values(), open_now):
        township = township_of(case.region_code)
        if busy[township] < cap(township):
            busy[township] += 1
            given.append(_given(case, VISIT, as_of, due_days(township, case.level)))
    for case in sorted(cases.values(), key=lambda c: c.case_id):
        if case.status in ASKS[FOLLOW_UP] and (case.case_id, FOLLOW_UP) not in open_now:
            days = due_days(township_of(case.region_code), FOLLOW_UP)
            given.append(_given(case, FOLLOW_UP, as_of, days))
    return sorted([*kept, *given], key=lambda x: (x.case_id, x.kind, x.first_ordered_on))


def _waiting(cases: Iterable[CaseNow], open_now: set[tuple[str, str]]) -> Sequence[CaseNow]:
    """Cases that nobody has been asked to visit, first in rank first.

    One whose person was not found waits for the identity review, not for another visit.
    """
    found = [
        case for case in cases
        if case.status in ASKS[VISIT] and not case.identity_review
        and (case.case_id, VISIT) not in open_now
    ]  # fmt: skip
    return sorted(found, key=lambda c: (c.rank is None, c.rank or 0, c.case_id))


def _tonight(line: Line, case: CaseNow | None, as_of: date) -> Line:
    if line.state != OPEN:
        return line
    if case is None:
        return replace(line, state=ENDED, ended_on=as_of, ended_by="case_gone")
    line = replace(line, region_code=case.region_code, level=case.level)
    still_asks = case.status in ASKS[line.kind]
    if line.kind == FOLLOW_UP and still_asks:
        return replace(line, checks_before=case.checks)  # 属实 said again: help is still to come
    if case.checks > line.checks_before:
        return replace(
            line, state=ANSWERED, answered_on=case.last_checked_on, result=case.last_result
        )
    if not still_asks:
        return replace(line, state=ENDED, ended_on=as_of, ended_by=case.status)
    return line


def _given(case: CaseNow, kind: str, as_of: date, days: int) -> Line:
    return Line(
        case.case_id, kind, case.region_code, case.list, case.level, case.score, case.rank,
        as_of, as_of + timedelta(days=days), case.checks,
    )  # fmt: skip
