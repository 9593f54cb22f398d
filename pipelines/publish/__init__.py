"""Room *publish*: the night is checked as a whole and becomes the files that people open.

Tables of its own say what was checked, what the night was and what every column means. What the
tables of the other rooms hold does not belong here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipelines.contracts.promises import load_promises
from pipelines.engine.sql import read_sql, tables_read
from pipelines.lake.night import Built, Night
from pipelines.publish import about, validation
from pipelines.publish.bulletin import bulletin_page
from pipelines.publish.files import PublishedFile, identity_file, monitoring_file
from pipelines.publish.page import validation_page
from pipelines.publish.validation import stop_if_held_back

__all__ = [
    "READS", "TABLES", "PublishedFile", "build", "bulletin_page", "dictionary", "expectation",
    "identity_file", "monitoring_file", "night_history", "reads", "region", "run",
    "stop_if_held_back", "tables", "validation_page",
]  # fmt: skip

HERE = Path(__file__).parent
TABLES: tuple[str, ...] = (
    "quality.expectation", "meta.dictionary", "meta.region", "meta.run", "meta.night_history",
)  # fmt: skip


def _checked() -> list[str]:
    return sorted(
        name for name, promise in load_promises().items()
        if promise.published is not False and name not in TABLES
    )  # fmt: skip


def _statement(name: str) -> list[str]:
    """What the table's statement reads; last night's tables are not made tonight."""
    read = tables_read(read_sql(HERE / f"{name}.sql"))
    return [table for table in read if not table.startswith("prev_")]


READS: dict[str, list[str]] = {
    "quality.expectation": _checked(),
    "meta.dictionary": [],
    "meta.region": _statement("region"),
    "meta.run": ["quality.expectation", *about.COUNTED],
    "meta.night_history": _statement("night_history"),
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


def region(night: Night) -> Built:
    """Region codes with the names of their county and township."""
    return night.build("meta.region")


def night_history(night: Night) -> Built:
    """One row of citywide figures per night so far."""
    return night.build("meta.night_history")


def tables() -> tuple[str, ...]:
    return TABLES


def reads() -> dict[str, tuple[str, ...]]:
    return {table: tuple(names) for table, names in READS.items()}


def build(table: str, night: Night) -> Built:
    """Make one table of this room by its name."""
    made: Callable[[Night], Built] = globals()[table.split(".", 1)[1]]
    return made(night)
