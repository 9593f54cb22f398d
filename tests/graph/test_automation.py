"""When nights run: the schedule's day, and the sensor for arriving files."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from graph_facts import loaded, repository

from assets.resources import NightResource
from pipelines.settings import ROOT

SHANGHAI = ZoneInfo("Asia/Shanghai")
SAMPLE = ROOT / "data_samples" / "hard_cases" / "landing" / "civil_affairs" / "field_report"


#: 02:00 on the 20th in Shanghai
FIRES = datetime(2026, 11, 19, 18, tzinfo=UTC)


def fired(at: datetime) -> list[dg.RunRequest]:
    schedule = repository().get_schedule_def("every_night")
    context = dg.build_schedule_context(
        scheduled_execution_time=at, repository_def=repository(),
        resources={"night": NightResource()},
    )  # fmt: skip
    return list(schedule.evaluate_tick(context).run_requests or ())


def committed(home: Path, *nights: str) -> None:
    """As much of committed nights as says that they are there."""
    for night in nights:
        folder = home / "restricted" / "lake" / "nights" / night
        folder.mkdir(parents=True)
        (folder / "manifest.json").touch()


def test_the_schedule_asks_for_that_very_day_at_two_in_shanghai(place: Path) -> None:
    schedule = repository().get_schedule_def("every_night")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "Asia/Shanghai")
    (request,) = fired(FIRES)
    assert request.partition_key == "2026-11-20"


def test_the_schedule_asks_for_missed_nights_too_the_oldest_first(place: Path) -> None:
    committed(place.parent / "home", "2026-11-15", "2026-11-17")
    requests = fired(FIRES)
    nights = [request.partition_key for request in requests]
    assert nights == ["2026-11-18", "2026-11-19", "2026-11-20"]
    first, *later = [int(request.tags["dagster/priority"]) for request in requests]
    assert all(first > one for one in later)
    assert len({request.run_key for request in requests}) == 3


def test_a_night_that_is_there_is_asked_for_again_by_its_own_hour_only(place: Path) -> None:
    committed(place.parent / "home", "2026-11-20")
    assert [request.partition_key for request in fired(FIRES)] == ["2026-11-20"]


def test_missed_nights_are_those_that_nobody_makes_and_that_did_not_fail(tmp_path: Path) -> None:
    from assets.automation import missing

    @dg.job
    def any_job() -> None:
        pass

    committed(tmp_path, "2026-11-15")
    until = date(2026, 11, 18)
    with dg.DagsterInstance.ephemeral() as instance:

        def run(night: str, status: dg.DagsterRunStatus, **tags: str) -> None:
            instance.create_run_for_job(
                any_job, status=status, tags={"dagster/partition": night, **tags}
            )

        assert [one.day for one in missing(instance, tmp_path, until)] == [16, 17, 18]
        run("2026-11-16", dg.DagsterRunStatus.FAILURE)
        run("2026-11-17", dg.DagsterRunStatus.FAILURE, cut_off="yes")
        run("2026-11-18", dg.DagsterRunStatus.STARTED)
        assert [one.day for one in missing(instance, tmp_path, until)] == [17]
    assert missing_without_nights(tmp_path / "elsewhere") == []


def missing_without_nights(home: Path) -> list[date]:
    from assets.automation import missing

    with dg.DagsterInstance.ephemeral() as instance:
        return missing(instance, home, date(2026, 11, 18))


@pytest.mark.parametrize(
    ("now", "night"),
    [
        (datetime(2026, 11, 20, 1, 59, tzinfo=SHANGHAI), 19),
        (datetime(2026, 11, 20, 2, 4, tzinfo=SHANGHAI), 19),
        (datetime(2026, 11, 20, 2, 6, tzinfo=SHANGHAI), 20),
        (datetime(2026, 11, 19, 23, 59, tzinfo=UTC), 20),
    ],
)
def test_a_night_is_due_a_little_after_its_hour(now: datetime, night: int) -> None:
    from pipelines.service.nights import due
    from pipelines.service_settings import Service

    assert due(now, Service()).day == night


def test_only_one_night_at_a_time_and_none_for_ever() -> None:
    """The pool has one place, in the instance that an installation gets."""
    import yaml

    from pipelines.instance import SHIPPED

    said = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    assert said["concurrency"]["runs"]["max_concurrent_runs"] == 1
    assert said["concurrency"]["pools"] == {"default_limit": 1, "granularity": "run"}
    assert said["run_monitoring"]["enabled"]
    job = loaded().resolve_job_def("nightly")
    assert {node.definition.pool for node in job.graph.nodes} == {"night"}
    assert int(job.tags["dagster/max_runtime"]) == 6 * 3600


def test_a_file_that_is_sent_again_is_asked_for_again(place: Path) -> None:
    arrive(place, 1)
    first = tick()
    path = next(place.rglob("*.csv"))
    path.write_bytes(path.read_bytes() + b"\n")
    again = tick()
    assert isinstance(first, dg.RunRequest)
    assert isinstance(again, dg.RunRequest)
    assert first.run_key != again.run_key


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
