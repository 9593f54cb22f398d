"""Pointers: which immutable Parquet files are a table of a night, and from what they were made."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Partition:
    """One partition of a table: its files (below the lake), rows, and what it holds."""

    files: tuple[str, ...]
    rows: int
    content: str


@dataclass(frozen=True)
class Pointer:
    """A table of one night: its files (below the lake), rows, and two fingerprints.

    ``recipe`` is what it was made from (SQL, values, code, inputs' contents); ``content`` is what
    it holds. A table whose recipe is unchanged is taken over instead of being made again.
    """

    table: str
    rows: int
    recipe: str
    content: str
    columns: tuple[str, ...]
    files: tuple[str, ...] = ()
    #: by partition value; only for partitioned tables
    partitions: Mapping[str, Partition] = field(default_factory=dict)

    def paths(self, lake: Path) -> list[Path]:
        """The files, absolute, in a stable order."""
        listed = [file for _, part in sorted(self.partitions.items()) for file in part.files]
        return [lake / name for name in (*self.files, *listed)]

    def as_json(self) -> dict[str, Any]:
        return {
            "table": self.table,
            "rows": self.rows,
            "recipe": self.recipe,
            "content": self.content,
            "columns": list(self.columns),
            "files": list(self.files),
            "partitions": {
                part: [list(held.files), held.rows, held.content]
                for part, held in self.partitions.items()
            },
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Pointer:
        return cls(
            table=raw["table"],
            rows=raw["rows"],
            recipe=raw["recipe"],
            content=raw["content"],
            columns=tuple(raw["columns"]),
            files=tuple(raw["files"]),
            partitions={
                part: Partition(tuple(held[0]), held[1], held[2])
                for part, held in raw["partitions"].items()
            },
        )


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Replace ``path`` in one step; it is on disk when this returns."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, sort_keys=True, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
