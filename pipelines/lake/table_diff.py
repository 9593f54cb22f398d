"""Two tables of one promise held against each other: rows added, gone and changed, by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.contracts.promises import OF_THE_RUN, Promise
from pipelines.engine.duck import DuckEngine
from pipelines.engine.sql import quoted
from pipelines.lake.pointer import Pointer

#: what differs between two nights because they are two
OF_THE_NIGHT = OF_THE_RUN | {"as_of", "policy_version", "age_days"}


@dataclass(frozen=True)
class TableDiff:
    """Rows on both sides, and how many stand on one side alone or have other values.

    Without a key, a changed row counts as one gone and one added.
    """

    table: str
    rows_a: int
    rows_b: int
    added: int = 0
    gone: int = 0
    changed: int = 0
    columns: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        return not (self.added or self.gone or self.changed or self.columns)


def table_diff(
    engine: DuckEngine, promise: Promise, a: Pointer | None, b: Pointer | None, lake_a: Path,
    lake_b: Path, leave: frozenset[str] = OF_THE_RUN,
) -> TableDiff:  # fmt: skip
    """Compare a table of two nights; ``columns`` names those that only one side has. What stands
    in the columns ``leave`` does not count."""
    table = promise.table
    if a is None or b is None:
        rows_a, rows_b = (a.rows if a else 0), (b.rows if b else 0)
        return TableDiff(table, rows_a, rows_b, rows_b, rows_a, 0, ("(the whole table)",))
    if a.content == b.content and a.columns == b.columns:
        return TableDiff(table, a.rows, b.rows)
    shared = [c for c in promise.column_names if c in a.columns and c in b.columns]
    odd = tuple(sorted(set(a.columns) ^ set(b.columns)))
    compared = [c for c in shared if c not in leave]
    sides = [_source(a, lake_a, compared), _source(b, lake_b, compared)]
    if not compared:
        return TableDiff(table, a.rows, b.rows, columns=odd)
    gone, added = (
        engine.rows(f"SELECT count(*) FROM (({one}) EXCEPT ALL ({other}))")[0][0]
        for one, other in (sides, sides[::-1])
    )
    changed = 0
    keys = [c for c in promise.key if c in compared]
    if keys and len(keys) == len(promise.key):
        on = ", ".join(quoted(c) for c in keys)
        changed = engine.rows(
            f"SELECT count(*) FROM (SELECT {on} FROM (({sides[0]}) EXCEPT ALL ({sides[1]})) "
            f"INTERSECT SELECT {on} FROM (({sides[1]}) EXCEPT ALL ({sides[0]})))"
        )[0][0]
    return TableDiff(table, a.rows, b.rows, added - changed, gone - changed, changed, odd)


def _source(pointer: Pointer, lake: Path, compared: Sequence[str]) -> str:
    listed = [quoted(c) for c in compared]
    if not pointer.base_files():
        return "SELECT " + ", ".join(f"NULL AS {name}" for name in listed) + " WHERE false"
    return pointer.select(lake, listed)
