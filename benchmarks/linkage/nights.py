"""Nights of a synthetic city up to linkage: what the other benchmarks of linkage measure.

    python -m benchmarks.linkage.nights --people 100000 --seed 9 --dirt 1.0 --work var/bench/linkage

Makes the city where it is missing, runs intake, standard and linkage without an orchestrator, and
prints what each room and each table of linkage took, on the clock and of the processor. Rooms after
linkage are not run. ``--from-night 2`` goes on in the home of an earlier call.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

from pipelines.nightly import commit, land_arrivals, open_night
from pipelines.rooms import room
from pipelines.settings import Settings
from pipelines.synthetic.arrivals import stage
from pipelines.synthetic.city import write_city

BEFORE = ("intake", "standard")
MONTHS = 3


class Spent(NamedTuple):
    """Seconds."""

    clock: float
    processor: float


def city(people: int, seed: int, dirt: float, work: Path, months: int = MONTHS) -> Path:
    """The folder of a city, made where it is missing."""
    folder = work / f"city-{people}-{seed}-{dirt}"
    if not (folder / "truth" / "city.json").exists():
        write_city(people, seed, folder, months=months, dirt=dirt)
    return folder


def nights_of(folder: Path) -> list[date]:
    plan = json.loads((folder / "truth" / "city.json").read_text(encoding="utf-8"))
    return [date.fromisoformat(night) for night in plan["nights"]]


def run(folder: Path, home: Path, nights: list[date], *, rebuild: bool = False) -> Iterator[
    tuple[date, dict[str, Spent]]
]:  # fmt: skip
    """Run nights one by one; what each room and each table of linkage took."""
    settings = Settings(home=home, landing=home / "landing", settle_seconds=0)
    settings.landing.mkdir(parents=True, exist_ok=True)
    for as_of in nights:
        stage(folder, settings.landing, as_of)
        night = open_night(settings, as_of, rebuild=rebuild)
        spent: dict[str, Spent] = {}
        with _timed(spent, "landing"):
            land_arrivals(night)
        for name in BEFORE:
            with _timed(spent, name):
                for table in room(name).tables:
                    room(name).build(table, night)
        linkage = room("linkage")
        for table in linkage.tables:
            with _timed(spent, table):
                linkage.build(table, night)
        commit(night)
        night.close()
        yield as_of, spent


@contextmanager
def _timed(spent: dict[str, Spent], name: str) -> Iterator[None]:
    before, started = time.process_time(), time.monotonic()
    yield
    spent[name] = Spent(time.monotonic() - started, time.process_time() - before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--dirt", type=float, default=1.0)
    parser.add_argument("--months", type=int, default=MONTHS)
    parser.add_argument("--nights", type=int, default=2)
    parser.add_argument("--from-night", type=int, default=1)
    parser.add_argument("--work", type=Path, default=Path("var/bench/linkage"))
    given = parser.parse_args()
    folder = city(given.people, given.seed, given.dirt, given.work, given.months)
    home = given.work / f"home-{given.people}-{given.seed}-{given.dirt}"
    for as_of, spent in run(folder, home, nights_of(folder)[given.from_night - 1 : given.nights]):
        of_linkage = [took for name, took in spent.items() if "." in name]
        spent["linkage"] = Spent(*map(sum, zip(*of_linkage, strict=True)))
        print(f"{as_of}{'clock, s':>32}{'processor, s':>14}")
        for name, took in spent.items():
            print(f"  {name:32} {took.clock:7.1f} {took.processor:13.1f}", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"peak memory {peak:.2f} GB")


if __name__ == "__main__":
    main()
