"""Which rows of which table are a place's: schemas/publish/places.yaml.

The list says it for every published table; how a file is cut by it stands in `write`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.contracts.promises import Promise
from pipelines.engine.sql import parameters, read_sql, tables_read
from pipelines.errors import ConfigurationFault
from pipelines.publish.about import COUNTED_FOR_PLACES
from pipelines.publish.audience import allowed_promises

PLACE = "schemas/publish/places.yaml"
ALL, NONE, RECOUNTED = "all", "none", "recounted"
PIPELINES = Path(__file__).parents[2]


@dataclass(frozen=True)
class Cut:
    """How a table is cut: ``by`` columns, each with whether it holds a region code (else an id), or
    ``rows`` (all, none, recounted) with columns that are ``empty`` or ``counted`` anew.
    """

    by: tuple[tuple[str, bool], ...] = ()
    rows: str = ""
    empty: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()


def statement_of(promise: Promise) -> str:
    """The statement that makes a table, from the folder of its room."""
    return read_sql(PIPELINES / promise.room / f"{promise.name}.sql")


def load_cuts(schemas: Path) -> Mapping[str, Cut]:
    """How each published table is cut; raises ConfigurationFault with every fault of the list."""
    found, faults = _read(schemas)
    if faults:
        raise ConfigurationFault(faults)
    return found


def cut_faults(schemas: Path) -> list[str]:
    """What is wrong with the list, and which published tables it does not name."""
    return list(_read(schemas)[1])


@cache
def _read(schemas: Path) -> tuple[Mapping[str, Cut], tuple[str, ...]]:
    path = schemas / "publish" / "places.yaml"
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        return {}, (f"{PLACE}: not readable ({type(error).__name__})",)
    try:
        codes = frozenset(raw["codes"])
        found = {table: _cut(told, codes) for table, told in raw["tables"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        return {}, (f"{PLACE}: {type(error).__name__}: needs codes, and of each table by or rows",)
    try:
        promises = allowed_promises(schemas)
    except ConfigurationFault as fault:
        return {}, tuple(fault.faults)
    faults = [f"{PLACE}: {table}: {fault}" for table, fault in _faults(found, promises)]
    return found, tuple(faults)


def _cut(told: Mapping[str, Any], codes: frozenset[str]) -> Cut:
    if unknown := set(told) - {"by", "rows", "empty", "counted"}:
        raise KeyError(*unknown)
    return Cut(
        tuple((str(column), column in codes) for column in told.get("by", ())),
        str(told.get("rows", "")), tuple(told.get("empty", ())), tuple(told.get("counted", ())),
    )  # fmt: skip


def _faults(found: Mapping[str, Cut], promises: Mapping[str, Promise]) -> Iterator[tuple[str, str]]:
    for table in sorted(set(promises) - set(found)):
        yield table, "is published, and nothing says which of its rows are a place's"
    for table in sorted(set(found) - set(promises)):
        yield table, "is no published table"
    for table in sorted(set(found) & set(promises)):
        yield from ((table, fault) for fault in _of_one(found[table], promises[table], found))


def _of_one(cut: Cut, promise: Promise, found: Mapping[str, Cut]) -> Iterator[str]:
    columns = {column.name: column for column in promise.columns}
    if bool(cut.by) == bool(cut.rows) or cut.rows not in ("", ALL, NONE, RECOUNTED):
        yield f"needs either by, or rows: {ALL}, {NONE} or {RECOUNTED}"
    for name in (*(name for name, _ in cut.by), *cut.empty, *cut.counted):
        if name not in columns:
            yield f"has no column {name}"
    for name, _ in cut.by:
        if name in columns and columns[name].type != "VARCHAR":
            yield f"{name} is no text: neither an id nor a region code"
    if (cut.empty or cut.counted) and cut.rows != ALL:
        yield f"empty and counted go with rows: {ALL}"
    for name in cut.empty:
        if name in columns and (not columns[name].nullable or name in promise.key):
            yield f"{name} may not be empty"
    for name in cut.counted:
        if promise.table != "meta.run" or name not in COUNTED_FOR_PLACES:
            yield f"nothing says how {name} is counted"
    if cut.rows == RECOUNTED:
        yield from _of_a_recount(promise, found)


def _of_a_recount(promise: Promise, found: Mapping[str, Cut]) -> Iterator[str]:
    try:
        sql = statement_of(promise)
    except OSError:
        yield "has no statement to count it anew by"
        return
    if parameters(sql) - {"as_of"}:
        yield "its statement wants more than the night's date"
    for table in tables_read(sql):
        cut = found.get(table)
        if cut is None or cut.rows in (NONE, RECOUNTED):
            yield f"its statement reads {table}, which a place's file does not hold"
