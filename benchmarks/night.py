"""One cold night from raw files and one warm night after it, at a given size.

    python -m benchmarks.night --people 300000

Cold: an empty HOME, every file with 14 months of settlements. Warm: the next night, of which only
one day's files are new. Both are whole processes, start-up included.
"""

from __future__ import annotations

import argparse
import json
import shutil
from datetime import date
from pathlib import Path

from benchmarks.measure import jiuzhulian, machine, measure
from pipelines.synthetic.arrivals import stage


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=300_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, default=Path("var/bench"))
    arguments = parser.parse_args()
    work = arguments.work / f"night-{arguments.people}"
    work.mkdir(parents=True, exist_ok=True)
    city, home, landing, log = (work / n for n in ("city", "home", "landing", "log.txt"))
    results: dict[str, object] = {"people": arguments.people, "machine": machine()}
    if not (city / "truth" / "city.json").exists():
        made = measure(
            jiuzhulian("sample", "--people", str(arguments.people), "--seed",
                       str(arguments.seed), "--out", str(city)), str(log),
        )  # fmt: skip
        results["sample"] = made.as_dict()
    plan = json.loads((city / "truth" / "city.json").read_text(encoding="utf-8"))
    shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(landing, ignore_errors=True)
    for label, night in zip(("cold", "warm"), plan["nights"], strict=False):
        stage(city, landing, date.fromisoformat(night))
        measured = measure(
            jiuzhulian("run", "--landing", str(landing), "--home", str(home),
                       "--policy", "schemas/policies/rizhao", "--as-of", night), str(log),
        )  # fmt: skip
        results[label] = measured.as_dict()
        print(
            f"{label:>5}: {measured.wall_seconds:8.1f} s wall  {measured.cpu_seconds:8.1f} s cpu  "
            f"{measured.peak_megabytes:7.0f} MB peak  exit {measured.exit_code}"
        )
    target = work / "result.json"
    target.write_text(json.dumps(results, indent=1), encoding="utf-8")
    print(f"written to {target}; output of the commands in {log}")


if __name__ == "__main__":
    main()
