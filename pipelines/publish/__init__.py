"""Room *publish*: the night is checked as a whole and becomes the files that people open.

Tables of its own say what was checked, what the night was and what every column means. What the
tables of the other rooms hold does not belong here.
"""

from __future__ import annotations

from collections.abc import Callable

from pipelines.contracts.promises import load_promises
from pipelines.lake.night import Built, Night
from pipelines.publish import about, validation
from pipelines.publish.files import PublishedFile, identity_file, monitoring_file
from pipelines.publish.page import validation_page
from pipelines.publish.validation import stop_if_held_back

__all__ = [
    "READS", "TABLES", "PublishedFile", "build", "dictionary", "expectation", "identity_file",
    "monitoring_file", "reads", "run", "stop_if_held_back", "tables", "validation_page",
]  # fmt: skip

TABLES: tuple[str, ...] = ("quality.expectation", "meta.dictionary", "meta.run")


def _checked() -> list[str]:
    return sorted(
        name for name, promise in load_promises().items()
        if promise.published is not False and name not in TABLES
    )  # fmt: skip


READS: dict[str, list[str]] = {
    "quality.expectation": _checked(),
    "meta.dictionary": [],
    "meta.run": ["quality.expectation", *about.COUNTED],
}


def expectation(night: Night) -> Built:
    """Every check of what landed in the night and of what is to be published."""
    return validation.expectation(night, READS["quality.expectation"])


def dictionary(night: Night) -> Built:
    """What every column of every published table means."""
    return about.dictionary(night)


def run(night: Night) -> Built:
    """The night itself: its date, versions and counts."""
    return about.run(night)


def tables() -> tuple[str, ...]:
    return TABLES


def reads() -> dict[str, tuple[str, ...]]:
    return {table: tuple(names) for table, names in READS.items()}


def build(table: str, night: Night) -> Built:
    """Make one table of this room by its name."""
    made: Callable[[Night], Built] = globals()[table.split(".", 1)[1]]
    return made(night)
