"""Child processes that end with their parent, however it ends, and leave nothing behind.

A child gets SIGTERM from the kernel when the parent dies; what a child leaves behind becomes a
child of the parent and is found. Linux only. What the processes are for does not belong here.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
#: looked up here, since nothing may be imported between fork and exec
_prctl = ctypes.CDLL(None, use_errno=True).prctl


@dataclass(frozen=True)
class Child:
    """One process of the service and the file with what it said."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


def adopt_orphans() -> None:
    """Processes whose parent dies become this process's children, so that none is lost."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def start(name: str, words: Sequence[str], log: Path, environment: Mapping[str, str]) -> Child:
    """Start a child in a group of its own: a Ctrl-C at the terminal reaches the parent alone."""
    parent = os.getpid()

    def die_with_parent() -> None:
        _prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    _shorten(log)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = subprocess.Popen(
            list(words), stdin=subprocess.DEVNULL, stdout=handle, stderr=subprocess.STDOUT,
            env=dict(environment), start_new_session=True, preexec_fn=die_with_parent,
        )  # fmt: skip
    finally:
        os.close(handle)
    return Child(name, process, log)


def _shorten(log: Path, most: int = 10_000_000) -> None:
    """Keep one older file beside a log that has grown."""
    if log.exists() and log.stat().st_size > most:
        os.replace(log, log.with_name(log.name + ".1"))


def below(root: int) -> list[int]:
    """Living descendants of a process, the farthest first."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError):
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                children.setdefault(int(parent), []).append(int(folder.name))
    found: list[int] = []
    waiting = [root]
    while waiting:
        inside = children.get(waiting.pop(), [])
        found += inside
        waiting += inside
    return found[::-1]


def tell(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def stop(children: Sequence[Child], patience: float, first: str) -> bool:
    """Ask every process below this one to end, wait, insist. True if all ended when asked.

    The child named ``first`` (who starts work) is asked before what is at work, a night that is
    going on, which is told as by Ctrl-C so that it can say that it was stopped; then all others,
    the last one started first.
    """
    starter = [child for child in children if child.name == first]
    tell([child.process.pid for child in starter], signal.SIGTERM)
    _wait(lambda: _ended(starter), patience / 3)
    mine = {child.process.pid for child in children}
    inner = [pid for pid in below(os.getpid()) if pid not in mine and not _helper(pid)]
    tell(inner, signal.SIGINT)
    _wait(lambda: not set(inner) & set(below(os.getpid())), patience / 3)
    tell([child.process.pid for child in reversed(children)], signal.SIGTERM)
    asked = _wait(lambda: _ended(children) and not below(os.getpid()), patience / 3)
    if not asked:
        tell(below(os.getpid()), signal.SIGKILL)
        _wait(lambda: _ended(children) and not below(os.getpid()), 10)
    for child in children:
        with suppress(subprocess.TimeoutExpired):
            child.process.wait(timeout=5)
    return asked


def _helper(pid: int) -> bool:
    """Python's own helper processes ignore signals and end with those that they help."""
    with suppress(OSError):
        return b"resource_tracker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return True


def _ended(children: Sequence[Child]) -> bool:
    return all(child.process.poll() is not None for child in children)


def _wait(done: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if done():
            return True
        time.sleep(0.1)
    return done()
