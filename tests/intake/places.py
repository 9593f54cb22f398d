"""A night that pulls, over the office's HOME, and a PostgreSQL server of the tests' own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl
import psycopg

from pipelines.intake.land import LandingSummary, land
from pipelines.intake.pull import pulled_arrivals
from pipelines.lake.receipt import LANDED, Receipt, load_receipts
from pipelines.settings import Settings
from tests.intake.conftest import Office

TODAY = date(2026, 11, 20)


@dataclass
class Nights:
    """Pulls and lands, night by night; what was said is kept."""

    office: Office
    databases: dict[str, Any] = field(default_factory=dict)
    remotes: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)

    def settings(self) -> Settings:
        return Settings(databases=self.databases, remotes=self.remotes, memory_limit="500MB")

    def night(self, day: date = TODAY, *, today: date | None = None) -> LandingSummary:
        office = self.office
        with pulled_arrivals(
            office.home, self.settings(), office.contracts, day, today or day,
            f"{day:%d}", self.said.append, self.warned.append,
        ) as pulled:  # fmt: skip
            return land(
                office.home, office.landing, office.contracts, office.codes, day, f"{day:%d}",
                60, "500MB", self.said.append, pulled=pulled,
            )  # fmt: skip

    def receipts(self) -> list[Receipt]:
        return load_receipts(self.office.home)

    def rows(self, dataset: str) -> pl.DataFrame:
        """Every row that landed, over all deliveries."""
        found = [
            pl.read_parquet(self.office.home.lake / str(receipt.parquet))
            for receipt in self.receipts()
            if receipt.key == dataset and receipt.status == LANDED
        ]
        return pl.concat(found)

    def all_text(self) -> str:
        """Whatever a person or a log could read of what was pulled."""
        kept = [path.read_text() for path in self.office.home.receipts.glob("*.json")]
        return "\n".join([*kept, *self.said, *self.warned])


@dataclass
class Postgres:
    """The server: where it listens, and a way in for the department that fills it."""

    socket: str

    def url(self, user: str = "postgres") -> str:
        return f"postgresql://{user}@/postgres?host={self.socket}"

    def does(self, *statements: str) -> None:
        """Each statement commits by itself."""
        with psycopg.connect(host=self.socket, user="postgres", autocommit=True) as con:
            for statement in statements:
                con.execute(statement)  # type: ignore[arg-type]

    def backends(self) -> list[int]:
        """Processes that serve a pull now."""
        with psycopg.connect(host=self.socket, user="postgres", autocommit=True) as con:
            found = con.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'jiuzhulian'"
            ).fetchall()
        return [pid for (pid,) in found]
