"""What a night rests on, and how its tables are read: the half of a night that makes nothing.

Tables are known to the engine by their names, as views over immutable Parquet; ``prev_`` asks the
night before. How a table is made stands in `night`.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.promises import Promise, PromisedColumn, load_promises
from pipelines.engine.duck import DuckEngine, listed_columns
from pipelines.engine.sql import quoted, tables_read
from pipelines.errors import NotFound
from pipelines.lake import fingerprint
from pipelines.lake.correction import Correction, corrected, in_force, load_corrections
from pipelines.lake.dispute import Dispute, load_disputes
from pipelines.lake.home import Home
from pipelines.lake.manifest import Manifest, committed_nights, load_manifest
from pipelines.lake.pointer import Pointer
from pipelines.lake.receipt import LANDED, REFUSED, Receipt, load_receipts
from pipelines.settings import Settings

PREVIOUS = "prev_"


class NightReading:
    """One as-of date of one HOME, with an engine in which its tables can be queried."""

    def __init__(
        self,
        home: Home,
        as_of: date,
        settings: Settings,
        *,
        policy_dir: Path | None = None,
        run_id: str | None = None,
        rebuild: bool = False,
        contract_promises: Callable[[str], Promise | None] | None = None,
    ) -> None:
        self.home = home
        self.as_of = as_of
        self.settings = settings
        self.policy_dir = policy_dir or settings.policy
        self.run_id = run_id or f"{as_of:%Y%m%d}-{secrets.token_hex(4)}"
        self.rebuild = rebuild
        self._contract_promises = contract_promises
        self._promises = load_promises(settings.schemas)
        self._views: dict[str, str] = {}
        self._known: set[str] = set()
        #: what `lake.patch` found to differ from the night before, by table
        self.differences: dict[str, tuple[object, object]] = {}
        self.folder = home.nights / as_of.isoformat()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.temp = home.tmp / self.run_id
        self.temp.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.engine = DuckEngine(self.temp, settings.memory_limit, settings.threads)

    def close(self) -> None:
        """Close the engine and wipe what it spilled."""
        self.engine.close()
        shutil.rmtree(self.temp, ignore_errors=True)

    # -- what the night rests on

    @cached_property
    def previous(self) -> date | None:
        """The committed night before this one."""
        earlier = [night for night in committed_nights(self.home) if night < self.as_of]
        return earlier[-1] if earlier else None

    @cached_property
    def previous_manifest(self) -> Manifest | None:
        return load_manifest(self.home, self.previous) if self.previous else None

    @cached_property
    def receipts(self) -> list[Receipt]:
        """Receipts of files whose extract date is not after the as-of date, as received."""
        return [
            receipt
            for receipt in load_receipts(self.home)
            if receipt.extract_date is None or receipt.extract_date <= self.as_of
        ]

    @cached_property
    def disputes(self) -> list[Dispute]:
        """What people disputed up to the as-of date."""
        return [one for one in load_disputes(self.home) if one.disputed_on <= self.as_of]

    @cached_property
    def corrections(self) -> list[Correction]:
        """What was found wrong in registers, as decided by now."""
        return load_corrections(self.home)

    def forget_receipts(self) -> None:
        """To be called after landing: receipts and what stands on them are read anew."""
        self.__dict__.pop("receipts", None)
        self._known = {name for name in self._known if not name.startswith("intake.raw_")}

    def landed(self, dataset: str, *, repeated: bool = False) -> list[tuple[Receipt, Path]]:
        """Receipts of ``source/dataset`` with rows, and their Parquet; ``repeated`` ones too."""
        statuses = {LANDED} if not repeated else {LANDED, "repeated"}
        return [
            (receipt, self.home.lake / receipt.parquet)
            for receipt in self.receipts
            if receipt.key == dataset and receipt.parquet
            and receipt.status in statuses and receipt.status != REFUSED
        ]  # fmt: skip

    @cached_property
    def key(self) -> bytes:
        return self.home.key()

    # -- promises and pointers

    def promise(self, table: str) -> Promise:
        promise = self._promises.get(table)
        if promise is None and self._contract_promises is not None:
            promise = self._contract_promises(table)
        if promise is None:
            raise NotFound(
                f"table {table} has no promise: write schemas/tables/{table.replace('.', '/')}.yml"
            )
        return promise

    def pointer(self, table: str) -> Pointer | None:
        """Where the table lies, or None; ``prev_<schema>.<table>`` asks the night before."""
        if table.startswith(PREVIOUS):
            manifest = self.previous_manifest
            return manifest.tables.get(table.removeprefix(PREVIOUS)) if manifest else None
        path = self.folder / f"{table}.json"
        return fingerprint.read_pointer(path)

    def files(self, table: str) -> Pointer | None:
        """The pointer of a table whose files hold all columns that are promised now; None where it
        is read in another way."""
        pointer = None if table in self._views else self.pointer(table)
        columns = self.promise(table.removeprefix(PREVIOUS)).column_names if pointer else ()
        return pointer if pointer and set(columns) <= set(pointer.columns) else None

    def exists(self, table: str) -> bool:
        return table in self._views or self.pointer(table) is not None

    def pointers(self) -> dict[str, Pointer]:
        """Every table this night has, by name."""
        names = sorted(p.stem for p in self.folder.glob("*.*.json"))
        found = {name: self.pointer(name) for name in names}
        return {name: pointer for name, pointer in found.items() if pointer is not None}

    # -- reading

    def view(self, name: str, sql: str) -> None:
        """Let ``name`` stand for a statement over other tables; it is not kept."""
        self._views[name] = sql
        self._known.discard(name)

    def prepare(self, sql: str) -> None:
        """Make every ``schema.table`` that ``sql`` reads known to the engine."""
        for name in tables_read(sql):
            self.know(name)

    def know(self, name: str) -> None:
        """Make one ``schema.table`` known to the engine."""
        if name in self._views:
            self.prepare(self._views[name])
        if name in self._known:
            return
        if name in self._views:
            self.engine.view(name, self._views[name])
        elif name.startswith("intake.raw_"):
            self._prepare_raw(name)
        else:
            pointer, columns, missing = self.readable(name)
            if pointer is None or not pointer.base_files():
                self.engine.view_parquet(name, [], columns)
            else:
                listed = listed_columns(columns, missing)
                self.engine.view(name, pointer.select(self.home.lake, listed))
        self._known.add(name)

    def statement(self, name: str) -> str | None:
        """What ``name`` stands for, where it is no table that is kept."""
        return self._views.get(name)

    def readable(
        self, name: str
    ) -> tuple[Pointer | None, tuple[PromisedColumn, ...], frozenset[str]]:
        """Where a table's rows lie, the columns promised, and those of them the files lack; None
        where the files cannot be read as promised today, or there was no night before."""
        pointer, columns = self.pointer(name), self.promise(name.removeprefix(PREVIOUS)).columns
        if pointer is None and not name.startswith(PREVIOUS):
            raise NotFound(f"table {name} has not been made for {self.as_of}")
        held = pointer.columns if pointer else ()
        missing = frozenset(c.name for c in columns if c.name not in held) if pointer else None
        if missing and any(not c.nullable for c in columns if c.name in missing):
            pointer = None  # what it said then cannot be read as what is promised now
        return pointer, columns, missing or frozenset()

    def _prepare_raw(self, name: str) -> None:
        source, dataset = name.removeprefix("intake.raw_").split("__", 1)
        paths = sorted({path for _, path in self.landed(f"{source}/{dataset}")})
        columns = self.promise(name).columns
        made = in_force(self.corrections, f"{source}/{dataset}")
        if not made:
            self.engine.view_parquet(name, paths, columns)
            return
        landed = f"landed.{name.removeprefix('intake.')}"
        self.engine.view_parquet(landed, paths, columns)
        self.engine.view(name, corrected(landed, columns, made))

    def query(self, sql: str, values: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """A small result; tables by their names."""
        self.prepare(sql)
        return self.engine.query(sql, self._values(values))

    def frame(self, table: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """A table, or some of its columns, as a frame."""
        listed = ", ".join(quoted(c) for c in (columns or self.promise(
            table.removeprefix(PREVIOUS)).column_names))  # fmt: skip
        schema, name = table.split(".", 1)
        return self.query(f"SELECT {listed} FROM {quoted(schema)}.{quoted(name)}")

    @contextmanager
    def given(self, name: str, frame: pl.DataFrame) -> Iterator[None]:
        """``name`` (no schema) stands for a frame in what is queried meanwhile."""
        self.engine.register(name, frame)
        try:
            yield
        finally:
            self.engine.unregister(name)

    def _values(self, values: Mapping[str, Any] | None) -> dict[str, Any]:
        return {"as_of": self.as_of, "run_id": self.run_id, **(values or {})}

    def content(self, table: str) -> str:
        """Fingerprint of what a table holds."""
        if table in self._views:
            sql = self._views[table]
            return fingerprint.of(sql, [(name, self.content(name)) for name in tables_read(sql)])
        if table.startswith("intake.raw_"):
            source, dataset = table.removeprefix("intake.raw_").split("__", 1)
            landed = self.landed(f"{source}/{dataset}")
            deliveries = sorted(receipt.delivery_id for receipt, _ in landed)
            made = in_force(self.corrections, f"{source}/{dataset}")
            mended = [[sorted(one.correction_id for one in made)]] if made else []
            return fingerprint.of(deliveries, *mended)
        pointer = self.pointer(table)
        return pointer.content if pointer else "none"
