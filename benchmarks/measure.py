"""Runs a command and reads from the operating system what it took."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Measured:
    """One whole process: seconds on the clock and of processor time, peak resident memory."""

    command: str
    exit_code: int
    wall_seconds: float
    cpu_seconds: float
    peak_megabytes: float

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def measure(command: Sequence[str], log: str) -> Measured:
    """Run ``command`` with its output into the file ``log``."""
    started = time.monotonic()
    with open(log, "ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
    return Measured(
        command=" ".join(command),
        exit_code=os.waitstatus_to_exitcode(status),
        wall_seconds=round(time.monotonic() - started, 1),
        cpu_seconds=round(usage.ru_utime + usage.ru_stime, 1),
        peak_megabytes=round(usage.ru_maxrss / 1024, 0),
    )


def machine() -> dict[str, object]:
    """What a figure must be read with."""
    import duckdb
    import polars

    commit = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "duckdb": duckdb.__version__,
        "polars": polars.__version__,
        "commit": commit,
    }


def jiuzhulian(*words: str) -> list[str]:
    """The command line of the product with this interpreter."""
    return [sys.executable, "-m", "pipelines.cli", *words]
