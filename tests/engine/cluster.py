"""A real Spark cluster on this machine: a standalone master and workers, each a process group of
its own, so that one can be lost with all it runs.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.spark_settings import Spark
from tests.engine.quiet import CONF, LOCAL

MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"
PATIENCE = 120.0
LISTENING = ("--host", "127.0.0.1", "--webui-port", "0")
#: of the daemons and of every executor, so that all fit beside each other on a small machine
DAEMON_MEMORY, EXECUTOR_MEMORY = "256m", "768m"
#: where rows are not few: two to four parts per core, as the how-to says, for at most two cores
SHUFFLE_PARTITIONS = 8


@dataclass
class Cluster:
    """Where the master listens, and its workers in the order in which they were started."""

    folder: Path
    port: int
    #: of every worker, and of the executor it may run
    memory: str = EXECUTOR_MEMORY
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"spark://127.0.0.1:{self.port}"

    @property
    def workers(self) -> list[subprocess.Popen[bytes]]:
        return self.processes[1:]

    @property
    def alive(self) -> list[int]:
        """The workers that run, by their number."""
        return [place for place, worker in enumerate(self.workers) if worker.poll() is None]

    def settings(self) -> Spark:
        """For few rows: what a site would write to run on it, but that no code is compiled."""
        return Spark(
            master=self.url, from_rows=0, driver_memory="1g", executor_memory=self.memory,
            executor_cores=1, shuffle_partitions=2, conf=CONF,
        )  # fmt: skip

    def settings_of_a_site(self, parts: int = SHUFFLE_PARTITIONS) -> Spark:
        """For more rows: all as a site has it, but memory and parts of a shuffle."""
        of_a_site = {"driver_memory": "2g", "shuffle_partitions": parts, "conf": LOCAL}
        return self.settings().model_copy(update=of_a_site)

    def said(self) -> str:
        """What the master has logged so far."""
        return (self.folder / "0.log").read_text(encoding="utf-8", errors="replace")

    def wait_for(self, words: str, times: int = 1) -> None:
        """Until the master's log holds ``words``; raises after a while, or where it ended."""
        until = time.monotonic() + PATIENCE
        while self.said().count(words) < times:
            if time.monotonic() > until or self.processes[0].poll() is not None:
                raise TimeoutError(f"the master has not said `{words}`:\n{self.said()[-2000:]}")
            time.sleep(0.2)

    def add_worker(self) -> None:
        """One more worker of one core; returns when the master knows it."""
        number = len(self.workers)
        place = ["--work-dir", str(self.folder / f"worker-{number}"), "--cores", "1"]
        self._start([WORKER, *LISTENING, *place, "--memory", self.memory, self.url])
        self.wait_for("Registering worker", number + 1)

    def lose(self, worker: int) -> None:
        """Kill a worker and its executors at once, as a machine that loses its power."""
        os.killpg(self.workers[worker].pid, signal.SIGKILL)
        self.workers[worker].wait(timeout=30)

    def _start(self, words: Sequence[str]) -> None:
        import pyspark

        home = Path(pyspark.__file__).parent
        environment = {
            **os.environ, "SPARK_HOME": str(home), "SPARK_DAEMON_MEMORY": DAEMON_MEMORY,
            "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_NO_DAEMONIZE": "1",
            "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false",
        }  # fmt: skip
        with (self.folder / f"{len(self.processes)}.log").open("wb") as log:
            self.processes.append(
                subprocess.Popen(
                    [str(home / "bin" / "spark-class"), *words],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    start_new_session=True,
                    cwd=self.folder,
                )
            )


@contextmanager
def running(folder: Path, workers: int, memory: str = EXECUTOR_MEMORY) -> Iterator[Cluster]:
    """A master and so many workers of one core each; nothing of them is left afterwards."""
    cluster = Cluster(folder, _free_port(), memory)
    try:
        cluster._start([MASTER, *LISTENING, "--port", str(cluster.port)])
        cluster.wait_for("New state: ALIVE")
        for _ in range(workers):
            cluster.add_worker()
        yield cluster
    finally:
        for process in reversed(cluster.processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
