"""What is told of the files of places: rows and contents for the manifest, counts for people.

How the files are written stands in `write`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.lake.pointer import write_json
from pipelines.logs import say, warn
from pipelines.publish import versions
from pipelines.publish.audit import Content
from pipelines.publish.carried import IN_NO_PLACE, WRITTEN_FROM

#: what is told of people by name
COUNTED = (("persons", "population.person"), ("households", "population.household"))


@dataclass(frozen=True)
class Outside:
    """Rows of a table that no place's file holds: nobody knows where, or in none of the places."""

    unknown: int = 0
    elsewhere: int = 0


@dataclass(frozen=True)
class Places:
    """What was written: place → table → its content, what each was written from, who is in none."""

    held: Mapping[str, Mapping[str, Content]] = field(default_factory=dict)
    wanted: Mapping[str, str] = field(default_factory=dict)
    outside: Mapping[str, Outside] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """For the records of a run: places, and who is in none of their files."""
        if not self.held:
            return {}
        return {versions.PLACES: len(self.held)} | {
            f"{name}_{where}": getattr(self.outside[table], where)
            for name, table in COUNTED if table in self.outside
            for where in ("unknown", "elsewhere")
        }  # fmt: skip

    @property
    def told(self) -> dict[str, Any]:
        """For the manifest of the version; nothing where there are no places."""
        if not self.held:
            return {}
        return {
            versions.PLACES: {
                code: {
                    "tables": {name: [one.rows, one.hash] for name, one in sorted(held.items())},
                    WRITTEN_FROM: dict(self.wanted),
                }
                for code, held in self.held.items()
            },
            IN_NO_PLACE: {
                name: {"unknown": one.unknown, "elsewhere": one.elsewhere}
                for name, one in sorted(self.outside.items())
            },
        }


def tell(places: Places) -> None:
    """Say how many people and households no file of a place holds, and which place has nobody."""
    if not places.held:
        return
    counted = ", ".join(
        f"{name} {places.outside[table].unknown} of unknown place, "
        f"{places.outside[table].elsewhere} elsewhere"
        for name, table in COUNTED if table in places.outside
    )  # fmt: skip
    say(f"{len(places.held)} places have a file of their own; in none: {counted or 'nothing'}")
    for code, held in places.held.items():
        if all(held[table].rows == 0 for _, table in COUNTED if table in held):
            warn(f"nobody lives in {code} (publish_places): its file is empty; see meta.region")


def write_list(path: Path, as_of: date, places: Places) -> None:
    """What lies in ``places/``, for programs that carry it on: counts alone."""
    write_json(path, {
        "as_of": as_of.isoformat(),
        "places": {
            code: {
                name: held[table].rows
                for name, table in COUNTED if table in held
            }
            for code, held in places.held.items()
        },
    })  # fmt: skip
    path.chmod(0o644)
