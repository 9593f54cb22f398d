"""How cases live from one night to the next: interface §4 "Case" as a function of values.

Reads no table and writes none; ``case_tables`` does that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from pipelines.hardship.case_model import (
    ALIVE,
    CHECKING,
    CLEARED,
    CONFIRMED,
    FADING,
    HELPED,
    LEVELS,
    MERGED,
    OPEN,
    REFERRED,
    REJECTED,
    Case,
    Disposition,
    Event,
    Hit,
    IdChange,
    Objection,
    case_id_of,
)


@dataclass(frozen=True)
class Night:
    """What one night brings to the cases.

    ``home`` says in which household each person lives now; lists in ``kept_open`` rest on a source
    that is past its due date, so nothing of them is cleared. ``objections`` are all disputes so
    far; those that a case has already are not taken in again.
    """

    as_of: date
    hits: Sequence[Hit] = ()
    dispositions: Sequence[Disposition] = ()
    objections: Sequence[Objection] = ()
    changes: Sequence[IdChange] = ()
    home: Mapping[str, str] | None = None
    kept_open: frozenset[str] = frozenset()
    clear_days: int = 30
    silence_days: int = 90
    #: cases whose work order is out, and since when
    ordered: Mapping[str, date] = field(default_factory=dict)


class _Book:
    """The cases of a night in the making and the steps taken."""

    def __init__(self, cases: Iterable[Case]) -> None:
        self.cases = {case.case_id: case for case in cases}
        self.events: list[Event] = []

    def put(self, case: Case) -> None:
        self.cases[case.case_id] = case

    def note(self, case: Case, event: str, on: date, detail: str = "") -> None:
        self.events.append(Event(case.case_id, event, on, detail))

    def answering(self, case_id: str) -> Case | None:
        """The case that stands for an id: of a merged one, the one that carries it on."""
        case = self.cases.get(case_id)
        if case is None or (case.status, case.closed_by) != (CLEARED, MERGED):
            return case
        others = [
            other
            for other in self.cases.values()
            if (other.household_id, other.list) == (case.household_id, case.list)
            and (other.status, other.closed_by) != (CLEARED, MERGED)
        ]
        return max(others, key=lambda c: (c.status in ALIVE, *_age(c)), default=case)


def _age(case: Case) -> tuple[date, int, str]:
    """What orders the cases of one household and list, older before newer."""
    return case.first_flagged_on, case.ordinal, case.case_id


def live_on(
    cases: Iterable[Case], applied: frozenset[tuple[str, date, str]], night: Night
) -> tuple[list[Case], list[Event]]:
    """The cases after ``night`` and the steps that this night added.

    ``applied`` holds (case_id, day, detail) of visits and disputes that earlier nights took in.
    """
    book = _Book(cases)
    _move_households(book, night)
    _merge_doubles(book, night.as_of)
    _send_out(book, night)
    _take_in_dispositions(book, applied, night)
    _merge_doubles(book, night.as_of)
    _take_in_objections(book, applied, night)
    _take_in_hits(book, night)
    _clear(book, night)
    return sorted(book.cases.values(), key=lambda case: case.case_id), book.events


def _move_households(book: _Book, night: Night) -> None:
    """A merged household's case goes to the survivor; a split one's stays with its person."""
    parts: dict[str, set[str]] = defaultdict(set)
    survivors: dict[tuple[str, str], str] = {}
    for change in night.changes:
        if change.kind == "household":
            parts[change.old_id].add(change.new_id)
        if change.change == "merged":
            survivors[(change.kind, change.old_id)] = change.new_id
    home = night.home or {}
    lived_in = frozenset(home.values())
    for case in sorted(book.cases.values(), key=lambda c: c.case_id):
        person = survivors.get(("person", case.person_id or ""), case.person_id)
        household = case.household_id
        lives_in = home.get(person or "")
        if lives_in and lives_in in parts[household]:
            household = lives_in
        elif ("household", household) in survivors:
            household = survivors[("household", household)]
        elif lives_in and household not in lived_in:
            household = lives_in
        if (household, person) != (case.household_id, case.person_id):
            moved = replace(case, household_id=household, person_id=person)
            book.put(moved)
            if household != case.household_id:
                book.note(moved, "moved_household", night.as_of)


def _merge_doubles(book: _Book, on: date) -> None:
    """Where households became one, the older of two living cases of a list goes on."""
    living: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in book.cases.values():
        if case.status in ALIVE:
            living[(case.household_id, case.list)].append(case)
    for same in living.values():
        keep, *others = sorted(
            same, key=lambda c: (c.status != CONFIRMED, c.first_flagged_on, c.case_id)
        )
        for other in others:
            book.put(other.ended(CLEARED, on, MERGED))
            book.note(other, "merged", on, keep.case_id)
            if other.disputed and not keep.disputed:
                keep = replace(keep, disputed=True, disputed_on=other.disputed_on)
                book.put(keep)


def _send_out(book: _Book, night: Night) -> None:
    """An open case is being checked from the day on which its work order went out."""
    for case_id, on in sorted(night.ordered.items()):
        case = book.cases.get(case_id)
        if case is not None and case.status == OPEN:
            book.put(replace(case, status=CHECKING))
            book.note(case, "checking", on, "work_order")


def _take_in_dispositions(
    book: _Book, applied: frozenset[tuple[str, date, str]], night: Night
) -> None:
    ordered = sorted(
        night.dispositions, key=lambda d: (d.checked_on, d.case_id, d.result, d.reason_code or "")
    )
    for disposition in ordered:
        named, case = book.cases.get(disposition.case_id), book.answering(disposition.case_id)
        seen = (disposition.case_id, disposition.checked_on, disposition.said) in applied
        if named is None or case is None or seen or disposition.checked_on > night.as_of:
            continue
        book.note(named, "checked", disposition.checked_on, disposition.said)
        if case.case_id != named.case_id:
            book.note(case, "checked", disposition.checked_on, disposition.said)
        if case.last_checked_on and disposition.checked_on < case.last_checked_on:
            continue  # a later visit already said more; the step is kept all the same
        checked = replace(
            case, last_checked_on=disposition.checked_on, last_result=disposition.result
        )
        after = _after_visit(checked, disposition, night.silence_days)
        book.put(after)
        if after.status != case.status:
            book.note(after, after.status, disposition.checked_on, disposition.result)
        if after.identity_review and not case.identity_review:
            book.note(after, "identity_review", disposition.checked_on)


def _take_in_objections(
    book: _Book, applied: frozenset[tuple[str, date, str]], night: Night
) -> None:
    """A dispute stays with its case, whatever its status, and changes nothing else in it."""
    for objection in sorted(night.objections, key=lambda o: (o.disputed_on, o.dispute_id)):
        named = book.cases.get(objection.case_id)
        seen = (objection.case_id, objection.disputed_on, objection.dispute_id) in applied
        if named is None or seen or objection.disputed_on > night.as_of:
            continue
        book.note(named, "disputed", objection.disputed_on, objection.dispute_id)
        for case in {named.case_id: named, **_standing_for(book, named)}.values():
            latest = max(case.disputed_on or objection.disputed_on, objection.disputed_on)
            book.put(replace(case, disputed=True, disputed_on=latest))


def _standing_for(book: _Book, named: Case) -> dict[str, Case]:
    case = book.answering(named.case_id)
    return {case.case_id: case} if case else {}


def _after_visit(case: Case, disposition: Disposition, silence_days: int) -> Case:
    """The case after what a visit found."""
    on, result = disposition.checked_on, disposition.result
    if result == "属实":
        return replace(
            case, status=CONFIRMED, confirmed_on=case.confirmed_on or on, identity_review=False,
            closed_on=None, closed_by=None, silent_until=None, closed_level=None,
        )  # fmt: skip
    if result == "已纳入救助":
        return case.ended(HELPED, on, result)
    if result == "已转介":
        return case.ended(REFERRED, on, result)
    if result in ("死亡", "迁出"):
        return case.ended(CLEARED, on, result)
    if result == "不属实":
        if case.status == CONFIRMED and not disposition.reason_code:
            return case  # what a visit confirmed ends only for a stated reason
        return case.ended(REJECTED, on, result, silent_until=on + timedelta(days=silence_days))
    if result == "查无此人" and case.status in ALIVE:
        # what a visit confirmed ends only by help, referral or a reason; who it is is looked at
        status = CHECKING if case.status in FADING else case.status
        return replace(case, status=status, identity_review=True)
    return case


def _take_in_hits(book: _Book, night: Night) -> None:
    by_place: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in book.cases.values():
        by_place[(case.household_id, case.list)].append(case)
    for hit in sorted(night.hits, key=lambda h: (h.household_id, h.list)):
        earlier = sorted(by_place.get((hit.household_id, hit.list), []), key=_age)
        living = [case for case in earlier if case.status in ALIVE]
        if living:
            case = living[-1]
            after = case.flagged(hit, night.as_of)
            book.put(after)
            if joined := set(after.rule_ids_ever) - set(case.rule_ids_ever):
                book.note(after, "rule_joined", night.as_of, "、".join(sorted(joined)))
            if LEVELS[after.level] != LEVELS[case.level]:
                rose = LEVELS[after.level] > LEVELS[case.level]
                book.note(
                    after, "level_raised" if rose else "level_lowered", night.as_of,
                    f"{case.level} → {after.level}",
                )  # fmt: skip
        elif quiet := [case for case in earlier if _absorbs(case, hit, night)]:
            book.put(replace(quiet[-1], last_flagged_on=night.as_of))
        else:
            opened = _opened(book, hit, earlier, night.as_of)
            book.put(opened)
            book.note(opened, "opened", night.as_of, "、".join(opened.rule_ids))


def _absorbs(case: Case, hit: Hit, night: Night) -> bool:
    """Whether an ended case keeps a hit silent: nothing new unless it got worse.

    A rejected one does for its silence; one that was helped or referred, or whose person died or
    moved away, for as long as the same rules go on firing without a break.
    """
    if LEVELS[hit.level] > LEVELS[case.closed_level or case.level]:
        return False
    if case.status == REJECTED:
        return case.silent_until is not None and night.as_of <= case.silent_until
    if case.status == CLEARED and case.closed_by not in ("死亡", "迁出"):
        return False
    if not set(hit.rule_ids) <= set(case.rule_ids_ever):
        return False
    return night.as_of - case.last_flagged_on < timedelta(days=night.clear_days)


def _opened(book: _Book, hit: Hit, earlier: Sequence[Case], on: date) -> Case:
    ordinal = max((case.ordinal for case in earlier), default=0) + 1
    while (case_id := case_id_of(hit.household_id, hit.list, ordinal)) in book.cases:
        ordinal += 1
    return Case(
        case_id=case_id, list=hit.list, household_id=hit.household_id, person_id=hit.person_id,
        level=hit.level, rule_ids=hit.rule_ids, measure=hit.measure, first_flagged_on=on,
        last_flagged_on=on, status=OPEN, reason_zh=hit.reason_zh, reason_en=hit.reason_en,
        suggest=hit.suggest, ordinal=ordinal, rule_ids_ever=hit.rule_ids,
    )  # fmt: skip


def _clear(book: _Book, night: Night) -> None:
    """An open or checking case ends when none of its rules has fired for the set time."""
    for case in sorted(book.cases.values(), key=lambda c: c.case_id):
        quiet = night.as_of - case.last_flagged_on >= timedelta(days=night.clear_days)
        if case.status in FADING and quiet and case.list not in night.kept_open:
            after = case.ended(CLEARED, night.as_of, "no_rule_fires")
            book.put(after)
            book.note(after, "cleared", night.as_of, "no_rule_fires")
