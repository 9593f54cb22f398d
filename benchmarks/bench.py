"""Time, memory and bytes of nights at several sizes, beside the floor and what one would pick else.

    python -m benchmarks.bench --people 30000 300000
    python -m benchmarks.bench --people 3000000 --parts city cold floor warm arrival

All parts of a size run on the same files and machine, one after another, each a whole process:

city     a synthetic city with 14 months of settlements, if it is not there
cold     an empty HOME, every file that has arrived by the first night
floor    `benchmarks.floor` on the same files; its tiers and alerts are held against the night's
spark    PySpark on this machine, the floor's work from the same files
pandas   pandas, the floor's work from the same files (up to 300,000 people)
splink   Splink alone on all mentions of the night
warm     the next night: one day's files
arrival  on that day 1,000 more settlements; 20 people must have a case afterwards

Results go to docs/benchmarks/results/<people>.json, part by part, so that a part can be measured
again; `python -m benchmarks.report` makes the tables and plots of them.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.arrival import visible, write_arrival
from benchmarks.floor.compare import compare
from benchmarks.measure import Measured, jiuzhulian, machine, measure
from benchmarks.report import summary
from benchmarks.rivals.same import same
from benchmarks.steps_of_run import steps_of_run, tables_of_run
from pipelines.settings import ROOT
from pipelines.synthetic.arrivals import stage

RESULTS = ROOT / "docs" / "benchmarks" / "results"
PARTS = ("city", "cold", "floor", "spark", "pandas", "splink", "warm", "arrival")
PANDAS_UP_TO = 300_000
#: the floor's limit, in the engine alone: a night's own, and beyond a million people, where the
#: floor ends for lack of memory at that, what a night of three million holds altogether
FLOOR_MEMORY, LARGE_FLOOR_MEMORY, LARGE = "2GB", "10GB", 1_000_000
WORK = Path("var/bench")
SPARK_MEMORY = "6g"


class Bench:
    """One size: where its files lie and what has been measured of it."""

    def __init__(self, people: int, work: Path, results: Path, seed: int) -> None:
        self.people, self.seed = people, seed
        self.work = work / str(people)
        self.city, self.home = self.work / "city", self.work / "home"
        self.first, self.landing = self.work / "first", self.work / "landing"
        self.work.mkdir(parents=True, exist_ok=True)
        self.result = results / f"{people}.json"
        self.found: dict[str, Any] = {"people": people, "parts": {}}
        if self.result.exists():
            self.found = json.loads(self.result.read_text(encoding="utf-8"))

    def part(self, name: str) -> None:
        """Measure a part and keep what was found."""
        made: dict[str, Callable[[], dict[str, Any] | None]] = {
            "city": self._city, "cold": self._cold, "floor": self._floor, "spark": self._spark,
            "pandas": self._pandas, "splink": self._splink, "warm": self._warm,
            "arrival": self._arrival,
        }  # fmt: skip
        found = made[name]()
        if found is None:
            return
        found |= {"measured_at": datetime.now(UTC).isoformat(timespec="minutes")}
        self.found["parts"][name] = found | {"machine": machine()}
        self.found |= self._size()
        self.result.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.found, indent=1, ensure_ascii=False)
        self.result.write_text(text + "\n", encoding="utf-8")
        print(
            f"{self.people:>9,} {name:>8}: {found['wall_seconds']:8.1f} s wall "
            f"{found['cpu_seconds']:8.1f} s processor {found['peak_megabytes']:7.0f} MB peak "
            f"{found['read_megabytes']:7.0f} MB read {found['written_megabytes']:7.0f} MB written",
            flush=True,
        )

    def _run(self, *command: str) -> Measured:
        log = self.work / "log.txt"
        measured = measure(command, str(log))
        if measured.exit_code:
            raise SystemExit(f"{' '.join(command)} ended with {measured.exit_code}: see {log}")
        return measured

    def _kept(self, measured: Measured) -> dict[str, Any]:
        """Figures and the command as a reader would type it."""
        kept = measured.as_dict()
        kept["command"] = measured.command.replace(sys.executable, "python")
        kept["command"] = str(kept["command"]).replace(str(self.work.parent), str(WORK))
        kept["command"] = str(kept["command"]).replace(f"{ROOT}/", "")
        return kept

    def _module(self, *words: str) -> Measured:
        return self._run(sys.executable, "-m", *words)

    def _nights(self) -> list[date]:
        plan = json.loads((self.city / "truth" / "city.json").read_text(encoding="utf-8"))
        return [date.fromisoformat(night) for night in plan["nights"]]

    def _size(self) -> dict[str, Any]:
        plan = json.loads((self.city / "truth" / "city.json").read_text(encoding="utf-8"))
        stage(self.city, self.first, self._nights()[0])
        size = sum(p.stat().st_size for p in self.first.rglob("*") if p.is_file())
        return {
            "rows": sum(plan["rows"].values()),
            "settlements": plan["rows"]["medical_insurance__settlement"],
            "landing_megabytes": round(size / 2**20),
        }

    def _city(self) -> dict[str, Any] | None:
        if (self.city / "truth" / "city.json").exists():
            return None
        return self._kept(self._run(*jiuzhulian(
            "sample", "--people", str(self.people), "--seed", str(self.seed),
            "--out", str(self.city),
        )))  # fmt: skip

    def _night(self, as_of: date) -> dict[str, Any]:
        measured = self._run(*jiuzhulian(
            "run", "--landing", str(self.landing), "--home", str(self.home),
            "--policy", str(ROOT / "schemas" / "policies" / "rizhao"), "--as-of", str(as_of),
        ))  # fmt: skip
        with duckdb.connect() as con:
            con.execute(f"attach '{self.home}/published/monitoring.duckdb' as m (read_only)")
            row = con.execute("select rows_landed, persons, alerts from m.meta.run").fetchall()[0]
        home = sum(p.stat().st_size for p in self.home.rglob("*") if p.is_file())
        return self._kept(measured) | {
            "rows_landed": row[0], "persons": row[1], "alerts": row[2],
            "home_megabytes": round(home / 2**20), "steps": steps_of_run(self.home, measured),
            "tables": tables_of_run(self.home),
        }  # fmt: skip

    def _cold(self) -> dict[str, Any]:
        for folder in (self.home, self.landing):
            shutil.rmtree(folder, ignore_errors=True)
        first = self._nights()[0]
        stage(self.city, self.landing, first)
        return self._night(first)

    def _floor(self) -> dict[str, Any]:
        out, first = self.work / "floor", self._nights()[0]
        stage(self.city, self.first, first)
        found = self._kept(self._floor_of(self.first, first, out)) | self._said()
        night = self._shown_night()
        if night is not None:
            # of the night that HOME shows, from all that it has received
            with_mentions = self.work / "floor_mentions"
            self._floor_of(self.landing, night, with_mentions, "--mentions")
            found["agreement"] = {"night": str(night)} | compare(
                with_mentions, self.home / "published" / "monitoring.duckdb",
                self.home / "restricted" / "identity.duckdb",
            )  # fmt: skip
            shutil.rmtree(with_mentions)
        return found

    def _floor_of(self, landing: Path, night: date, out: Path, *more: str) -> Measured:
        memory = LARGE_FLOOR_MEMORY if self.people > LARGE else FLOOR_MEMORY
        return self._module("benchmarks.floor", "--landing", str(landing), "--as-of", str(night),
                            "--out", str(out), "--memory", memory, *more)  # fmt: skip

    def _shown_night(self) -> date | None:
        """The night that HOME shows, if there is one."""
        if not (self.home / "published" / "monitoring.duckdb").exists():
            return None
        with duckdb.connect() as con:
            con.execute(f"attach '{self.home}/published/monitoring.duckdb' as m (read_only)")
            return date.fromisoformat(
                con.execute(
                    "select cast(cast(as_of as date) as varchar) from m.meta.run"
                ).fetchall()[0][0]
            )

    def _rival(self, name: str, *more: str) -> dict[str, Any]:
        stage(self.city, self.first, self._nights()[0])
        out = self.work / name
        measured = self._module(
            f"benchmarks.rivals.{name}_floor", "--landing", str(self.first), "--as-of",
            str(self._nights()[0]), "--out", str(out), *more,
        )  # fmt: skip
        found = self._kept(measured) | self._said()
        if (self.work / "floor" / "tier.parquet").exists():
            found["against_floor"] = same(self.work / "floor", out)
        shutil.rmtree(out)
        return found

    def _said(self) -> dict[str, Any]:
        """What the command printed last."""
        lines = (self.work / "log.txt").read_text(encoding="utf-8", errors="replace").splitlines()
        said = [line for line in lines if line.startswith("{")]
        return dict(json.loads(said[-1])) if said else {}

    def _spark(self) -> dict[str, Any] | None:
        if importlib.util.find_spec("pyspark") is None or not shutil.which("java"):
            print("spark is left out: it needs Java and `uv sync --group spark`", flush=True)
            return None
        return self._rival("spark", "--memory", SPARK_MEMORY)

    def _pandas(self) -> dict[str, Any] | None:
        return self._rival("pandas") if self.people <= PANDAS_UP_TO else None

    def _splink(self) -> dict[str, Any]:
        measured = self._module("benchmarks.rivals.splink_alone", "--home", str(self.home))
        return self._kept(measured) | {"said": self._said()}

    def _warm(self) -> dict[str, Any]:
        second = self._nights()[1]
        stage(self.city, self.landing, second)
        return self._night(second)

    def _arrival(self) -> dict[str, Any]:
        second = self._nights()[1]
        people = write_arrival(self.home, self.landing, second)
        before = visible(self.home, people)
        found = self._night(second)
        after = visible(self.home, people)
        found["cases"] = {"asked": len(people), "before": before, "after": after}
        if not people or before or after != len(people):
            raise SystemExit(f"of {len(people)} people, {before} had a case before, {after} after")
        return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, nargs="+", default=[30_000, 300_000])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    for people in given.people:
        bench = Bench(people, given.work, given.results, given.seed)
        for name in PARTS:
            if name in given.parts:
                bench.part(name)
        print(summary(bench.found), flush=True)


if __name__ == "__main__":
    main()
