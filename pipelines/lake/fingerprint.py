"""Fingerprints by which a night knows that a table need not be made again."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.lake.pointer import Pointer


def of(*parts: Any) -> str:
    """A digest of values that JSON (or their text) can tell apart."""
    text = json.dumps(parts, ensure_ascii=False, default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@cache
def code(folder: Path) -> str:
    """A digest of a room's Python and SQL."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".py", ".sql"}:
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:32]


def folder(path: Path) -> str:
    """A digest of all files of a folder, by name and content."""
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")):
        if file.is_file():
            digest.update(str(file.relative_to(path)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def read_pointer(path: Path) -> Pointer | None:
    """A night's pointer to a table; one that is missing or damaged is as if never made."""
    try:
        return Pointer.from_json(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None
