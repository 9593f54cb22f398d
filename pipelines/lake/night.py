"""A night: the unit of state. Makes tables for one as-of date; how they are read is in `reading`.

A table is made from SQL or a frame, cast to its promise (names, order, types), checked for its
key, written to Parquet once and pointed at. What a table means does not belong here.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.promises import Promise
from pipelines.engine.sql import parameters, read_sql, tables_read
from pipelines.errors import JiuzhulianError
from pipelines.lake import enforce, fingerprint, partitions
from pipelines.lake.cluster import Cluster
from pipelines.lake.durable import sync_all, whole
from pipelines.lake.pointer import Pointer, write_json
from pipelines.lake.reading import PREVIOUS, NightReading

PIPELINES = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Built:
    """A table that a night now has."""

    table: str
    rows: int
    seconds: float
    reused: bool
    columns: tuple[str, ...] = ()
    #: what it cost on a cluster, by the names of `engine.spark.stages`; empty where DuckDB made it
    work: Mapping[str, int] = field(default_factory=dict)


class Night(NightReading):
    """One as-of date of one HOME, with an engine in which its tables can be queried and made."""

    @cached_property
    def cluster(self) -> Cluster:
        """What makes large tables, where the settings name it; it starts when first needed."""
        return Cluster(self.settings.spark if self.settings.engine == "spark" else None)

    def close(self) -> None:
        """Close the engines and wipe what they spilled."""
        self.cluster.close()
        super().close()

    def point(self, pointer: Pointer) -> None:
        """Let a table of this night be what the pointer says."""
        write_json(self.folder / f"{pointer.table}.json", pointer.as_json())
        self._known.discard(pointer.table)

    def build(self, table: str, params: Mapping[str, Any] | None = None) -> Built:
        """Make a table from ``pipelines/<room>/<name>.sql``; room as its promise says."""
        promise = self.promise(table)
        return self.build_query(table, read_sql(PIPELINES / promise.room / f"{promise.name}.sql"),
                                params)  # fmt: skip

    def build_query(
        self,
        table: str,
        sql: str,
        params: Mapping[str, Any] | None = None,
        made_from: str = "",
    ) -> Built:
        """Make a table from a statement; taken over where nothing it rests on has changed."""
        started = time.monotonic()
        values = self._values(params)
        recipe = self._recipe(table, sql, values)
        if (taken := self._taken_over(table, recipe)) is not None:
            return self.built(taken, started, reused=True)
        return self.write_query(table, sql, recipe, made_from, values)

    def write_query(
        self,
        table: str,
        sql: str,
        recipe: str,
        made_from: str = "",
        values: Mapping[str, Any] | None = None,
    ) -> Built:
        """Make a table from a statement, whatever it was before."""
        started = time.monotonic()
        values = self._values(values)
        self.prepare(sql)
        promise = self.promise(table)
        enforced = enforce.statement(promise, sql, self.engine.described(sql, values))
        if self.cluster.takes(self, sql):
            files, work = self.cluster.files(self, table, enforced, values)
        else:
            files, work = [self.new_file(table)], {}
            self.engine.copy(enforced, files[0], values, wanted=parameters(sql))
        return self.built(self.finish(promise, recipe, files, made_from), started, work=work)

    def write(
        self,
        table: str,
        data: pl.DataFrame | Any,
        recipe: str | None = None,
        made_from: str = "",
        work: Mapping[str, int] | None = None,
    ) -> Built:
        """Make a table from a frame or an Arrow table; ``work``: what its rows cost a cluster."""
        started = time.monotonic()
        promise = self.promise(table)
        name = "written_" + table.replace(".", "_")
        path = self.new_file(table)
        self.engine.register(name, data)
        try:
            sql = f"SELECT * FROM {name}"
            self.engine.copy(enforce.statement(promise, sql, self.engine.described(sql)), path)
        finally:
            self.engine.unregister(name)
        pointer = self.finish(promise, recipe or f"run:{self.run_id}", [path], made_from)
        return self.built(pointer, started, work=work)

    def made_from(
        self,
        table: str,
        reads: Sequence[str],
        values: Mapping[str, Any] | None = None,
        *,
        before: bool = False,
    ) -> str:
        """What a table is made from tonight (``before``: would have been made from the night
        before, by the code, promise and values of today)."""
        prefix = PREVIOUS if before else ""
        return fingerprint.of(
            fingerprint.code(PIPELINES / self.promise(table).room),
            [str(column) for column in self.promise(table).columns],
            sorted((values or {}).items(), key=lambda item: item[0]),
            [(name, self.content(prefix + name)) for name in sorted(reads)],
        )

    def may_patch(
        self, table: str, reads: Sequence[str], values: Mapping[str, Any] | None = None
    ) -> bool:
        """Whether the night before has the table, made in today's way from that night's tables."""
        pointer = self.pointer(PREVIOUS + table)
        return (
            not self.rebuild
            and pointer is not None
            and pointer.columns == self.promise(table).column_names
            and not pointer.partitions
            and pointer.made_from == self.made_from(table, reads, values, before=True)
        )

    def reuse(
        self, table: str, reads: Sequence[str], values: Mapping[str, Any] | None = None
    ) -> tuple[Built | None, str]:
        """For a table made in Python: take it over if ``reads`` and ``values`` are unchanged.

        Returns (what was taken over or None, the recipe to hand to ``write``).
        """
        started = time.monotonic()
        recipe = fingerprint.of(
            fingerprint.code(PIPELINES / self.promise(table).room),
            [str(column) for column in self.promise(table).columns],
            sorted((values or {}).items(), key=lambda item: item[0]),
            [(name, self.content(name)) for name in sorted(reads)],
        )
        taken = self._taken_over(table, recipe)
        return (self.built(taken, started, reused=True) if taken else None), recipe

    def build_partitions(
        self,
        table: str,
        sql: str,
        column: str,
        only: Sequence[str] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Built:
        """Make a table whose files are one per value of ``column`` (as text).

        With ``only``, ``sql`` gives the rows of those partitions and all others are taken over
        from the night before; without, the table consists of what ``sql`` gives.
        """
        started = time.monotonic()
        promise = self.promise(table)
        values = self._values(params)
        self.prepare(sql)
        before = self.pointer(PREVIOUS + table) if only is not None else None
        if only is not None and before is None:
            raise JiuzhulianError(f"{table}: no night before to take partitions over from")
        folder = self.temp / f"partitions-{secrets.token_hex(4)}"
        enforced = enforce.statement(promise, sql, self.engine.described(sql, values))
        parted, work = partitions.parted(enforced, column), {}
        if self.cluster.takes(self, sql):
            work = self.cluster.folder(self, parted, folder, values, part=partitions.PART)
        else:
            self.engine.copy(
                parted, folder, values, wanted=parameters(sql), options=partitions.OPTIONS
            )
        kept = dict(before.partitions) if before else {}
        for part in only or ():
            kept.pop(part, None)
        kept.update(
            partitions.taken_in(
                self.engine, promise, folder, self.home.lake, lambda p: self.new_file(table, p)
            )
        )
        content = fingerprint.of(sorted((part, p.content) for part, p in kept.items()))
        pointer = Pointer(
            table, sum(p.rows for p in kept.values()), f"run:{self.run_id}", content,
            promise.column_names, partitions=kept,
        )  # fmt: skip
        self.point(pointer)
        return self.built(pointer, started, work=work)

    def new_file(self, table: str, part: str | None = None) -> Path:
        """Where a file of a table may be written."""
        schema, name = table.split(".", 1)
        folder = self.home.tables / schema / name
        folder = folder / part if part else folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder / f"{self.run_id}-{secrets.token_hex(3)}.parquet"

    def finish(
        self, promise: Promise, recipe: str, files: list[Path], made_from: str = ""
    ) -> Pointer:
        """Check what was written, and point at it."""
        sync_all(files)
        rows, content = enforce.checked(self.engine, promise, files)
        pointer = Pointer(
            promise.table, rows, recipe, content, promise.column_names,
            files=tuple(str(file.relative_to(self.home.lake)) for file in files),
            made_from=made_from,
        )  # fmt: skip
        self.point(pointer)
        return pointer

    def _recipe(self, table: str, sql: str, values: Mapping[str, Any]) -> str:
        promise = self.promise(table)
        bound = {name: values[name] for name in parameters(sql)}
        return fingerprint.of(
            sql,
            [str(column) for column in promise.columns],
            sorted(bound.items()),
            [(name, self.content(name)) for name in tables_read(sql)],
        )

    def _taken_over(self, table: str, recipe: str) -> Pointer | None:
        if self.rebuild:
            return None
        for candidate in (self.pointer(table), self.pointer(PREVIOUS + table)):
            if (
                candidate is not None
                and candidate.recipe == recipe
                and all(whole(path) for path in candidate.paths(self.home.lake))
            ):
                pointer = replace(candidate)
                self.point(pointer)
                return pointer
        return None

    def built(
        self,
        pointer: Pointer,
        started: float,
        *,
        reused: bool = False,
        work: Mapping[str, int] | None = None,
    ) -> Built:
        """What to report of a table, `started` seconds of the clock ago."""
        seconds = time.monotonic() - started
        return Built(pointer.table, pointer.rows, seconds, reused, pointer.columns, work or {})
