"""Validation of what landed in a night and of what is to be published, by Great Expectations.

Suites are generated from contracts (`gx_batches`) and promises (`gx_tables`); results are counts.
Importing Great Expectations takes seconds, so it happens inside `gx_run`, when a suite is run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import duckdb

from pipelines.contracts.codes import load_codes
from pipelines.contracts.gx_batches import expected_of_batch, expected_volume
from pipelines.contracts.gx_before import Before, Register, before, expected_rows, references
from pipelines.contracts.gx_run import (
    ExpectationResult,
    Expected,
    Held,
    Suite,
    quoted,
    run_suites,
)
from pipelines.contracts.gx_tables import expected_of_table, load_table_checks
from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Contract
from pipelines.contracts.promises import OF_THE_RUN, Promise
from pipelines.scratch import scratch

__all__ = ["ExpectationResult", "Validated", "batch_suites", "table_suites", "validate_batches",
           "validate_tables"]  # fmt: skip


class Validated(Protocol):
    """What validation asks of a night (`pipelines.lake.night.Night`)."""

    as_of: date
    home: Any
    settings: Any
    temp: Path

    @property
    def receipts(self) -> Sequence[Any]: ...
    @property
    def previous_manifest(self) -> Any: ...
    def landed(self, dataset: str, *, repeated: bool = False) -> Sequence[tuple[Any, Path]]: ...
    def promise(self, table: str) -> Promise: ...
    def pointer(self, table: str) -> Any: ...


def validate_batches(
    night: Validated, datasets: Iterable[str] | None = None, held: Held | None = None
) -> list[ExpectationResult]:
    """Check the rows that landed in this night, one suite per dataset ("source/dataset").

    A batch is what was received in the night, whichever of its runs took it in, so that a night
    that is run again says the same.
    """
    suites = list(batch_suites(night, datasets))
    with scratch(night.temp, night.settings.memory_limit) as con:
        return run_suites(con, suites, held)


def validate_tables(
    night: Validated, tables: Iterable[str], held: Held | None = None
) -> list[ExpectationResult]:
    """Check tables of the night ("schema.table") against their promises and ``checks.yml``.

    ``held``: results that are known already, by basis (here and in `validate_batches`).
    """
    with scratch(night.temp, night.settings.memory_limit) as con:
        return run_suites(con, table_suites(night, tables, con), held)


def batch_suites(night: Validated, datasets: Iterable[str] | None = None) -> Iterator[Suite]:
    """The suites of what landed in the night; empty where nothing did."""
    contracts = load_contracts(night.settings.schemas)
    codes = load_codes(night.settings.schemas)
    wanted = sorted(contracts) if datasets is None else sorted(set(datasets))
    for name in wanted:
        contract = contracts[name]
        landed = night.landed(name)
        tonight = [(r, path) for r, path in landed if r.received_night == night.as_of]
        if not tonight:
            continue
        rows = sum(receipt.rows_landed or 0 for receipt, _ in tonight)
        held = _before(night, contract, contracts, tonight)
        paths = [path for _, path in tonight]
        expected = expected_of_batch(contract, codes, rows, held)
        yield _of_files(night, f"landed.{name}", paths, expected)
        whole = [(r, path) for r, path in tonight if not r.corrects]
        if whole:
            yield from _volume(night, contract, whole, _whole(night, name), held)


def _whole(night: Validated, dataset: str) -> list[tuple[Any, Path]]:
    """What was delivered, without corrections: those hold a few rows of what they correct."""
    landed = night.landed(dataset, repeated=True)
    return [(receipt, path) for receipt, path in landed if not receipt.corrects]


def _before(
    night: Validated,
    contract: Contract,
    contracts: Mapping[str, Contract],
    tonight: Sequence[tuple[Any, Path]],
) -> Before:
    """Earlier deliveries of a dataset, and the registers that it refers to, if they have come."""
    repeated = _whole(night, contract.name)
    earlier = [(r, path) for r, path in repeated if r.received_night < night.as_of]
    newest = max(receipt.extract_date for receipt, _ in tonight)
    totals = {day: rows for day, rows in _rows_by_extract(repeated).items() if day < newest}
    registers = []
    for column, dataset, key in references(contract, contracts):
        paths = tuple(sorted({path for _, path in night.landed(dataset)}))
        if paths:
            registers.append(Register(column, dataset, key, paths))
    return before(contract, earlier, totals, newest, registers)


def _volume(
    night: Validated,
    contract: Contract,
    tonight: Sequence[tuple[Any, Path]],
    landed: Sequence[tuple[Any, Path]],
    held: Before,
) -> Iterator[Suite]:
    """The newest extract of the night against those before it.

    Where a snapshot comes scope by scope, room standard compares the scopes; here would be noise.
    """
    newest = max(receipt.extract_date for receipt, _ in tonight)
    paths = [path for receipt, path in tonight if receipt.extract_date == newest]
    expected: Expected | None = None
    if contract.mode != "snapshot":
        expected = expected_rows(held)
    elif not contract.scope.columns and contract.scope.through is None:
        totals = _rows_by_extract(landed)
        if earlier := [day for day in totals if day < newest]:
            expected = expected_volume(contract.believable, totals[max(earlier)])
    if expected is not None:
        yield _of_files(night, f"extract.{contract.name}", paths, (expected,))


def _rows_by_extract(landed: Sequence[tuple[Any, Path]]) -> dict[date, int]:
    """Rows of each extract date; what came in on a later night replaces what came before."""
    of_delivery = {r.delivery_id: r.rows_landed for r, _ in landed if r.rows_landed}
    totals: dict[tuple[date, date], int] = {}
    for receipt, _ in landed:
        key = (receipt.extract_date, receipt.received_night)
        totals[key] = totals.get(key, 0) + of_delivery.get(receipt.delivery_id, 0)
    return {extract_date: totals[extract_date, night] for extract_date, night in sorted(totals)}


def table_suites(
    night: Validated, tables: Iterable[str], con: duckdb.DuckDBPyConnection
) -> list[Suite]:
    """The suites of tables; every table is a view of ``con`` by its name afterwards."""
    names = sorted(set(tables))
    checks = load_table_checks(night.settings.schemas)
    for name in names:
        promise, pointer = night.promise(name), night.pointer(name)
        stored = pointer is not None and pointer.base_files()
        columns = [quoted(column) for column in pointer.columns] if stored else []
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(promise.schema)}")
        con.execute(
            f"CREATE VIEW {quoted(promise.schema)}.{quoted(promise.name)} AS "
            + (pointer.select(night.home.lake, columns) if stored else _nothing(promise))
        )
    manifest = night.previous_manifest
    before: Mapping[str, Any] = manifest.tables if manifest else {}
    contents = {name: pointer.content if (pointer := night.pointer(name)) else "" for name in names}
    suites = []
    for name in names:
        expected = expected_of_table(
            night.promise(name), checks, frozenset(names),
            before[name].rows if name in before else None,
            counts_accepted=night.settings.accept_row_counts == night.as_of,
        )  # fmt: skip
        conditions = " ".join(one.sql or "" for one in expected)
        read = [name, *(table for table in names if table in conditions)]
        basis = _basis([(table, contents[table]) for table in read], expected)
        if any(OF_THE_RUN & set(night.promise(table).column_names) for table in read):
            basis = ""  # what it holds differs from run to run, though it says the same
        suites.append(Suite(name, f"SELECT * FROM {name}", expected, basis))
    return suites


def _of_files(
    night: Validated, name: str, paths: Iterable[Path], expected: tuple[Expected, ...]
) -> Suite:
    """A suite over landed files, which never change; its basis is the same wherever HOME lies."""
    sql, lake = _read(paths), str(night.home.lake)
    placed = [replace(one, sql=one.sql and one.sql.replace(lake, "")) for one in expected]
    return Suite(name, sql, expected, _basis(sql.replace(lake, ""), placed))


def _basis(rows: object, expected: Iterable[Expected]) -> str:
    """A digest of what is expected, and of what says which rows are meant."""
    return hashlib.sha256(repr((rows, *expected)).encode()).hexdigest()[:32]


def _read(paths: Iterable[Path]) -> str:
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in sorted(set(paths)))
    return f"SELECT * FROM read_parquet([{listed}], hive_partitioning = false)"


def _nothing(promise: Promise) -> str:
    columns = ", ".join(f"CAST(NULL AS {c.type}) AS {quoted(c.name)}" for c in promise.columns)
    return f"SELECT {columns} LIMIT 0"
