"""When nights run: the job, its schedule, arriving files, missed nights, who hears of failures.

Under ``jiuzhulian serve`` all of it is switched on from the start; elsewhere a person switches it
on. Which nights are missing and what a notice says is decided in ``pipelines.service``.
"""

import hashlib
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg

from assets.partitions import SERVICE, TIMEZONE
from assets.resources import NightResource
from pipelines.instance import CUT_OFF
from pipelines.service import nights

ON = os.environ.get(nights.SERVING) == "1"
FAILED_NEXT = (
    "看运行页面里失败的步骤；改正后重新运行这一晚 · look at the failed step on the run's page; "
    "mend it and run that night again"
)
CUT_OFF_NEXT = "服务会自动补跑 · nothing: the service catches the night up by itself"

NIGHTLY = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all() | dg.AssetSelection.all_asset_checks(),
    executor_def=dg.in_process_executor,
    tags={"dagster/max_runtime": str(int(SERVICE.night_hours * 3600))},
    description="一夜全流程 · One whole night, from the files that arrived to monitoring.duckdb. "
    "The partition is the as-of date (截止日) in Shanghai.",
)


def ask(night: date, trigger: str, key: str, **more: str) -> dg.RunRequest:
    """One night, under the tags of a run that nobody started by hand."""
    return dg.RunRequest(
        run_key=key,
        partition_key=night.isoformat(),
        tags={**nights.tags(night, trigger, SERVICE), **more},
    )


@dg.schedule(
    job=NIGHTLY,
    cron_schedule=SERVICE.cron,
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING if ON else dg.DefaultScheduleStatus.STOPPED,
    description=f"每日 {SERVICE.nightly_at} (上海) · Each day at {SERVICE.nightly_at} in Shanghai, "
    "for that day. Nights that are missing since the last one are asked for too, "
    "the oldest first.",
)
def every_night(context: dg.ScheduleEvaluationContext, night: NightResource) -> list[dg.RunRequest]:
    from pipelines.lake.home import Home

    today = context.scheduled_execution_time.astimezone(ZoneInfo(TIMEZONE)).date()
    missed = nights.after_last(Home(night.settings().home), today, SERVICE.catch_up_nights + 1)
    asked = sorted({*missed, today})
    return [ask(one, "schedule", f"nightly-{today}-{one}") for one in asked]


@dg.sensor(
    job=NIGHTLY,
    minimum_interval_seconds=SERVICE.arrivals_every_seconds,
    default_status=dg.DefaultSensorStatus.RUNNING if ON else dg.DefaultSensorStatus.STOPPED,
    description="新文件到达 · New complete files in the landing folder renew today's night: what "
    "they touch is made anew, all else is taken over.",
)
def arrivals(
    context: dg.SensorEvaluationContext, night: NightResource
) -> list[dg.RunRequest] | dg.SkipReason:
    from pipelines.contracts.load import load_contracts
    from pipelines.intake.land import waiting_files
    from pipelines.lake.home import Home

    settings = night.settings()
    if not settings.landing.is_dir():
        return dg.SkipReason("the landing folder does not exist")
    today = datetime.now(ZoneInfo(TIMEZONE)).date()
    waiting = waiting_files(
        Home(settings.home), settings.landing, load_contracts(settings.schemas), today,
        settings.settle_seconds,
    )  # fmt: skip
    if not waiting:
        return dg.SkipReason("no new complete file")
    if nights.waiting(context.instance, today, NIGHTLY.name):
        return dg.SkipReason(f"{len(waiting)} new files: a run of today in the queue takes them")
    digest = _digest(settings.landing, waiting)
    renewed = ask(today, "arrivals", f"arrivals-{today}-{digest}", files=str(len(waiting)))
    before = missing(context.instance, settings.home, today - timedelta(days=1))
    return [*(ask(one, "missed", f"missed-{one}-{digest}") for one in before), renewed]


def missing(instance: dg.DagsterInstance, home: Path, until: date) -> list[date]:
    """Nights up to ``until`` that were missed, the oldest first."""
    from pipelines.lake.home import Home

    found = nights.after_last(Home(home), until, SERVICE.catch_up_nights)
    known = nights.in_hand(instance, found)
    return [one for one in found if one not in known]


def _digest(landing: Path, waiting: list[str]) -> str:
    """What waits, by place, size and time: a file that is sent again is asked for again."""
    seen = []
    for name in sorted(waiting):
        try:
            held = (landing / name).lstat()
            seen.append(f"{name} {held.st_size} {held.st_mtime_ns}")
        except OSError:
            seen.append(name)
    return hashlib.sha256("\n".join(seen).encode()).hexdigest()[:16]


@dg.sensor(
    job=NIGHTLY,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING if ON else dg.DefaultSensorStatus.STOPPED,
    description="补跑 · Nights that were missed while nothing ran or that were cut off, the oldest "
    "first. A night that failed is not missed: its failure was told.",
)
def missed_nights(
    context: dg.SensorEvaluationContext, night: NightResource
) -> list[dg.RunRequest] | dg.SkipReason:
    now = datetime.now(UTC)
    missed = missing(context.instance, night.settings().home, nights.due(now, SERVICE))
    if not missed:
        return dg.SkipReason("no night is missing")
    return [ask(one, "missed", f"missed-{one}-{now:%Y%m%d%H%M}") for one in missed]


@dg.run_failure_sensor(
    minimum_interval_seconds=15,
    monitor_all_code_locations=True,
    default_status=dg.DefaultSensorStatus.RUNNING if ON else dg.DefaultSensorStatus.STOPPED,
    description="失败通知 · A night that failed is told: in HOME/restricted/notices.jsonl, and by "
    "webhook and e-mail where they are configured. No value of a person.",
)
def failures(context: dg.RunFailureSensorContext, night: NightResource) -> None:
    from pipelines.lake.home import Home
    from pipelines.service.notices import Notice, send

    settings = night.settings()
    step, what = why(context)
    run = context.dagster_run
    cut_off = CUT_OFF in run.tags
    send(
        Home(settings.home),
        settings.notify,
        Notice(
            kind="cut_off" if cut_off else "run_failed",
            what=what,
            next_step=CUT_OFF_NEXT if cut_off else FAILED_NEXT,
            as_of=run.tags.get(nights.PARTITION),
            run_id=run.run_id,
            step=step,
        ),
    )


def why(context: dg.RunFailureSensorContext) -> tuple[str | None, str]:
    """The step that failed and what may be said of it."""
    from pipelines.service.notices import quotable

    for event in context.get_step_failure_events():
        error = getattr(event.event_specific_data, "error", None)
        seen = []
        while error is not None and error not in seen:
            seen.append(error)
            error = error.cause
        told = seen[-1] if seen else None
        if told is not None:
            return event.step_key, quotable(told.cls_name, told.message)
        return event.step_key, "the step failed"
    return None, "the run ended before or between its steps: cut off, stopped or out of memory"


@dg.definitions
def automation() -> dg.Definitions:
    return dg.Definitions(
        jobs=[NIGHTLY],
        schedules=[every_night],
        sensors=[arrivals, missed_nights, failures],
        resources={"night": NightResource()},
        executor=dg.in_process_executor,
    )
