"""What of a night is made on a cluster, and how the cluster comes to know the lake.

DuckDB binds and casts every statement before, and checks every result after, as for its own
tables; so a table says the same, fingerprint included, whichever engine made it.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlglot import exp

from pipelines.contracts.promises import PromisedColumn
from pipelines.engine.sql import parameters, parsed, quoted, tables_read
from pipelines.lake.closed import keep_closed
from pipelines.lake.correction import corrected, in_force
from pipelines.lake.pointer import Pointer
from pipelines.spark_settings import Spark

if TYPE_CHECKING:
    from pipelines.engine.spark.engine import SparkEngine
    from pipelines.engine.spark.pairs import Comparison
    from pipelines.lake.night import Night

RAW = "intake.raw_"
T = TypeVar("T")
R = TypeVar("R")


class Cluster:
    """The cluster of one night; without settings it takes nothing. It starts when first needed."""

    def __init__(self, settings: Spark | None) -> None:
        self.settings = settings
        self._engine: SparkEngine | None = None
        #: what each name stood for when the cluster was told of it
        self._known: dict[str, Hashable] = {}

    def close(self) -> None:
        """End the session, if one was started."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def takes(self, night: Night, sql: str) -> bool:
        """Whether a statement reads so many rows that the cluster makes its table."""
        if self.settings is None:
            return False
        return rows_read(night, sql) >= self.settings.from_rows and not _local(sql)

    def files(
        self, night: Night, table: str, sql: str, values: Mapping[str, Any]
    ) -> tuple[list[Path], dict[str, int]]:
        """Make a table's files, in their place in the lake, and say what it cost."""
        folder = night.temp / f"made-{secrets.token_hex(4)}"
        work = self.folder(night, sql, folder, values)
        made = []
        for file in sorted(folder.glob("*.parquet")):
            made.append(night.new_file(table))
            shutil.move(file, made[-1])
        shutil.rmtree(folder)
        return made, work

    def folder(
        self, night: Night, sql: str, folder: Path, values: Mapping[str, Any],
        part: str | None = None,
    ) -> dict[str, int]:  # fmt: skip
        """Write a statement's rows below a new folder, which all machines of the cluster see."""
        engine = self._reading(night, sql)
        bound = {name: values[name] for name in parameters(sql)}
        return engine.write(sql, folder, bound, part)

    def pairs(self, night: Night, asked: Comparison, folder: Path) -> dict[str, int]:
        """Write the pairs that a comparison finds below a new folder, and say what it cost."""
        from pipelines.engine.spark import pairs

        return pairs.write(self._reading(night, *asked.statements.values()), asked, folder)

    def _reading(self, night: Night, *statements: str) -> SparkEngine:
        """The engine, which knows all tables that these statements read."""
        engine = self._started(night)
        for sql in statements:
            for name in tables_read(sql):
                self._know(night, engine, name)
        return engine

    def takes_files(self, size: int) -> bool:
        """Whether files of ``size`` bytes altogether are worth a job of the cluster."""
        return self.settings is not None and size >= self.settings.land_from_megabytes << 20

    def each(
        self, night: Night, work: Callable[[T], R], items: Sequence[T]
    ) -> tuple[list[R | None], list[dict[str, int]]]:
        """What Python work made of each item on the cluster's machines, and what each cost.

        The work must be importable there. None for an item that is left to this process.
        """
        return self._started(night).each(Closed(work), items)

    def _started(self, night: Night) -> SparkEngine:
        if self._engine is None:
            from pipelines.engine.spark.engine import SparkEngine  # seconds; an extra brings it

            assert self.settings is not None
            self._engine = SparkEngine(self.settings, night.temp)
        return self._engine

    def _know(self, night: Night, engine: SparkEngine, name: str) -> None:
        sql = night.statement(name)
        if sql is not None:
            for read in tables_read(sql):
                self._know(night, engine, read)
            engine.view(name, sql)
        elif name.startswith(RAW):
            self._know_raw(night, engine, name)
        else:
            pointer, columns, _ = night.readable(name)
            held = (pointer.base_files(), pointer.patch) if pointer else None
            if self._new(name, (held, columns)):
                _view(night, engine, name, pointer, columns)

    def _know_raw(self, night: Night, engine: SparkEngine, name: str) -> None:
        dataset = "/".join(name.removeprefix(RAW).split("__", 1))
        paths = sorted({path for _, path in night.landed(dataset)})
        columns = night.promise(name).columns
        made = in_force(night.corrections, dataset)
        if not self._new(name, (*paths, *(one.correction_id for one in made))):
            return
        landed = f"landed.{name.removeprefix('intake.')}" if made else name
        engine.view_parquet(landed, paths, columns)
        if made:
            engine.view(name, corrected(landed, columns, made))

    def _new(self, name: str, stands_for: Hashable) -> bool:
        if name in self._known and self._known[name] == stands_for:
            return False
        self._known[name] = stands_for
        return True


@dataclass(frozen=True)
class Closed(Generic[T, R]):
    """Work that leaves nothing on its machine that others could read."""

    work: Callable[[T], R]

    def __call__(self, item: T) -> R:
        keep_closed()
        return self.work(item)


@dataclass(frozen=True)
class Machines:
    """The machines of a night's cluster, for a room that knows of no cluster."""

    night: Night

    def take(self, size: int) -> bool:
        """Whether they are to work on files of ``size`` bytes altogether."""
        return self.night.cluster.takes_files(size)

    def each(
        self, work: Callable[[T], R], items: Sequence[T]
    ) -> tuple[list[R | None], list[dict[str, int]]]:
        """What the work made of each item, and what each cost; None where it could not."""
        return self.night.cluster.each(self.night, work, items)


def _view(
    night: Night,
    engine: SparkEngine,
    name: str,
    pointer: Pointer | None,
    columns: tuple[PromisedColumn, ...],
) -> None:
    lake = night.home.lake
    base = [lake / file for file in pointer.base_files()] if pointer else []
    if pointer is None or pointer.patch is None:
        engine.view_parquet(name, base, columns)
        return
    held, gone, added = (f"{part}_{name}" for part in ("held", "gone", "added"))
    engine.view_parquet(held, base, columns)
    engine.view_parquet(gone, [lake / pointer.patch.gone], columns)
    engine.view_parquet(added, [lake / pointer.patch.added], columns)
    listed = ", ".join(quoted(column.name) for column in columns)
    key = ", ".join(quoted(column) for column in pointer.patch.key)
    engine.view(
        name,
        f"SELECT {listed} FROM {held} AS held ANTI JOIN {gone} AS gone USING ({key}) "
        f"UNION ALL SELECT {listed} FROM {added} AS added",
    )


def rows_read(night: Night, sql: str) -> int:
    """How many rows the tables that a statement reads have altogether."""
    return sum(_rows(night, name) for name in tables_read(sql))


def _rows(night: Night, name: str) -> int:
    """How many rows a table has, before corrections and the like."""
    sql = night.statement(name)
    if sql is not None:
        return rows_read(night, sql)
    if name.startswith(RAW):
        landed = night.landed("/".join(name.removeprefix(RAW).split("__", 1)))
        return sum(receipt.rows_landed or 0 for receipt, _ in landed)
    pointer = night.pointer(name)
    return pointer.rows if pointer else 0


def _local(sql: str) -> bool:
    """Whether the statement reads a frame that only this process holds."""
    tree = parsed(sql)
    named = {cte.alias for cte in tree.find_all(exp.CTE)}
    return any(not table.db and table.name not in named for table in tree.find_all(exp.Table))
