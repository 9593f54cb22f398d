"""A case, what can happen to it, and the words for it. How it lives is in ``case_life``."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

LEVELS = {"yellow": 1, "orange": 2, "red": 3}

OPEN, CHECKING, CONFIRMED = "open", "checking", "confirmed"
HELPED, REFERRED, REJECTED, CLEARED = "helped", "referred", "rejected", "cleared"
ALIVE = frozenset({OPEN, CHECKING, CONFIRMED})
#: statuses that end by themselves when no rule fires any more
FADING = frozenset({OPEN, CHECKING})
#: closed_by of a case that another one carries on
MERGED = "merged"
NO_REASON = "（未说明原因）"


@dataclass(frozen=True)
class Hit:
    """Tonight's alerts of one household and list, summed up."""

    household_id: str
    list: str
    person_id: str | None
    level: str
    measure: float | None
    rule_ids: tuple[str, ...]
    suggest: tuple[str, ...]
    reason_zh: str
    reason_en: str


@dataclass(frozen=True)
class Disposition:
    """What a visit found, by case."""

    case_id: str
    checked_on: date
    result: str
    reason_code: str | None

    @property
    def said(self) -> str:
        """What the step of the visit says: the result, and that a wanted reason is missing.

        A row that comes again with its reason is thereby another step.
        """
        return (
            self.result
            if self.reason_code or self.result != "不属实"
            else f"{self.result}{NO_REASON}"
        )


@dataclass(frozen=True)
class Objection:
    """That a person disputes a case, and since when; the words stay where they are restricted."""

    dispute_id: str
    case_id: str
    disputed_on: date


@dataclass(frozen=True)
class IdChange:
    """An id that ended in another tonight (merged), or out of which another began (split)."""

    kind: str
    old_id: str
    new_id: str
    change: str = "merged"


@dataclass(frozen=True)
class Event:
    """A step in a case's life."""

    case_id: str
    event: str
    occurred_on: date
    detail: str


@dataclass(frozen=True)
class Case:
    """One case of a household on a list, as it stands after a night."""

    case_id: str
    list: str
    household_id: str
    person_id: str | None
    level: str
    rule_ids: tuple[str, ...]
    measure: float | None
    first_flagged_on: date
    last_flagged_on: date
    status: str
    reason_zh: str
    reason_en: str
    suggest: tuple[str, ...]
    ordinal: int
    closed_on: date | None = None
    closed_by: str | None = None
    last_checked_on: date | None = None
    last_result: str | None = None
    confirmed_on: date | None = None
    silent_until: date | None = None
    closed_level: str | None = None
    disputed: bool = False
    disputed_on: date | None = None
    identity_review: bool = False
    rule_ids_ever: tuple[str, ...] = ()

    def flagged(self, hit: Hit, on: date) -> Case:
        """The case after a night on which its rules fired."""
        return replace(
            self,
            person_id=hit.person_id or self.person_id,
            level=hit.level,
            rule_ids=hit.rule_ids,
            measure=hit.measure,
            last_flagged_on=on,
            reason_zh=hit.reason_zh,
            reason_en=hit.reason_en,
            suggest=hit.suggest,
            rule_ids_ever=tuple(sorted({*self.rule_ids_ever, *hit.rule_ids})),
        )

    def ended(self, status: str, on: date, by: str, **changes: Any) -> Case:
        return replace(
            self, status=status, closed_on=on, closed_by=by, closed_level=self.level, **changes
        )


def case_id_of(household_id: str, list_: str, ordinal: int) -> str:
    """Stable id from household (already keyed), list and ordinal."""
    digest = hashlib.sha256(f"{household_id}|{list_}|{ordinal}".encode()).hexdigest()
    return f"C{digest[:24]}"
