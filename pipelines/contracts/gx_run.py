"""Runs suites of expectations with Great Expectations on an in-memory DuckDB.

A suite is a list of `Expected` over one relation (a view over Parquet). What is expected of a
batch or a table stands in `gx_batches` and `gx_tables`. Results hold counts, never values.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

import duckdb

from pipelines.contracts.later import imported_later

LOGGER = logging.getLogger("jiuzhulian.expectations")
BATCH = "batch_"
CONDITION = "__condition_"
#: a batch of at most so many rows is held in memory while its checks run
HELD_ROWS = 1_000_000
RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}
#: Great Expectations' name of each kind
KINDS = {
    "filled": "expect_column_values_to_not_be_null",
    "unique": "expect_column_values_to_be_unique",
    "unique_together": "expect_compound_columns_to_be_unique",
    "in_set": "expect_column_values_to_be_in_set",
    "between": "expect_column_values_to_be_between",
    "row_count": "expect_table_row_count_to_be_between",
    "condition": "expect_rows_to_satisfy",
}


@dataclass(frozen=True)
class Expected:
    """One thing expected of a relation. ``name`` is unique in its suite.

    kind ``condition``: ``sql`` is true (NULL: does not apply) in at least ``mostly`` of the rows.
    ``values``: the set of ``in_set``, or the (lowest, highest) of ``between`` and ``row_count``.
    """

    name: str
    kind: str
    columns: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()
    sql: str | None = None
    mostly: float = 1.0
    blocking: bool = False
    zh: str = ""
    en: str = ""

    @property
    def expectation(self) -> str:
        named = KINDS[self.kind]
        return f"{named}:{self.name}" if self.kind == "condition" else named


@dataclass(frozen=True)
class Suite:
    """What is expected of one relation: ``sql`` gives its rows.

    ``basis`` is equal where the same is expected of the same rows; empty where that is not known.
    """

    name: str
    sql: str
    expected: tuple[Expected, ...]
    basis: str = ""


@dataclass(frozen=True)
class ExpectationResult:
    """What became of one expectation; ``errored``: it could not be evaluated, a failure."""

    suite: str
    name: str
    expectation: str
    column_name: str | None
    success: bool
    unexpected_count: int | None
    element_count: int | None
    blocking: bool
    errored: bool = False
    zh: str = field(default="", compare=False)
    en: str = field(default="", compare=False)
    basis: str = field(default="", compare=False)

    @property
    def check_id(self) -> str:
        return f"{self.suite}:{self.name}"


#: the results of a suite by its basis, None where they are not known
Held = Callable[[str], Sequence[ExpectationResult] | None]


def run_suites(
    con: duckdb.DuckDBPyConnection,
    suites: Iterable[Suite],
    held: Held | None = None,
) -> list[ExpectationResult]:
    """Evaluate the suites on the database of ``con``; results in the order of the suites.

    ``held``: the results of a basis that are known from earlier, which are taken over.
    """
    source = None
    results: list[ExpectationResult] = []
    for number, suite in enumerate(suite for suite in suites if suite.expected):
        found = held(suite.basis) if held and suite.basis else None
        if found is None:
            source = source or _data_source(con)
            found = _run(con, source, number, suite)
        results.extend(replace(result, basis=suite.basis) for result in found)
    return results


def _data_source(con: duckdb.DuckDBPyConnection) -> Any:
    """An ephemeral context's data source: no files, no progress bars, nothing sent anywhere."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with imported_later("altair", "scipy.stats", without=["pyspark"]):
            import great_expectations as gx
        from great_expectations.data_context.types.base import (
            DataContextConfig,
            InMemoryStoreBackendDefaults,
            ProgressBarsConfig,
        )

        from pipelines.contracts.gx_dialect import URL, engine_arguments
        from pipelines.contracts.gx_kept import without_store

        logging.getLogger("great_expectations").setLevel(logging.ERROR)
        context = without_store(gx.get_context(
            mode="ephemeral",
            project_config=DataContextConfig(
                store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
                analytics_enabled=False,
                progress_bars=ProgressBarsConfig(globally=False),
            ),
        ))  # fmt: skip
        sources: Any = context.data_sources
        return sources.add_sql(
            "lake", connection_string=URL, create_temp_table=False, kwargs=engine_arguments(con)
        )


def _run(
    con: duckdb.DuckDBPyConnection, source: Any, number: int, suite: Suite
) -> list[ExpectationResult]:
    import great_expectations as gx

    from pipelines.contracts.gx_kept import worked_out_once

    view = f"{BATCH}{number}"
    conditions = {i: e.sql or "" for i, e in enumerate(suite.expected) if e.kind == "condition"}
    if not _viewed(con, view, suite.sql, conditions):
        sound = {i: sql for i, sql in conditions.items() if _viewed(con, view, suite.sql, {i: sql})}
        if not _viewed(con, view, suite.sql, sound):
            LOGGER.error("suite %s cannot be evaluated", suite.name)
            return [_errored(suite, expected) for expected in suite.expected]
    held = _held(con, view, suite)
    # all at once: added one by one, each would be compared with every other
    made = gx.ExpectationSuite(
        name=suite.name,
        expectations=[_made(expected, i) for i, expected in enumerate(suite.expected)],
    )
    asset = source.add_table_asset(view, table_name=view)
    with warnings.catch_warnings(), worked_out_once():
        warnings.simplefilter("ignore")
        batch = asset.add_batch_definition_whole_table("all").get_batch()
        validated = batch.validate(made, result_format=RESULT_FORMAT)
    found = {result.expectation_config.meta["number"]: result for result in validated.results}
    rows = _row_count(con, view)
    if held:
        con.execute(f"DROP TABLE {view}")
    return [_result(suite, e, found.get(i), rows) for i, e in enumerate(suite.expected)]


def _held(con: duckdb.DuckDBPyConnection, view: str, suite: Suite) -> bool:
    """Keep what is looked at of a batch that is not large as a table of the view's name: else each
    of its checks reads the files and works out every condition anew. False where it stays a view.
    """
    rows = _row_count(con, f"({suite.sql}) AS batch")
    if rows is None or rows > HELD_ROWS:
        return False
    there = [str(name) for name, *_ in con.execute(f"DESCRIBE {view}").fetchall()]
    asked = {column for one in suite.expected for column in one.columns}
    wanted = [name for name in there if name in asked or name.startswith(CONDITION)] or there[:1]
    listed = ", ".join(quoted(name) for name in wanted)
    try:
        con.execute(f"CREATE OR REPLACE TABLE {view}_held AS SELECT {listed} FROM {view}")
    except duckdb.Error:  # a condition that cannot be evaluated must not take the others along
        return False
    con.execute(f"DROP VIEW {view}")
    con.execute(f"ALTER TABLE {view}_held RENAME TO {view}")
    return True


def _viewed(
    con: duckdb.DuckDBPyConnection, view: str, sql: str, conditions: Mapping[int, str]
) -> bool:
    """Make the batch's view, a column per condition; False if one cannot be bound."""
    columns = [f"({condition}) AS {CONDITION}{i}" for i, condition in conditions.items()]
    listed = ", ".join(["batch.*", *columns])
    try:
        con.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT {listed} FROM ({sql}) AS batch")
    except duckdb.Error:
        return False
    return True


def quoted(name: str) -> str:
    """An identifier in a condition."""
    return '"' + name.replace('"', '""') + '"'


def all_filled(columns: Iterable[str]) -> str:
    """The condition that none of the columns is missing."""
    return " AND ".join(f"{quoted(column)} IS NOT NULL" for column in columns)


def literal(value: str) -> str:
    """A text in a condition."""
    return "'" + value.replace("'", "''") + "'"


def _made(expected: Expected, number: int) -> Any:
    """The Great Expectations object; its number in ``meta`` is how its result is found again."""
    gxe: Any = import_module("great_expectations.expectations")

    meta = {"number": number}
    column = expected.columns[0] if expected.columns else ""
    match expected.kind:
        case "filled":
            return gxe.ExpectColumnValuesToNotBeNull(
                column=column, mostly=expected.mostly, meta=meta
            )
        case "unique":
            return gxe.ExpectColumnValuesToBeUnique(column=column, meta=meta)
        case "unique_together":
            return gxe.ExpectCompoundColumnsToBeUnique(
                column_list=list(expected.columns), meta=meta
            )
        case "in_set":
            return gxe.ExpectColumnValuesToBeInSet(
                column=column, value_set=list(expected.values), mostly=expected.mostly, meta=meta
            )
        case "between":
            low, high = expected.values
            return gxe.ExpectColumnValuesToBeBetween(
                column=column, min_value=low, max_value=high, mostly=expected.mostly, meta=meta
            )
        case "row_count":
            low, high = expected.values
            return gxe.ExpectTableRowCountToBeBetween(min_value=low, max_value=high, meta=meta)
        case "condition":
            return gxe.ExpectColumnValuesToBeInSet(
                column=f"{CONDITION}{number}", value_set=[True], mostly=expected.mostly, meta=meta
            )
    raise ValueError(f"no kind of expectation is called {expected.kind}")


def _row_count(con: duckdb.DuckDBPyConnection, relation: str) -> int | None:
    try:
        return int(con.cursor().execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0])
    except duckdb.Error:
        return None


def _result(suite: Suite, expected: Expected, result: Any, rows: int | None) -> ExpectationResult:
    if result is None or _raised(result.exception_info):
        LOGGER.error("%s:%s could not be evaluated", suite.name, expected.name)
        return _errored(suite, expected)
    counts: Mapping[str, Any] = result.result or {}
    unexpected, elements = counts.get("unexpected_count"), counts.get("element_count")
    if expected.kind == "row_count":
        elements = counts.get("observed_value")
    elif rows == 0:
        unexpected, elements = 0, 0
    elif unexpected is None or elements is None:
        return _errored(suite, expected)
    success = bool(result.success) or (expected.kind != "row_count" and rows == 0)
    return ExpectationResult(
        suite.name, expected.name, expected.expectation, _column(expected.columns), success,
        None if unexpected is None else int(unexpected),
        None if elements is None else int(elements),
        expected.blocking, False, expected.zh, expected.en,
    )  # fmt: skip


def _raised(info: Any) -> bool:
    """Whether an expectation or a metric that it rests on raised; the two shapes GX knows."""
    if not info:
        return False
    if "raised_exception" in info:
        return bool(info["raised_exception"])
    return any(_raised(part) for part in info.values() if isinstance(part, Mapping))


def _errored(suite: Suite, expected: Expected) -> ExpectationResult:
    return ExpectationResult(
        suite.name, expected.name, expected.expectation, _column(expected.columns), False,
        None, None, expected.blocking, True, expected.zh, expected.en,
    )  # fmt: skip


def _column(columns: Sequence[str]) -> str | None:
    return ", ".join(columns) or None
