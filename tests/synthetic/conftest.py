"""One small city for all tests of this folder."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.synthetic.city import CitySummary, write_city

PEOPLE, SEED, MONTHS = 1500, 11, 4


class Written:
    """A written city: where it lies, what it says of itself, its truth by name."""

    def __init__(self, path: Path, summary: CitySummary) -> None:
        self.path, self.summary = path, summary

    def truth(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.path / "truth" / f"{name}.parquet")

    @property
    def names(self) -> list[str]:
        return sorted(p.stem for p in (self.path / "truth").glob("*__*.parquet"))


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Written:
    path = tmp_path_factory.mktemp("city")
    return Written(path, write_city(PEOPLE, SEED, path, months=MONTHS))


NIGHTS = (date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20))
