"""A disk of its own: filled to the last byte, and made read-only, while a night is published."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.errors import JiuzhulianError
from pipelines.lake import machine
from pipelines.lake.home import Home
from pipelines.publish import versions
from tests.faults.soak import fill
from tests.publish.conftest import AS_OF
from tests.publish.test_versions import ONE, named, run, said

NEXT = AS_OF + timedelta(days=1)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A folder that is a disk of 64 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(place)], check=True)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.mount
@pytest.mark.parametrize("leave", [0, 300_000, 2_000_000])
def test_a_full_disk(disk: Path, leave: int) -> None:
    """What is published stays one whole night; with room again the night comes through.

    With the most room left the new night is published, and the disk is full while the file of
    identities is written after it.
    """
    home = Home(disk / "home").create()
    run(home, AS_OF, persons=2)
    ballast = fill(disk, leave)
    with pytest.raises(Exception) as full:
        run(home, NEXT, persons=3)
    told = machine.told([full.value], home, NEXT)
    assert told is not None and "is full" in str(told), full.value
    assert said(home) == ((NEXT, 3) if leave > 1_000_000 else (AS_OF, 2))
    assert ONE in versions.versions(home)
    assert all(versions.damaged(home, one) == [] for one in versions.versions(home))
    ballast.unlink()
    run(home, NEXT, persons=3)
    assert said(home) == (NEXT, 3)
    assert not [p for p in home.history.iterdir() if p.name.startswith(".")]
    assert named(home) == "P3"


@pytest.mark.mount
def test_a_home_that_is_read_only(disk: Path) -> None:
    home = Home(disk / "home").create()
    run(home, AS_OF, persons=2)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(JiuzhulianError, match="cannot be written"):
        Home(disk / "home").create()
    assert said(home) == (AS_OF, 2), "reading goes on"
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    run(home, NEXT, persons=3)
    assert said(home) == (NEXT, 3)
