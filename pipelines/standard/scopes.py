"""Which scopes of which snapshot are believed, decided from counts of rows.

A scope (a category in a county, say) that is missing or lost too many rows leaves what was in
force before it, until a person accepts it. Each received group is judged against what was in
force when it arrived, so that a decision does not change on a later night. Rows are not read here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Group(NamedTuple):
    """All files of one extract date that were received on one night."""

    received_on: dt.date
    extract_date: dt.date


@dataclass(frozen=True)
class Believable:
    """A scope is held back when it lost more than this share and at least this many rows."""

    lost_share: float = 0.1
    lost_rows: int = 10

    def shrunken(self, rows: int, previous: int) -> bool:
        lost = previous - rows
        return lost >= self.lost_rows and lost > self.lost_share * previous


@dataclass(frozen=True)
class Decision:
    """One scope of one received group: was it believed, and why.

    ``reason``: first, believed, shrunken, missing, accepted (by a person).
    ``stands``: its rows are the ones that count for its extract date.
    """

    extract_date: dt.date
    received_on: dt.date
    scope: str
    rows: int
    previous_rows: int | None
    accepted: bool
    reason: str
    stands: bool = False


class Piece(NamedTuple):
    """A scope in force from ``extract_date`` until ``left_on``, when a newer one took its place."""

    scope: str
    extract_date: dt.date
    received_on: dt.date
    left_on: dt.date | None


@dataclass
class _InForce:
    """The accepted group and rows of every extract date of one scope."""

    by_date: dict[dt.date, tuple[dt.date, int]] = field(default_factory=dict)

    def before(self, extract_date: dt.date) -> tuple[dt.date, int] | None:
        """Extract date and rows of what is in force up to ``extract_date``."""
        dates = [known for known in self.by_date if known <= extract_date]
        return (max(dates), self.by_date[max(dates)][1]) if dates else None


def decide(
    groups: Iterable[Group],
    counts: Mapping[Group, Mapping[str, int]],
    believable: Believable,
    by_person: Collection[tuple[dt.date, dt.date, str]] = (),
) -> tuple[Decision, ...]:
    """Judge every scope of every received group, in the order in which they were received.

    ``by_person``: (received on, extract date, scope) of what a person accepted. Files of the same
    extract date that come in on a later night are judged anew.
    """
    in_force: dict[str, _InForce] = {}
    decisions: list[Decision] = []
    for group in sorted(set(groups)):
        counted = counts.get(group, {})
        for scope in sorted(counted.keys() | in_force.keys()):
            base = in_force[scope].before(group.extract_date) if scope in in_force else None
            rows = counted.get(scope, 0)
            previous = base[1] if base else None
            person = (*group, scope) in by_person
            if scope not in counted:
                if base is None or base[0] == group.extract_date or not previous:
                    continue
                reason = "accepted" if person else "missing"
            elif previous is None:
                reason = "first"
            elif believable.shrunken(rows, previous):
                reason = "accepted" if person else "shrunken"
            else:
                reason = "believed"
            accepted = reason not in ("missing", "shrunken")
            if accepted:
                known = in_force.setdefault(scope, _InForce())
                known.by_date[group.extract_date] = (group.received_on, rows)
            decisions.append(
                Decision(
                    group.extract_date, group.received_on, scope, rows, previous, accepted, reason
                )
            )
    standing = {
        (date, received_on, scope)
        for scope, known in in_force.items()
        for date, (received_on, _) in known.by_date.items()
    }
    return tuple(
        Decision(
            d.extract_date,
            d.received_on,
            d.scope,
            d.rows,
            d.previous_rows,
            d.accepted,
            d.reason,
            stands=d.accepted and (d.extract_date, d.received_on, d.scope) in standing,
        )
        for d in decisions
    )


def pieces(decisions: Iterable[Decision]) -> tuple[Piece, ...]:
    """What stands, each with the extract date on which the next of its scope took its place."""
    by_scope: dict[str, list[Decision]] = {}
    for decision in decisions:
        if decision.stands:
            by_scope.setdefault(decision.scope, []).append(decision)
    found: list[Piece] = []
    for scope, standing in sorted(by_scope.items()):
        standing.sort(key=lambda d: d.extract_date)
        following = [d.extract_date for d in standing[1:]] + [None]
        found += [
            Piece(scope, d.extract_date, d.received_on, left_on)
            for d, left_on in zip(standing, following, strict=True)
        ]
    return tuple(found)
