"""The rooms in the order in which a night goes through them, and which makes which table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType

from pipelines.errors import NotFound
from pipelines.lake.night import Built, Night

ROOMS = (
    "intake", "standard", "linkage", "households", "population", "hardship", "assistance",
    "orders", "publish",
)  # fmt: skip


@dataclass(frozen=True)
class Room:
    """One room: its tables in build order, what each reads, and how each is made."""

    name: str
    tables: tuple[str, ...]
    reads: dict[str, tuple[str, ...]]
    build: Callable[[str, Night], Built]


@cache
def room(name: str) -> Room:
    module: ModuleType = import_module(f"pipelines.{name}")
    return Room(name, tuple(module.tables()), dict(module.reads()), module.build)


def rooms() -> tuple[Room, ...]:
    """All rooms, in flow order."""
    return tuple(room(name) for name in ROOMS)


def room_of(table: str) -> Room:
    for candidate in rooms():
        if table in candidate.tables:
            return candidate
    raise NotFound(f"no room makes table {table}")


def build(table: str, night: Night) -> Built:
    """Make one table of a night."""
    return room_of(table).build(table, night)
