"""A home with hand-made landed Parquet: what intake would have left, a few rows at a time."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Contract
from pipelines.lake.home import Home
from pipelines.lake.night import Night
from pipelines.lake.receipt import LANDED, REFUSED, REPEATED, Receipt
from pipelines.settings import SCHEMAS, Settings
from pipelines.standard import build, reads, register_views, tables
from pipelines.standard.promises import contract_promise

CONTRACTS = load_contracts()
LINEAGE = {
    "delivery_id": "VARCHAR",
    "row_number": "BIGINT",
    "extract_date": "DATE",
    "record_key": "VARCHAR",
}
Row = Mapping[str, Any]


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


class Lake:
    """Lands rows as if files had arrived, and opens nights on them."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root / "home").create()
        self.settings = Settings(home=self.home.root, policy=root, memory_limit="500MB", threads=1)
        self._nights: list[Night] = []
        self._files = 0

    def land(
        self,
        dataset: str,
        extract: str,
        rows: Sequence[Row],
        night: str | None = None,
        run: str | None = None,
    ) -> Receipt:
        """A delivery of ``dataset`` with an extract date, received on ``night``."""
        contract = CONTRACTS[dataset]
        self._files += 1
        sha = hashlib.sha256(f"{dataset} {self._files}".encode()).hexdigest()
        path = self.home.landed / dataset / f"{extract.replace('-', '')}_{sha[:16]}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(contract, rows, sha[:16], day(extract), path)
        night = night or extract
        return self._receipt(contract, sha, extract, night, LANDED, path, len(rows), run)

    def repeat(self, receipt: Receipt, extract: str, night: str | None = None) -> Receipt:
        """The same bytes again, for another extract date."""
        contract, self._files = CONTRACTS[receipt.key], self._files + 1
        path = self.home.lake / str(receipt.parquet)
        night = night or extract
        return self._receipt(contract, receipt.sha256, extract, night, REPEATED, path, None)

    def refuse(self, dataset: str, extract: str) -> Receipt:
        self._files += 1
        sha = hashlib.sha256(f"refused {self._files}".encode()).hexdigest()
        return self._receipt(CONTRACTS[dataset], sha, extract, extract, REFUSED, None, None)

    def _receipt(
        self,
        contract: Contract,
        sha: str,
        extract: str,
        night: str,
        status: str,
        path: Path | None,
        rows: int | None,
        run: str | None = None,
    ) -> Receipt:
        name = f"file{self._files:03d}_{extract.replace('-', '')}.csv"
        relative = f"{contract.name}/{name}"
        receipt = Receipt(
            receipt_id=hashlib.sha256(f"{relative}\0{sha}".encode()).hexdigest()[:16],
            delivery_id=sha[:16],
            source=contract.source,
            dataset=contract.dataset,
            file_name=name,
            relative_path=relative,
            sha256=sha,
            size=1,
            mtime_ns=1,
            extract_date=day(extract),
            status=status,
            received_at=f"{night}T02:00:{self._files % 60:02d}",
            received_night=day(night),
            received_run=run or f"run-{night}",
            rows_read=rows,
            rows_landed=rows,
            parquet=str(path.relative_to(self.home.lake)) if path else None,
        )
        receipt.save(self.home)
        return receipt

    def night(self, as_of: str, *made: str) -> Night:
        """A night with these tables of the room made (and all before them that they need)."""
        night = Night(
            self.home, day(as_of), self.settings,
            contract_promises=partial(contract_promise, schemas=SCHEMAS),
        )  # fmt: skip
        self._nights.append(night)
        register_views(night)
        wanted = _with_upstream(made)
        for table in tables():
            if table in wanted:
                build(table, night)
        return night

    def close(self) -> None:
        for night in self._nights:
            night.close()


@cache
def _reads() -> dict[str, tuple[str, ...]]:
    return reads()


def _with_upstream(wanted: Sequence[str]) -> set[str]:
    upstream, found, todo = _reads(), set[str](), list(wanted)
    while todo:
        table = todo.pop()
        if table not in found and not table.startswith("intake."):
            found.add(table)
            todo += upstream.get(table, ())
    return found


def _write(
    contract: Contract, rows: Sequence[Row], delivery_id: str, extract: dt.date, path: Path
) -> None:
    types = LINEAGE | contract.types()
    listed = []
    for number, row in enumerate(rows, start=1):
        unknown = set(row) - set(contract.types())
        assert not unknown, f"{contract.name} has no columns {sorted(unknown)}"
        key = "|".join("" if row.get(k) is None else str(row[k]) for k in contract.key)
        listed.append([delivery_id, number, extract, key, *(row.get(c) for c in contract.types())])
    with duckdb.connect() as con:
        body = ", ".join(f'"{name}" {type_}' for name, type_ in types.items())
        con.execute(f"CREATE TABLE landed ({body})")
        marks = ", ".join("?" for _ in types)
        if listed:
            con.executemany(f"INSERT INTO landed VALUES ({marks})", listed)
        con.execute(f"COPY landed TO '{path}' (FORMAT parquet)")


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    made = Lake(tmp_path)
    yield made
    made.close()


def by_key(frame: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """The rows of a frame by record_key."""
    return {row["record_key"]: row for row in frame.iter_rows(named=True)}
