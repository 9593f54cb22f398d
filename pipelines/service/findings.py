"""What a look at an installation finds, and where it looks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from pipelines.lake.home import Home
from pipelines.settings import Settings


class Level(StrEnum):
    """good; look: worth a person's look; wrong: nights will not run or cannot be trusted."""

    GOOD = "good"
    LOOK = "look"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    check: str
    level: Level
    what: str
    next_step: str = ""


@dataclass(frozen=True)
class Look:
    """An installation, and the instant at which it is looked at."""

    settings: Settings
    home: Home
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


def good(check: str, what: str) -> Finding:
    return Finding(check, Level.GOOD, what)


def look(check: str, what: str, next_step: str) -> Finding:
    return Finding(check, Level.LOOK, what, next_step)


def wrong(check: str, what: str, next_step: str) -> Finding:
    return Finding(check, Level.WRONG, what, next_step)
