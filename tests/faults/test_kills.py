"""Three nights killed twenty times on their way: whole after each kill, and at last the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.settings import ROOT
from tests.conftest import no_mount
from tests.faults.soak import drawn

KILLS = 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path | None]:
    """A folder that is a disk of 160 MB; None where none can be mounted."""
    if no_mount():
        yield None
        return
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "none", str(place)], check=True)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.soak(minutes=8)
def test_three_nights_killed_twenty_times(tmp_path: Path, disk: Path | None) -> None:
    """... and the third on a disk that gets full, where one can be mounted."""
    words = ["--kills", KILLS, "--chained", "--work", tmp_path / "kills"]
    words += ["--disk", disk] if disk else []
    ended = subprocess.run(
        [sys.executable, "-m", "tests.faults.soak", *map(str, words)],
        cwd=ROOT, capture_output=True, text=True, timeout=3600,
    )  # fmt: skip
    assert ended.stdout, ended.stderr[-2000:]
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["failed"] == [] and ended.returncode == 0, ended.stderr[-2000:]
    # a rerun takes over what was made, and may come through before the last moments of its night
    assert told["killed"] >= KILLS * 2 // 3, told
    if disk:
        stopped = [one["stopped"] for one in told["filled"]]
        assert all("is full" in one for one in stopped[:-1]) and stopped[-1] is None, stopped


def test_moments_are_spread_over_the_whole_run() -> None:
    changes = [600, 300, 100]
    moments = drawn(200, 1, changes)
    assert [sum(m.number == n for m in moments) for n in (1, 2, 3)] == [120, 60, 20]
    first = [m for m in moments if m.number == 1]
    assert [m.share for m in first] == sorted(m.share for m in first)
    assert first[0].share < 0.02 and first[-1].share > 0.98
    assert all(1 <= m.change <= changes[m.number - 1] for m in moments)
    assert sum(m.after > 0 for m in moments) == 100
    assert moments != drawn(200, 2, changes)
