"""A night on a real cluster gives the tables that DuckDB gives, a lost worker notwithstanding.

Small enough for every change to be held against it; more nights and people in test_spark_parity.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.promises import PromisedColumn
from pipelines.engine.duck import DuckEngine
from pipelines.engine.spark.engine import SparkEngine
from pipelines.errors import EngineFault
from pipelines.lake.night import Built, Night
from pipelines.lake.pointer import Pointer
from pipelines.settings import ROOT
from tests.engine.both import Both, city_of, tables_made
from tests.engine.cluster import Cluster, running
from tests.faults.plain_night import run_plain
from tests.faults.same import identity_differences, lake_differences, published

pytestmark = [pytest.mark.spark, pytest.mark.cluster]

PEOPLE, SEED, MONTHS = 300, 5, 3
#: the table after which a worker is lost: the night's middle, with its largest statements ahead
MIDDLE = "hardship.person_medical"


@dataclass
class Lost:
    """One night by DuckDB, and once more by a cluster that lost a worker."""

    both: Both
    made: dict[str, Built]
    while_at_work: bool
    said: str


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running(tmp_path_factory.mktemp("cluster"), workers=2) as made:
        yield made
    assert all(process.poll() is not None for process in made.processes)


@pytest.fixture(scope="module")
def lost(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Lost:
    """The first night of a city, then all its tables made anew in a copy by the cluster."""
    both = city_of(tmp_path_factory.mktemp("both"), PEOPLE, SEED, cluster.settings(), MONTHS)
    both.arrive(both.nights[0])
    run_plain(both.duck, both.nights[0])
    both.copy()
    losing = Losing(cluster)
    with tables_made(losing.after) as made:
        run_plain(both.spark, both.nights[0], rebuild=True)
    cluster.wait_for("Removing worker")
    return Lost(both, made, losing.at_work, cluster.said())


class Losing:
    """Kills the first worker once the cluster is at work on the next statement."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.at_work = False

    def after(self, night: Night, pointer: Pointer) -> None:
        """To be told of every table that was made."""
        if pointer.table == MIDDLE:
            self._begin(night)

    def _begin(self, night: Night) -> None:
        engine = night.cluster._engine
        assert engine is not None
        tracker = engine.session.sparkContext.statusTracker()
        threading.Thread(target=self._lose, args=(tracker,), daemon=True).start()

    def _lose(self, tracker: Any) -> None:
        until = time.monotonic() + 60
        while not (active := tracker.getActiveStageIds()) and time.monotonic() < until:
            time.sleep(0.01)
        self.at_work = bool(active)
        self.cluster.lose(0)


def test_every_table_says_the_same(lost: Lost) -> None:
    """Value by value: types, decimals, dates, NULLs, the order in lists, ids of persons."""
    duck, spark = lost.both.homes
    assert lake_differences(duck, spark, lost.both.nights[0]) == []
    assert identity_differences(duck, spark) == []


def test_what_is_published_says_the_same(lost: Lost) -> None:
    duck, spark = (published(home.root) for home in lost.both.homes)
    assert duck is not None and spark is not None
    assert duck["tables"] == spark["tables"]


def test_every_statement_ran_on_the_cluster(lost: Lost) -> None:
    """Tables with a statement of their own; those made in Python have none, but for the pairs that
    Splink compares there. The rows set aside are landed in Python: the file of their name makes
    `quality.quarantine` of them.
    """
    files = {f"{p.parent.name}.{p.stem}" for p in (ROOT / "pipelines").glob("*/*.sql")}
    there = {name for name, built in lost.made.items() if built.work.get("tasks")}
    made = files & set(lost.made)
    assert len(there) > 100
    assert made - there == {"intake.quarantine"} and "quality.quarantine" in there
    assert "linkage.scored_pair" in there and lost.made["linkage.scored_pair"].rows > 0


def test_a_worker_was_lost_while_it_worked(lost: Lost) -> None:
    """And the cluster made what came after it."""
    assert lost.while_at_work
    assert "Removing worker" in lost.said
    order = list(lost.made)
    after = order[order.index(MIDDLE) + 1 :]
    assert sum(bool(lost.made[name].work.get("tasks")) for name in after) > 30


#: how many tasks run. Without it a change within 100 ms of another is told at the next heartbeat
TOLD_AT_ONCE = {"spark.ui.liveUpdate.period": "0"}


@dataclass
class Engines:
    """One session on the cluster and DuckDB beside it, with a folder that all see."""

    spark: SparkEngine
    duck: DuckEngine
    folder: Path

    def know(self, name: str, select: str, columns: list[PromisedColumn]) -> Path:
        """Let Spark read as ``name`` what DuckDB selects; the file of it."""
        file = self.folder / f"{name}.parquet"
        self.duck.copy(select, file)
        self.spark.view_parquet(f"demo.{name}", [file], columns)
        return file


@pytest.fixture(scope="module")
def engines(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    folder = tmp_path_factory.mktemp("engines")
    while len(cluster.alive) < 2:
        cluster.add_worker()
    settings = cluster.settings()
    settings = settings.model_copy(update={"conf": {**settings.conf, **TOLD_AT_ONCE}})
    made = Engines(SparkEngine(settings, folder), DuckEngine(folder), folder)
    _wait_for_executors(made.spark.session, 2)
    try:
        yield made
    finally:
        made.duck.close()
        made.spark.close()


def _wait_for_executors(session: Any, number: int) -> None:
    """A worker that is known to the master may have none yet."""
    until = time.monotonic() + 120
    running = session.sparkContext._jsc.sc().getExecutorMemoryStatus
    while running().size() < 1 + number:  # the driver is counted, too
        assert time.monotonic() < until, f"not {number} executors within two minutes"
        time.sleep(0.1)


def test_an_error_leaves_no_value_in_a_workers_log(cluster: Cluster, engines: Engines) -> None:
    engines.know(
        "person", "SELECT '张三' AS name FROM range(1000)", [PromisedColumn("name", "VARCHAR")]
    )
    with pytest.raises(EngineFault, match="CAST_INVALID_INPUT"):
        sql = "SELECT CAST(name AS DATE) AS day FROM demo.person"
        engines.spark.write(sql, engines.folder / "failed", {})
    logs = [path for path in cluster.folder.rglob("*") if path.name in ("stderr", "stdout")]
    assert logs
    assert [path.name for path in logs if "张三" in path.read_text(encoding="utf-8")] == []


def test_the_workers_have_splinks_jar(engines: Engines) -> None:
    text = engines.know(
        "text", "SELECT 'ab' || range AS x FROM range(1000)", [PromisedColumn("x", "VARCHAR")]
    )
    sql = "SELECT max(damerau_levenshtein(x, 'ba7')) AS far FROM {} AS text"
    made = engines.folder / "far"
    engines.spark.write(sql.format("demo.text"), made, {})
    (far,) = engines.duck.run(f"SELECT far FROM '{made}/*.parquet'")
    assert far == engines.duck.run(sql.format(f"'{text}'"))[0] != (0,)


def test_a_statement_whose_rows_were_lost_makes_them_again(
    cluster: Cluster, engines: Engines
) -> None:
    """The worker that dies runs one of two tasks, and may hold what the other reads.

    Only the last of the three stages has two tasks, so that no other can be taken for it: one that
    ends as its worker dies has lost its rows, too, but adaptive execution makes them again as a
    stage of a new number, and counts nothing as failed.
    """
    session = engines.spark.session
    assert TOLD_AT_ONCE.items() <= dict(session.sparkContext.getConf().getAll()).items()
    session.conf.set("spark.sql.adaptive.coalescePartitions.enabled", "false")
    session.conf.set("spark.sql.autoBroadcastJoinThreshold", "-1")
    engines.know("number", "SELECT range AS n FROM range(40000)", [PromisedColumn("n", "BIGINT")])
    numbers = "SELECT n, n % 1000 AS g FROM demo.number"
    pairs = (
        "SELECT one.g, count(*) AS pairs, sum(one.n + other.n) AS total "
        f"FROM ({numbers}) AS one INNER JOIN ({numbers} WHERE n < 20000) AS other "
        "ON one.g = other.g GROUP BY one.g"
    )
    cost = engines.spark.write(pairs, engines.folder / "at once", {})
    assert (cost["stages"], cost["tasks"]) == (3, 1 + 1 + 2)
    sql = f"SELECT g, pairs, total FROM ({pairs}) AS made WHERE {SLOWLY} IS NOT NULL"
    losing = threading.Event()
    lost: list[int] = []
    watch = threading.Thread(target=_lose_one_of_two, args=(cluster, engines.spark, losing, lost))
    watch.start()
    try:
        made = engines.folder / "pairs"
        cost = engines.spark.write(sql, made, {})
    finally:
        losing.set()
        watch.join(timeout=60)
    sums = f"SELECT count(*), sum(pairs), sum(total) FROM '{made}/*.parquet'"
    assert engines.duck.run(sums) == [(1000, 800_000, 800_000 * 29_999)]
    assert len(lost) == 1 and len(cluster.alive) == 1
    assert cost["failed_tasks"] + cost["repeated_stages"] >= 1


#: a hundredth of a second for every row, which makes two tasks of 500 groups last five seconds
SLOWLY = "reflect('java.lang.Thread', 'sleep', CAST(10 AS BIGINT))"


def _lose_one_of_two(
    cluster: Cluster, spark: SparkEngine, ended: threading.Event, lost: list[int]
) -> None:
    """Kill a worker once two tasks of a stage run, unless all has ``ended`` before."""
    tracker = spark.session.sparkContext.statusTracker()
    while not ended.wait(0.01):
        stages = [tracker.getStageInfo(number) for number in tracker.getActiveStageIds()]
        if any(stage and stage.numActiveTasks >= 2 for stage in stages):
            lost.append(cluster.alive[0])
            cluster.lose(lost[0])
            return
