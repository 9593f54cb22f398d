"""No hidden count of people can be worked out from what is shown of a sum."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from pipelines.publish.small_numbers import LEAST, Hidden, protected, shown

COUNT = st.integers(0, 12)


def test_what_stands_alone() -> None:
    assert [shown(n) for n in (0, 1, LEAST - 1, LEAST)] == [0, Hidden.SMALL, Hidden.SMALL, LEAST]


def test_a_part_is_not_told_by_its_total() -> None:
    seen = protected({"a": 3, "b": 40, "c": 90, "all": 133}, [("all", "abc")])
    assert seen == {"a": Hidden.SMALL, "b": Hidden.WOULD_TELL, "c": 90, "all": 133}


def test_two_ones_are_not_told_by_their_sum() -> None:
    seen = protected({"a": 1, "b": 1, "c": 50, "all": 52}, [("all", "abc")])
    assert seen["c"] is Hidden.WOULD_TELL


def test_a_five_does_not_hide_a_one() -> None:
    """1 + 5 is 6, and no other small count leaves 0 or at least 5 of it."""
    seen = protected({"a": 1, "b": 5, "c": 50, "all": 56}, [("all", "abc")])
    assert [seen[part] for part in "abc"].count(Hidden.WOULD_TELL) == 2


def test_large_counts_stay_as_they_are() -> None:
    counts = {"a": 5, "b": 0, "all": 5}
    assert protected(counts, [("all", "ab")]) == counts


@given(st.lists(COUNT, min_size=1, max_size=4))
def test_nobody_can_work_one_out(parts: list[int]) -> None:
    """Every way to fill in what is hidden is tried; a small count has at least two values."""
    counts = {str(n): count for n, count in enumerate(parts)} | {"all": sum(parts)}
    seen = protected(counts, [("all", [key for key in counts if key != "all"])])
    assert all(value == counts[key] for key, value in seen.items() if isinstance(value, int))
    assert all(seen[key] is Hidden.SMALL for key, count in counts.items() if 0 < count < LEAST)
    if 0 < counts["all"] < LEAST and sum(part > 0 for part in parts) in (1, LEAST - 1):
        return  # one part says what its sum says; four parts of a sum below five are one each
    hidden = [key for key in counts if isinstance(seen[key], Hidden)]
    worlds = [
        dict(zip(hidden, world, strict=True))
        for world in product(*(possible(seen[key]) for key in hidden))
        if adds_up(counts | dict(zip(hidden, world, strict=True)))
    ]
    for key in hidden:
        if seen[key] is Hidden.SMALL:
            assert len({world[key] for world in worlds}) > 1, (parts, seen)


def possible(value: object) -> list[int]:
    return [*range(1, LEAST)] if value is Hidden.SMALL else [0, *range(LEAST, 60)]


def adds_up(counts: dict[str, int]) -> bool:
    return sum(count for key, count in counts.items() if key != "all") == counts["all"]


@given(st.lists(st.lists(COUNT, min_size=3, max_size=3), min_size=1, max_size=5))
def test_no_line_of_a_table_tells_one(rows: list[list[int]]) -> None:
    """Rows and columns with their totals: no sum has exactly one hidden count."""
    counts: dict[tuple[int, int], int] = {}
    wide, high = 3, len(rows)
    for r, row in enumerate([*rows, [sum(column) for column in zip(*rows, strict=True)]]):
        counts |= {(r, c): count for c, count in enumerate(row)} | {(r, wide): sum(row)}
    sums = [((r, wide), [(r, c) for c in range(wide)]) for r in range(high + 1)]
    sums += [((high, c), [(r, c) for r in range(high)]) for c in range(wide + 1)]
    seen = protected(counts, sums)
    for total, parts in sums:
        hidden = [key for key in (*parts, total) if isinstance(seen[key], Hidden)]
        assert len(hidden) != 1
