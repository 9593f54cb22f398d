"""Nights that are killed at random moments: what is published stays whole, and the rerun gives the same.

``python -m tests.faults.soak --kills 200 --work var/kills`` runs three nights of a small city once
undisturbed. Then, again and again, a home as it stood before one of the nights is taken, that
night is run and killed (kill -9) at a moment drawn from the whole run: half by CPU time used, which
falls into the engines' own work, half just before a change of a file, which falls between two
steps. What is then published must open and be one whole night, and the night run again must
leave the home as the undisturbed one is. ``--command`` kills the command itself, Dagster and all.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from tests.faults.forked import Ended, in_child, load_everything

os.environ.setdefault("JIUZHULIAN_RECORD_RUNS", "0")
PEOPLE, SEED = 250, 11


@dataclass(frozen=True)
class Kill:
    """One kill: when, what stood published afterwards, and what was wrong (nothing, one hopes)."""

    night: str
    kind: str
    moment: float
    share: float
    published: str | None
    faults: tuple[str, ...]


class Undisturbed:
    """Three nights that nobody disturbed, and the home as it stood after each."""

    def __init__(self, work: Path, people: int) -> None:
        self.work, self.city = work, work / "city"
        work.mkdir(parents=True, exist_ok=True)
        self._done(in_child(lambda: _city(self.city, people), self.answer))
        plan = json.loads((self.city / "truth" / "city.json").read_text(encoding="utf-8"))
        self.nights = [date.fromisoformat(text) for text in plan["nights"]]
        self.cost: dict[date, Ended] = {}
        self._copy_key()
        for number, night in enumerate(self.nights):
            self._done(in_child(lambda n=night: _stage(self.city, self.landing(n), n), self.answer))
            shutil.copytree(self.home(number), self.home(number + 1), symlinks=True)
            home = self.home(number + 1)
            self.cost[night] = self._done(
                in_child(lambda n=night, h=home: _run(self.landing(n), h, n), self.answer)
            )

    @property
    def answer(self) -> Path:
        return self.work / "answer.json"

    def home(self, after: int) -> Path:
        """The home after so many nights."""
        return self.work / f"after-{after}"

    def landing(self, night: date) -> Path:
        return self.work / f"landing-{night}"

    def _copy_key(self) -> None:
        """Ids are equal in two homes only under one key."""
        from pipelines.lake.home import Home

        Home(self.home(0)).create().key()

    def _done(self, ended: Ended) -> Ended:
        if ended.fault:
            raise SystemExit(f"the undisturbed run failed:\n{ended.fault}")
        return ended

    def kill(self, number: int, kind: str, share: float) -> Kill:
        """Kill the ``number``-th night (from 1) at a share of its run, look, run it again, compare."""
        night, cost = self.nights[number - 1], self.cost[self.nights[number - 1]]
        home = self.work / "disturbed"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self.home(number - 1), home, symlinks=True)
        landing = self.landing(night)
        if kind == "command":
            moment = _kill_command(landing, home, night, share)
        elif kind == "cpu":
            moment = share * cost.cpu
            in_child(lambda: _run(landing, home, night), self.answer, at_cpu=moment)
        else:
            moment = 1 + int(share * cost.changes)
            in_child(lambda: _run(landing, home, night), self.answer, at_change=int(moment))
        faults: list[str] = []
        seen = in_child(lambda: _seen(home, self.home(number - 1), self.home(number)), self.answer)
        if seen.fault:
            faults.append(f"after the kill: {seen.fault}")
        again = in_child(lambda: _run(landing, home, night), self.answer)
        if again.fault:
            faults.append(f"the rerun: {again.fault}")
        else:
            same = in_child(lambda: _same(home, self.home(number), night), self.answer)
            faults += [f"afterwards: {same.fault}"] if same.fault else same.answer
        return Kill(str(night), kind, round(moment, 3), round(share, 4), seen.answer, tuple(faults))


def _city(folder: Path, people: int) -> None:
    from pipelines.synthetic.city import write_city

    write_city(people, SEED, folder)


def _stage(city: Path, landing: Path, night: date) -> None:
    from pipelines.synthetic.arrivals import stage

    stage(city, landing, night)


def _run(landing: Path, home: Path, night: date) -> None:
    from pipelines.settings import Settings
    from tests.faults.plain_night import run_plain

    run_plain(Settings(landing=landing, home=home, settle_seconds=0, threads=2), night)


def _seen(home: Path, before: Path, after: Path) -> str | None:
    """The night that is published, table by table one of the two that it may be."""
    from tests.faults.same import published

    said = published(home)
    if said is None:
        assert published(before) is None, "what was published is gone"
        return None
    assert said in (published(before), published(after)), "neither the night before nor this one"
    return str(said["as_of"])


def _same(home: Path, undisturbed: Path, night: date) -> list[str]:
    from tests.faults.same import differences

    return differences(home, undisturbed, night)


def _kill_command(landing: Path, home: Path, night: date, share: float) -> float:
    """Kill ``jiuzhulian run`` after a share of the seconds that it took when it was let be."""
    words = ["run", "--landing", landing, "--home", home, "--as-of", night]
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", *map(str, words)],
        env=os.environ | {"JIUZHULIAN_SETTLE_SECONDS": "0"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    tables = home / "restricted" / "lake" / "nights" / str(night)
    wanted = int(share * COMMAND_TABLES)
    while process.poll() is None and len(list(tables.glob("*.*.json"))) < wanted:
        time.sleep(0.02)
    time.sleep(random.Random(wanted).random() * 0.3)
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait()
    return time.monotonic() - started


#: tables of a night at which the command is killed: a moment that does not depend on the machine
COMMAND_TABLES = 150


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--command", action="store_true")
    given = parser.parse_args()
    shutil.rmtree(given.work, ignore_errors=True)
    load_everything()
    nights = Undisturbed(given.work, given.people)
    drawn = moments(given.kills, given.seed, nights, command=given.command)
    kills = []
    with (given.work / "kills.jsonl").open("w", encoding="utf-8") as log:
        for number, kind, share in drawn:
            kills.append(nights.kill(number, kind, share))
            log.write(json.dumps(asdict(kills[-1]), ensure_ascii=False) + "\n")
            log.flush()
    failed = [one for one in kills if one.faults]
    told = {
        "kills": len(kills), "passed": len(kills) - len(failed),
        "nothing_published": sum(k.published is None for k in kills),
        "already_this_night": sum(k.published == k.night for k in kills),
        "failed": [asdict(one) for one in failed[:5]],
    }  # fmt: skip
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    return 1 if failed else 0


def moments(
    kills: int, seed: int, nights: Undisturbed, *, command: bool
) -> list[tuple[int, str, float]]:
    """(night, kind, share of its run), one drawn from each of ``kills`` equal parts of the whole
    three-night run, so that no part goes without.
    """
    drawn = random.Random(seed)
    found = []
    for index in range(kills):
        kind = "command" if command else ("cpu", "change")[index % 2]
        lengths = [
            float(nights.cost[n].changes) if kind == "change" else nights.cost[n].cpu
            for n in nights.nights
        ]
        place = (index + drawn.random()) / kills * sum(lengths)
        for number, length in enumerate(lengths, start=1):
            if place < length or number == len(lengths):
                found.append((number, kind, min(place / length, 0.999)))
                break
            place -= length
    return found


if __name__ == "__main__":
    sys.exit(main())
