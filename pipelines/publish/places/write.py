"""The files of places: each table of the whole file cut as the list says, place by place.

They are cut out of the finished whole file, so nothing stands in them that its readers may not see.
Each row is placed once, however many places there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb

from pipelines.contracts.promises import Promise
from pipelines.engine.sql import literal, parameters, quoted, read_sql, tables_read
from pipelines.errors import ConfigurationFault
from pipelines.lake import fingerprint
from pipelines.lake.night import Night
from pipelines.publish import versions
from pipelines.publish.about import COUNTS
from pipelines.publish.analysis import add_questions
from pipelines.publish.audit import audit_place
from pipelines.publish.carried import IN_NO_PLACE, Carried, carried_place
from pipelines.publish.database import connection, create, database, describe, fill
from pipelines.publish.places.cuts import (
    ALL,
    NONE,
    PLACE,
    RECOUNTED,
    Cut,
    load_cuts,
    statement_of,
)
from pipelines.publish.places.told import Outside, Places, write_list

HOME_SQL = read_sql(Path(__file__).parent / "home.sql")
OUTSIDE_SQL = read_sql(Path(__file__).parent / "outside.sql")
WHOLE = "whole"
MODE = 0o644


def write_places(
    night: Night, folder: Path, promises: Sequence[Promise], sources: Mapping[str, str]
) -> Places:
    """Write ``places/<code>/monitoring.duckdb`` of each place below the draft of a version.

    Raises PublicationHeldBack where one does not hold what it should. ``sources``: what each table
    of the whole file was written from.
    """
    codes = night.settings.publish_places
    if not codes:
        return Places()
    cuts = load_cuts(night.settings.schemas)
    wanted = _wanted(night, promises, cuts, sources)
    taken, before = {}, {}
    for code in codes:
        taken[code], before[code] = carried_place(night.home, night.as_of, code, wanted)
        _readable(folder / versions.PLACES)
        _readable(folder / versions.PLACES / code)
    files = {code: folder / versions.PLACES / code / versions.DATABASE for code in codes}
    with connection(night) as con:
        con.execute(f"ATTACH {literal(str(folder / versions.DATABASE))} AS {WHOLE} (READ_ONLY)")
        expected, outside = _write(con, night, promises, cuts, files, taken, before)
    held = {
        code: audit_place(night, promises, path, code, expected[code])
        for code, path in files.items()
    }
    places = Places(held, wanted, outside)
    write_list(folder / versions.PLACES / versions.PLACE_LIST, night.as_of, places)
    return places


def _readable(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)


def _wanted(
    night: Night,
    promises: Sequence[Promise],
    cuts: Mapping[str, Cut],
    sources: Mapping[str, str],
) -> dict[str, str]:
    """Table → a digest of all that its rows in a place's file rest on, where there is one."""
    homes = [table for table in tables_read(HOME_SQL) if night.exists(table)]
    digests = {}
    for promise in promises:
        cut, rests_on = cuts[promise.table], [promise.table]
        if cut.counted:
            continue
        if cut.by:
            rests_on += homes
        if cut.rows == RECOUNTED:
            rests_on += [*tables_read(statement_of(promise)), *homes]
        if all(table in sources for table in rests_on):
            made = [sources[table] for table in rests_on]
            digests[promise.table] = fingerprint.of(made, repr(cut), night.settings.publish_places)
    return digests


def _write(
    con: duckdb.DuckDBPyConnection,
    night: Night,
    promises: Sequence[Promise],
    cuts: Mapping[str, Cut],
    files: Mapping[str, Path],
    taken: Mapping[str, Carried],
    before: Mapping[str, Mapping[str, Any]],
) -> tuple[dict[str, dict[str, int]], dict[str, Outside]]:
    """Write all files; place → table → rows that were meant for it, and what is outside."""
    expected: dict[str, dict[str, int]] = {code: {} for code in files}
    outside: dict[str, Outside] = {}
    with ExitStack() as stack:
        for code, path in files.items():
            stack.enter_context(database(con, path, MODE, taken[code], _catalog(code)))
        _homes(con, night)
        # what is counted over a place's tables comes behind them
        for promise in sorted(promises, key=lambda one: _counts(cuts[one.table])):
            table, cut = promise.table, cuts[promise.table]
            lacking = [code for code in files if table not in taken[code].tables]
            if cut.by and lacking:
                outside[table] = _place_rows(con, promise, cut, list(files))
            elif cut.by:
                outside[table] = Outside(**next(iter(before.values()))[IN_NO_PLACE][table])
            for code in files:
                if code not in lacking:
                    expected[code][table] = before[code]["tables"][table][0]
                    continue
                _table(con, night, promise, cut, code, {p.table for p in promises})
                if cut.by:
                    expected[code][table] = _one(
                        con, "SELECT count(*) FROM placed WHERE starts_with(region_code, $code)",
                        {"code": code},
                    )  # fmt: skip
                elif cut.rows == NONE:
                    expected[code][table] = 0
                elif cut.rows == ALL:
                    expected[code][table] = _one(con, f"SELECT count(*) FROM {_named(promise)}")
            con.execute("DROP TABLE IF EXISTS placed")
        for code in files:
            con.execute(f"USE {_catalog(code)}")
            small = night.settings.small_count_below
            add_questions(con, [p.table for p in promises], small, night.settings.schemas)
        con.execute("USE memory")
    return expected, outside


def _homes(con: duckdb.DuckDBPyConnection, night: Night) -> None:
    """The table ``home``: where every id lives, from the night's own tables."""
    for table in tables_read(HOME_SQL):
        promise, pointer = night.promise(table), night.pointer(table)
        create(con, promise, f"memory.{quoted(promise.schema)}.{quoted(promise.name)}")
        if pointer and pointer.base_files():
            listed = [quoted(name) for name in promise.column_names if name in pointer.columns]
            con.execute(
                f"INSERT INTO memory.{table} BY NAME ({pointer.select(night.home.lake, listed)})"
            )
    con.execute(f"CREATE TABLE home AS {HOME_SQL}")
    for table in tables_read(HOME_SQL):
        con.execute(f"DROP TABLE memory.{table}")


def _place_rows(
    con: duckdb.DuckDBPyConnection, promise: Promise, cut: Cut, codes: list[str]
) -> Outside:
    """The table ``placed``: of every row of a table the region in which it lives, or NULL."""
    lives, joins = [], []
    for number, (column, is_code) in enumerate(cut.by):
        name = f"whole_table.{quoted(column)}"
        if is_code:
            lives.append(f"CASE WHEN replace({name}, '0', '') <> '' THEN {name} END")
        else:
            lives.append(f"home_{number}.region_code")
            joins.append(f"LEFT JOIN home AS home_{number} ON {name} = home_{number}.id")
    con.execute(
        f"CREATE TABLE placed AS SELECT whole_table.rowid AS whole_row, "
        f"rpad(coalesce({', '.join(lives)}), 12, '0') AS region_code "
        f"FROM {_named(promise)} AS whole_table {' '.join(joins)}"
    )
    rows, unknown, elsewhere = con.execute(OUTSIDE_SQL, {"codes": codes}).fetchall()[0]
    if rows != _one(con, f"SELECT count(*) FROM {_named(promise)}"):
        raise ConfigurationFault([f"{PLACE}: {promise.table}: an id of it lives in two places"])
    return Outside(unknown, elsewhere)


def _table(
    con: duckdb.DuckDBPyConnection,
    night: Night,
    promise: Promise,
    cut: Cut,
    code: str,
    tables: set[str],
) -> None:
    """One table of one place's file: created, filled and commented."""
    name = _named(promise, _catalog(code))
    create(con, promise, name)
    if cut.rows == RECOUNTED:
        _recount(con, night, promise, code)
    elif cut.rows != NONE:
        listed = ", ".join(
            f"CAST(NULL AS {column.type}) AS {quoted(column.name)}" if column.name in cut.empty
            else f"{_count(column.name, code, tables)} AS {quoted(column.name)}"
            if column.name in cut.counted else quoted(column.name)
            for column in promise.columns
        )  # fmt: skip
        rows = f"SELECT {listed} FROM {_named(promise)}"
        if cut.by:
            rows += (
                " WHERE rowid IN (SELECT whole_row FROM placed "
                f"WHERE starts_with(region_code, {literal(code)}))"
            )
        fill(con, promise, name, rows)
    describe(con, promise, name)


def _count(column: str, code: str, tables: set[str]) -> str:
    """How many rows of the place's own a column of meta.run counts."""
    table, condition = COUNTS[column]
    if table not in tables:
        return "0"
    schema, name = table.split(".", 1)
    return (
        f"(SELECT count(*) FROM {_catalog(code)}.{quoted(schema)}.{quoted(name)} WHERE {condition})"
    )


def _recount(con: duckdb.DuckDBPyConnection, night: Night, promise: Promise, code: str) -> None:
    """Make a table by its own statement from the place's tables; without them it stays empty."""
    sql = statement_of(promise)
    if any(not night.exists(table) for table in tables_read(sql)):
        return
    listed = ", ".join(quoted(name) for name in promise.column_names)
    values = {"as_of": night.as_of} if parameters(sql) else {}
    con.execute(f"USE {_catalog(code)}")
    try:
        fill(con, promise, _named(promise, _catalog(code)), f"SELECT {listed} FROM ({sql})", values)
    except duckdb.BinderException:
        raise ConfigurationFault(
            [f"{PLACE}: {promise.table}: its statement reads a column that is not published"]
        ) from None
    finally:
        con.execute("USE memory")


def _counts(cut: Cut) -> bool:
    return bool(cut.counted) or cut.rows == RECOUNTED


def _catalog(code: str) -> str:
    return f"place_{code}"


def _named(promise: Promise, catalog: str = WHOLE) -> str:
    return f"{catalog}.{quoted(promise.schema)}.{quoted(promise.name)}"


def _one(con: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, Any] | None = None) -> int:
    return int(con.execute(sql, dict(values or {})).fetchall()[0][0])
