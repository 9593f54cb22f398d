"""Which code made a night: the package's version and, in a checkout, the commit."""

from __future__ import annotations

import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipelines.settings import ROOT


@cache
def code_version() -> str:
    """Such as ``0.1.0+1a2b3c4d5e6f``."""
    try:
        released = version("jiuzhulian")
    except PackageNotFoundError:
        released = "unreleased"
    return f"{released}+{commit}" if (commit := _commit(ROOT)) else released


def _commit(root: Path) -> str | None:
    if not (root / ".git").exists():
        return None
    answer = subprocess.run(
        ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return answer.stdout.strip() or None
