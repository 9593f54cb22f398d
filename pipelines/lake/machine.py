"""Faults of the machine told as what they are: full disk, unwritable HOME, no memory, damaged file.

An error of an engine or of the system says where in the program it came up; a person needs to
know what to do. Nothing here decides what a night does.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Sequence
from datetime import date

import duckdb

from pipelines.errors import EngineFault, JiuzhulianError, MachineFault
from pipelines.lake.damage import set_aside
from pipelines.lake.home import Home

FULL = (errno.ENOSPC, errno.EDQUOT)
CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM)
STAYS = "what is published is one whole night; run this one again afterwards"


def told(chain: Sequence[BaseException], home: Home, as_of: date) -> JiuzhulianError | None:
    """The error to show in place of a chain of errors, if the machine or a file is the cause."""
    if any(_full(error) for error in chain):
        free = shutil.disk_usage(home.root).free / 1e6
        return MachineFault(
            f"the disk of {home.root} is full ({free:,.0f} MB free): make room, or keep fewer "
            f"versions (keep_published_nights); {STAYS}"
        )
    if any(isinstance(error, OSError) and error.errno in CLOSED for error in chain):
        return MachineFault(
            f"HOME {home.root} cannot be written: let this user write it, and look whether the "
            f"disk has become read-only; {STAYS}"
        )
    if any(isinstance(error, duckdb.OutOfMemoryException | MemoryError) for error in chain):
        return MachineFault(
            f"not enough memory: raise memory_limit in settings.toml, or give the machine more; "
            f"{STAYS}"
        )
    if any(_unread(error) for error in chain):
        return set_aside(home, as_of)
    return None


def _full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    words = str(error)
    return _of_engine(error) and ("No space left" in words or "Disk quota exceeded" in words)


def _unread(error: BaseException) -> bool:
    """Whether an engine, or a reader of Parquet, may have met a damaged or missing file."""
    return isinstance(error, EngineFault | FileNotFoundError) or _of_engine(error)


def _of_engine(error: BaseException) -> bool:
    module = type(error).__module__.partition(".")[0]
    return isinstance(error, duckdb.Error) or module in ("_duckdb", "polars", "pyarrow")
