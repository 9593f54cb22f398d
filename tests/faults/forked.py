"""Work in forked children of a process that has loaded everything but started no thread of it.

A child costs no import, and can be killed at any moment. The parent must not open a database or
compute with Polars itself: their threads would be missing in the children.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: signals that end a process at once, with nothing of its own running any more
AT_ONCE = (signal.SIGKILL, signal.SIGPROF)
#: what changes files, as CPython's audit events name it
CHANGES = frozenset({
    "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.chmod",
    "os.truncate", "os.utime", "shutil.rmtree", "shutil.move", "shutil.copyfile",
})  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """How a child ended: what it answered, or what went wrong; and the CPU seconds it took."""

    answer: Any
    fault: str | None
    killed: bool
    cpu: float
    changes: int


def load_everything() -> None:
    """Import what a night needs and fill the caches that need no thread.

    All of it now: what a child imported later could be other code, if a file was edited meanwhile.
    """
    import great_expectations  # noqa: F401
    import splink  # noqa: F401
    import xlsxwriter  # noqa: F401

    from pipelines.contracts.load import load_codes, load_contracts
    from pipelines.contracts.promises import load_promises
    from pipelines.engine.sql import parameters, read_sql, tables_read
    from pipelines.lake.night import PIPELINES
    from pipelines.rooms import rooms
    from pipelines.standard import views
    from pipelines.synthetic import arrivals, city  # noqa: F401
    from tests.faults import plain_night, same  # noqa: F401

    load_contracts(), load_codes(), load_promises(), rooms(), views()
    for path in sorted(PIPELINES.rglob("*.sql")):
        statement = read_sql(path)
        parameters(statement), tables_read(statement)


def in_child(
    work: Callable[[], Any], answer: Path, *, at_change: int | None = None, after: float = 0.0
) -> Ended:
    """Run ``work`` in a child and wait. It dies just before it changes a file for the
    ``at_change``-th time, or ``after`` CPU seconds later: in the midst of whatever it does then.
    """
    answer.unlink(missing_ok=True)
    counted = answer.with_suffix(".changes")
    counted.write_bytes(b"")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            _count_changes(counted, at_change, after)
            answer.write_text(json.dumps({"answer": work()}, default=str), encoding="utf-8")
            code = 0
        except BaseException:
            answer.write_text(json.dumps({"fault": traceback.format_exc()[-3000:]}), "utf-8")
        finally:
            os._exit(code)
    _, status, used = os.wait4(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) in AT_ONCE
    told: dict[str, Any] = {}
    if answer.exists() and not killed:
        told = json.loads(answer.read_text(encoding="utf-8"))
    fault = told.get("fault")
    if not killed and status and fault is None:
        fault = f"ended with status {status}"
    return Ended(
        told.get("answer"), fault, killed, used.ru_utime + used.ru_stime, counted.stat().st_size
    )


def _count_changes(counted: Path, last: int | None, after: float) -> None:
    """One byte in ``counted`` per change of a file; the process dies just before the ``last``, or
    some CPU time after it, by a signal that it does not handle: the kernel ends it on the spot.
    """
    handle = os.open(counted, os.O_WRONLY | os.O_APPEND)
    seen = 0

    def watch(event: str, args: tuple[Any, ...]) -> None:
        nonlocal seen
        if event not in CHANGES and not (event == "open" and _writes(args)):
            return
        seen += 1
        if seen == last:
            if after:
                signal.setitimer(signal.ITIMER_PROF, after)
            else:
                os.kill(os.getpid(), signal.SIGKILL)
        os.write(handle, b".")

    sys.addaudithook(watch)


def _writes(args: tuple[Any, ...]) -> bool:
    return bool(args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)) if len(args) > 2 else False
