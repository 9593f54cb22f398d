"""Opening a night, landing what arrived, committing it: the frame around the rooms.

Both the command ``run`` and the assets of Dagster go through here.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from pipelines.contracts.load import load_codes, load_contracts
from pipelines.errors import ConfigurationFault, JiuzhulianError, PublicationHeldBack
from pipelines.intake.land import LandingSummary, land
from pipelines.intake.limits import Limits
from pipelines.intake.pull import pulled_arrivals
from pipelines.lake.acceptance import load_acceptances
from pipelines.lake.closed import keep_closed, open_published, temporary_files_in
from pipelines.lake.cluster import Machines
from pipelines.lake.home import Home
from pipelines.lake.kept import keep_contracts, keep_policy
from pipelines.lake.manifest import Manifest, manifest_sha256
from pipelines.lake.night import Night
from pipelines.lake.retention import forget_nights
from pipelines.lake.sweep import sweep
from pipelines.logs import warn
from pipelines.publish.validation import stop_if_held_back
from pipelines.publish.version import code_version
from pipelines.settings import Settings
from pipelines.standard.promises import contract_promise
from pipelines.standard.registry import register_views

SHANGHAI = ZoneInfo("Asia/Shanghai")


def open_night(
    settings: Settings, as_of: date, run_id: str | None = None, *, rebuild: bool = False
) -> Night:
    """A night that can be built or read; its HOME is made where it is missing."""
    if not settings.policy.is_dir():
        raise ConfigurationFault([f"policy {settings.policy} is not a folder: name one"])
    home = Home(settings.home).create()
    night = Night(
        home, as_of, settings,
        run_id=run_id, rebuild=rebuild, contract_promises=contract_promise,
    )  # fmt: skip
    register_views(night)
    return night


#: the settings that `run_night` was called with, for the steps that it runs in its own process
COMMANDED: ContextVar[Settings | None] = ContextVar("commanded", default=None)
_open: dict[str, tuple[Night, ExitStack]] = {}


def night_of_run(
    run_id: str,
    settings: Settings,
    as_of: date,
    *,
    rebuild: bool = False,
    opened: Callable[[Night], None] = lambda _: None,
) -> Night:
    """The night that a run works on: opened once in this process, with its HOME locked.

    ``opened`` is told of it when it is.
    """
    if run_id not in _open:
        keep_closed()
        stack = ExitStack()
        home = Home(settings.home).create()
        stack.enter_context(home.locked())
        stack.callback(open_published, home.published)
        stack.enter_context(temporary_files_in(home.tmp))
        wipe_leftovers(home)
        name = f"{as_of:%Y%m%d}-{run_id[:8]}"
        night = open_night(settings, as_of, name, rebuild=rebuild)
        stack.callback(night.close)
        _open[run_id] = (night, stack)
        opened(night)
    return _open[run_id][0]


def close_nights() -> None:
    """Close every night that this process has open and release its HOME."""
    while _open:
        _, (_, stack) = _open.popitem()
        stack.close()


def held_back() -> PublicationHeldBack | None:
    """What the blocking checks of an open night said, if one of them failed."""
    for night, _ in _open.values():
        if night.exists("quality.expectation"):
            try:
                stop_if_held_back(night)
            except PublicationHeldBack as said:
                return said
    return None


def land_arrivals(
    night: Night,
    log: Callable[[str], None] = lambda _: None,
    *,
    pull: bool = True,
    source: str = "",
) -> LandingSummary:
    """Pull from databases and remote folders, then take in everything that the night may see.

    ``pull`` False: databases and remote folders are left alone this time. ``source``: only what
    this one sends; raises where no contract names it.
    """
    settings = night.settings
    if not settings.landing.is_dir():
        raise JiuzhulianError(f"landing folder {settings.landing} does not exist: name one")
    contracts = load_contracts(settings.schemas)
    sources = sorted({contract.source for contract in contracts.values()})
    if source and source not in sources:
        raise ConfigurationFault(
            [f"department {source} sends nothing here: one of {', '.join(sources)}"]
        )
    today = datetime.now(SHANGHAI).date() if pull else None
    with pulled_arrivals(
        night.home, settings, contracts, night.as_of, today, night.run_id, log, warn
    ) as pulled:
        summary = land(
            night.home, settings.landing, contracts, load_codes(settings.schemas),
            night.as_of, night.run_id, settings.settle_seconds, settings.memory_limit, log,
            Limits(
                unpacked=settings.max_unpacked_megabytes, workbook=settings.max_workbook_megabytes,
                cells=settings.max_workbook_cells, ratio=settings.max_unpacked_ratio,
            ),
            pulled,
            source,
            Machines(night),
        )  # fmt: skip
    night.forget_receipts()
    if summary.incomplete:
        warn(
            f"{summary.incomplete} files in {settings.landing} are not complete yet (no .done "
            f"beside them, touched less than {settings.settle_seconds} s ago): the next run "
            "takes them"
        )
    return summary


def commit(night: Night) -> Manifest:
    """Make what the night has built its state; later nights stand on it from now on.

    Files that no night points at any more are removed.
    """
    manifest = Manifest(
        as_of=night.as_of,
        run_id=night.run_id,
        committed_at=datetime.now(UTC).isoformat(timespec="seconds"),
        code_version=code_version(),
        policy=night.policy_dir.name,
        policy_sha256=keep_policy(night.home, night.policy_dir),
        previous=night.previous,
        previous_sha256=manifest_sha256(night.home, night.previous) if night.previous else None,
        receipts=tuple(receipt.receipt_id for receipt in night.receipts),
        tables=night.pointers(),
        acceptances=tuple(one.acceptance_id for one in load_acceptances(night.home)),
        contracts_sha256=keep_contracts(night.home, night.settings.schemas),
        disputes=tuple(dispute.dispute_id for dispute in night.disputes),
        judgements=tuple(sorted(path.stem for path in night.home.judgements.glob("*.jsonl"))),
        corrections=tuple(one.correction_id for one in night.corrections),
        settings=night.settings.deciding,
    )
    manifest.save(night.home)
    forget_nights(night.home, night.as_of, night.settings.keep_nights_days)
    sweep(night.home)
    return manifest


def wipe_leftovers(home: Home) -> None:
    """Remove what earlier runs that were cut off left in HOME/restricted/tmp."""
    for leftover in home.tmp.iterdir():
        if leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)
