"""Runs the kept statements of a night again, one after another, by one engine in one process.

    python -m benchmarks.cluster.replay --statements FILE --engine duckdb --cores 2 --out FILE
    python -m benchmarks.cluster.replay --statements FILE --engine spark --cores 1 --out FILE

With Spark every core is a worker of its own beside a standalone master. What is written goes to
the scratch folder of the night and is removed; a statement counts from its text to whole files.
``--parts`` sets the parts of a shuffle, ``--tables`` runs the statements of these tables alone.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.cluster.processes import Watched
from benchmarks.cluster.statements import Recorded, Statement, settings_of
from pipelines.engine.duck import PARQUET
from pipelines.engine.sql import parameters
from pipelines.lake import partitions
from pipelines.lake.home import Home
from pipelines.lake.night import Night
from pipelines.lake.past import PastNight
from pipelines.standard.promises import contract_promise
from tests.engine.cluster import SHUFFLE_PARTITIONS, running

ENGINES = ("duckdb", "spark")
MEMORY_LIMIT, EXECUTOR_MEMORY = "2GB", "2g"
Made = Callable[[Statement, Path], Mapping[str, int]]


def replayed(
    kept: Recorded, engine: str, cores: int, scratch: Path, parts: int = SHUFFLE_PARTITIONS,
    tables: Collection[str] = (),
) -> dict[str, Any]:  # fmt: skip
    """Seconds of each statement, and of Spark what its stages cost; ``scratch`` is for logs."""
    with _ready(kept, engine, cores, scratch, parts) as (night, make, watched, seconds):
        found = []
        for number, statement in enumerate(kept.statements):
            if tables and statement.table not in tables:
                continue
            folder = night.temp / f"replayed-{number}"
            # DuckDB has looked through the statement before either engine makes its rows
            night.prepare(statement.sql)
            started, before = time.monotonic(), watched.cpu()
            work = make(statement, folder)
            took = time.monotonic() - started
            after = watched.cpu()
            found.append(
                {"table": statement.table, "rows": statement.rows, "seconds": round(took, 3)}
                | {name: round(after[name] - before[name], 2) for name in after}
                | dict(work)
            )
            shutil.rmtree(folder, ignore_errors=True)
        return {
            "engine": engine, "cores": cores, "start_seconds": round(seconds, 1),
            "seconds": round(sum(one["seconds"] for one in found), 1),
            "peak_megabytes": watched.peak_megabytes(), "statements": found,
        }  # fmt: skip


@contextmanager
def _ready(
    kept: Recorded, engine: str, cores: int, scratch: Path, parts: int
) -> Iterator[tuple[Night, Made, Watched, float]]:
    if engine == "duckdb":
        with _night(kept, threads=cores, memory_limit=MEMORY_LIMIT) as night:
            yield night, _by_duckdb(night), Watched({"processor": [os.getpid()]}), 0.0
        return
    with (
        running(scratch, workers=cores, memory=EXECUTOR_MEMORY) as standalone,
        _night(kept, engine="spark", spark=standalone.settings_of_a_site(parts)) as night,
    ):
        started = time.monotonic()
        night.cluster._started(night)
        took = time.monotonic() - started
        master, *workers = (process.pid for process in standalone.processes)
        watched = Watched({"driver": [os.getpid()], "master": [master], "executors": workers})
        yield night, _by_spark(night), watched, took


@contextmanager
def _night(kept: Recorded, **settings: Any) -> Iterator[Night]:
    given = settings_of(kept.home, **settings)
    night = PastNight(Home(kept.home), kept.as_of, given, contract_promise)
    try:
        for name, sql in kept.views.items():
            night.view(name, sql)
        yield night
    finally:
        night.close()


def _by_duckdb(night: Night) -> Made:
    def make(statement: Statement, folder: Path) -> Mapping[str, int]:
        options = partitions.OPTIONS if statement.part else PARQUET
        folder.mkdir()
        target = folder / ("parts" if statement.part else "rows.parquet")
        wanted = parameters(statement.sql)
        night.engine.copy(statement.sql, target, statement.values, wanted=wanted, options=options)
        return {}

    return make


def _by_spark(night: Night) -> Made:
    def make(statement: Statement, folder: Path) -> Mapping[str, int]:
        return night.cluster.folder(night, statement.sql, folder, statement.values, statement.part)

    return make


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--statements", type=Path, required=True)
    parser.add_argument("--engine", choices=ENGINES, required=True)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--parts", type=int, default=SHUFFLE_PARTITIONS)
    parser.add_argument("--tables", nargs="+", default=[])
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    kept: Recorded = pickle.loads(given.statements.read_bytes())
    with TemporaryDirectory(dir=given.out.parent) as scratch:
        found = replayed(
            kept, given.engine, given.cores, Path(scratch).resolve(), given.parts, given.tables
        )
    given.out.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
