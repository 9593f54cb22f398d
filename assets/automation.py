"""When nights run: the job, its schedule, and the sensor for arriving files."""

import hashlib
from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg

from assets.partitions import TIMEZONE
from assets.resources import NightResource

NIGHTLY = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all() | dg.AssetSelection.all_asset_checks(),
    executor_def=dg.in_process_executor,
    description="一夜全流程 · One whole night, from the files that arrived to monitoring.duckdb.",
)


@dg.schedule(
    job=NIGHTLY,
    cron_schedule="0 2 * * *",
    execution_timezone=TIMEZONE,
    description="每日 02:00 (上海) · Every day at 02:00 in Shanghai; the as-of date is that day.",
)
def nightly_at_two(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    as_of = context.scheduled_execution_time.astimezone(ZoneInfo(TIMEZONE)).date().isoformat()
    return dg.RunRequest(run_key=f"nightly-{as_of}", partition_key=as_of)


@dg.sensor(
    job=NIGHTLY,
    minimum_interval_seconds=30,
    description="新文件到达 · New complete files in the landing folder renew today's night.",
)
def arrivals(
    context: dg.SensorEvaluationContext, night: NightResource
) -> dg.RunRequest | dg.SkipReason:
    from pipelines.contracts.load import load_contracts
    from pipelines.intake.land import waiting_files
    from pipelines.lake.home import Home

    settings = night.settings()
    if not settings.landing.is_dir():
        return dg.SkipReason("the landing folder does not exist")
    as_of = datetime.now(ZoneInfo(TIMEZONE)).date()
    waiting = waiting_files(
        Home(settings.home), settings.landing, load_contracts(), as_of, settings.settle_seconds
    )
    if not waiting:
        return dg.SkipReason("no new complete file")
    digest = hashlib.sha256("\n".join(sorted(waiting)).encode()).hexdigest()[:16]
    return dg.RunRequest(
        run_key=f"arrivals-{digest}",
        partition_key=as_of.isoformat(),
        tags={"trigger": "arrivals", "files": str(len(waiting))},
    )


@dg.definitions
def automation() -> dg.Definitions:
    return dg.Definitions(
        jobs=[NIGHTLY],
        schedules=[nightly_at_two],
        sensors=[arrivals],
        resources={"night": NightResource()},
        executor=dg.in_process_executor,
    )
