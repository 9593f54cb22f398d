"""Who may open which tables and columns of published/: schemas/publish/audiences.yaml.

A promise says what a table holds, the list says what of it is written for whom; a column that only
one of the two names is a fault, or is left out. Small counts of people by place are left empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.contracts.promises import CLASSES, Promise, PromisedColumn, load_promises
from pipelines.engine.sql import quoted
from pipelines.errors import ConfigurationFault
from pipelines.intake.file_names import file_names

PLACE = "schemas/publish/audiences.yaml"
#: those who open monitoring.duckdb
ANALYST = "analyst"
NEVER = "identifying"
#: the frame (text, shown) that statements of `Audience.rows` look a text up in
SHOWN = "shown_text"
SHOWN_MAP = f"SELECT map(list(text), list(shown)) AS by_text FROM {SHOWN}"


@dataclass(frozen=True)
class SmallCounts:
    """A table of counts by place: which columns count people, which are emptied with them, and
    the rows (equal in ``totals_of``) that add up to a total somebody may know."""

    counts: tuple[str, ...]
    figures: tuple[str, ...]
    totals_of: tuple[str, ...]


@dataclass(frozen=True)
class Audience:
    """Tables and columns that one kind of reader may open."""

    id: str
    title_zh: str
    title_en: str
    classes: frozenset[str]
    tables: Mapping[str, tuple[str, ...]]
    small_counts: Mapping[str, SmallCounts]
    masked: Mapping[str, tuple[str, ...]]

    def allowed(self, promise: Promise) -> Promise | None:
        """The promise with the columns that this audience may open; None where it has none."""
        names = self.tables.get(promise.table)
        if names is None:
            return None
        emptied = self.small_counts.get(promise.table)
        figures = emptied.figures if emptied else ()
        return replace(
            promise,
            columns=tuple(
                replace(column, nullable=True) if column.name in figures else column
                for column in promise.columns if column.name in names
            ),
        )  # fmt: skip

    def rows(self, promise: Promise, source: str, threshold: int) -> str:
        """A statement that gives a table's rows from ``source`` as this audience may see them."""
        masked = self.masked.get(promise.table, ())
        listed = ", ".join(
            _masked(column) if column.name in masked else quoted(column.name)
            for column in promise.columns
        )
        if masked:
            return f"SELECT {listed} FROM {source}, ({SHOWN_MAP}) AS shown"
        rule = self.small_counts.get(promise.table)
        if rule is None:
            return f"SELECT {listed} FROM {source}"
        return _suppressed(promise, rule, source, threshold)

    def texts(self, promise: Promise, source: str) -> str | None:
        """A statement that gives every text of the masked columns of a table; None without any."""
        parts = [
            f"SELECT unnest({quoted(column.name)}) AS text FROM {source}"
            if column.type.endswith("[]") else f"SELECT {quoted(column.name)} AS text FROM {source}"
            for column in promise.columns if column.name in self.masked.get(promise.table, ())
        ]  # fmt: skip
        if not parts:
            return None
        return f"SELECT DISTINCT text FROM ({' UNION ALL '.join(parts)}) WHERE text IS NOT NULL"


def _masked(column: PromisedColumn) -> str:
    name = quoted(column.name)
    if column.type.endswith("[]"):
        return f"list_transform({name}, lambda text: shown.by_text[text]) AS {name}"
    return f"shown.by_text[{name}] AS {name}"


def shown_texts(texts: Iterable[str]) -> dict[str, str]:
    """Each text as it may be shown, in order; two that look the same get a number each."""
    found: dict[str, str] = {}
    used: Counter[str] = Counter()
    for text in sorted(texts):
        shown = file_names().shown(text)
        used[shown] += 1
        found[text] = shown if used[shown] == 1 else f"{shown}（{used[shown]}）"
    return found


def _suppressed(promise: Promise, rule: SmallCounts, source: str, threshold: int) -> str:
    """Empty a row's figures where one of its counts is small, and those of further rows of the
    same total, the smallest first, until two are empty that hide at least ``threshold`` people.
    """
    small = " OR ".join(f"{quoted(c)} BETWEEN 1 AND {threshold - 1}" for c in rule.counts)
    people = f"greatest({', '.join(f'coalesce({quoted(c)}, 0)' for c in rule.counts)})"
    group = ", ".join(quoted(name) for name in rule.totals_of)
    place = ", ".join(quoted(name) for name in promise.key)
    in_turn = f"PARTITION BY {group} ORDER BY is_small DESC, people, {place}"
    listed = ", ".join(
        f"CASE WHEN is_hidden THEN NULL ELSE {quoted(name)} END AS {quoted(name)}"
        if name in rule.figures else quoted(name)
        for name in promise.column_names
    )  # fmt: skip
    return f"""
        WITH marked AS (
            SELECT *, coalesce({small}, false) AS is_small, {people} AS people FROM {source}
        ), in_turn AS (
            SELECT *,
                bool_or(is_small) OVER (PARTITION BY {group}) AS has_small,
                row_number() OVER ({in_turn}) AS turn,
                coalesce(sum(people) OVER (
                    {in_turn} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS hidden_before
            FROM marked
        ), hidden AS (
            SELECT *, is_small OR (has_small AND (turn <= 2 OR hidden_before < {threshold}))
                AS is_hidden
            FROM in_turn
        )
        SELECT {listed} FROM hidden"""


def audience(schemas: Path, name: str = ANALYST) -> Audience:
    """An audience by its id; raises ConfigurationFault with every fault of the list."""
    found, faults = _read(schemas)
    if name not in found and not faults:
        faults = (f"{PLACE}: there is no audience {name}",)
    if faults:
        raise ConfigurationFault(faults)
    return found[name]


def allowed_promises(schemas: Path, name: str = ANALYST) -> dict[str, Promise]:
    """Promises of the published tables as an audience may open them, by table name."""
    reader = audience(schemas, name)
    promises = load_promises(schemas)
    allowed = {
        table: reader.allowed(promise)
        for table, promise in promises.items() if promise.published is True
    }  # fmt: skip
    return {table: promise for table, promise in allowed.items() if promise is not None}


def audience_faults(schemas: Path) -> list[str]:
    """What is wrong with the list, and where it and the promises differ."""
    return list(_read(schemas)[1])


@cache
def _read(schemas: Path) -> tuple[dict[str, Audience], tuple[str, ...]]:
    path = schemas / "publish" / "audiences.yaml"
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        return {}, (f"{PLACE}: not readable ({type(error).__name__})",)
    try:
        small = {
            table: SmallCounts(*(tuple(rule[k]) for k in ("counts", "figures", "totals_of")))
            for table, rule in (raw.get("small_counts") or {}).items()
        }
        found = [
            Audience(
                one["id"], one["title"]["zh"], one["title"]["en"], frozenset(one["classes"]),
                {table: tuple(columns) for table, columns in one["tables"].items()}, small,
                {table: tuple(columns) for table, columns in (raw.get("masked") or {}).items()},
            )
            for one in raw["audiences"]
        ]  # fmt: skip
    except (KeyError, TypeError, AttributeError) as error:
        return {}, (f"{PLACE}: {type(error).__name__}: needs id, title, classes and tables",)
    promises = load_promises(schemas)
    faults = [fault for one in found for fault in _faults(one, promises)]
    return {one.id: one for one in found}, tuple(faults)


def _faults(reader: Audience, promises: Mapping[str, Promise]) -> Iterator[str]:
    place = f"{PLACE}: {reader.id}"
    if NEVER in reader.classes or reader.classes - CLASSES:
        yield f"{place}: classes are some of {', '.join(sorted(CLASSES - {NEVER}))}"
    for table, names in reader.tables.items():
        promise = promises.get(table)
        if promise is None or promise.published is not True:
            yield f"{place}: {table} is no published table"
            continue
        classes: dict[str, Any] = {c.name: c.class_ for c in promise.columns}
        for name in names:
            if name not in classes:
                yield f"{place}: {table} promises no column {name}"
            elif classes[name] not in reader.classes:
                yield f"{place}: {table}.{name} is {classes[name]}, which this audience may not see"
        yield from (
            f"{place}: {table}.{name} is of its key and cannot be left out"
            for name in promise.key if name not in names
        )  # fmt: skip
    for table, names in reader.masked.items():
        if set(names) - set(promises[table].column_names if table in promises else ()):
            yield f"{PLACE}: masked: {table} does not promise all of these columns"
    for table, rule in reader.small_counts.items():
        known = promises[table].column_names if table in promises else ()
        given = {*rule.counts, *rule.figures, *rule.totals_of}
        yield from (
            f"{PLACE}: small_counts: {table} promises no column {name}"
            for name in sorted(given - set(known))
        )  # fmt: skip


def left_out(schemas: Path, name: str = ANALYST) -> list[str]:
    """Columns that are promised to be published and that the list does not let out."""
    reader = audience(schemas, name)
    return [
        f"{table}.{column}"
        for table, promise in sorted(load_promises(schemas).items()) if promise.published is True
        for column in promise.column_names if column not in reader.tables.get(table, ())
    ]  # fmt: skip
