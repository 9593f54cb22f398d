"""What of the nights themselves is wrong: Dagster's records, the service, the last night, feeds.

Read from HOME and from Dagster's storage; the machine is looked at in ``doctor_machine``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import duckdb
import yaml

from pipelines.instance import OURS, dagster_home
from pipelines.lake.manifest import committed_nights, load_manifest, stale_nights
from pipelines.service.doctor_machine import free
from pipelines.service.findings import Finding, Look, good, look, wrong
from pipelines.service.nights import due
from pipelines.service.notices import notices_file
from pipelines.service.serve import lock_file, port_fault

if TYPE_CHECKING:
    import dagster as dg

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: what a site's own dagster.yaml must say too, and why
NEEDED: tuple[tuple[tuple[str, ...], Any, str], ...] = (
    (("telemetry", "enabled"), False, "nothing may be sent outside"),
    (("concurrency", "runs", "max_concurrent_runs"), 1, "one night at a time"),
    (("compute_logs", "class"), "NoOpComputeLogManager", "what a step prints could hold a value"),
    (("run_monitoring", "enabled"), True, "a night that hangs is ended"),
    (("freshness", "enabled"), True, "overdue feeds show"),
)
#: instigators that must be on where the service runs
SWITCHES = ("every_night", "arrivals", "missed_nights", "failures")


def storage(at: Look) -> Iterator[Finding]:
    """Dagster's records can be opened, are up to date, and hold no run that died unseen."""
    config = at.home.dagster / "dagster.yaml"
    if not config.exists():
        yield look(
            "storage", "Dagster has kept no record here yet", "start the service: jiuzhulian serve"
        )
        return
    text = config.read_text(encoding="utf-8")
    if not text.startswith(OURS):
        yield from _own(text)
    import dagster as dg

    dagster_home(at.home)
    try:
        with dg.DagsterInstance.get() as instance:
            yield from _dead(at, instance)
            kept = type(instance.run_storage).__name__
    except Exception as error:
        yield wrong(
            "storage", f"Dagster's records cannot be opened ({type(error).__name__})",
            f"see {config}; after an upgrade run: dagster instance migrate",
        )  # fmt: skip
        return
    yield good("storage", f"Dagster's records are in {kept.removesuffix('RunStorage')}")


def _own(text: str) -> Iterator[Finding]:
    """What a dagster.yaml of the site's own lacks."""
    try:
        said = yaml.safe_load(text) or {}
    except yaml.YAMLError:
        yield wrong("storage", "dagster.yaml is not YAML", "compare it with those in deploy/")
        return
    for path, value, reason in NEEDED:
        found: Any = said
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        if found != value:
            yield wrong(
                "storage", f"dagster.yaml does not say {'.'.join(path)}: {value} ({reason})",
                "add it, as the files in deploy/ do",
            )  # fmt: skip


def _dead(at: Look, instance: dg.DagsterInstance) -> Iterator[Finding]:
    """Runs that are said to be going on although nobody holds HOME hold the queue up."""
    import dagster as dg

    going_on = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    if going_on and (not at.home.lock_file.exists() or free(at.home.lock_file)):
        nights = ", ".join(sorted(run.tags.get("dagster/partition", "?") for run in going_on))
        yield wrong(
            "storage", f"a run is said to be going on, but its process is dead (night {nights}): "
            "the queue waits for it", "start the service again: it settles such runs",
        )  # fmt: skip


def service(at: Look) -> Iterator[Finding]:
    path, place = lock_file(at.home), at.settings.service
    if not path.exists() or free(path):
        yield look(
            "service", "no service runs on this HOME: nights start only by hand",
            "start it: jiuzhulian serve, or systemctl start jiuzhulian",
        )  # fmt: skip
        if fault := port_fault(place.host, place.port):
            what, _, step = fault.partition(": ")
            yield wrong("port", what, step)
        return
    said: dict[str, Any] = {}
    with suppress(ValueError):
        said = json.loads(path.read_text(encoding="utf-8"))
    yield good("service", f"runs as process {said.get('pid', '?')} since {said.get('since', '?')}")


def automation(at: Look) -> Iterator[Finding]:
    """Whether what should start nights is on, works, and is alive."""
    if not (at.home.dagster / "dagster.yaml").exists():
        return
    import dagster as dg

    dagster_home(at.home)
    try:
        with dg.DagsterInstance.get() as instance:
            states = {state.name: state for state in instance.all_instigator_state()}
            beats = instance.get_daemon_heartbeats()
            for name in SWITCHES:
                if name in states:
                    yield from _switch(instance, name, states[name])
    except Exception:
        return  # storage has told why
    if free(lock_file(at.home)) if lock_file(at.home).exists() else True:
        return
    late = [
        kind for kind, beat in sorted(beats.items())
        if at.now.timestamp() - beat.timestamp > 300 and kind in ("SCHEDULER", "SENSOR")
    ]  # fmt: skip
    if late:
        yield wrong(
            "automation", f"the daemon has been silent for 5 minutes ({', '.join(late)})",
            f"see {at.home.restricted / 'service' / 'daemon.log'}; restart the service",
        )  # fmt: skip
    missing = [name for name in SWITCHES if name not in states]
    if missing:
        yield look(
            "automation", f"not seen running yet: {', '.join(missing)}",
            "wait a minute after a start; else see the user interface, Automation",
        )  # fmt: skip


def _switch(instance: dg.DagsterInstance, name: str, state: Any) -> Iterator[Finding]:
    from dagster._core.scheduler.instigation import TickStatus

    if not state.is_running:
        yield wrong(
            "automation",
            f"{name} is switched off",
            "switch it on in the user interface: Automation",
        )
        return
    ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
    if ticks and ticks[0].status is TickStatus.FAILURE:
        kind = ticks[0].error.cls_name if ticks[0].error else "unknown"
        yield wrong(
            "automation", f"{name} failed when it last looked ({kind})",
            "see it in the user interface: Automation",
        )  # fmt: skip
    else:
        yield good("automation", f"{name} is on")


def last_night(at: Look) -> Iterator[Finding]:
    committed = committed_nights(at.home) if at.home.nights.is_dir() else []
    if not committed:
        yield look(
            "last night", "no night has been made yet", "jiuzhulian run, or wait for the service"
        )
        return
    newest = committed[-1]
    grace = timedelta(hours=at.settings.service.hours_for_a_night)
    late = (due(at.now, at.settings.service, grace) - newest).days
    made = load_manifest(at.home, newest)
    told = f"the last night is {newest}, made {made.committed_at} under policy {made.policy}"
    if late > 0:
        yield wrong(
            "last night", f"{told}: {late} {'night is' if late == 1 else 'nights are'} missing",
            "see the failed run in the user interface or notices.jsonl; then run it again",
        )  # fmt: skip
    else:
        yield good("last night", told)
    stale = stale_nights(at.home)
    if stale:
        yield look(
            "last night", f"{len(stale)} nights stand on a night that was made anew since, from "
            f"{stale[0]} on", "run them again in order: jiuzhulian nights lists them",
        )  # fmt: skip


def published(at: Look) -> Iterator[Finding]:
    """What analysts open can be opened and is the last night's."""
    path = at.home.monitoring
    committed = committed_nights(at.home) if at.home.nights.is_dir() else []
    if not committed:
        return
    if not path.exists():
        yield wrong(
            "published", f"{path.name} is missing", f"run the night of {committed[-1]} again"
        )
        return
    try:
        with duckdb.connect(str(path), read_only=True) as con:
            holds: date = con.execute("SELECT max(as_of) FROM meta.run").fetchall()[0][0]
    except duckdb.Error as error:
        yield wrong(
            "published", f"{path.name} cannot be opened ({type(error).__name__})",
            f"run the night of {committed[-1]} again",
        )  # fmt: skip
        return
    if holds == committed[-1]:
        yield good("published", f"{path.name} holds the night of {holds}")
    elif holds > committed[-1]:
        yield wrong("published", f"{path.name} holds {holds}, which the lake does not know",
                    "restore HOME as a whole from one backup")  # fmt: skip
    else:
        yield look(
            "published", f"{path.name} holds the night of {holds}, the lake goes to "
            f"{committed[-1]}", "run the last night again, or wait for the next",
        )  # fmt: skip


def feeds(at: Look) -> Iterator[Finding]:
    """Departments whose newest extract is overdue today, whatever the last night said."""
    from pipelines.contracts.load import load_contracts
    from pipelines.lake.receipt import load_receipts
    from pipelines.standard.freshness import freshness

    if not at.home.receipts.is_dir():
        return
    today = at.now.astimezone(SHANGHAI).date()
    import polars as pl

    none = pl.DataFrame(schema={"source": pl.String, "dataset": pl.String, "late": pl.Boolean,
                                "held": pl.Date})  # fmt: skip
    ages = freshness(load_contracts(at.settings.schemas), load_receipts(at.home), today, none)
    late = ages.filter(pl.col("late"))
    for row in late.iter_rows(named=True):
        age = "nothing ever came" if row["age_days"] is None else f"{row['age_days']} days old"
        yield look(
            "feeds", f"{row['source']}/{row['dataset']}: {age}, due every {row['due_days']} days",
            "ask the department; until then nothing that rests on it is cleared",
        )  # fmt: skip
    yield good("feeds", f"{ages.height - late.height} of {ages.height} datasets are in time")


def notices(at: Look) -> Iterator[Finding]:
    """Whether the last notices reached those who should have had them."""
    path = notices_file(at.home)
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines()[-20:]
    told = [json.loads(line) for line in lines if line.strip()]
    recent = [
        one for one in told
        if at.now - datetime.fromisoformat(one["at"]).astimezone(UTC) < timedelta(days=2)
    ]  # fmt: skip
    unsent = [one for one in recent if one["not_sent"]]
    if unsent:
        yield wrong(
            "notices", f"a notice could not be passed on: {'; '.join(unsent[-1]['not_sent'])}",
            "mend the setting notify",
        )  # fmt: skip
    for one in recent[-3:]:
        if one["kind"] != "doctor":
            night = f" (night {one['as_of']})" if one["as_of"] else ""
            yield look("notices", f"{one['at']}: {one['what']}{night}", one["next_step"])
