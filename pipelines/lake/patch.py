"""Tables that follow a delta: what differs between two nights, and tonight's table as a patch.

A patch is two small files beside the files of an earlier night: keys that count no more, and rows.
What it gives is what writing the table anew would give, its fingerprint included. Which rows may
have changed, and how they are made, does not belong here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import polars as pl
import sqlglot
from sqlglot import exp

from pipelines.contracts.promises import Promise
from pipelines.engine.duck import PARQUET
from pipelines.engine.sql import DIALECT, quoted
from pipelines.errors import PromiseBroken
from pipelines.lake import enforce
from pipelines.lake.night import PREVIOUS, Built, Night
from pipelines.lake.pointer import Patch, Pointer, read_parquet

#: a patch over this share of the table's rows is written into it
LARGEST_SHARE = 0.125
MIXED = "bit_xor(hash({columns})) AS mixed, sum(hash({columns}) % 4294967296) AS total"


def changed(
    night: Night, table: str, key: Sequence[str], columns: Sequence[str] | None = None
) -> pl.DataFrame | None:
    """The keys whose rows (as far as `columns` go) are others than the night before, one row each;
    None where there is nothing to compare with. NULL is no key."""
    before, now = night.pointer(PREVIOUS + table), night.pointer(table)
    if before is None or now is None or before.columns != now.columns:
        return None
    listed = _listed(columns or now.columns)
    keys = _listed(key)
    if before.content == now.content:
        return night.query(f"SELECT {keys} FROM {table} LIMIT 0")
    candidates = _candidates(night, before, now, key)
    only = f" SEMI JOIN ({candidates}) AS candidate USING ({keys})" if candidates else ""
    night.prepare(f"SELECT 1 FROM {table}, {PREVIOUS}{table}")
    unique = set(key) == set(night.promise(table).key)
    sides = [_hashed(name, keys, listed, only, unique) for name in (PREVIOUS + table, table)]
    return _differing(night, keys, sides[0], sides[1])


def patch(
    night: Night, table: str, key: Sequence[str], touched: pl.DataFrame, rows: pl.DataFrame,
    recipe: str, made_from: str,
) -> Built:  # fmt: skip
    """Tonight's table: that of the night before, but for the rows of the `touched` keys, which are
    `rows`. Keys are never NULL."""
    started = time.monotonic()
    promise, before = night.promise(table), night.pointer(PREVIOUS + table)
    assert before is not None, f"{table}: nothing to patch"
    keys, listed = _listed(key), _listed(promise.column_names)
    with _tables(night, {"touched": touched.select(key).unique(), "given": rows}) as name:
        given = f"SELECT * FROM {name['given']}"
        enforced = enforce.statement(promise, given, night.engine.described(given))
        night.prepare(f"SELECT 1 FROM {PREVIOUS}{table}")
        new, old, other = name["new"], name["old"], name["other"]
        night.engine.rows(f"CREATE TABLE {new} AS {enforced}")
        night.engine.rows(
            f"CREATE TABLE {old} AS SELECT {listed} FROM {PREVIOUS}{table} "
            f"SEMI JOIN {name['touched']} USING ({keys})"
        )
        strays = f"SELECT count(*) FROM {new} ANTI JOIN {name['touched']} USING ({keys})"
        if night.engine.rows(strays)[0][0]:
            raise PromiseBroken(f"{table}: rows were made that the delta does not touch")
        sides = [_hashed(side, keys, listed, "", False) for side in (old, new)]
        found = _differing(night, keys, sides[0], sides[1])
        if found.is_empty():
            pointer = replace(before, recipe=recipe, made_from=made_from)
            night.point(pointer)
            return night.built(pointer, started)
        night.engine.register(other, found)
        pointer = _patched(night, promise, before, key, name)
        pointer = replace(pointer, recipe=recipe, made_from=made_from)
        night.point(pointer)
    return night.built(pointer, started)


def rows_of(
    night: Night, table: str, keys: pl.DataFrame, columns: Sequence[str] | None = None
) -> pl.DataFrame:
    """The rows of a table whose columns named like those of `keys` hold one of these values."""
    listed = _listed(columns or night.promise(table.removeprefix(PREVIOUS)).column_names)
    if keys.is_empty():
        return night.query(f"SELECT {listed} FROM {table} LIMIT 0")
    with _tables(night, {"wanted": keys.unique()}) as name:
        return night.query(
            f"SELECT {listed} FROM {table} SEMI JOIN {name['wanted']} USING ({_listed(keys.columns)})"
        )


def narrowed(night: Night, sql: str, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """What a statement gives where some of the tables it reads are no more than these rows."""
    with _tables(night, dict(tables)) as name:
        parsed = sqlglot.parse_one(sql, read=DIALECT)
        for read in list(parsed.find_all(exp.Table)):
            if (full := f"{read.db}.{read.name}") in tables:
                read.replace(exp.to_table(name[full]).as_(read.alias_or_name))
        return night.query(parsed.sql(dialect=DIALECT))


def _hashed(source: str, keys: str, listed: str, only: str, unique: bool) -> str:
    if unique:
        return f"SELECT {keys}, hash({listed}) AS mixed, 0 AS total FROM {source}{only}"
    mixed = MIXED.format(columns=listed)
    return f"SELECT {keys}, {mixed} FROM {source}{only} GROUP BY {keys}"


def _differing(night: Night, keys: str, old: str, new: str) -> pl.DataFrame:
    return night.engine.query(
        f"SELECT {keys} FROM ({old}) AS old FULL JOIN ({new}) AS new USING ({keys}) "
        "WHERE (old.mixed IS DISTINCT FROM new.mixed OR old.total IS DISTINCT FROM new.total) "
        f"AND ({keys.split(', ')[0]}) IS NOT NULL"
    )


def _candidates(night: Night, before: Pointer, now: Pointer, key: Sequence[str]) -> str | None:
    """Keys that could differ, where both tables stand on the same files; None where all could."""
    patches = [pointer.patch for pointer in (before, now) if pointer.patch is not None]
    if before.base_files() != now.base_files() or not patches:
        return None
    if any(set(key) != set(one.key) for one in patches):
        return None
    files = [file for one in patches for file in (*one.gone, *one.added)]
    parts = [
        f"SELECT {_listed(key)} FROM {read_parquet([night.home.lake / file])}"
        for file in dict.fromkeys(files)
    ]
    return " UNION ".join(parts)


def _patched(
    night: Night, promise: Promise, before: Pointer, key: Sequence[str], name: Mapping[str, str]
) -> Pointer:
    """Write tonight's patch, or the whole table where the patch grew too large."""
    lake, keys, listed = night.home.lake, _listed(key), _listed(promise.column_names)
    only = f"SEMI JOIN {name['other']} USING ({keys})"
    never = f"ANTI JOIN {name['other']} USING ({keys})"
    new = f"SELECT {listed} FROM {name['new']} {only}"
    held = before.patch
    if held is not None and held.key != tuple(key):
        held, whole = None, True
    else:
        whole = False
    gone = f"SELECT DISTINCT {keys} FROM {name['old']} {only}"
    added = new
    if held is not None:
        gone += f" UNION SELECT {keys} FROM {read_parquet(lake / f for f in held.gone)}"
        added += (
            f" UNION ALL SELECT {listed} FROM {read_parquet(lake / f for f in held.added)} {never}"
        )
    gone_file, added_file = night.new_file(promise.table), night.new_file(promise.table)
    night.engine.rows(f"COPY ({gone}) TO '{gone_file}' ({PARQUET})")
    night.engine.rows(f"COPY ({added}) TO '{added_file}' ({PARQUET})")
    enforce.checked(night.engine, promise, [added_file])
    rows, content = _content(night, before, listed, f"FROM {name['old']} {only}",
                             f"FROM {name['new']} {only}")  # fmt: skip
    sizes = [
        night.engine.rows(f"SELECT count(*) FROM {read_parquet([file])}")[0][0]
        for file in (gone_file, added_file)
    ]
    if whole or sum(sizes) > LARGEST_SHARE * rows:
        file = night.new_file(promise.table)
        kept = f"SELECT {listed} FROM {PREVIOUS}{promise.table} {never}"
        night.engine.copy(f"{kept} UNION ALL {new}", file)
        gone_file.unlink()
        added_file.unlink()
        return night.finish(promise, "", [file])
    made = Patch(tuple(key), (_below(gone_file, night),), (_below(added_file, night),))
    return replace(before, rows=rows, content=content, patch=made)


def _content(
    night: Night, before: Pointer, listed: str, old: str, new: str
) -> tuple[int, str]:
    """Rows and fingerprint as `enforce.checked` would find them in the whole table."""
    rows, mixed, total = (int(part) for part in before.content.split(":"))
    for sign, source in ((-1, old), (1, new)):
        count, xor, sum_ = night.engine.rows(
            f"SELECT count(*), coalesce(bit_xor(hash({listed})), 0), "
            f"coalesce(sum(hash({listed}) % 4294967296), 0) {source}"
        )[0]
        rows, mixed, total = rows + sign * count, mixed ^ int(xor), total + sign * int(sum_)
    return rows, f"{rows}:{mixed}:{total}"


@contextmanager
def _tables(night: Night, frames: Mapping[str, pl.DataFrame]) -> Iterator[dict[str, str]]:
    """Names under which frames can be read in a statement for a while, and of scratch tables."""
    name = {full: "patch_" + full.replace(".", "_") for full in (*frames, "new", "old", "other")}
    for full, frame in frames.items():
        night.engine.register(name[full], frame)
    try:
        yield name
    finally:
        for full in frames:
            night.engine.unregister(name[full])
        night.engine.unregister(name["other"])
        for scratch in ("new", "old"):
            night.engine.rows(f"DROP TABLE IF EXISTS {name[scratch]}")


def _below(path: object, night: Night) -> str:
    return str(path).removeprefix(f"{night.home.lake}/")


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(quoted(column) for column in columns)
