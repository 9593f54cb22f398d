"""Lets the files of a city arrive: links what is there by a night into a landing folder."""

import csv
import os
import shutil
from datetime import date
from pathlib import Path


def stage(city_dir: Path, landing: Path, as_of: date) -> int:
    """Links (or copies, across file systems) every file that has arrived by the night's date.

    Files that are there already stay untouched. Returns how many are new.
    """
    new = 0
    with (Path(city_dir) / "truth" / "arrivals.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["relative_path"], row["arrives_on"]) for row in csv.DictReader(file)]
    for relative, arrives_on in rows:
        if date.fromisoformat(arrives_on) > as_of:
            continue
        source, target = Path(city_dir) / "landing" / relative, Path(landing) / relative
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, target)
        except OSError:
            shutil.copy2(source, target)
        new += 1
    return new
