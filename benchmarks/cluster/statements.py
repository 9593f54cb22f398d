"""The statements of a night as they were run, kept so that they can be run again.

    python -m benchmarks.cluster.statements --people 3000 --work DIR --out FILE

Makes the city and its first night by DuckDB, without an orchestrator and without publishing, whose
checks are no statements of a table, and writes down every statement with the values it was given.
"""

from __future__ import annotations

import argparse
import json
import pickle
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.engine.sql import parameters
from pipelines.hardship.registry import DAYS
from pipelines.lake import partitions
from pipelines.lake.cluster import Cluster, rows_read
from pipelines.lake.home import Home
from pipelines.lake.night import Night
from pipelines.nightly import commit, land_arrivals, open_night
from pipelines.rooms import rooms
from pipelines.settings import SCHEMAS, Settings
from pipelines.spark_settings import Spark
from pipelines.synthetic.arrivals import stage
from pipelines.synthetic.city import write_city

MONTHS = 14


@dataclass(frozen=True)
class Statement:
    """What makes a table: in DuckDB's dialect, cast to the promise, with the values it binds.

    ``part`` names the column by which the rows are parted into files, if they are.
    """

    table: str
    sql: str
    values: Mapping[str, Any]
    rows: int
    part: str | None = None


@dataclass(frozen=True)
class Recorded:
    """A night's statements in their order, and what it was made from."""

    home: Path
    as_of: date
    statements: tuple[Statement, ...]
    #: names that stand for a statement, which Night.view was told of
    views: Mapping[str, str] = field(default_factory=dict)


class Recorder(Cluster):
    """Stands where a cluster would: makes every table by DuckDB, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(Spark(from_rows=0))
        self.statements: list[Statement] = []

    def files(
        self, night: Night, table: str, sql: str, values: Mapping[str, Any]
    ) -> tuple[list[Path], dict[str, int]]:
        self._keep(night, table, sql, values, None)
        file = night.new_file(table)
        night.engine.copy(sql, file, values, wanted=parameters(sql))
        return [file], {}

    def folder(
        self, night: Night, sql: str, folder: Path, values: Mapping[str, Any],
        part: str | None = None,
    ) -> dict[str, int]:  # fmt: skip
        self._keep(night, DAYS, sql, values, part)  # the one table that is parted
        night.engine.copy(sql, folder, values, wanted=parameters(sql), options=partitions.OPTIONS)
        return {}

    def _keep(
        self, night: Night, table: str, sql: str, values: Mapping[str, Any], part: str | None
    ) -> None:
        bound = {name: values[name] for name in parameters(sql)}
        self.statements.append(Statement(table, sql, bound, rows_read(night, sql), part))


def recorded(people: int, seed: int, work: Path, months: int = MONTHS) -> Recorded:
    """The first night of a city below ``work``, made anew in the home beside it."""
    city, home = work / "city", work / "home"
    if not (city / "truth" / "city.json").exists():
        write_city(people, seed, city, months=months)
    for folder in (home, work / "landing"):
        shutil.rmtree(folder, ignore_errors=True)
    plan = json.loads((city / "truth" / "city.json").read_text(encoding="utf-8"))
    as_of = date.fromisoformat(plan["nights"][0])
    stage(city, work / "landing", as_of)
    settings = settings_of(home, landing=work / "landing")
    night, recorder = open_night(settings, as_of), Recorder()
    night.__dict__["cluster"] = recorder
    with Home(home).locked():
        try:
            land_arrivals(night)
            for room in rooms():
                for table in room.tables if room.name != "publish" else ():
                    room.build(table, night)
            commit(night)
            views = dict(night._views)
        finally:
            night.close()
    return Recorded(home, as_of, tuple(recorder.statements), views)


def settings_of(home: Path, **more: Any) -> Settings:
    return Settings(
        home=home, policy=SCHEMAS / "policies" / "rizhao", settle_seconds=0, **more
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--months", type=int, default=MONTHS)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    found = recorded(given.people, given.seed, given.work.resolve(), given.months)
    given.out.write_bytes(pickle.dumps(found))
    print(f"{len(found.statements)} statements")


if __name__ == "__main__":
    main()
