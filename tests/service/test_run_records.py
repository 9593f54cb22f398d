"""Dagster's event log with kept connections holds what Dagster's own would, for all to read."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipelines.instance import dagster_home
from pipelines.lake.home import Home
from pipelines.run_records import KEPT, KeptEventLog


@dg.asset
def counted() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"rows": 3})


@dg.asset_check(asset=counted)
def enough() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True, metadata={"rows": 3})


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    dagster_home(Home(tmp_path / "home").create())
    with dg.DagsterInstance.get() as made:
        yield made


def made(instance: dg.DagsterInstance) -> str:
    result = dg.materialize([counted, enough], instance=instance)
    assert result.success
    return result.run_id


def log_of(instance: dg.DagsterInstance) -> KeptEventLog:
    storage = instance.event_log_storage
    assert isinstance(storage, KeptEventLog)
    return storage


def test_runs_and_assets_are_found_by_others(instance: dg.DagsterInstance) -> None:
    run = made(instance)
    with dg.DagsterInstance.get() as other:
        event = other.get_latest_materialization_event(counted.key)
        assert event is not None and event.run_id == run
        kinds = [log.dagster_event_type for log in other.all_logs(run) if log.is_dagster_event]
    assert kinds.count(dg.DagsterEventType.ASSET_MATERIALIZATION) == 1
    assert kinds.count(dg.DagsterEventType.ASSET_CHECK_EVALUATION) == 1
    assert kinds[-1] == dg.DagsterEventType.RUN_SUCCESS


def test_the_files_are_those_of_dagster(instance: dg.DagsterInstance) -> None:
    run = made(instance)
    folder = Path(os.environ["DAGSTER_HOME"]) / "history" / "runs"
    with sqlite3.connect(folder / f"{run}.db") as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        kept = file.execute("SELECT count(*) FROM event_logs").fetchone()[0]
    assert kept == len(instance.all_logs(run))


def test_few_files_are_open_at_once(instance: dg.DagsterInstance) -> None:
    runs = [made(instance) for _ in range(KEPT + 2)]
    assert len(log_of(instance)._kept) == KEPT
    assert all(len(instance.all_logs(run)) > 10 for run in runs), "closed ones are opened again"


def test_a_run_that_is_deleted_is_gone(instance: dg.DagsterInstance) -> None:
    kept, run = made(instance), made(instance)
    instance.delete_run(run)
    assert not instance.all_logs(run)
    assert instance.all_logs(kept)


def test_everything_wiped_begins_anew(instance: dg.DagsterInstance) -> None:
    made(instance)
    instance.wipe()
    assert not instance.get_runs()
    assert instance.all_logs(made(instance))


def test_a_forked_process_opens_its_own(instance: dg.DagsterInstance) -> None:
    run = made(instance)
    log = log_of(instance)
    before = set(log._kept)
    if (child := os.fork()) == 0:
        ok = bool(log.get_records_for_run(run).records) and not (set(log._kept) & before) - before
        ok = ok and any(process == os.getpid() for process, _ in log._kept)
        os._exit(0 if ok else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert set(log._kept) == before
