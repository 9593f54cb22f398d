"""Tables whose files are one partition each, so that a night rewrites only the touched ones.

What a partition means does not belong here; the key of such a table is not checked across files.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from pipelines.contracts.promises import Promise
from pipelines.engine.duck import PARQUET, DuckEngine
from pipelines.engine.sql import quoted
from pipelines.lake.durable import sync_all
from pipelines.lake.pointer import Partition

#: column by which the engine parts the rows into folders; it does not stay in the files
PART = "_part"
OPTIONS = f"{PARQUET}, PARTITION_BY ({PART})"


def parted(enforced: str, column: str) -> str:
    """The statement with the partition's value as text beside its columns."""
    return f"SELECT *, CAST({quoted(column)} AS VARCHAR) AS {PART} FROM ({enforced}) AS enforced"


def taken_in(
    engine: DuckEngine,
    promise: Promise,
    folder: Path,
    lake: Path,
    new_file: Callable[[str], Path],
) -> dict[str, Partition]:
    """Move what the engine wrote below ``folder`` into the lake, with rows and content."""
    moved: dict[str, list[Path]] = {}
    for part_folder in sorted(folder.glob(f"{PART}=*")) if folder.exists() else ():
        part = part_folder.name.removeprefix(f"{PART}=")
        for file in sorted(part_folder.glob("*.parquet")):
            target = new_file(part)
            shutil.move(file, target)
            moved.setdefault(part, []).append(target)
    shutil.rmtree(folder, ignore_errors=True)
    sync_all([file for files in moved.values() for file in files])
    found = _contents(engine, promise, [file for files in moved.values() for file in files])
    return {
        part: Partition(
            files=tuple(str(file.relative_to(lake)) for file in files),
            rows=sum(found[str(file)][0] for file in files),
            content=_together([found[str(file)] for file in files]),
        )
        for part, files in moved.items()
    }


def _contents(
    engine: DuckEngine, promise: Promise, files: list[Path]
) -> Mapping[str, tuple[int, int, int]]:
    if not files:
        return {}
    listed = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    columns = ", ".join(quoted(name) for name in promise.column_names)
    rows = engine.rows(
        f"SELECT filename, count(*), bit_xor(hash({columns})), "
        f"sum(hash({columns}) % 4294967296) "
        f"FROM read_parquet([{listed}], filename = true, hive_partitioning = false) "
        "GROUP BY filename"
    )
    return {str(row[0]): (int(row[1]), int(row[2]), int(row[3])) for row in rows}


def _together(parts: list[tuple[int, int, int]]) -> str:
    """One fingerprint of rows that lie in several files; independent of how they are divided."""
    rows, mixed, total = 0, 0, 0
    for count, xor, sum_ in parts:
        rows, mixed, total = rows + count, mixed ^ xor, total + sum_
    return f"{rows}:{mixed}:{total}"
