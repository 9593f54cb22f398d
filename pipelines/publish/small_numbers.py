"""One rule for small numbers: a small count of people is not shown, nor what would tell it.

A zero is shown. Where a hidden count follows from a sum (the total less the other parts), a second
one of that sum is hidden too. What is counted, and how it is drawn, does not belong here.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from enum import Enum
from typing import TypeVar

#: the smallest count that is shown, unless said otherwise; zero is shown too
LEAST = 5
Key = TypeVar("Key", bound=Hashable)


class Hidden(Enum):
    """Why a count is not shown."""

    SMALL = "small"
    WOULD_TELL = "would tell"


Shown = int | Hidden


def shown(count: int, least: int = LEAST) -> Shown:
    """A count that stands alone."""
    return Hidden.SMALL if 0 < count < least else count


def protected(
    counts: Mapping[Key, int], sums: Iterable[tuple[Key, Sequence[Key]]], least: int = LEAST
) -> dict[Key, Shown]:
    """The counts as they may be shown.

    ``sums`` names every total with its parts; a total may be a part of another sum.
    """
    lines = [(total, tuple(parts)) for total, parts in sums]
    hidden: dict[Key, Hidden] = {
        key: Hidden.SMALL for key, count in counts.items() if 0 < count < least
    }
    changed = True
    while changed:
        changed = False
        for total, parts in lines:
            if not _tells(counts, hidden, total, parts, least):
                continue
            rest = [key for key in (*parts, total) if key not in hidden]
            if rest:
                hidden[min(rest, key=lambda key: _price(counts, key, total))] = Hidden.WOULD_TELL
                changed = True
    return {key: hidden.get(key, count) for key, count in counts.items()}


def _tells(
    counts: Mapping[Key, int],
    hidden: Mapping[Key, Hidden],
    total: Key,
    parts: Sequence[Key],
    least: int,
) -> bool:
    """Whether a hidden count of one sum follows from what is shown of it.

    Who looks knows that a small one lies from 1 to ``least`` - 1, and that any other hidden one
    is 0 or at least ``least``.
    """
    unseen = [key for key in (*parts, total) if key in hidden]
    if len(unseen) < 2 or total in hidden:
        return len(unseen) == 1
    small = sum(hidden[key] is Hidden.SMALL for key in unseen)
    left = sum(counts[key] for key in unseen)
    others = len(unseen) - small
    possible = {
        together
        for together in range(small, small * (least - 1) + 1)
        if left == together or (others and left - together >= least)
    }
    lowest, highest = {small}, {small * (least - 1)}
    return small > 0 and (
        possible <= lowest or possible <= highest or (small == 1 and len(possible) == 1)
    )


def _price(counts: Mapping[Key, int], key: Key, total: Key) -> tuple[bool, bool, int]:
    """What is lost by hiding a count: a total most, then a zero, which says little when hidden."""
    return key == total, counts[key] == 0, counts[key]
