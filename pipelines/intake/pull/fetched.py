"""What was fetched from remote folders before, and under which name it lies in the inbox.

HOME/restricted/inbox is laid out like a landing folder. A file that was fetched is not fetched
again while its size and time stay the same, also when somebody has cleared the inbox.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from pipelines.intake.discover import PASSED_OVER
from pipelines.lake.home import Home

_LEDGER = ".fetched.json"
_LONGEST_NAME = 200


class Fetched:
    """The ledger of one remote server; saved after every file."""

    def __init__(self, home: Home, remote: str) -> None:
        self._inbox = home.inbox
        self._path = home.inbox / _LEDGER
        self._all: dict[str, dict[str, dict[str, str | int]]] = {}
        if self._path.exists():
            self._all = json.loads(self._path.read_text(encoding="utf-8"))
        self._remote = remote
        self._files = self._all.setdefault(remote, {})

    def known(self, path: str, size: int, mtime: int) -> bool:
        seen = self._files.get(path)
        return seen is not None and (seen["size"], seen["mtime"]) == (size, mtime)

    def part(self, path: str, size: int, mtime: int) -> Path:
        """Where a file grows while it is fetched; what was begun of another version is removed."""
        folder = self._inbox / ".part"
        folder.mkdir(mode=0o700, exist_ok=True)
        stem = hashlib.sha256(f"{self._remote}\0{path}".encode()).hexdigest()[:32]
        part = folder / f"{stem}_{size}_{mtime}"
        for other in folder.glob(f"{stem}_*"):
            if other != part:
                other.unlink()
        return part

    def keep(self, part: Path, path: str, dataset: str, name: str, size: int, mtime: int) -> None:
        """Move a complete file into the inbox, then remember it."""
        with part.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        kept = f"{dataset}/{name}"
        if any(
            entry["kept"] == kept and (remote, other) != (self._remote, path)
            for remote, files in self._all.items()
            for other, entry in files.items()
        ):
            mark = hashlib.sha256(f"{self._remote}\0{path}".encode()).hexdigest()[:8]
            kept = f"{dataset}/{mark}_{name}"
        target = self._inbox / kept
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.utime(part)
        os.replace(part, target)
        self._files[path] = {"size": size, "mtime": mtime, "sha256": sha256, "kept": kept}
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps(self._all, ensure_ascii=False, indent=1), encoding="utf-8")
        os.chmod(partial, 0o600)
        os.replace(partial, self._path)


def readable_name(raw: bytes) -> str | None:
    """A file name out of the bytes that a server sends; None where it could lead elsewhere."""
    for codec in ("utf-8", "gb18030"):
        try:
            name = raw.decode(codec)
        except UnicodeDecodeError:
            continue
        safe = (
            name not in ("", ".", "..")
            and not any(sign in name for sign in "/\\:")
            and name.isprintable()
            and len(name.encode()) <= _LONGEST_NAME
        )
        return name if safe else None
    return None


def passed_over(name: str) -> bool:
    """Temporary and hidden files, and the ``.done`` marks themselves."""
    return PASSED_OVER.search(name) is not None
