"""Fifty readers in a loop while ten nights are published: no error, and never a mixed night."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines import publish
from pipelines.lake.home import Home
from pipelines.publish import versions
from pipelines.settings import ROOT
from tests.publish.conftest import ROWS, open_night, write, write_few
from tests.publish.readers import TABLES

READERS, NIGHTS = 50, 10
FIRST = date(2026, 11, 1)


def publish_night(home: Home, number: int) -> None:
    """A night all of whose tables have as many rows, and another count than any other night."""
    as_of, rows = FIRST + timedelta(days=number), 20 + number
    night = open_night(home, as_of, f"run-{number}")
    try:
        person = ROWS["population.person"][0]
        write_few(night, population__person=[
            {**person, "person_id": f"P{n}", "household_id": "H1"} for n in range(rows)
        ])  # fmt: skip
        for table in TABLES[1:]:
            write(night, table, [row(table, as_of, n) for n in range(rows)])
        publish.dictionary(night)
        publish.run(night)
        publish.monitoring_file(night)
    finally:
        night.close()


def row(table: str, as_of: date, number: int) -> dict[str, Any]:
    """A row whose every text column says its number, so that no key stands twice."""
    numbered = ("check_name", "person_id", "rule_id", "old_id", "reason", "household_id")
    return {
        "as_of": as_of, "success": True, "errored": False, "kind": "person",
        **{name: f"{name}-{number}" for name in numbered},
    }  # fmt: skip


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but the dictionary is taken over here: what the tables hold is beside the point."""
    monkeypatch.setenv("JIUZHULIAN_KEEP_PUBLISHED_NIGHTS", "3")


@pytest.mark.soak(minutes=3)
def test_fifty_readers_while_ten_nights_are_published(
    home: Home, tmp_path: Path, quick: None
) -> None:
    publish_night(home, 0)
    stop = tmp_path / "stop"
    readers = subprocess.Popen(
        [sys.executable, "-m", "tests.publish.readers", home.published, stop, str(READERS)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        for number in range(1, NIGHTS + 1):
            publish_night(home, number)
    finally:
        stop.touch()
        told = [json.loads(line) for line in readers.communicate(timeout=300)[0].splitlines()]
    assert len(told) == READERS and readers.returncode == 0
    assert [one["errors"] for one in told if one["errors"]] == []
    for one in told:
        assert one["nights"] == sorted(set(one["nights"])), "a reader went back in time"
    kept = [one for one in told if one["kept_open"]]
    assert [len(one["nights"]) for one in kept] == [1] and kept[0]["looks"] > 1
    assert len({night for one in told for night in one["nights"]}) > NIGHTS // 2
    assert versions.shown(home) == versions.Version(FIRST + timedelta(days=NIGHTS), 1)
    assert len(versions.versions(home)) == 3
