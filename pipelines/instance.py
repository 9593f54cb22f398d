"""HOME/restricted/dagster: Dagster's own records of one HOME, and how a run uses them.

``dagster.sqlite.yaml`` beside this file is what an installation gets; a site that keeps the records
in PostgreSQL puts a file of its own there (see deploy/). What a night does does not belong here.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.lake.closed import keep_closed
from pipelines.lake.home import Home

if TYPE_CHECKING:
    import dagster as dg

SHIPPED = Path(__file__).with_name("dagster.sqlite.yaml")
OURS = "# Written by jiuzhulian"
#: tag of runs that were ended from outside, so that the night counts as missed and not as failed
CUT_OFF = "cut_off"


def dagster_home(home: Home) -> str:
    """Make HOME/restricted/dagster an instance folder and name it in the environment.

    The file that an earlier version wrote is renewed; a site's own one is left.
    """
    keep_closed()
    config = home.dagster / "dagster.yaml"
    wanted = SHIPPED.read_text(encoding="utf-8")
    kept = config.read_text(encoding="utf-8") if config.exists() else None
    if kept is None or (kept.startswith(OURS) and kept != wanted):
        partial = config.with_name("dagster.yaml.partial")
        partial.write_text(wanted, encoding="utf-8")
        os.replace(partial, config)
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    os.environ.setdefault("DAGSTER_DG_UPDATE_CHECK_ENABLED", "0")
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    return str(home.dagster)


def settle_cut_off(instance: dg.DagsterInstance, *, starting: bool = False) -> int:
    """Say of runs that a power cut or a kill ended that they failed; to be called when the HOME
    is not locked, so that none of them can be alive. Else the queue would wait for them for ever.

    ``starting``: those too that had not reached the HOME; only where no service can be alive.
    Returns how many there were.
    """
    import dagster as dg

    alive = [dg.DagsterRunStatus.STARTED]
    if starting:
        alive += [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.CANCELING]
    found = instance.get_runs(dg.RunsFilter(statuses=alive))
    for run in found:
        instance.add_run_tags(run.run_id, {CUT_OFF: "yes", "dagster/max_retries": "0"})
        instance.report_run_failed(run, "cut off: its process ended without a word")
    return len(found)
