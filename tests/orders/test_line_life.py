"""How rows of work orders live: given once, carried over, never more than a township can do."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.orders.line_life import (
    ANSWERED,
    ENDED,
    FOLLOW_UP,
    OPEN,
    VISIT,
    CaseNow,
    Line,
    live_on,
    township_of,
)

NIGHT = date(2026, 11, 18)
TOWN, OTHER = "990102001", "990102002"
DAYS = {"red": 7, "orange": 14, "yellow": 30, "follow_up": 30}


def case(number: int, township: str = TOWN, **more: object) -> CaseNow:
    plain = CaseNow(
        f"C{number:04}", f"H{number}", "tier_candidate", "open", "yellow", township + "001",
        score=1 / (number + 1), rank=number + 1,
    )  # fmt: skip
    return replace(plain, **more)


def night(lines: list[Line], cases: list[CaseNow], day: int = 0, cap: int = 10) -> list[Line]:
    return live_on(
        lines, {c.case_id: c for c in cases}, NIGHT + timedelta(days=day), lambda _: cap,
        lambda _, level: DAYS[level],
    )  # fmt: skip


def open_cases(lines: list[Line], kind: str = VISIT) -> list[str]:
    return [line.case_id for line in lines if line.state == OPEN and line.kind == kind]


def test_a_first_night_with_thousands_of_hits_gives_each_township_its_first_ten() -> None:
    cases = [case(n, TOWN if n % 3 else OTHER) for n in range(6000)]
    lines = night([], cases)
    assert Counter(township_of(line.region_code) for line in lines) == {TOWN: 10, OTHER: 10}
    assert open_cases(lines)[:3] == ["C0000", "C0001", "C0002"]
    assert max(line.rank or 0 for line in lines) == 28


def test_what_is_not_answered_is_carried_over_with_its_first_day_and_due_day() -> None:
    cases = [case(n, level="red" if n == 0 else "yellow") for n in range(12)]
    first = night([], cases)
    later = night(first, cases, day=9)
    assert later == first
    assert [(line.first_ordered_on, line.due_on) for line in later][:2] == [
        (NIGHT, NIGHT + timedelta(days=7)), (NIGHT, NIGHT + timedelta(days=30)),
    ]  # fmt: skip


def test_an_answer_frees_a_place_for_the_next_in_rank() -> None:
    cases = [case(n) for n in range(12)]
    first = night([], cases)
    cases[3] = replace(cases[3], status="rejected", checks=1, last_checked_on=NIGHT,
                       last_result="不属实", rank=None, score=None)  # fmt: skip
    later = night(first, cases, day=1)
    answered = next(line for line in later if line.case_id == "C0003")
    assert (answered.state, answered.answered_on, answered.result) == (ANSWERED, NIGHT, "不属实")
    assert "C0010" in open_cases(later)
    assert len(open_cases(later)) == 10


def test_a_case_that_ends_by_itself_ends_its_row() -> None:
    first = night([], [case(0)])
    (line,) = night(first, [case(0, status="cleared", rank=None)], day=40)
    assert (line.state, line.ended_by, line.result) == (ENDED, "cleared", None)


def test_a_person_who_was_not_found_waits_for_the_identity_review() -> None:
    first = night([], [case(0)])
    missing = case(0, status="checking", identity_review=True, checks=1, last_result="查无此人")
    later = night(first, [missing], day=1)
    assert [line.state for line in later] == [ANSWERED]
    assert open_cases(night(later, [missing], day=2)) == []
    found = replace(missing, identity_review=False)
    assert open_cases(night(later, [found], day=3)) == ["C0000"]


def test_a_confirmed_case_is_followed_up_outside_the_cap_until_help_came() -> None:
    cases = [case(n) for n in range(3)]
    first = night([], cases, cap=1)
    confirmed = replace(cases[0], status="confirmed", checks=1, last_result="属实", rank=None)
    second = night(first, [confirmed, *cases[1:]], day=1, cap=1)
    assert (open_cases(second), open_cases(second, FOLLOW_UP)) == (["C0001"], ["C0000"])
    again = replace(confirmed, checks=2)
    third = night(second, [again, *cases[1:]], day=5, cap=1)
    assert open_cases(third, FOLLOW_UP) == ["C0000"]
    helped = replace(again, status="helped", checks=3, last_result="已纳入救助")
    done = night(third, [helped, *cases[1:]], day=9, cap=1)
    line = next(x for x in done if x.kind == FOLLOW_UP)
    assert (line.state, line.result, line.first_ordered_on) == (
        ANSWERED, "已纳入救助", NIGHT + timedelta(days=1),
    )  # fmt: skip


def test_a_household_that_moved_is_asked_about_where_it_lives_now() -> None:
    first = night([], [case(0)])
    (line,) = night(first, [case(0, OTHER)], day=1)
    assert (township_of(line.region_code), line.first_ordered_on) == (OTHER, NIGHT)


STATUS = st.sampled_from(["open", "checking", "confirmed", "rejected", "helped", "cleared"])
NIGHTS = st.lists(
    st.lists(st.tuples(STATUS, st.integers(0, 2), st.booleans()), min_size=8, max_size=8),
    min_size=1, max_size=6,
)  # fmt: skip


@settings(max_examples=150)
@given(NIGHTS, st.integers(0, 4))
def test_never_too_many_never_twice_never_lost(
    nights: list[list[tuple[str, int, bool]]], cap: int
) -> None:
    lines: list[Line] = []
    checks = [0] * 8
    for day, statuses in enumerate(nights):
        cases = []
        for number, (status, more, reviewed) in enumerate(statuses):
            checks[number] += more
            township = TOWN if number % 2 else OTHER
            cases.append(
                case(number, township, status=status, checks=checks[number],
                     identity_review=reviewed, last_checked_on=NIGHT, last_result="属实")
            )  # fmt: skip
        before = lines
        lines = night(lines, cases, day, cap)
        assert night(before, cases[::-1], day, cap) == lines
        held = Counter(
            township_of(line.region_code)
            for line in lines if line.state == OPEN and line.kind == VISIT
        )  # fmt: skip
        assert all(count <= cap for count in held.values())
        twice = Counter((line.case_id, line.kind) for line in lines if line.state == OPEN)
        assert all(count == 1 for count in twice.values())
        keys = [(line.case_id, line.kind, line.first_ordered_on) for line in lines]
        assert len(keys) == len(set(keys))
        assert {(x.case_id, x.kind, x.first_ordered_on) for x in before} <= set(keys)
