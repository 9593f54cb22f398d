"""Tables that follow a delta: what differs between two nights, and tonight's table as a patch.

A patch is two small files beside the files of an earlier night: their rows that count no more, and
rows that do.
What it gives is what writing the table anew would give, its fingerprint included. Which rows may
have changed, and how they are made, does not belong here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import polars as pl
from sqlglot import exp

from pipelines.contracts.promises import Promise
from pipelines.engine.duck import PARQUET
from pipelines.engine.sql import DIALECT, parsed, quoted
from pipelines.errors import PromiseBroken
from pipelines.lake import enforce
from pipelines.lake.durable import sync_all
from pipelines.lake.night import Built, Night
from pipelines.lake.pointer import Patch, Pointer, read_parquet
from pipelines.lake.reading import PREVIOUS

#: a patch over this share of the table's rows is written into it
LARGEST_SHARE = 0.125


@dataclass(frozen=True)
class Changes:
    """Keys whose rows are others than the night before, with all columns of these rows."""

    keys: pl.DataFrame
    was: pl.DataFrame
    now: pl.DataFrame

    @property
    def rows(self) -> pl.DataFrame:
        """The rows of then and those of now."""
        return pl.concat([self.was, self.now])


def changes(
    night: Night,
    table: str,
    key: Sequence[str],
    columns: Sequence[str] | None = None,
    where: str = "true",
) -> Changes | None:
    """What differs between the night before and tonight in these columns (key included, else in
    all); None where there is nothing to compare with. NULL is no key. `where`: a condition of SQL
    on rows, outside of which nothing differs."""
    before, now = night.pointer(PREVIOUS + table), night.pointer(table)
    if before is None or now is None or before.columns != now.columns:
        return None
    listed = tuple(columns or now.columns)
    asked = (before.content, now.content, tuple(key), listed, where)
    kept = night.differences.get(table)
    if kept is not None and kept[0] == asked:
        return cast(Changes, kept[1])
    found = _between(night, table, before, now, key, listed, where)
    night.differences[table] = (asked, found)
    return found


def in_columns(night: Night, found: Changes, columns: Sequence[str]) -> Changes:
    """Those of the changes that these columns show."""
    with _tables(night, {"was": found.was, "now": found.now}) as name:
        keys = _differing(night, _listed(found.keys.columns), _listed(columns),
                          name["was"], name["now"])  # fmt: skip
    key = keys.columns
    return Changes(
        keys, found.was.join(keys, on=key, how="semi"), found.now.join(keys, on=key, how="semi")
    )


def patch(
    night: Night, table: str, key: Sequence[str], touched: pl.DataFrame, rows: pl.DataFrame,
    recipe: str, made_from: str, was: pl.DataFrame | None = None,
) -> Built:  # fmt: skip
    """Tonight's table: that of the night before, but for the rows of the `touched` keys, which are
    `rows`. Keys are never NULL. `was`: all rows of these keys the night before; without it they are
    looked for in the table."""
    started = time.monotonic()
    promise, before = night.promise(table), night.pointer(PREVIOUS + table)
    assert before is not None, f"{table}: nothing to patch"
    keys, listed = _listed(key), _listed(promise.column_names)
    run, frame = night.engine.run, night.engine.frame
    night.know(PREVIOUS + table)
    frames = {"touched": touched.select(key).unique(), "given": rows}
    if was is not None:
        frames["was"] = was
    with _tables(night, frames) as name:
        new, old, other = name["new"], name["old"], name["other"]
        run(f"CREATE TABLE {new} AS {_promised(night, promise, name['given'])}")
        held = f"SEMI JOIN {name['touched']} USING ({keys})"
        run(f"CREATE TABLE {old} AS " + (
            _among(night, PREVIOUS + table, listed, held) if was is None
            else _promised(night, promise, name["was"])
        ))  # fmt: skip
        for side, said in ((old, "stood before"), (new, "were made")):
            if run(f"SELECT count(*) FROM {side} ANTI JOIN {name['touched']} USING ({keys})")[0][0]:
                raise PromiseBroken(f"{table}: rows {said} that the delta does not touch")
        found = _differing(night, keys, listed, old, new)
        night.engine.register(other, found)
        sides = [
            f"SELECT {listed} FROM {side} SEMI JOIN {other} USING ({keys})" for side in (old, new)
        ]
        known = Changes(found, frame(sides[0]), frame(sides[1]))
        if found.is_empty():
            pointer = before
        else:
            pointer = _patched(night, promise, before, key, other, sides[0], sides[1])
        pointer = replace(pointer, recipe=recipe, made_from=made_from)
        night.point(pointer)
    asked = (before.content, pointer.content, tuple(key), pointer.columns, "true")
    night.differences[table] = (asked, known)
    return night.built(pointer, started)


def _promised(night: Night, promise: Promise, given: str) -> str:
    rows = f"SELECT * FROM {given}"
    described = [(str(row[0]), str(row[1])) for row in night.engine.run(f"DESCRIBE {rows}")]
    return enforce.statement(promise, rows, described)


def rows_of(
    night: Night,
    table: str,
    keys: pl.DataFrame,
    columns: Sequence[str] | None = None,
    where: str = "true",
) -> pl.DataFrame:
    """The rows of a table whose columns named like those of `keys` hold one of these values;
    `where` as in `changes`."""
    listed = _listed(columns or night.promise(table.removeprefix(PREVIOUS)).column_names)
    night.know(table)
    if keys.is_empty():
        return night.engine.frame(f"SELECT {listed} FROM {table} LIMIT 0")
    with _tables(night, {"wanted": keys.unique()}) as name:
        wanted = f"SEMI JOIN {name['wanted']} USING ({_listed(keys.columns)}) WHERE {where}"
        return night.engine.frame(_among(night, table, listed, wanted))


def as_before(rows: pl.DataFrame, found: Changes) -> pl.DataFrame:
    """Rows of tonight as they stood the night before, with those that have gone since: all rows of
    then that `rows` or the changes hold."""
    columns = rows.columns
    stayed = rows.join(found.keys, on=found.keys.columns, how="anti")
    return pl.concat([stayed, found.was.select(columns)])


def _among(night: Night, table: str, listed: str, narrowed: str) -> str:
    """A statement over a known table. Of a patched one, rows are chosen before those that count no
    more are taken off: a join over the whole table is saved."""
    pointer = night.files(table)
    if pointer is None or pointer.patch is None:
        return f"SELECT {listed} FROM {table} {narrowed}"
    return pointer.select(night.home.lake, [listed], narrowed)


def narrowed(
    night: Night,
    sql: str,
    tables: Mapping[str, pl.DataFrame],
    values: Mapping[str, Any] | None = None,
) -> pl.DataFrame:
    """What a statement gives where some of the tables it reads are no more than these rows."""
    with _tables(night, dict(tables)) as name:
        made = parsed(sql).copy()
        for read in list(made.find_all(exp.Table)):
            if (full := f"{read.db}.{read.name}") in tables:
                read.replace(exp.to_table(name[full]).as_(read.alias_or_name))
        return night.query(made.sql(dialect=DIALECT, comments=False), values)


def _between(
    night: Night,
    table: str,
    before: Pointer,
    now: Pointer,
    key: Sequence[str],
    listed: Sequence[str],
    where: str,
) -> Changes:
    keys, columns = _listed(key), _listed(listed)
    if (near := _of_one_base(night, before, now, key, listed)) is not None:
        return in_columns(night, near, listed)
    night.know(table)
    night.know(PREVIOUS + table)
    unique = set(key) == set(night.promise(table).key)
    found = (
        night.engine.frame(f"SELECT {keys} FROM {table} LIMIT 0")
        if before.content == now.content
        else _differing(
            night, keys, columns, f"{PREVIOUS}{table} WHERE {where}", f"{table} WHERE {where}",
            unique=unique,
        )
    )  # fmt: skip
    return Changes(
        found,
        rows_of(night, PREVIOUS + table, found, listed, where),
        rows_of(night, table, found, listed, where),
    )


def _of_one_base(
    night: Night, before: Pointer, now: Pointer, key: Sequence[str], columns: Sequence[str]
) -> Changes | None:
    """What may differ, where tonight's table is a patch of the files that were read the night
    before. It need not rest on the patch of the night before: either may have been made again
    since, so rows that one of them alone takes off the files count, too."""
    lake, patch_, held = night.home.lake, now.patch, before.patch
    if patch_ is None or patch_.key != tuple(key) or before.base_files() != now.base_files():
        return None
    keys, listed = _listed(key), _listed(columns)
    gone, added = (read_parquet([lake / file]) for file in (patch_.gone, patch_.added))
    was, is_ = (f"SELECT {listed} FROM {file}" for file in (gone, added))
    if held is not None:
        if held.key != patch_.key:
            return None
        off, beside = (read_parquet([lake / file]) for file in (held.gone, held.added))
        was += (
            f" AS since ANTI JOIN {off} AS off USING ({keys}) "
            f"UNION ALL SELECT {listed} FROM {beside}"
        )
        is_ += (
            f" UNION ALL SELECT {listed} FROM {off} AS off ANTI JOIN {gone} AS on_ USING ({keys})"
        )
    found = night.engine.frame(was), night.engine.frame(is_)
    return Changes(found[0].select(key).clear(), *found)


def _differing(
    night: Night, keys: str, listed: str, old: str, new: str, *, unique: bool = False
) -> pl.DataFrame:
    """Keys that do not stand in both with the same rows."""
    if unique:
        sides = [f"SELECT {keys}, hash({listed}) AS mixed, 0 AS total FROM {t}" for t in (old, new)]
    else:
        mixed = f"bit_xor(hash({listed})) AS mixed, sum(hash({listed}) % 4294967296) AS total"
        sides = [f"SELECT {keys}, {mixed} FROM {t} GROUP BY {keys}" for t in (old, new)]
    return night.engine.frame(
        f"SELECT {keys} FROM ({sides[0]}) AS old FULL JOIN ({sides[1]}) AS new USING ({keys}) "
        "WHERE (old.mixed IS DISTINCT FROM new.mixed OR old.total IS DISTINCT FROM new.total) "
        f"AND ({keys.split(', ')[0]}) IS NOT NULL"
    )


def _patched(
    night: Night, promise: Promise, before: Pointer, key: Sequence[str], other: str, old: str,
    new: str,
) -> Pointer:  # fmt: skip
    """Write tonight's patch, or the whole table where the patch grew too large."""
    lake, keys, listed = night.home.lake, _listed(key), _listed(promise.column_names)
    run, held = night.engine.run, before.patch
    gone, added = old, new
    if held is not None and held.key == tuple(key):
        files = [read_parquet([lake / file]) for file in (held.gone, held.added)]
        of_the_files = f"{old} ANTI JOIN {files[1]} AS beside USING ({keys})"
        gone = f"SELECT {listed} FROM {files[0]} UNION ALL ({of_the_files})"
        beside = f"SELECT {listed} FROM {files[1]} AS beside ANTI JOIN {other} USING ({keys})"
        added = f"{beside} UNION ALL {new}"
    sizes = [run(f"SELECT count(*) FROM ({rows}) AS made")[0][0] for rows in (gone, added)]
    rows, content = _content(night, before, listed, old, new)
    if (held is not None and held.key != tuple(key)) or sum(sizes) > LARGEST_SHARE * rows:
        file = night.new_file(promise.table)
        kept = f"SELECT {listed} FROM {PREVIOUS}{promise.table} ANTI JOIN {other} USING ({keys})"
        run(f"COPY ({kept} UNION ALL {new}) TO '{file}' ({PARQUET})")
        return night.finish(promise, "", [file])
    files_ = [night.new_file(promise.table) for _ in sizes]
    for file, rows_ in zip(files_, (gone, added), strict=True):
        run(f"COPY ({rows_}) TO '{file}' ({PARQUET})")
    sync_all(files_)
    enforce.checked(night.engine, promise, files_[1:])
    made = Patch(tuple(key), *(str(file.relative_to(lake)) for file in files_))
    return replace(before, rows=rows, content=content, patch=made)


def _content(night: Night, before: Pointer, listed: str, old: str, new: str) -> tuple[int, str]:
    """Rows and fingerprint as `enforce.checked` would find them in the whole table."""
    rows, mixed, total = (int(part) for part in before.content.split(":"))
    for sign, side in ((-1, old), (1, new)):
        count, xor, sum_ = night.engine.run(
            f"SELECT count(*), coalesce(bit_xor(hash({listed})), 0), "
            f"coalesce(sum(hash({listed}) % 4294967296), 0) FROM ({side}) AS side"
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
            night.engine.run(f"DROP TABLE IF EXISTS {name[scratch]}")


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(quoted(column) for column in columns)
