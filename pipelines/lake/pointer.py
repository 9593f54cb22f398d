"""Pointers: which immutable Parquet files are a table of a night, and from what they were made."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.engine.sql import literal, quoted


@dataclass(frozen=True)
class Partition:
    """One partition of a table: its files (below the lake), rows, and what it holds."""

    files: tuple[str, ...]
    rows: int
    content: str


@dataclass(frozen=True)
class Patch:
    """Rows of a table's files that count no more (by ``key``), and the rows beside them: a file
    each, below the lake."""

    key: tuple[str, ...]
    gone: str
    added: str


@dataclass(frozen=True)
class Pointer:
    """A table of one night: its files (below the lake), rows, and its fingerprints.

    ``recipe`` is what it was made from (SQL, values, code, inputs' contents); ``content`` is what
    it holds. A table whose recipe is unchanged is taken over instead of being made again.
    ``made_from`` is the recipe without what changes each night; it says whether the table may be
    patched, and of standard.mention whether it is read from its sources in the same way.
    """

    table: str
    rows: int
    recipe: str
    content: str
    columns: tuple[str, ...]
    files: tuple[str, ...] = ()
    #: by partition value; only for partitioned tables
    partitions: Mapping[str, Partition] = field(default_factory=dict)
    patch: Patch | None = None
    made_from: str = ""

    def base_files(self) -> tuple[str, ...]:
        """The files (below the lake) that hold rows, those of a patch aside."""
        listed = [file for _, part in sorted(self.partitions.items()) for file in part.files]
        return (*self.files, *listed)

    def paths(self, lake: Path) -> list[Path]:
        """Every file that the table needs, absolute, in a stable order; `select` reads its rows."""
        patched = (self.patch.gone, self.patch.added) if self.patch else ()
        return [lake / name for name in (*self.base_files(), *patched)]

    def select(self, lake: Path, columns: Sequence[str], narrowed: str = "") -> str:
        """A statement that gives the table's rows: ``columns`` as texts of SQL; ``narrowed``: joins
        and conditions that keep some of the rows, looked at before those of the patch are sought.
        """
        listed = ", ".join(columns)
        base = read_parquet(lake / name for name in self.base_files())
        if self.patch is None:
            return f"SELECT {listed} FROM {base} AS held {narrowed}"
        key = ", ".join(quoted(name) for name in self.patch.key)
        gone, added = (read_parquet([lake / f]) for f in (self.patch.gone, self.patch.added))
        if narrowed:
            base = f"(SELECT * FROM {base} AS held {narrowed})"
        return (
            f"SELECT {listed} FROM {base} AS held ANTI JOIN {gone} AS gone USING ({key}) "
            f"UNION ALL SELECT {listed} FROM {added} AS held {narrowed}"
        )

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
            "patch": [list(self.patch.key), self.patch.gone, self.patch.added]
            if self.patch
            else None,
            "made_from": self.made_from,
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
            patch=_patch(raw.get("patch")),
            made_from=raw.get("made_from", ""),
        )


def _patch(raw: Sequence[Any] | None) -> Patch | None:
    return Patch(tuple(raw[0]), raw[1], raw[2]) if raw else None


def read_parquet(paths: Iterable[Path]) -> str:
    """Parquet files as a table of a statement."""
    files = ", ".join(literal(str(path)) for path in paths)
    return f"read_parquet([{files}], hive_partitioning = false)"


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Replace ``path`` in one step; it is on disk when this returns."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, sort_keys=True, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
