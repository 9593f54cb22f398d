"""Removes table files that no night points at any more; to be called while the HOME is locked.

Only what nights made is swept. What was received (landed files, receipts, quarantine) stays.
"""

from __future__ import annotations

import json
from pathlib import Path

from pipelines.lake.fingerprint import read_pointer
from pipelines.lake.home import Home
from pipelines.lake.manifest import FILE
from pipelines.lake.pointer import Pointer


def sweep(home: Home) -> tuple[int, int]:
    """Files removed and their bytes."""
    kept = _pointed_at(home)
    removed = size = 0
    for path in home.tables.rglob("*.parquet"):
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
            tables = json.loads(path.read_text(encoding="utf-8"))["tables"].values()
            pointers = [Pointer.from_json(raw) for raw in tables]
        else:
            pointers = [read_pointer(path)]
        for pointer in pointers:
            kept.update(pointer.paths(home.lake))
    return kept
