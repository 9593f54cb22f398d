"""Damaged Parquet files of a HOME: found by reading them whole, once a night could not go on.

What nights made is set aside, so that it is made anew; what was received cannot be made again here
and is only named. A changed bit that still reads as Parquet is not noticed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pipelines.errors import DamagedState
from pipelines.lake.durable import whole
from pipelines.lake.fingerprint import read_pointer
from pipelines.lake.home import Home
from pipelines.lake.manifest import committed_nights, load_manifest
from pipelines.lake.receipt import load_receipts

#: added to the name of a file that is kept for whoever looks for the cause
ENDING = ".damaged"


@dataclass
class Damage:
    """Files that cannot be read: of tonight, of the night before, and of what was received."""

    own: list[Path] = field(default_factory=list)
    before: list[Path] = field(default_factory=list)
    received: list[Path] = field(default_factory=list)
    night_before: date | None = None

    def __bool__(self) -> bool:
        return bool(self.own or self.before or self.received)


def find_damage(home: Home, as_of: date) -> Damage:
    """Read every Parquet file on which the night rests; those that are missing count too."""
    earlier = [night for night in committed_nights(home) if night < as_of]
    found = Damage(night_before=earlier[-1] if earlier else None)
    found.received = sorted(set(_unreadable(
        home.lake / one.parquet for one in load_receipts(home) if one.parquet
    )))  # fmt: skip
    if found.night_before is not None:
        tables = load_manifest(home, found.night_before).tables.values()
        found.before = list(_unreadable(p for t in tables for p in t.paths(home.lake)))
    own = [read_pointer(path) for path in (home.nights / str(as_of)).glob("*.*.json")]
    seen = set(found.before)
    found.own = [
        path
        for path in _unreadable(p for t in own if t is not None for p in t.paths(home.lake))
        if path not in seen
    ]
    return found


def set_aside(home: Home, as_of: date) -> DamagedState | None:
    """Take made tables that cannot be read out of the way; what is wrong and what to do next."""
    found = find_damage(home, as_of)
    if not found:
        return None
    for path in (*found.own, *found.before):
        if path.exists():
            os.replace(path, path.with_name(path.name + ENDING))
    told = [f"the night {as_of} met {_count(found)} that cannot be read"]
    if found.received:
        first = found.received[0]
        told.append(
            f"{len(found.received)} of them were received ({first} first): put them back from the "
            "backup of restricted/lake, then run the night again"
        )
    if found.before:
        told.append(
            f"{len(found.before)} of them belong to the night before and are set aside: run it "
            f"again (jiuzhulian run --as-of {found.night_before}), then this one"
        )
    if found.own:
        told.append(
            f"{len(found.own)} of them are tonight's own and are set aside: run the night again"
        )
    return DamagedState("; ".join([*told, "what is published is one whole night"]))


def _count(found: Damage) -> str:
    count = len(found.own) + len(found.before) + len(found.received)
    return f"{count} files" if count > 1 else "a file"


def _unreadable(paths: Iterable[Path]) -> Iterator[Path]:
    import pyarrow.parquet as pq

    for path in paths:
        if not whole(path):
            yield path
            continue
        try:
            file = pq.ParquetFile(path, memory_map=False)
            for group in range(file.num_row_groups):
                file.read_row_group(group)
        except Exception:
            yield path
