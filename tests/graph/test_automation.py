"""When nights run: the schedule's day, and the sensor for arriving files."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from graph_facts import repository

from assets.resources import NightResource
from pipelines.settings import ROOT

SHANGHAI = ZoneInfo("Asia/Shanghai")
SAMPLE = ROOT / "data_samples" / "hard_cases" / "landing" / "civil_affairs" / "field_report"


def test_the_schedule_asks_for_that_very_day_at_two_in_shanghai() -> None:
    schedule = repository().get_schedule_def("nightly_at_two")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "Asia/Shanghai")
    fires = datetime(2026, 11, 19, 18, tzinfo=UTC)  # 02:00 on the 20th in Shanghai
    context = dg.build_schedule_context(scheduled_execution_time=fires, repository_def=repository())
    request = schedule.evaluate_tick(context).run_requests[0]
    assert request.partition_key == "2026-11-20"


def test_that_day_is_a_partition_when_the_schedule_fires() -> None:
    """A plain daily partition ends yesterday; this one must already hold today."""
    nights = repository().get_job("nightly").partitions_def
    assert nights is not None
    at_two = datetime(2026, 11, 20, 2, tzinfo=SHANGHAI)
    with dg.DagsterInstance.ephemeral() as instance:
        from dagster._core.definitions.partitions.context import partition_loading_context

        with partition_loading_context(effective_dt=at_two, dynamic_partitions_store=instance):
            assert nights.get_last_partition_key() == "2026-11-20"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JIUZHULIAN_LANDING", str(tmp_path / "landing"))
    monkeypatch.setenv("JIUZHULIAN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("JIUZHULIAN_SETTLE_SECONDS", "0")
    return tmp_path / "landing"


def tick() -> dg.RunRequest | dg.SkipReason | None:
    sensor = repository().get_sensor_def("arrivals")
    with dg.DagsterInstance.ephemeral() as instance:
        data = sensor.evaluate_tick(
            dg.build_sensor_context(
                instance=instance,
                repository_def=repository(),
                resources={"night": NightResource()},
            )
        )
    assert len(data.run_requests) <= 1
    return data.run_requests[0] if data.run_requests else dg.SkipReason(data.skip_message)


def arrive(landing: Path, number: int) -> None:
    folder = landing / "civil_affairs" / "field_report"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(next(SAMPLE.glob("*.csv")), folder / f"part{number}_20261101.csv")


def test_without_files_the_sensor_waits(place: Path) -> None:
    assert isinstance(tick(), dg.SkipReason)
    place.mkdir()
    assert isinstance(tick(), dg.SkipReason)


def test_a_complete_file_asks_for_todays_night_once(place: Path) -> None:
    arrive(place, 1)
    before = datetime.now(SHANGHAI).date().isoformat()
    first = tick()
    again = tick()
    assert isinstance(first, dg.RunRequest)
    assert isinstance(again, dg.RunRequest)
    assert first.partition_key in {before, datetime.now(SHANGHAI).date().isoformat()}
    assert first.run_key == again.run_key
    arrive(place, 2)
    more = tick()
    assert isinstance(more, dg.RunRequest)
    assert more.run_key != first.run_key


def test_a_file_that_is_still_being_written_is_left_alone(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIUZHULIAN_SETTLE_SECONDS", "60")
    arrive(place, 1)
    touched = next(place.rglob("*.csv"))
    touched.touch()
    assert isinstance(tick(), dg.SkipReason)
    touched.with_name(touched.name + ".done").touch()
    assert isinstance(tick(), dg.RunRequest)
