"""The nightly job in one process: materialises the same assets as the job ``nightly``.

What a night consists of is said by the assets; here is only how a command starts it.
"""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from pipelines.assistance.entitlements import check_entitlements
from pipelines.contracts.load import load_contracts
from pipelines.engine.duck import interrupted
from pipelines.engine.spark.session import spark_faults
from pipelines.errors import ConfigurationFault, JiuzhulianError
from pipelines.hardship.policy import check_policy
from pipelines.instance import dagster_home, settle_cut_off
from pipelines.intake.pull import delivery_faults
from pipelines.lake import machine
from pipelines.lake.home import Home
from pipelines.logs import terminal
from pipelines.orders.faults import order_faults
from pipelines.publish.places.cuts import cut_faults
from pipelines.settings import Settings

if TYPE_CHECKING:
    import dagster as dg


def faults_before(settings: Settings, as_of: date) -> list[str]:
    """Everything that would keep a night from running and can be known without Dagster."""
    faults = check_policy(settings.policy, as_of)
    faults = faults or check_entitlements(settings.policy, settings.schemas, as_of)
    faults += order_faults(settings.schemas, settings.policy)
    faults += cut_faults(settings.schemas) if settings.publish_places else []
    faults += delivery_faults(settings, load_contracts(settings.schemas))
    faults += spark_faults() if settings.engine == "spark" else []
    if not settings.landing.is_dir():
        faults.append(f"landing folder {settings.landing} does not exist: name one (--landing)")
    return faults


def forget_run_records(instance: dg.DagsterInstance, days: int) -> int:
    """Delete Dagster's record of runs made more than ``days`` ago (0: of none); how many."""
    import dagster as dg

    if not days:
        return 0
    before = datetime.now(UTC) - timedelta(days=days)
    old = instance.get_runs(dg.RunsFilter(created_before=before))
    for run in old:
        instance.delete_run(run.run_id)
    return len(old)


def run_night(settings: Settings, as_of: date, *, rebuild: bool = False) -> None:
    """Run the job ``nightly`` for one as-of date; raises the error of the step that failed.

    What can be known beforehand is said before Dagster is loaded, which takes seconds.
    """
    if faults := faults_before(settings, as_of):
        raise ConfigurationFault(faults)
    home = Home(settings.home).create()
    terminal()
    with home.locked():
        pass  # a second run is told so at once; the night itself takes the lock again
    dagster_home(home)
    import dagster as dg

    from pipelines.definitions import defs
    from pipelines.nightly import COMMANDED, close_nights, held_back

    logging.getLogger("dagster").setLevel(logging.ERROR)
    config = {
        "landing": str(settings.landing.resolve()),
        "policy": str(settings.policy.resolve()),
        "home": str(home.root),
        "rebuild": rebuild,
    }
    job = defs().resolve_job_def("nightly")
    commanded = COMMANDED.set(settings)
    try:
        kept = dg.DagsterInstance.get if settings.record_runs else dg.DagsterInstance.ephemeral
        with kept() as instance:
            settle_cut_off(instance)
            forget_run_records(instance, settings.keep_run_records_days)
            job.execute_in_process(
                instance=instance,
                partition_key=as_of.isoformat(),
                run_config={
                    "resources": {"night": {"config": config}},
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                },
            )
    except dg.DagsterUnknownPartitionError:
        raise JiuzhulianError(
            f"{as_of} is no night: nights run from 2024-01-01 up to today in Shanghai"
        ) from None
    except dg.DagsterExecutionInterruptedError:
        raise KeyboardInterrupt from None
    except Exception as error:
        if any(interrupted(step) for step in chain(error)):
            raise KeyboardInterrupt from None
        cause = next((step for step in chain(error) if isinstance(step, JiuzhulianError)), None)
        if cause is None and type(error).__name__ == "DagsterAssetCheckFailedError":
            cause = held_back()
        if cause is None:
            close_nights()  # what the engine spilled is no part of what fills the disk
            cause = machine.told(chain(error), home, as_of)
        if cause is None:
            raise
        raise cause from error
    finally:
        COMMANDED.reset(commanded)
        close_nights()


def chain(error: BaseException) -> list[BaseException]:
    """The error and those behind it, as the orchestrator wrapped them; chains can be rings."""
    seen: list[BaseException] = []
    step: BaseException | None = error
    while step is not None and step not in seen:
        seen.append(step)
        step = step.__cause__ or step.__context__
    return seen
