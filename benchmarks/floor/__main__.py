"""Run the floor: `python -m benchmarks.floor --landing DIR --as-of DATE --out DIR`."""

from __future__ import annotations

import json

from benchmarks.floor.arguments import SCHEMAS, parser, seconds
from benchmarks.floor.duck import run


def main() -> None:
    told = parser(__doc__)
    told.add_argument("--memory", default="2GB")
    told.add_argument("--mentions", action="store_true", help="for benchmarks.floor.compare")
    given = told.parse_args()
    took = run(
        given.landing, SCHEMAS, given.policy, given.as_of, given.out, given.memory, given.mentions
    )
    print(json.dumps(seconds(took)))


if __name__ == "__main__":
    main()
