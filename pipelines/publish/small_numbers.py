"""One rule for small numbers: a count of people from 1 to 4 is not shown, nor what would tell it.

A zero is shown. Where a hidden count follows from a sum (the total less the other parts), a second
one of that sum is hidden too. What is counted, and how it is drawn, does not belong here.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from enum import Enum
from typing import TypeVar

#: the smallest count that is shown
LEAST = 5
Key = TypeVar("Key", bound=Hashable)


class Hidden(Enum):
    """Why a count is not shown."""

    SMALL = f"<{LEAST}"
    WOULD_TELL = "··"


Shown = int | Hidden


def shown(count: int) -> Shown:
    """A count that stands alone."""
    return Hidden.SMALL if 0 < count < LEAST else count


def protected(
    counts: Mapping[Key, int], sums: Iterable[tuple[Key, Sequence[Key]]]
) -> dict[Key, Shown]:
    """The counts as they may be shown.

    ``sums`` names every total with its parts; a total may be a part of another sum.
    """
    lines = [(total, tuple(parts)) for total, parts in sums]
    hidden: dict[Key, Hidden] = {
        key: Hidden.SMALL for key, count in counts.items() if 0 < count < LEAST
    }
    changed = True
    while changed:
        changed = False
        for total, parts in lines:
            if not _tells(counts, hidden, total, parts):
                continue
            rest = [key for key in (*parts, total) if key not in hidden]
            if rest:
                hidden[min(rest, key=lambda key: _price(counts, key, total))] = Hidden.WOULD_TELL
                changed = True
    return {key: hidden.get(key, count) for key, count in counts.items()}


def _tells(
    counts: Mapping[Key, int], hidden: Mapping[Key, Hidden], total: Key, parts: Sequence[Key]
) -> bool:
    """Whether what is hidden in a sum follows from what is shown of it."""
    unseen = [key for key in (*parts, total) if key in hidden]
    if len(unseen) == 1:
        return True
    if not unseen or total in hidden or any(hidden[key] is not Hidden.SMALL for key in unseen):
        return False
    together = sum(counts[key] for key in unseen)
    return together in (len(unseen), len(unseen) * (LEAST - 1))  # all are 1, or all are 4


def _price(counts: Mapping[Key, int], key: Key, total: Key) -> tuple[bool, bool, int]:
    """What is lost by hiding a count: a total most, then a zero, which says little when hidden."""
    return key == total, counts[key] == 0, counts[key]
