"""Nights killed at random moments: what is published stays whole, the rerun gives the same.

``python -m tests.faults.soak --kills 200 --work var/kills`` runs three nights of a small city once
undisturbed. Then, again and again, a home as it stood before one of the nights is taken, that
night is run and killed at a moment drawn from the whole three-night run: half of them (kill -9)
between two steps, just before a file is changed, half some CPU time later, in the midst of what the
engines do. What is then published must open and be one whole night, and the night run again must
leave the home as the undisturbed one is.

``--chained`` costs less: the three nights are run once more, killed and started again as often as
was asked, and the homes are compared whenever a night has come through. ``--command`` kills the
command ``jiuzhulian run`` itself, Dagster and all. ``--disk`` names a small disk of its own: the
third night is run there with ever more room left, until the disk is full, and again with room.
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
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from tests.faults.forked import Ended, in_child, load_everything

os.environ.setdefault("JIUZHULIAN_RECORD_RUNS", "0")
os.environ.setdefault("POLARS_MAX_THREADS", "1")
PEOPLE, SEED = 200, 11
#: bytes of a full disk that are left to a night; the last are enough for one of a small city
LEFT = (0, 200_000, 1_000_000, 3_000_000, 10_000_000, 60_000_000)
#: CPU seconds after a change of a file within which a run is cut off
LATEST = 0.3


@dataclass(frozen=True)
class Moment:
    """When a night is cut off: before which change of a file, or how long after it."""

    number: int
    share: float
    change: int
    after: float


@dataclass(frozen=True)
class Kill:
    """One kill: when, what stood published afterwards, and what was wrong (nothing, one hopes).

    ``killed`` False: the night had come through before its moment.
    """

    night: str
    moment: Moment
    killed: bool
    published: str | None
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Filled:
    """A night on a disk with ``left`` bytes; ``stopped``: what was said, if it was stopped."""

    night: str
    left: int
    stopped: str | None
    published: str | None
    faults: tuple[str, ...]


class Undisturbed:
    """Three nights that nobody disturbed, and the home as it stood after each."""

    def __init__(self, work: Path, people: int) -> None:
        self.work, self.city = work, work / "city"
        self.disturbed = work / "disturbed"
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

    def strict(self, moments: list[Moment], *, command: bool) -> Iterator[Kill]:
        """Each kill in a home of its own, run again at once and compared."""
        for moment in moments:
            self._take(moment.number - 1)
            killed, seen, faults = self._cut_off(moment, command=command)
            yield Kill(
                str(self.nights[moment.number - 1]), moment, killed, seen,
                (*faults, *self._again(moment.number)),
            )  # fmt: skip

    def chained(self, moments: list[Moment]) -> Iterator[Kill]:
        """All kills in one home, which is compared each time that a night has come through."""
        self._take(0)
        for number, night in enumerate(self.nights, start=1):
            for moment in sorted((m for m in moments if m.number == number), key=_place):
                killed, seen, faults = self._cut_off(moment)
                yield Kill(str(night), moment, killed, seen, tuple(faults))
            if faults := self._again(number):
                yield Kill(str(night), Moment(number, 1.0, 0, 0.0), False, None, tuple(faults))

    def filled(self, disk: Path, lefts: Sequence[int]) -> Iterator[Filled]:
        """The last night on a disk that gets full, then again with room, each time anew."""
        number, night = len(self.nights), self.nights[-1]
        self.disturbed = disk / "disturbed"
        for left in lefts:
            self._take(number - 1)
            ballast = fill(disk, left)
            ended = in_child(
                lambda: _stopped(self.landing(night), self.disturbed, night), self.answer
            )
            seen = in_child(
                lambda: _seen(self.disturbed, self.home(number - 1), self.home(number)), self.answer
            )
            ballast.unlink()
            faults = [one for one in (ended.fault, seen.fault) if one]
            yield Filled(
                str(night), left, ended.answer, seen.answer, (*faults, *self._again(number))
            )

    def _take(self, number: int) -> None:
        """The home as it stood after so many nights, to be disturbed."""
        shutil.rmtree(self.disturbed, ignore_errors=True)
        shutil.copytree(self.home(number), self.disturbed, symlinks=True)

    def _cut_off(
        self, moment: Moment, *, command: bool = False
    ) -> tuple[bool, str | None, list[str]]:
        """Run and kill; whether it died, which night is published, and what is wrong with that."""
        number, night, home = moment.number, self.nights[moment.number - 1], self.disturbed
        landing = self.landing(night)
        if command:
            killed = _kill_command(landing, home, night, moment)
        else:
            ended = in_child(
                lambda: _run(landing, home, night), self.answer,
                at_change=moment.change, after=moment.after,
            )  # fmt: skip
            killed = ended.killed
            if ended.fault:
                return killed, None, [f"before the kill: {ended.fault}"]
        seen = in_child(lambda: _seen(home, self.home(number - 1), self.home(number)), self.answer)
        return killed, seen.answer, [f"after the kill: {seen.fault}"] if seen.fault else []

    def _again(self, number: int) -> list[str]:
        """Run the night to its end and hold the home against the undisturbed one."""
        night, home = self.nights[number - 1], self.disturbed
        again = in_child(lambda: _run(self.landing(night), home, night), self.answer)
        if again.fault:
            return [f"the rerun: {again.fault}"]
        same = in_child(lambda: _same(home, self.home(number), night), self.answer)
        return [f"afterwards: {same.fault}"] if same.fault else list(same.answer)


def _place(moment: Moment) -> float:
    return moment.share


def _city(folder: Path, people: int) -> None:
    from pipelines.synthetic.city import write_city

    write_city(people, SEED, folder)


def _stage(city: Path, landing: Path, night: date) -> None:
    from pipelines.synthetic.arrivals import stage

    stage(city, landing, night)


def _run(landing: Path, home: Path, night: date) -> None:
    from pipelines.settings import Settings
    from tests.faults.plain_night import run_plain

    run_plain(Settings(landing=landing, home=home, settle_seconds=0, threads=1), night)


def _stopped(landing: Path, home: Path, night: date) -> str | None:
    """What a run says that a full disk ends; None where it comes through."""
    from pipelines.lake import machine
    from pipelines.lake.home import Home
    from pipelines.run import chain

    try:
        _run(landing, home, night)
    except Exception as error:
        told = machine.told(chain(error), Home(home), night)
        assert told is not None, f"not told as what it is: {type(error).__name__}: {error}"
        return str(told)
    return None


def fill(disk: Path, leave: int) -> Path:
    """A file that leaves so many bytes of a disk."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:  # else what no longer fits is tried at its end
        try:
            while True:
                file.write(b"\0" * 65536)
        except OSError:
            pass
    with ballast.open("r+b") as file:
        file.truncate(max(ballast.stat().st_size - leave, 0))
    return ballast


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


def _kill_command(landing: Path, home: Path, night: date, moment: Moment) -> bool:
    """Kill ``jiuzhulian run`` once it has made a share of the night's tables."""
    words = ["run", "--landing", landing, "--home", home, "--as-of", night]
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", *map(str, words)],
        env=os.environ | {"JIUZHULIAN_SETTLE_SECONDS": "0"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    made = home / "restricted" / "lake" / "nights" / str(night)
    wanted = int(moment.share * COMMAND_TABLES)
    while process.poll() is None and len(list(made.glob("*.*.json"))) < wanted:
        time.sleep(0.02)
    time.sleep(moment.after)
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


#: tables of a night by which the command's progress is told
COMMAND_TABLES = 150


def drawn(kills: int, seed: int, changes: list[int]) -> list[Moment]:
    """One moment from each of ``kills`` equal parts of the whole run, so that no part goes without;
    ``changes``: how many files each of its nights changes.
    """
    chance = random.Random(seed)
    found = []
    for index in range(kills):
        place = (index + chance.random()) / kills * sum(changes)
        number = 1
        while number < len(changes) and place >= changes[number - 1]:
            place -= changes[number - 1]
            number += 1
        share = min(place / changes[number - 1], 0.999)
        after = chance.uniform(0.001, LATEST) if index % 2 else 0.0
        found.append(Moment(number, round(share, 4), 1 + int(place), round(after, 4)))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--chained", action="store_true")
    parser.add_argument("--command", action="store_true")
    parser.add_argument("--disk", type=Path)
    given = parser.parse_args()
    shutil.rmtree(given.work, ignore_errors=True)
    load_everything()
    nights = Undisturbed(given.work, given.people)
    moments = drawn(given.kills, given.seed, [nights.cost[n].changes for n in nights.nights])
    kills = []
    with (given.work / "kills.jsonl").open("w", encoding="utf-8") as log:
        for one in (
            nights.chained(moments) if given.chained
            else nights.strict(moments, command=given.command)
        ):  # fmt: skip
            kills.append(one)
            log.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")
            log.flush()
    filled = list(nights.filled(given.disk, LEFT)) if given.disk else []
    failed = [one for one in (*kills, *filled) if one.faults]
    told = {
        "killed": sum(one.killed for one in kills), "failed": [asdict(one) for one in failed[:5]],
        "passed": sum(one.killed and not one.faults for one in kills),
        "came_through_before": sum(not one.killed for one in kills),
        "nothing_published": sum(k.published is None for k in kills),
        "already_this_night": sum(k.published == k.night for k in kills),
        "filled": [asdict(one) for one in filled],
        "cpu_of_undisturbed": [round(nights.cost[n].cpu, 1) for n in nights.nights],
    }  # fmt: skip
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
