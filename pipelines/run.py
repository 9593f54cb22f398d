"""The nightly job in one process: materialises the same assets as the job ``nightly``.

What a night consists of is said by the assets; here is only how a command starts it.
"""

from __future__ import annotations

import logging
import os
from datetime import date

from pipelines.errors import ConfigurationFault, JiuzhulianError
from pipelines.hardship.policy import check_policy
from pipelines.lake.home import Home
from pipelines.settings import Settings

DAGSTER_YAML = """\
# Written by jiuzhulian: nothing is sent anywhere, one night at a time.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  pools:
    default_limit: 1
"""


def dagster_home(home: Home) -> str:
    """Make HOME/restricted/dagster an instance folder and name it in the environment."""
    config = home.dagster / "dagster.yaml"
    if not config.exists():
        config.write_text(DAGSTER_YAML, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    os.environ.setdefault("DAGSTER_DG_UPDATE_CHECK_ENABLED", "0")
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    return str(home.dagster)


def run_night(settings: Settings, as_of: date, *, rebuild: bool = False) -> None:
    """Run the job ``nightly`` for one as-of date; raises the error of the step that failed.

    What can be known beforehand is said before Dagster is loaded, which takes seconds.
    """
    faults = check_policy(settings.policy, as_of)
    if not settings.landing.is_dir():
        faults.append(f"landing folder {settings.landing} does not exist: name one (--landing)")
    if faults:
        raise ConfigurationFault(faults)
    home = Home(settings.home).create()
    with home.locked():
        pass  # a second run is told so at once; the night itself takes the lock again
    dagster_home(home)
    import dagster as dg

    from pipelines.definitions import defs
    from pipelines.nightly import close_nights, held_back

    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    config = {
        "landing": str(settings.landing.resolve()),
        "policy": str(settings.policy.resolve()),
        "home": str(home.root),
        "rebuild": rebuild,
    }
    job = defs().resolve_job_def("nightly")
    try:
        with dg.DagsterInstance.get() as instance:
            job.execute_in_process(
                instance=instance,
                partition_key=as_of.isoformat(),
                run_config={
                    "resources": {"night": {"config": config}},
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                },
            )
    except dg.DagsterExecutionInterruptedError:
        raise KeyboardInterrupt from None
    except Exception as error:
        raise _cause(error) or held_back() or error from error
    finally:
        close_nights()


def _cause(error: BaseException) -> JiuzhulianError | None:
    """Our own error behind what the orchestrator raised, if there is one."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, JiuzhulianError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None
