"""Runs a command and reads from the operating system what it took, its children included."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
#: seconds between samples: at first, and once a process has run for a while
OFTEN, SELDOM, WHILE = 0.1, 0.5, 20.0


@dataclass(frozen=True)
class Measured:
    """One whole process and its children: seconds on the clock and of processor time, the peak of
    resident memory, megabytes read and written through the file system (cached ones too)."""

    command: str
    exit_code: int
    wall_seconds: float
    cpu_seconds: float
    peak_megabytes: float
    read_megabytes: float
    written_megabytes: float
    #: (seconds since the epoch, processor seconds so far, resident bytes), for figures per step
    timeline: tuple[tuple[float, float, int], ...] = field(default=(), repr=False)

    def as_dict(self) -> dict[str, object]:
        given = asdict(self)
        del given["timeline"]
        return given

    def cpu_between(self, start: float, end: float) -> float:
        """Processor seconds between two instants, from the samples next to them."""
        before = [cpu for at, cpu, _ in self.timeline if at <= start]
        until = [cpu for at, cpu, _ in self.timeline if at <= end]
        return (until[-1] if until else 0.0) - (before[-1] if before else 0.0)

    def peak_between(self, start: float, end: float) -> float:
        """Megabytes resident at most between two instants; 0 where no sample lies there."""
        held = [resident for at, _, resident in self.timeline if start <= at <= end]
        return max(held, default=0) / 2**20


class _Watch:
    """Samples every process of a session until it is told to stop."""

    def __init__(self, session: int) -> None:
        self.session = session
        self.cpu: dict[int, float] = {}
        self.read: dict[int, int] = {}
        self.written: dict[int, int] = {}
        self.peak = 0
        self.timeline: list[tuple[float, float, int]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        begun = time.monotonic()
        while not self._stop.wait(OFTEN if time.monotonic() - begun < WHILE else SELDOM):
            self._sample()

    def _sample(self) -> None:
        resident = 0
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                # the name in brackets may hold blanks
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                if int(fields[3]) != self.session:
                    continue
                pid = int(entry.name)
                self.cpu[pid] = (int(fields[11]) + int(fields[12])) / TICKS
                resident += int(fields[21]) * PAGE
                lines = (entry / "io").read_text().split()
                self.read[pid], self.written[pid] = int(lines[1]), int(lines[3])
            except (OSError, IndexError, ValueError):
                continue  # it has ended meanwhile
        self.peak = max(self.peak, resident)
        self.timeline.append((time.time(), sum(self.cpu.values()), resident))


def measure(command: Sequence[str], log: str) -> Measured:
    """Run ``command`` with its output into the file ``log``."""
    started = time.monotonic()
    with open(log, "ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        watch = _Watch(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        watch.stop()
    children = sum(cpu for pid, cpu in watch.cpu.items() if pid != process.pid)
    own = usage.ru_utime + usage.ru_stime
    # children that were waited for are in the usage already
    cpu = max(own, watch.cpu.get(process.pid, 0.0) + children)
    return Measured(
        command=" ".join(command),
        exit_code=os.waitstatus_to_exitcode(status),
        wall_seconds=round(time.monotonic() - started, 1),
        cpu_seconds=round(cpu, 1),
        peak_megabytes=round(max(usage.ru_maxrss * 1024, watch.peak) / 2**20, 0),
        read_megabytes=round(sum(watch.read.values()) / 2**20, 0),
        written_megabytes=round(sum(watch.written.values()) / 2**20, 0),
        timeline=tuple(watch.timeline),
    )


def machine() -> dict[str, object]:
    """What a figure must be read with."""
    from importlib.metadata import PackageNotFoundError, version

    def installed(name: str) -> str | None:
        try:
            return version(name)
        except PackageNotFoundError:
            return None

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], capture_output=True, text=True, check=False
        ).stdout.strip()

    memory = os.sysconf("SC_PHYS_PAGES") * PAGE
    commit = git("rev-parse", "--short=12", "HEAD")
    return {
        "cores": os.cpu_count(),
        "memory_gigabytes": round(memory / 2**30),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()}",
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "duckdb": installed("duckdb"),
        "polars": installed("polars"),
        "dagster": installed("dagster"),
        "great_expectations": installed("great-expectations"),
        "splink": installed("splink"),
        "pandas": installed("pandas"),
        "pyspark": installed("pyspark"),
        "version": installed("jiuzhulian"),
        "commit": commit + ("+" if git("status", "--porcelain", "--untracked-files=no") else ""),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((x.split(":", 1)[1].strip() for x in lines if x.startswith("model name")), "")


def jiuzhulian(*words: str) -> list[str]:
    """The command line of the product with this interpreter."""
    return [sys.executable, "-m", "pipelines.cli", *words]
