"""Time and memory of writing a synthetic city.

    python -m benchmarks.synthetic_city --people 300000 --out var/city

Prints seconds (wall and processor), peak memory, rows and bytes written.
"""

import argparse
import resource
import time
from pathlib import Path

from pipelines.synthetic.city import write_city


def main() -> None:
    """Runs one city and prints its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--months", type=int, default=14)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    wall, cpu = time.perf_counter(), time.process_time()
    summary = write_city(given.people, given.seed, given.out, months=given.months)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"people {summary.people:,}  files {summary.files}  rows {sum(summary.rows.values()):,}")
    print(f"landing {summary.landing_bytes / 1e6:,.0f} MB  peak memory {peak:.2f} GB")
    print(f"wall {time.perf_counter() - wall:.1f} s  processor {time.process_time() - cpu:.1f} s")
    for part, seconds in summary.seconds.items():
        print(f"  {part}: {seconds} s")


if __name__ == "__main__":
    main()
