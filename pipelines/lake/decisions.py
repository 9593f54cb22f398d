"""What people decide is kept as one file per decision: written once, closed to others.

What is decided, and which decision holds, is said by each kind of decision.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def stamp() -> tuple[str, str]:
    """An id that sorts by time, and the instant (ISO, UTC)."""
    now = datetime.now(UTC)
    name = f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}"
    return name, now.isoformat(timespec="microseconds")


def keep(folder: Path, decision_id: str, told: Mapping[str, Any]) -> Path:
    """Write a decision; it is on disk when this returns. FileExistsError where the id is taken."""
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{decision_id}.json"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(told, file, ensure_ascii=False, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    return path
