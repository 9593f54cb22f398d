"""The user interface as ``make ui`` starts it, on a HOME of its own; nothing of it stays."""

from __future__ import annotations

import os
import shutil
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

from pipelines.settings import ROOT
from tests.ask import ask, runs

SAMPLE = ROOT / "data_samples" / "hard_cases" / "landing"


@dataclass(frozen=True)
class Interface:
    """A running user interface."""

    url: str
    home: Path

    def ask(self, query: str, **variables: Any) -> Any:
        """The answer of its GraphQL."""
        return ask(self.url, query, **variables)

    def ended(
        self, count: int, wanted: Callable[[dict[str, Any]], bool], seconds: float = 400
    ) -> list[dict[str, Any]]:
        """So many runs of a kind, once they have ended: status, start and tags."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            done = [
                r for r in runs(self.url) if wanted(r) and r["status"] in ("SUCCESS", "FAILURE")
            ]
            if len(done) >= count:
                return done
            time.sleep(1)
        raise AssertionError(f"{count} runs did not end")


def of_session(leader: int) -> list[int]:
    """Living processes of a POSIX session (as setsid makes it), by its leader."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError):
            state, _, _, session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(session) == leader and state != "Z":
                found.append(int(folder.name))
    return found


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask, wait, insist: ``dg dev`` leaves servers alive long after it was asked to end."""
    for signal_, patience in ((signal.SIGINT, 10), (signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        for pid in of_session(process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal_)
        until = time.monotonic() + patience
        while time.monotonic() < until and (process.poll() is None or of_session(process.pid)):
            time.sleep(0.2)
        if not of_session(process.pid):
            break
    process.wait(timeout=10)
    assert of_session(process.pid) == [], "something of the user interface is still running"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def send_wrong_sums(landing: Path) -> None:
    """Bills whose total is not what the funds and the person pay: a check that must fail."""
    rows = [
        f"U{n:04d},JU{n:04d},HW1,王守义,390,11,2026-11-{n:02d},2026-11-{n:02d},2026-11-{n:02d},0,"
        "900.00,100.00,50.00,50.00"
        for n in range(1, 21)
    ]
    header = (
        "结算ID,就诊ID,人员编号,姓名,险种类型,医疗类别,开始日期,结束日期,结算日期,退费标志,"
        "医疗费总额,基金支付总额,个人负担总金额,个人现金支付"
    )
    path = landing / "medical_insurance" / "settlement" / "sums_20261120.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


@pytest.fixture(scope="session")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interface]:
    folder = tmp_path_factory.mktemp("ui")
    shutil.copytree(SAMPLE, folder / "landing")
    send_wrong_sums(folder / "landing")
    port = free_port()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JIUZHULIAN_", "DAGSTER"))}
    words = ["--home", folder / "home", "--landing", folder / "landing", "--port", port]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.ui", *map(str, words)],
            cwd=ROOT, env=kept | {"JIUZHULIAN_SETTLE_SECONDS": "0"}, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    made = Interface(f"http://127.0.0.1:{port}", folder / "home")
    try:
        wait_for(made, process, folder / "log")
        yield made
    finally:
        stop(process)


def wait_for(made: Interface, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 180
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text(encoding="utf-8")[-2000:]
        with suppress(OSError, AssertionError):
            if made.ask("{ repositoriesOrError { __typename } }"):
                return
        time.sleep(0.5)
    pytest.fail(f"the user interface did not start: {log.read_text(encoding='utf-8')[-2000:]}")


@pytest.fixture(scope="session")
def night(ui: Interface) -> str:
    """A run of the job ``nightly`` for one partition, launched as the page does; its run id."""
    answer = ui.ask(
        """mutation($p: ExecutionParams!) { launchRun(executionParams: $p) {
             __typename ... on LaunchRunSuccess { run { runId } }
             ... on PythonError { message } } }""",
        p={
            "selector": {
                "repositoryLocationName": "jiuzhulian",
                "repositoryName": "__repository__",
                "jobName": "nightly",
            },
            "runConfigData": {},
            "executionMetadata": {"tags": [{"key": "dagster/partition", "value": "2026-11-20"}]},
        },
    )["launchRun"]
    assert answer["__typename"] == "LaunchRunSuccess", answer
    run_id: str = answer["run"]["runId"]
    until = time.monotonic() + 900
    while time.monotonic() < until:
        status = ui.ask(
            "query($r: ID!) { runOrError(runId: $r) { ... on Run { status } } }", r=run_id
        )["runOrError"]["status"]
        if status in {"SUCCESS", "FAILURE", "CANCELED"}:
            assert status == "SUCCESS"
            return run_id
        time.sleep(1)
    pytest.fail("the night did not end")
