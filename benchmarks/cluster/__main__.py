"""Measures a night's statements by both engines at several sizes; results go to
docs/benchmarks/results/cluster.

    python -m benchmarks.cluster --people 3000 30000 100000
    python -m benchmarks.cluster --people 100000 --runs spark-2
    python -m benchmarks.cluster --people 100000 --runs memory

Runs of a size, each a whole process: duckdb-1 and duckdb-2 (threads), spark-1 and spark-2 (workers
of one core each). A run can be measured again alone. ``memory`` runs those statements again that
shuffled most on one worker, with a shuffle in one part, so that one task holds all of it.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.bench import WORK
from benchmarks.cluster.statements import MONTHS
from benchmarks.measure import machine, measure
from pipelines.settings import ROOT

RESULTS = ROOT / "docs" / "benchmarks" / "results" / "cluster"
RUNS = ("duckdb-1", "duckdb-2", "spark-1", "spark-2")
#: after spark-1, which says what is shuffled most
MEMORY = "memory"
#: statements of which the memory is measured
MOST_SHUFFLED = 8


class Size:
    """One size of city: where its files lie and what was measured of it."""

    def __init__(self, people: int, work: Path, results: Path, seed: int, months: int) -> None:
        self.people, self.seed, self.months = people, seed, months
        self.work = work.resolve() / f"cluster-{people}"
        self.work.mkdir(parents=True, exist_ok=True)
        self.kept = self.work / "statements.pickle"
        self.result = results / f"{people}.json"
        self.found: dict[str, Any] = {"people": people, "runs": {}}
        if self.result.exists():
            self.found = json.loads(self.result.read_text(encoding="utf-8"))

    def prepare(self) -> None:
        """Make the city, its first night and its statements, where they are not there."""
        if not self.kept.exists():
            self._module("benchmarks.cluster.statements", "--people", self.people, "--seed",
                         self.seed, "--months", self.months, "--work", self.work,
                         "--out", self.kept)  # fmt: skip
        plan = json.loads((self.work / "city/truth/city.json").read_text(encoding="utf-8"))
        self.found |= {
            "months": self.months, "settlements": plan["rows"]["medical_insurance__settlement"],
        }  # fmt: skip

    def run(self, name: str) -> None:
        """Measure one run and keep what was found."""
        out = self.work / f"{name}.json"
        self._module("benchmarks.cluster.replay", "--statements", self.kept, *self._of(name),
                     "--out", out)  # fmt: skip
        found = json.loads(out.read_text(encoding="utf-8"))
        found["command"] = f"python -m benchmarks.cluster --people {self.people} --runs {name}"
        found["measured_at"] = datetime.now(UTC).isoformat(timespec="minutes")
        kept = self.found if name == MEMORY else self.found["runs"]
        kept[name] = found | {"machine": machine()}
        self.result.parent.mkdir(parents=True, exist_ok=True)
        self.result.write_text(_text(self.found), encoding="utf-8")
        print(f"{self.people:>9,} {name}: {len(found['statements'])} statements, "
              f"{found['seconds']:.1f} s", flush=True)  # fmt: skip

    def _of(self, name: str) -> list[str]:
        """The words that tell a run from the others."""
        if name != MEMORY:
            engine, cores = name.split("-")
            return ["--engine", engine, "--cores", cores]
        said = self.found["runs"]["spark-1"]["statements"]
        most = sorted(said, key=lambda one: -int(one["shuffle_bytes"]))[:MOST_SHUFFLED]
        return ["--engine", "spark", "--cores", "1", "--parts", "1",
                "--tables", *sorted({str(one["table"]) for one in most})]  # fmt: skip

    def _module(self, *words: object) -> None:
        log = self.work / "log.txt"
        ended = measure([sys.executable, "-m", *map(str, words)], str(log))
        if ended.exit_code:
            raise SystemExit(f"{words[0]} ended with {ended.exit_code}: see {log}")


def _text(found: dict[str, Any]) -> str:
    """JSON with a line for each statement."""
    return json.dumps(found, ensure_ascii=False).replace('{"table"', '\n{"table"') + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, nargs="+", default=[3_000, 30_000, 100_000])
    every = (*RUNS, MEMORY)
    parser.add_argument("--runs", nargs="+", choices=every, default=list(every))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--months", type=int, default=MONTHS)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    for people in given.people:
        size = Size(people, given.work, given.results, given.seed, given.months)
        size.prepare()
        for name in given.runs:
            size.run(name)


if __name__ == "__main__":
    main()
