"""``make run``: a sample town, its nights one after the other, and what was found.

Files are laid into the landing folder on the night on which they arrive, as departments would.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import date
from pathlib import Path

from pipelines.errors import ended
from pipelines.logs import show
from pipelines.publish.summary import summarise
from pipelines.run import run_night
from pipelines.settings import SCHEMAS, Settings
from pipelines.synthetic.arrivals import stage
from pipelines.synthetic.city import write_city


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--city", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    return ended(
        lambda: demonstrate(arguments.city, arguments.home, arguments.people, arguments.seed)
    )


def demonstrate(city: Path, home: Path, people: int, seed: int) -> None:
    """Make the town if it is not there, run its nights, say what was found."""
    plan = city / "truth" / "city.json"
    if not plan.exists():
        show(f"making a town of {people:,} invented people in {city} …")
        write_city(people, seed, city)
    nights = [date.fromisoformat(text) for text in json.loads(plan.read_text())["nights"]]
    landing = city / "arrived"
    for night in nights:
        started = time.monotonic()
        stage(city, landing, night)
        run_night(
            Settings(landing=landing, home=home, policy=SCHEMAS / "policies" / "rizhao"), night
        )
        show(f"night of {night}: {time.monotonic() - started:.1f} s")
    show(summarise(home))


if __name__ == "__main__":
    sys.exit(main())
