"""Nights that acceptance tests look at: each made once per test run, in a folder of its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.run import run_night
from pipelines.settings import ROOT, SCHEMAS, Settings
from tests.oracle.nights import Nights, city_of

SAMPLES = ROOT / "data_samples"
POLICY = SCHEMAS / "policies" / "rizhao"
PEOPLE, SEED = 3000, 7


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """Three nights of a small city, the last one run a second time from nothing.

    The policy changes between them, and the first night's cases are visited.
    """
    made = city_of(tmp_path_factory.mktemp("town"), PEOPLE, SEED)
    for number, night in enumerate(made.nights):
        made.run(night)
        if number == 0:
            made.answer(night, made.nights[1], limit=24)
    made.run(made.nights[-1], "again", rebuild=True)
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
