"""Nights that acceptance tests look at: each made once per test run, in a folder of its own."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.run import run_night
from pipelines.settings import ROOT, SCHEMAS, Settings
from pipelines.synthetic.arrivals import stage
from pipelines.synthetic.city import write_city

SAMPLES = ROOT / "data_samples"
POLICY = SCHEMAS / "policies" / "rizhao"
PEOPLE, SEED = 3000, 7


@dataclass
class Town:
    """A synthetic city, run night by night; what each night published is kept."""

    city: Path
    settings: Settings
    nights: tuple[date, ...]
    kept: dict[str, tuple[Path, Path]] = field(default_factory=dict)

    def run(self, night: date, label: str | None = None, *, rebuild: bool = False) -> None:
        """One night, and a copy of its two files under a label."""
        stage(self.city, self.settings.landing, night)
        run_night(self.settings, night, rebuild=rebuild)
        folder = self.city.parent / "kept" / (label or night.isoformat())
        folder.mkdir(parents=True)
        found = (
            shutil.copy(self.settings.home / "published" / "monitoring.duckdb", folder),
            shutil.copy(self.settings.home / "restricted" / "identity.duckdb", folder),
        )
        self.kept[folder.name] = (Path(found[0]), Path(found[1]))


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Three nights of a small city, the last one run a second time from nothing."""
    folder = tmp_path_factory.mktemp("town")
    city = folder / "city"
    write_city(PEOPLE, SEED, city)
    plan = json.loads((city / "truth" / "city.json").read_text(encoding="utf-8"))
    nights = tuple(date.fromisoformat(text) for text in plan["nights"])
    made = Town(
        city, Settings(landing=folder / "landing", home=folder / "home", policy=POLICY), nights
    )
    for night in nights:
        made.run(night)
    made.run(nights[-1], "again", rebuild=True)
    return made


@pytest.fixture(scope="session")
def hard_cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """HOME after the night of the hand-written hard cases."""
    folder = tmp_path_factory.mktemp("hard_cases")
    shutil.copytree(SAMPLES / "hard_cases" / "landing", folder / "landing")
    settings = Settings(
        landing=folder / "landing", home=folder / "home", policy=POLICY, settle_seconds=0
    )
    run_night(settings, expected("hard_cases")["as_of"])
    return folder / "home"


def expected(name: str) -> dict[str, Any]:
    """What data_samples/<name>/expected.yaml says."""
    found: dict[str, Any] = yaml.safe_load(
        (SAMPLES / name / "expected.yaml").read_text(encoding="utf-8")
    )
    return found
