"""Decisions about scopes, as small tables of counts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pipelines.standard.scopes import Believable, Decision, Group, decide, pieces

D1, D2, D3 = date(2026, 11, 1), date(2026, 11, 10), date(2026, 11, 20)


def decisions(*deliveries: tuple[date, date, dict[str, int]], **more: Any) -> tuple[Decision, ...]:
    """Decisions on (received on, extract date, rows by scope)."""
    counts = {Group(received, extract): rows for received, extract, rows in deliveries}
    return decide(counts, counts, Believable(), **more)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (100, 90, "believed"),  # exactly 10 %
        (100, 89, "shrunken"),
        (50, 41, "believed"),  # 18 %, but fewer than 10 rows
        (50, 40, "shrunken"),
        (1000, 950, "believed"),  # many rows, but 5 %
        (10, 0, "shrunken"),
        (5, 500, "believed"),  # growth is not judged
    ],
)
def test_shrinking(before: int, after: int, reason: str) -> None:
    assert decisions((D1, D1, {"s": before}), (D2, D2, {"s": after}))[1].reason == reason


def test_a_held_back_scope_is_not_what_the_next_is_compared_with() -> None:
    found = decisions((D1, D1, {"s": 100}), (D2, D2, {"s": 50}), (D3, D3, {"s": 55}))
    assert [d.reason for d in found] == ["first", "shrunken", "shrunken"]
    assert [d.previous_rows for d in found] == [None, 100, 100]


def test_a_missing_scope_that_a_person_accepts_is_empty_from_then_on() -> None:
    found = decisions(
        (D1, D1, {"s": 5, "t": 5}),
        (D2, D2, {"s": 5}),
        (D3, D3, {"s": 5}),
        by_person={(D2, D2, "t")},
    )
    assert [(d.scope, d.reason) for d in found] == [
        ("s", "first"), ("t", "first"), ("s", "believed"), ("t", "accepted"), ("s", "believed"),
    ]  # fmt: skip
    assert [(p.extract_date, p.left_on) for p in pieces(found) if p.scope == "t"] == [
        (D1, D2),
        (D2, None),
    ]


def test_a_group_received_later_stands_in_place_of_the_earlier_of_its_date() -> None:
    found = decisions((D1, D1, {"s": 5, "t": 5}), (D2, D1, {"s": 6}))
    assert {(d.scope, d.received_on): d.stands for d in found} == {
        ("s", D1): False,
        ("s", D2): True,
        ("t", D1): True,
    }


def test_an_empty_delivery_is_a_missing_one() -> None:
    counts = {Group(D1, D1): {"s": 5}}
    found = decide([Group(D1, D1), Group(D2, D2)], counts, Believable())
    assert [(d.extract_date, d.reason) for d in found] == [(D1, "first"), (D2, "missing")]
