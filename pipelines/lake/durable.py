"""Files that outlast a power cut: forced to disk before anything points at them, and whole."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

#: what a Parquet file begins and ends with
MAGIC = b"PAR1"
#: magic, an empty body, the length of the footer, magic
SMALLEST = 12


def sync(path: Path) -> None:
    """Force a file or a folder's entries to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_all(files: Iterable[Path]) -> None:
    """Force files to disk, then the folders in which they stand."""
    folders = set()
    for file in files:
        sync(file)
        folders.add(file.parent)
    for folder in sorted(folders):
        sync(folder)


def sync_tree(root: Path) -> None:
    """Force everything below ``root``, its folders and itself to disk."""
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            sync(Path(folder) / name)
        sync(Path(folder))


def whole(path: Path) -> bool:
    """Whether a Parquet file is there with both its ends; what lies between is not read."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size < SMALLEST or file.read(4) != MAGIC:
                return False
            file.seek(size - 8)
            tail = file.read(8)
    except OSError:
        return False
    return tail[4:] == MAGIC and int.from_bytes(tail[:4], "little") <= size - SMALLEST
