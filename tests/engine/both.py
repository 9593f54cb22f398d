"""One city by both engines, in two homes under one key."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.lake.home import Home
from pipelines.lake.night import Built, Night
from pipelines.lake.pointer import Pointer
from pipelines.settings import SCHEMAS, Settings
from pipelines.spark_settings import Spark
from pipelines.synthetic.arrivals import stage
from pipelines.synthetic.city import write_city


@dataclass(frozen=True)
class Both:
    """A city's nights and files, and the settings by which each engine makes them."""

    city: Path
    nights: list[date]
    duck: Settings
    spark: Settings

    @property
    def homes(self) -> tuple[Home, Home]:
        """DuckDB's and the cluster's."""
        return Home(self.duck.home), Home(self.spark.home)

    def arrive(self, night: date) -> None:
        """Let come in what has been delivered by a night."""
        stage(self.city, self.duck.landing, night)

    def copy(self) -> None:
        """Let the cluster's home be as DuckDB's is."""
        shutil.rmtree(self.spark.home, ignore_errors=True)
        shutil.copytree(self.duck.home, self.spark.home, symlinks=True)


def city_of(folder: Path, people: int, seed: int, spark: Spark, months: int = 14) -> Both:
    """A city below ``folder`` and two homes that have nothing but a key, and that in common."""
    write_city(people, seed, folder / "city", months=months)
    plan = json.loads((folder / "city" / "truth" / "city.json").read_text(encoding="utf-8"))
    duck = Settings(
        landing=folder / "landing", home=folder / "duck",
        policy=SCHEMAS / "policies" / "rizhao", settle_seconds=0,
    )  # fmt: skip
    there = {"home": folder / "spark", "engine": "spark", "spark": spark}
    nights = [date.fromisoformat(text) for text in plan["nights"]]
    both = Both(folder / "city", nights, duck, duck.model_copy(update=there))
    Home(duck.home).create().key()
    both.copy()
    return both


@contextmanager
def tables_made(
    then: Callable[[Night, Pointer], None] = lambda night, pointer: None,
) -> Iterator[dict[str, Built]]:
    """What every table that is made meanwhile is reported as; ``then`` is told of each at once."""
    made: dict[str, Built] = {}
    built = Night.built

    def noted(night: Night, pointer: Pointer, *given: Any, **more: Any) -> Built:
        made[pointer.table] = built(night, pointer, *given, **more)
        then(night, pointer)
        return made[pointer.table]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Night, "built", noted)
        yield made
