"""Whether a rival came to the floor's tiers and alerts.

python -m benchmarks.rivals.same FLOOR RIVAL
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

KEYS = {"tier": "person, tier", "alert": "rule_id, coalesce(person, household), level"}


def same(floor: Path, rival: Path) -> dict[str, dict[str, int]]:
    """Rows of either side alone and of both, for tiers and alerts."""
    con = duckdb.connect()
    found = {}
    for table, keys in KEYS.items():
        one, other = (_source(folder / f"{table}.parquet") for folder in (floor, rival))
        sides = ((one, "intersect", other), (one, "except", other), (other, "except", one))
        counts = [
            con.execute(
                f"select count(*) from (select {keys} from {a} {how} select {keys} from {b})"
            ).fetchall()[0][0]
            for a, how, b in sides
        ]
        found[table] = dict(zip(("both", "floor_only", "rival_only"), counts, strict=True))
    return found


def _source(path: Path) -> str:
    return f"read_parquet('{path}/*.parquet')" if path.is_dir() else f"read_parquet('{path}')"


def main() -> None:
    print(json.dumps(same(Path(sys.argv[1]), Path(sys.argv[2]))))


if __name__ == "__main__":
    main()
