"""Everything that a night pulls: the databases and remote folders of the settings, one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from shutil import rmtree

from pipelines.contracts.model import Contract
from pipelines.delivery_settings import secret
from pipelines.engine.duck import DuckEngine
from pipelines.errors import ConfigurationFault
from pipelines.intake.discover import Found, discover
from pipelines.intake.errors import place_of
from pipelines.intake.pull.configured import delivery_faults
from pipelines.intake.pull.cursor import forget_old
from pipelines.intake.pull.database import pull_database, targets
from pipelines.intake.pull.remote import fetch, refused_remote
from pipelines.lake.home import Home
from pipelines.lake.receipt import load_receipts
from pipelines.settings import Settings

Log = Callable[[str], None]


@contextmanager
def pulled_arrivals(
    home: Home,
    settings: Settings,
    contracts: Mapping[str, Contract],
    as_of: date,
    today: date | None,
    run_id: str,
    log: Log,
    warn: Log,
) -> Iterator[list[Found]]:
    """Deliveries that were pulled, as long as their temporary files are needed.

    A place is asked only on the day itself: it can say what is true now and not what was true on
    an earlier night; ``today`` None: not at all. Files that were fetched before are there on every
    night. Raises ConfigurationFault; whatever happens on the way is a refused delivery.
    """
    if faults := delivery_faults(settings, contracts):
        raise ConfigurationFault(faults)
    temp = home.tmp / f"pull-{run_id}"
    found: list[Found] = []
    try:
        if as_of == today:
            found += _from_databases(home, settings, contracts, as_of, temp, log, warn)
            found += _from_remotes(home, settings, as_of, log, warn)
        elif today is not None and (settings.databases or settings.remotes):
            log(f"  nothing is pulled for {as_of}: places are asked on the day itself ({today})")
        found += discover(home.inbox, contracts, as_of, 0).files
        yield found
    finally:
        rmtree(temp, ignore_errors=True)


def _from_databases(
    home: Home, settings: Settings, contracts: Mapping[str, Contract], as_of: date,
    temp: Path, log: Log, warn: Log,
) -> list[Found]:  # fmt: skip
    found: list[Found] = []
    if not settings.databases:
        return found
    temp.mkdir(mode=0o700, parents=True, exist_ok=True)
    receipts = load_receipts(home)
    forget_old(home, receipts)
    with closing(DuckEngine(temp, settings.memory_limit, settings.threads)) as engine:
        for name, database in settings.databases.items():
            wanted = targets(name, database, contracts, receipts, home, as_of, log)
            if not wanted:
                continue
            try:
                password = secret(name, database)
                found += pull_database(database, password, wanted, temp, engine, log, warn)
            except Exception as error:
                fault = _unforeseen(f"database {name}", error, warn)
                found += [target.refused(fault) for target in wanted]
    return found


def _from_remotes(home: Home, settings: Settings, as_of: date, log: Log, warn: Log) -> list[Found]:
    found: list[Found] = []
    for name, remote in settings.remotes.items():
        try:
            password = secret(name, remote)
            found += fetch(name, remote, password, home, as_of, settings.settle_seconds, log, warn)
        except Exception as error:
            fault = _unforeseen(f"remote {name}", error, warn)
            found += refused_remote(name, remote, as_of, fault)
    return found


def _unforeseen(place: str, error: Exception, warn: Log) -> str:
    """One place that fails in a way nobody thought of is a refusal too; the night goes on."""
    fault = f"could not be pulled: {place_of(error)}"
    warn(f"{place}: {fault}; the night goes on without it")
    return fault
