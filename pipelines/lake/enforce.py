"""A promise made true: names, order and types enforced on a statement, the key on its result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipelines.contracts.promises import Promise
from pipelines.engine.duck import DuckEngine
from pipelines.engine.sql import quoted
from pipelines.errors import PromiseBroken


def statement(promise: Promise, sql: str, described: Sequence[tuple[str, str]]) -> str:
    """The statement cast to the promised columns; raises where names do not match."""
    given = [name for name, _ in described]
    missing = [name for name in promise.column_names if name not in given]
    extra = [name for name in given if name not in promise.column_names]
    if missing or extra:
        raise PromiseBroken(
            f"{promise.table} does not have the columns of its promise: "
            f"missing {missing or 'none'}, not promised {extra or 'none'}"
        )
    listed = ", ".join(
        f"CAST({quoted(column.name)} AS {column.type}) AS {quoted(column.name)}"
        for column in promise.columns
    )
    body = sql.strip().rstrip(";")
    return f"SELECT {listed} FROM (\n{body}\n) AS made"


def checked(engine: DuckEngine, promise: Promise, files: Sequence[Path]) -> tuple[int, str]:
    """Rows and a content fingerprint (independent of row order); the key must hold."""
    listed = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    source = f"read_parquet([{listed}], hive_partitioning = false)"
    columns = ", ".join(quoted(name) for name in promise.column_names)
    required = {c.name for c in promise.columns if not c.nullable} | set(promise.key)
    nulls = ", ".join(
        f"count(*) FILTER (WHERE {quoted(name)} IS NULL)" for name in sorted(required)
    )
    found = engine.rows(
        f"SELECT count(*), coalesce(bit_xor(hash({columns})), 0), "
        f"coalesce(sum(hash({columns}) % 4294967296), 0)"
        + (f", {nulls}" if nulls else "")
        + f" FROM {source}"
    )[0]
    for name, count in zip(sorted(required), found[3:], strict=True):
        if count:
            raise PromiseBroken(f"{promise.table}.{name} is empty in {count} rows of {found[0]}")
    if promise.key:
        key = ", ".join(quoted(name) for name in promise.key)
        doubles = engine.rows(
            f"SELECT count(*) FROM (SELECT {key} FROM {source} GROUP BY {key} HAVING count(*) > 1)"
        )[0][0]
        if doubles:
            raise PromiseBroken(
                f"{promise.table}: {doubles} keys ({', '.join(promise.key)}) stand more than once"
            )
    return int(found[0]), f"{found[0]}:{found[1]}:{found[2]}"
