"""Run the floor: `python -m benchmarks.floor --landing DIR --as-of DATE --out DIR`."""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path

from benchmarks.floor.duck import run

SCHEMAS = Path(__file__).parents[2] / "schemas"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--landing", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--policy", type=Path, default=SCHEMAS / "policies" / "rizhao")
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--mentions", action="store_true", help="for benchmarks.floor.compare")
    given = parser.parse_args()
    took = run(
        given.landing, SCHEMAS, given.policy, given.as_of, given.out, given.memory, given.mentions
    )
    print(json.dumps({"seconds": {name: round(value, 2) for name, value in took.items()}}))


if __name__ == "__main__":
    main()
