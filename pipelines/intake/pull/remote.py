"""Remote folders of the settings: visited again when the line breaks, refused when it stays so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import date

from pipelines.delivery_settings import Remote
from pipelines.intake.discover import Found
from pipelines.intake.pull.fetched import Fetched
from pipelines.intake.pull.refused import refused
from pipelines.intake.pull.session import Interrupted
from pipelines.lake.home import Home

Log = Callable[[str], None]


def fetch(
    name: str,
    remote: Remote,
    password: str | None,
    home: Home,
    as_of: date,
    settle_seconds: int,
    log: Log,
    warn: Log,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Found]:
    """Bring new files into the inbox; returns refusals alone, the files are found there."""
    from pipelines.intake.pull.sftp import visit

    faults: dict[str, str] = {}
    for attempt in range(1, remote.attempts + 1):
        try:
            fetched = Fetched(home, name)
            seen = asyncio.run(visit(remote, password, fetched, settle_seconds, log))
        except Interrupted as error:
            told = f"remote {name}: {error}"
            if not error.again or attempt == remote.attempts:
                warn(f"{told}; the night goes on without it")
                return refused_remote(name, remote, as_of, f"{error}; tried {attempt} times")
            pause = remote.pause_seconds * 2 ** (attempt - 1)
            log(f"  {told}; once more in {pause:g} s")
            sleep(pause)
        else:
            faults = seen.faults
            for dataset, fault in faults.items():
                warn(f"remote {name}, {dataset}: {fault}")
            if seen.incomplete:
                warn(f"{seen.incomplete} files of remote {name} are not complete yet: left")
            break
    return [_refused(name, dataset, as_of, fault) for dataset, fault in sorted(faults.items())]


def refused_remote(name: str, remote: Remote, as_of: date, fault: str) -> list[Found]:
    """Nothing came of any folder of the server."""
    datasets = sorted({folder.dataset for folder in remote.folders})
    return [_refused(name, dataset, as_of, fault) for dataset in datasets]


def _refused(name: str, dataset: str, as_of: date, fault: str) -> Found:
    return refused(dataset, f"{name}.sftp@{as_of}", as_of, fault)
