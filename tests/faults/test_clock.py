"""Clocks and half-copied files: what is not complete waits, and is then taken once."""

from __future__ import annotations

import json
import os
import time
from datetime import date
from pathlib import Path

import pytest

from pipelines.intake.discover import discover
from pipelines.lake.home import Home
from pipelines.lake.manifest import committed_nights
from pipelines.nightly import commit, land_arrivals, open_night
from pipelines.settings import Settings

NIGHT = date(2026, 11, 20)
ROW = "XJH,XM\nG990000200001010001,某甲\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "landing" / "education" / "student"
    folder.mkdir(parents=True)
    return Settings(landing=tmp_path / "landing", home=tmp_path / "home", settle_seconds=60)


def landed(settings: Settings) -> list[int | None]:
    """What a night takes: rows per file."""
    night = open_night(settings, NIGHT)
    try:
        return [one.rows_landed for one in land_arrivals(night).receipts]
    finally:
        night.close()


def deliver(settings: Settings, text: str, age: float) -> Path:
    path = settings.landing / "education" / "student" / "roll_20261119.csv"
    path.write_text(text, encoding="utf-8")
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_a_half_copied_file_waits_and_is_taken_whole(settings: Settings) -> None:
    deliver(settings, ROW[:12], age=0)
    assert landed(settings) == []
    deliver(settings, ROW, age=61)
    assert landed(settings) == [1]
    assert landed(settings) == [], "taken once"


def test_a_file_from_the_future_waits_or_is_marked_done(settings: Settings) -> None:
    """The clock was set back after it was written."""
    path = deliver(settings, ROW, age=-86400)
    found = discover(settings.landing, {}, NIGHT, settings.settle_seconds)
    assert (found.incomplete, len(found.files)) == (1, 0)
    path.with_name(path.name + ".done").touch()
    assert landed(settings) == [1]


def test_what_was_received_by_a_clock_that_ran_ahead_is_not_taken_twice(settings: Settings) -> None:
    """Receipts written "tomorrow" are known today; the night is the same night."""
    deliver(settings, ROW, age=61)
    assert landed(settings) == [1]
    home = Home(settings.home)
    (receipt,) = home.receipts.glob("*.json")
    told = json.loads(receipt.read_text(encoding="utf-8"))
    told["received_at"] = f"{time.gmtime().tm_year + 1}{told['received_at'][4:]}"
    receipt.write_text(json.dumps(told), encoding="utf-8")
    night = open_night(settings, NIGHT)
    try:
        assert land_arrivals(night).receipts == []
        commit(night)
    finally:
        night.close()
    assert committed_nights(home) == [NIGHT]
