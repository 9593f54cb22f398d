"""What a run writes is closed to others from the first byte on; only published/ is opened.

The folders' own modes stand in ``home``. Who may read published/ is decided by the folder.
"""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLOSED, READABLE, ENTERED = 0o077, 0o644, 0o755


def keep_closed() -> None:
    """From now on this process makes files that only its user reads, and leaves no core dump:
    the memory of a run holds what identifies.
    """
    os.umask(CLOSED)
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


@contextmanager
def temporary_files_in(folder: Path) -> Iterator[None]:
    """Until the end of the block, what libraries spill into temporary files lies in ``folder``."""
    before = tempfile.tempdir
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


def close_below(root: Path) -> None:
    """Close copies of files that others may read to them: folders 0700, files 0600."""
    for folder, _, files in os.walk(root):
        Path(folder).chmod(0o700)
        for name in files:
            Path(folder, name).chmod(0o600)


def open_published(published: Path) -> None:
    """Let others read what lies in published/, but for unfinished files (names with a dot first).

    A mode that somebody widened or a link that somebody laid there is left alone.
    """
    for folder, folders, files in os.walk(published):
        for name in (*folders, *files):
            path = Path(folder, name)
            if name.startswith(".") or path.is_symlink():
                continue
            wanted = ENTERED if name in folders else READABLE
            try:
                mode = path.stat().st_mode & 0o777
                if mode & CLOSED == 0:
                    path.chmod(mode | wanted)
            except OSError:  # gone meanwhile, or another user's: not ours to open
                continue
