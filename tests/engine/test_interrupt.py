"""Ctrl-C while the engine works on a statement is known for what it is."""

from __future__ import annotations

import subprocess
import sys

from pipelines.settings import ROOT

STOPPED_BY_HAND = """
import os, signal, sys, threading
from pathlib import Path
from pipelines.engine.duck import DuckEngine, interrupted

class Interrupted(BaseException):
    pass

def raising(*_):
    raise Interrupted

own = sys.argv[1] == "own handler"
# said, since a process started in the background ignores the signal
signal.signal(signal.SIGINT, raising if own else signal.default_int_handler)
engine = DuckEngine(Path(sys.argv[2]))
threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    while True:
        engine.copy(
            "SELECT i, md5(i::VARCHAR) AS m FROM range(400000) AS r (i)",
            Path(sys.argv[2]) / "x.parquet",
        )
except (KeyboardInterrupt, Interrupted):
    print("stopped")
except Exception as error:
    print("stopped" if interrupted(error) else type(error).__name__)
"""


def stopped(handler: str, folder: str) -> str:
    words = [sys.executable, "-c", STOPPED_BY_HAND, handler, folder]
    return subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    ).stdout.strip()


def test_stopped_by_hand(tmp_path: object) -> None:
    assert stopped("python's handler", str(tmp_path)) == "stopped"
    assert stopped("own handler", str(tmp_path)) == "stopped"
