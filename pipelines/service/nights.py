"""Which nights are missing, from what HOME holds and what Dagster knows of its runs.

A night is missing once its time has come, later nights have not been committed, and nobody is
making it. One that failed is not missing: it was told, and the next night's schedule asks for it
again. Older nights come first, in the queue too, since a night is built on the one before.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pipelines.instance import CUT_OFF
from pipelines.lake.home import Home
from pipelines.lake.manifest import committed_nights
from pipelines.service_settings import Service

if TYPE_CHECKING:
    import dagster as dg

SHANGHAI = ZoneInfo("Asia/Shanghai")
PARTITION = "dagster/partition"
PRIORITY = "dagster/priority"
TRIGGER = "trigger"
#: set by ``serve`` for its processes: schedule and sensors are then switched on from the start
SERVING = "JIUZHULIAN_SERVING"


def after_last(home: Home, until: date, most: int) -> list[date]:
    """Nights between the last committed one and ``until``, it included, oldest first.

    Empty where no night was ever made: the first one is the schedule's or the arrivals'.
    """
    committed = committed_nights(home) if home.nights.is_dir() else []
    if not committed:
        return []
    days = (until - committed[-1]).days
    nights = [committed[-1] + timedelta(days=day + 1) for day in range(max(0, days))]
    return nights[-most:] if most else []


def due(now: datetime, service: Service, grace: timedelta = timedelta(minutes=5)) -> date:
    """The newest night whose time has come; ``grace`` leaves tonight's to the schedule."""
    here = now.astimezone(SHANGHAI)
    hour, minute = map(int, service.nightly_at.split(":"))
    begins = datetime.combine(here.date(), time(hour, minute), SHANGHAI) + grace
    return here.date() if here >= begins else here.date() - timedelta(days=1)


def tags(night: date, trigger: str, service: Service) -> dict[str, str]:
    """What a run that nobody started by hand carries: older nights go first in the queue."""
    return {
        TRIGGER: trigger,
        PRIORITY: str(-night.toordinal()),
        "dagster/max_runtime": str(int(service.night_hours * 3600)),
    }


def in_hand(instance: dg.DagsterInstance, nights: Iterable[date]) -> set[date]:
    """Those of ``nights`` that wait in the queue, are being made, or were tried and failed."""
    import dagster as dg

    found = set()
    for night in nights:
        runs = instance.get_runs(dg.RunsFilter(tags={PARTITION: night.isoformat()}), limit=20)
        if any(CUT_OFF not in run.tags for run in runs):
            found.add(night)
    return found


def waiting(instance: dg.DagsterInstance, night: date, job: str) -> bool:
    """Whether a run of a night stands in the queue: it will see whatever has arrived by then."""
    import dagster as dg

    queued = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED]
    wanted = dg.RunsFilter(job_name=job, statuses=queued, tags={PARTITION: night.isoformat()})
    return bool(instance.get_runs(wanted, limit=1))
