"""The published tables as Parquet, one file each, and the data dictionary beside them.

What is written is said by the caller: tables and, of each, columns. Which audience may have which
does not belong here.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines.contracts.promises import Promise
from pipelines.engine.sql import literal, quoted

OPTIONS = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3"
DICTIONARY = ("dictionary.csv", "dictionary.json")


@dataclass(frozen=True)
class Selection:
    """A table and those of its columns that are written, in the order of its promise."""

    promise: Promise
    columns: tuple[str, ...]

    @classmethod
    def whole(cls, promise: Promise) -> Selection:
        return cls(promise, promise.column_names)


def write_parquet(
    con: duckdb.DuckDBPyConnection,
    catalog: str,
    selected: Sequence[Selection],
    folder: Path,
    made: Mapping[str, Path] | None = None,
) -> list[Path]:
    """Write ``<schema>/<table>.parquet`` below ``folder`` from the tables of ``catalog``, in the
    order of their keys, with title, meaning and key in the file's metadata.

    ``made``: files that were written before from the same, which are taken over.
    """
    _readable(folder)
    written = []
    for one in selected:
        promise = one.promise
        _readable(folder / promise.schema)
        target = folder / promise.schema / f"{promise.name}.parquet"
        written.append(target)
        if made and promise.table in made:
            shutil.copy2(made[promise.table], target)
            continue
        listed = ", ".join(quoted(name) for name in one.columns)
        order = ", ".join(quoted(key) for key in promise.key) or "ALL"
        source = f"{catalog}.{quoted(promise.schema)}.{quoted(promise.name)}"
        con.execute(
            f"COPY (SELECT {listed} FROM {source} ORDER BY {order}) TO {literal(str(target))} "
            f"({OPTIONS}, KV_METADATA {{{_metadata(one)}}})"
        )
        target.chmod(0o644)
    return written


def write_dictionary(selected: Sequence[Selection], folder: Path) -> list[Path]:
    """What every written column means: CSV for spreadsheets (UTF-8 with BOM), JSON for programs."""
    rows = [row for one in selected for row in _rows(one)]
    table, program = (folder / name for name in DICTIONARY)
    with table.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else ["table"])
        writer.writeheader()
        writer.writerows(rows)
    told = [
        {
            "table": one.promise.table,
            "file": f"{one.promise.schema}/{one.promise.name}.parquet",
            "title": {"zh": one.promise.title_zh, "en": one.promise.title_en},
            "description": {"zh": one.promise.zh, "en": one.promise.en},
            "grain": one.promise.grain,
            "key": [name for name in one.promise.key if name in one.columns],
            "columns": [
                {k: v for k, v in row.items() if not k.startswith("table")} for row in _rows(one)
            ],
        }
        for one in selected
    ]
    program.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for path in (table, program):
        path.chmod(0o644)
    return [table, program]


def _readable(folder: Path) -> None:
    """Make a folder that analysts may enter, whatever the umask of the moment."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)


def _rows(one: Selection) -> list[dict[str, Any]]:
    """One row per written column, as its promise says it."""
    promise = one.promise
    return [
        {
            "table": promise.table,
            "table_zh": promise.title_zh,
            "table_en": promise.title_en,
            "column": column.name,
            "type": column.type,
            "nullable": column.nullable and column.name not in promise.key,
            "in_key": column.name in promise.key,
            "class": column.class_,
            "zh": column.zh,
            "en": column.en,
        }
        for column in promise.columns
        if column.name in one.columns
    ]


def _metadata(one: Selection) -> str:
    promise = one.promise
    told = {
        "table": promise.table, "title_zh": promise.title_zh, "title_en": promise.title_en,
        "description_zh": promise.zh, "description_en": promise.en, "grain": promise.grain,
        "key": ", ".join(promise.key),
    }  # fmt: skip
    return ", ".join(f"{quoted(name)}: {literal(text)}" for name, text in told.items())
