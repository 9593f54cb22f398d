"""Which nights the lake forgets; to be called while the HOME is locked, before it is swept.

A night that is forgotten can no longer be replayed, compared, explained or restored from the lake.
What was received (landed files, receipts, quarantine) is not a night's and stays.
"""

from __future__ import annotations

import os
import shutil
from datetime import date, timedelta
from pathlib import Path

from pipelines.errors import DamagedState
from pipelines.lake.home import Home
from pipelines.lake.kept import CONTRACTS, POLICY
from pipelines.lake.manifest import committed_nights, load_manifest
from pipelines.logs import warn


def forget_nights(home: Home, as_of: date, days: int) -> list[date]:
    """Delete nights more than ``days`` before ``as_of``, and the policies and contracts that only
    they used; 0 keeps them for ever. The two newest committed nights always stay: one is to be
    stood on, the other is what it is compared with.
    """
    for leftover in home.nights.glob(".*.forgotten"):
        shutil.rmtree(leftover, ignore_errors=True)
    if not days:
        return []
    committed = committed_nights(home)
    old = [n for n in committed[:-2] if n < as_of - timedelta(days=days)]
    for night in old:
        # renamed first: half a night is never seen under its date
        doomed = home.nights / f".{night}.forgotten"
        os.replace(home.nights / night.isoformat(), doomed)
        shutil.rmtree(doomed, ignore_errors=True)
    if old:
        _forget_unused(home)
    return old


def _forget_unused(home: Home) -> None:
    """Remove kept policies and contracts that no night names any more."""
    try:
        nights = [load_manifest(home, night) for night in committed_nights(home)]
    except DamagedState as fault:
        warn(f"{fault}; until then no kept policy is removed")
        return
    named = {
        POLICY: {night.policy_sha256 for night in nights},
        CONTRACTS: {night.contracts_sha256 for night in nights},
    }
    for kind, digests in named.items():
        for folder in _folders(home.kept / kind):
            if folder.name not in digests:
                shutil.rmtree(folder, ignore_errors=True)


def _folders(place: Path) -> list[Path]:
    return [path for path in place.iterdir() if path.is_dir()] if place.is_dir() else []
