"""Nights that the lake forgets by policy, and what must stay."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import dagster as dg

from pipelines.lake.home import Home
from pipelines.lake.manifest import committed_nights, load_manifest
from pipelines.lake.retention import forget_nights
from pipelines.nightly import commit
from pipelines.run import forget_run_records
from tests.publish.conftest import AS_OF, home, open_night, write_few

__all__ = ["home"]


def nights(home: Home, count: int) -> list[date]:
    """Committed nights, a day apart."""
    made = []
    for number in range(count):
        night = open_night(home, AS_OF + timedelta(days=number), f"run-{number}")
        write_few(night)
        commit(night)
        night.close()
        made.append(night.as_of)
    return made


def test_old_nights_are_forgotten_with_their_files(home: Home) -> None:
    made = nights(home, 5)
    unused = home.kept / "policy" / ("0" * 64)
    unused.mkdir()
    files = {night: _files(home, night) for night in made}
    assert forget_nights(home, made[-1], 2) == made[:2]
    night = open_night(home, made[-1], "again")
    commit(night)
    night.close()
    assert committed_nights(home) == made[2:]
    left = set(home.tables.rglob("*.parquet"))
    assert files[made[2]] | files[made[3]] | files[made[4]] == left
    assert not unused.exists() and len(list((home.kept / "policy").iterdir())) == 1


def test_the_two_newest_nights_stay_however_old(home: Home) -> None:
    made = nights(home, 3)
    assert forget_nights(home, made[-1] + timedelta(days=1000), 1) == made[:1]
    assert forget_nights(home, made[-1] + timedelta(days=1000), 1) == []


def test_without_a_policy_nothing_is_forgotten(home: Home) -> None:
    made = nights(home, 3)
    assert forget_nights(home, made[-1] + timedelta(days=9999), 0) == []
    assert committed_nights(home) == made


def test_what_was_being_forgotten_when_it_was_killed_is_finished(home: Home) -> None:
    made = nights(home, 2)
    half = home.nights / ".2020-01-01.forgotten"
    half.mkdir()
    assert committed_nights(home) == made
    forget_nights(home, made[-1], 0)
    assert not half.exists()


def test_records_of_old_runs_are_deleted() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        now = datetime.now(UTC)
        for _ in range(2):
            instance.add_run(dg.DagsterRun(job_name="nightly"))
        assert forget_run_records(instance, 400) == 0
        assert forget_run_records(instance, 0) == 0
        assert len(instance.get_runs(dg.RunsFilter(created_before=now + timedelta(days=1)))) == 2


def _files(home: Home, night: date) -> set[object]:
    tables = load_manifest(home, night).tables.values()
    return {path for pointer in tables for path in pointer.paths(home.lake)}
