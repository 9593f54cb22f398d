"""The last look at a file before it is swapped in: it holds what the night has, and no more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.contracts.gx_tables import IDENTIFIER
from pipelines.contracts.promises import OF_THE_RUN, Promise
from pipelines.engine.sql import literal, quoted
from pipelines.errors import NotFound, PublicationHeldBack
from pipelines.lake.night import Night
from pipelines.publish.analysis import views_over
from pipelines.publish.audience import allowed_promises
from pipelines.publish.parquet import Selection


@dataclass(frozen=True)
class Content:
    """What a table of a finished file holds: rows, and a hash that their order does not change.

    Columns that are about the run itself do not count (interface §4, "The same tables").
    """

    rows: int
    hash: str


def audit(
    night: Night,
    promises: Sequence[Promise],
    path: Path,
    *,
    flat: bool,
    known: Collection[str] = (),
) -> dict[str, Content]:
    """What the file at ``path`` holds, by table; raises PublicationHeldBack with everything that
    is wrong with it. ``known``: tables whose texts were looked at when they were written.
    """
    con = duckdb.connect(str(path), read_only=True)
    try:
        tables = [promise.table for promise in promises]
        views = [] if flat else views_over(tables, night.settings.schemas)
        faults = _as_promised(con, [*promises, *views], flat)
        held = {} if faults else _held(con, promises, flat)
        faults += _complete(night, promises, held) if held else []
        if held and not flat:
            written = [promise for promise in promises if promise.table not in known]
            faults += [*_of_this_night(con, night, promises), *_identifiers(con, written)]
    finally:
        con.close()
    faults += _lost_tables(night, promises)
    _stop_at(night, path.name, faults)
    return held


def audit_place(
    night: Night,
    promises: Sequence[Promise],
    path: Path,
    code: str,
    expected: Mapping[str, int],
) -> dict[str, Content]:
    """What the file of a place holds, by table; raises PublicationHeldBack with all that is wrong.

    ``expected``: rows that were meant for it, by table. Its texts were looked at in the whole file.
    """
    with duckdb.connect(str(path), read_only=True) as con:
        tables = [promise.table for promise in promises]
        views = views_over(tables, night.settings.schemas)
        faults = _as_promised(con, [*promises, *views], flat=False)
        held = {} if faults else _held(con, promises, flat=False)
        if held:
            faults += [
                f"{table} has {held[table].rows} rows, {rows} were meant for it"
                for table, rows in sorted(expected.items()) if held[table].rows != rows
            ]  # fmt: skip
            faults += [*_of_this_night(con, night, promises), *_strangers(con, promises, code)]
    _stop_at(night, f"{path.name} of {code}", faults)
    return held


def _strangers(con: duckdb.DuckDBPyConnection, promises: Sequence[Promise], code: str) -> list[str]:
    """Households of another place in the file of this one, and people who live in none of its own
    households and, by their own region, elsewhere.
    """
    columns = {promise.table: promise.column_names for promise in promises}
    if not {"household_id", "region_code"} <= set(columns.get("population.household", ())):
        return []
    faults = []
    households = con.execute(
        "SELECT count(*) FROM population.household WHERE NOT starts_with(region_code, $code)",
        {"code": code},
    ).fetchall()[0][0]
    if households:
        faults.append(f"population.household has {households} households of another place")
    if {"household_id", "region_code"} <= set(columns.get("population.person", ())):
        persons = con.execute(
            "SELECT count(*) FROM population.person AS person WHERE NOT starts_with(region_code, "
            "$code) AND NOT EXISTS (FROM population.household AS household "
            "WHERE household.household_id = person.household_id)",
            {"code": code},
        ).fetchall()[0][0]
        if persons:
            faults.append(f"population.person has {persons} people of another place")
    return faults


def audit_parquet(night: Night, selected: Sequence[Selection], folder: Path) -> None:
    """Raise PublicationHeldBack where the files do not hold the rows and columns they should."""
    faults = []
    with duckdb.connect(":memory:") as con:
        for one in selected:
            table = one.promise.table
            path = str(folder / one.promise.schema / f"{one.promise.name}.parquet")
            named = con.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(path)})").fetchall()
            rows = con.execute(f"SELECT count(*) FROM read_parquet({literal(path)})").fetchall()
            pointer = night.pointer(table)
            if tuple(row[0] for row in named) != one.columns:
                faults.append(f"{table} does not have the columns that were asked for")
            if rows[0][0] != (pointer.rows if pointer else None):
                faults.append(f"{table} has {rows[0][0]} rows, not those of the lake")
    _stop_at(night, folder.name, faults)


def _stop_at(night: Night, name: str, faults: Sequence[str]) -> None:
    if faults:
        raise PublicationHeldBack(
            f"night {night.as_of} is not published, {name} does not pass its audit: "
            + "; ".join(faults)
        )


def _place(promise: Promise, flat: bool) -> tuple[str, str]:
    return ("main" if flat else promise.schema), promise.name


def _source(promise: Promise, flat: bool) -> str:
    return ".".join(quoted(part) for part in _place(promise, flat))


def _as_promised(
    con: duckdb.DuckDBPyConnection, promises: Sequence[Promise], flat: bool
) -> list[str]:
    """Tables and columns are those of the promises, typed and commented, and none identifies."""
    found: dict[tuple[str, str], list[tuple[str, bool, str]]] = {}
    for schema, table, column, comment, type_ in con.execute(
        "SELECT schema_name, table_name, column_name, comment, data_type FROM duckdb_columns() "
        "WHERE NOT internal ORDER BY schema_name, table_name, column_index"
    ).fetchall():
        found.setdefault((schema, table), []).append((column, bool(comment), type_))
    faults = []
    for promise in promises:
        columns = found.pop(_place(promise, flat), [])
        types = {column.name: column.type for column in promise.columns}
        if tuple(name for name, _, _ in columns) != promise.column_names:
            faults.append(f"{promise.table} does not have its promised columns")
        faults += [
            f"{promise.table}.{name} has no comment" for name, told, _ in columns if not told
        ]
        faults += [
            f"{promise.table}.{name} is {type_}, promised is {types[name]}"
            for name, _, type_ in columns
            if "STRUCT" not in type_ and types.get(name, type_) != type_
        ]
        if promise.published is True:
            faults += [
                f"{promise.table}.{column.name} identifies a person"
                for column in promise.columns
                if column.class_ == "identifying"
            ]
    return faults + [f"{schema}.{table} is not promised" for schema, table in sorted(found)]


def _held(
    con: duckdb.DuckDBPyConnection, promises: Sequence[Promise], flat: bool
) -> dict[str, Content]:
    """Rows and content, table by table."""
    found = {}
    for promise in promises:
        columns = [quoted(c) for c in promise.column_names if c not in OF_THE_RUN] or ["1"]
        listed = ", ".join(columns)
        rows, mixed, total = con.execute(
            f"SELECT count(*), coalesce(bit_xor(hash({listed})), 0), "
            f"coalesce(sum(hash({listed}) % 4294967296), 0) FROM {_source(promise, flat)}"
        ).fetchall()[0]
        found[promise.table] = Content(rows, f"{mixed:x}:{int(total):x}")
    return found


def _complete(night: Night, promises: Sequence[Promise], held: dict[str, Content]) -> list[str]:
    """As many rows as in the lake, table by table."""
    faults = []
    for promise in promises:
        pointer = night.pointer(promise.table)
        expected = pointer.rows if pointer else None
        if (rows := held[promise.table].rows) != expected:
            faults.append(f"{promise.table} has {rows} rows where the lake has {expected}")
    return faults


def _of_this_night(
    con: duckdb.DuckDBPyConnection, night: Night, promises: Sequence[Promise]
) -> list[str]:
    """The file says of itself that it is this night."""
    if not any(promise.table == "meta.run" for promise in promises):
        return []
    said = con.execute("SELECT as_of FROM meta.run").fetchall()
    return [] if said == [(night.as_of,)] else ["meta.run does not say that it is this night"]


def _identifiers(con: duckdb.DuckDBPyConnection, promises: Sequence[Promise]) -> list[str]:
    """Tables with a text that reads like an identity number, a phone or a roll number."""
    faults = []
    for promise in promises:
        texts = [
            f"CAST({quoted(column.name)} AS VARCHAR)"
            for column in promise.columns
            if "VARCHAR" in column.type and promise.published is True
        ]
        if not texts:
            continue
        rows = con.execute(
            f"SELECT count(*) FROM {_source(promise, flat=False)} "
            f"WHERE regexp_matches(concat_ws('|', {', '.join(texts)}), {literal(IDENTIFIER)})"
        ).fetchall()[0][0]
        if rows:
            faults.append(f"{promise.table} holds what reads like an identifier in {rows} rows")
    return faults


def _lost_tables(night: Night, promises: Sequence[Promise]) -> list[str]:
    """Tables that the night before published and this one, though still promised, has not."""
    manifest = night.previous_manifest
    present = {promise.table for promise in promises}
    kinds = {promise.published for promise in promises}
    allowed = allowed_promises(night.settings.schemas)
    lost = []
    for name in sorted(manifest.tables if manifest else ()):
        try:
            promised = night.promise(name)
        except NotFound:  # a table that nobody promises any more is not missed
            continue
        if promised.published is True and name not in allowed:
            continue  # nobody may open it any more
        if promised.published is not False and promised.published in kinds and name not in present:
            lost.append(f"{name} was published the night before and is not there")
    return lost
