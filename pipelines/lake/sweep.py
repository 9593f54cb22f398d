"""Removes table files that no night points at any more; to be called while the HOME is locked.

Only what nights made is swept. What was received (landed files, receipts, quarantine) stays.
While the manifest of any night cannot be read, nothing is: its files would be taken for waste.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pipelines.errors import DamagedState
from pipelines.lake.fingerprint import read_pointer
from pipelines.lake.home import Home
from pipelines.lake.manifest import FILE, load_manifest
from pipelines.logs import warn


def sweep(home: Home) -> tuple[int, int]:
    """Files removed and their bytes."""
    try:
        kept = _pointed_at(home)
    except DamagedState as fault:
        warn(f"{fault}; until then no table file is removed")
        return 0, 0
    removed = size = 0
    for path in home.tables.rglob("*.parquet*"):
        if path not in kept:
            size += path.stat().st_size
            path.unlink()
            removed += 1
    for folder in sorted(home.tables.rglob("*"), reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    return removed, size


def _pointed_at(home: Home) -> set[Path]:
    """Files of every committed night and of every table that stands in a night's folder."""
    kept: set[Path] = set()
    for path in home.nights.glob("*/*.json"):
        if path.name == FILE:
            night = load_manifest(home, date.fromisoformat(path.parent.name))
            for pointer in night.tables.values():
                kept.update(pointer.paths(home.lake))
        elif (own := read_pointer(path)) is not None:
            kept.update(own.paths(home.lake))
    return kept
