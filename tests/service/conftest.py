"""The service as a server runs it, on a HOME of its own; whatever happens, nothing of it stays."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines.service.processes import below
from pipelines.settings import ROOT
from tests.ask import runs

#: seconds for anything to happen on a machine that is busy with other tests
PATIENCE = 420


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JIUZHULIAN_", "DAGSTER"))}
    return kept | {"JIUZHULIAN_SETTLE_SECONDS": "0", **more}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def until(found: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Wait for something that is true; AssertionError says what never came."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := found():
            return answer
        time.sleep(0.3)
    raise AssertionError(f"never came: {what}")


@dataclass
class Running:
    """A service in a process of its own."""

    process: subprocess.Popen[bytes]
    landing: Path
    home: Path
    port: int
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    @property
    def published(self) -> Path:
        return self.home / "published" / "monitoring.duckdb"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ended(self, trigger: str) -> dict[str, Any] | None:
        """The newest run of a trigger, if it has ended."""
        assert self.process.poll() is None, self.said
        mine = [run for run in runs(self.url) if run["tags"].get("trigger") == trigger]
        done = [run for run in mine if run["status"] in ("SUCCESS", "FAILURE", "CANCELED")]
        return done[0] if done else None

    def children(self) -> list[int]:
        return below(self.process.pid)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=120)


def alive(pids: list[int]) -> list[int]:
    """Those of the processes that still run."""
    found = []
    for pid in pids:
        with suppress(OSError):
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z":
                found.append(pid)
    return found


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a service and waits until it serves."""
    begun: list[tuple[Running, set[int]]] = []

    def begin(**service: Any) -> Running:
        port = free_port()
        landing, home, log = (tmp_path / name for name in ("landing", "home", "log"))
        landing.mkdir(exist_ok=True)
        given = {"port": port, "arrivals_every_seconds": 5} | service
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "pipelines.cli", "serve", "--landing", str(landing),
                 "--home", str(home)],
                cwd=ROOT, env=environment(JIUZHULIAN_SERVICE=json.dumps(given)),
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        made = Running(process, landing, home, port, log)
        seen: set[int] = set()
        begun.append((made, seen))

        def serves() -> bool:
            seen.update(made.children())
            assert process.poll() is None, made.said
            return "serving" in made.said

        until(serves, "the service")
        return made

    yield begin
    for made, seen in begun:
        left = [*made.children(), *seen, made.process.pid]
        for pid in alive(left):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        made.process.wait(timeout=30)
