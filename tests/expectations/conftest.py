"""A stand-in for a night: landed Parquet and tables in a temporary folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.contracts.promises import Promise
from pipelines.lake.home import Home
from pipelines.lake.pointer import Pointer
from pipelines.lake.receipt import Receipt
from pipelines.settings import Settings

AS_OF = date(2026, 11, 18)


@dataclass
class FakeNight:
    """As much of a night as validation asks for."""

    home: Home
    settings: Settings
    temp: Path
    as_of: date = AS_OF
    run_id: str = "run-1"
    receipts: list[Receipt] = field(default_factory=list)
    previous_manifest: Any = None
    promises: dict[str, Promise] = field(default_factory=dict)
    pointers: dict[str, Pointer] = field(default_factory=dict)

    def landed(self, dataset: str, *, repeated: bool = False) -> list[tuple[Receipt, Path]]:
        statuses = {"landed", "repeated"} if repeated else {"landed"}
        return [
            (receipt, self.home.lake / (receipt.parquet or ""))
            for receipt in self.receipts
            if receipt.key == dataset and receipt.status in statuses
        ]

    def promise(self, table: str) -> Promise:
        return self.promises[table]

    def pointer(self, table: str) -> Pointer | None:
        return self.pointers.get(table)

    def land(
        self, dataset: str, sql: str, extract_date: date = AS_OF, rows: int | None = None
    ) -> None:
        """Land what ``sql`` gives as a file of ``dataset``, with its receipt."""
        source, name = dataset.split("/")
        number = len(self.receipts)
        relative = f"landed/{source}_{name}_{number}.parquet"
        duckdb.sql(f"COPY ({sql}) TO '{self.home.lake / relative}' (FORMAT parquet)")
        found = duckdb.sql(f"SELECT count(*) FROM ({sql})").fetchall()[0][0]
        self.receipts.append(
            Receipt(
                f"r{number}", f"d{number}", source, name, f"{number}.csv", f"{number}.csv", "0",
                1, 1, extract_date, "landed", f"{number}", self.as_of, self.run_id,
                found, found if rows is None else rows, 0, 0, parquet=relative,
            )
        )  # fmt: skip

    def make(self, promise: Promise, sql: str) -> None:
        """Make a table of what ``sql`` gives."""
        relative = f"tables/{promise.table}.parquet"
        listed = ", ".join(f'CAST("{c.name}" AS {c.type}) AS "{c.name}"' for c in promise.columns)
        duckdb.sql(
            f"COPY (SELECT {listed} FROM ({sql})) TO '{self.home.lake / relative}' (FORMAT parquet)"
        )
        self.promises[promise.table] = promise
        self.pointers[promise.table] = Pointer(
            promise.table, 0, "", "", promise.column_names, (relative,)
        )


@pytest.fixture
def night(tmp_path: Path) -> FakeNight:
    home = Home(tmp_path / "home").create()
    return FakeNight(home, Settings(home=home.root), home.tmp)
