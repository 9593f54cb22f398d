"""Remote folders of the settings: visited again when the line breaks, refused when it stays so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date

from pipelines.delivery_settings import Remote
from pipelines.intake.discover import Found
from pipelines.intake.pull.again import tried
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
) -> list[Found]:
    """Bring new files into the inbox; returns refusals alone, the files are found there."""
    from pipelines.intake.pull.sftp import Visit, visit

    def once() -> Visit:
        return asyncio.run(visit(remote, password, Fetched(home, name), settle_seconds, log))

    try:
        seen = tried(f"remote {name}", remote, once, log, warn)
    except Interrupted as error:
        return refused_remote(name, remote, as_of, str(error))
    for dataset, fault in seen.faults.items():
        warn(f"remote {name}, {dataset}: {fault}")
    if seen.incomplete:
        warn(f"{seen.incomplete} files of remote {name} are not complete yet: left")
    return [_refused(name, dataset, as_of, fault) for dataset, fault in sorted(seen.faults.items())]


def refused_remote(name: str, remote: Remote, as_of: date, fault: str) -> list[Found]:
    """Nothing came of any folder of the server."""
    datasets = sorted({folder.dataset for folder in remote.folders})
    return [_refused(name, dataset, as_of, fault) for dataset in datasets]


def _refused(name: str, dataset: str, as_of: date, fault: str) -> Found:
    return refused(dataset, f"{name}.sftp@{as_of}", as_of, fault)
