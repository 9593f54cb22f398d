"""Three nights of a larger city, and how far chain, gaps and overlaps agree with the oracle.

python -m tests.oracle.help_report --people 20000 --out DIR
What lies in DIR from an earlier call (city, nights) is taken as it is.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipelines.run import run_night
from pipelines.settings import Settings
from pipelines.synthetic.arrivals import stage
from pipelines.synthetic.city import write_city
from tests.oracle.help_compare import planted
from tests.oracle.identity import read_table
from tests.oracle.report import POLICY, agreement


def nights(out: Path, people: int, seed: int) -> Iterator[tuple[date, Path]]:
    """Each night of the city with the folder of what it published; made where missing."""
    plan = out / "city" / "truth" / "city.json"
    if not plan.exists():
        write_city(people, seed, out / "city")
    settings = Settings(
        landing=out / "landing", home=out / "home", policy=POLICY, record_runs=False
    )
    for text in json.loads(plan.read_text(encoding="utf-8"))["nights"]:
        night, kept = date.fromisoformat(text), out / "kept" / text
        if not kept.exists():
            stage(out / "city", settings.landing, night)
            run_night(settings, night)
            kept.mkdir(parents=True)
            shutil.copy(settings.home / "published" / "monitoring.duckdb", kept)
            shutil.copy(settings.home / "restricted" / "identity.duckdb", kept)
        yield night, kept


def tables(out: Path, night: date, kept: Path) -> Iterator[Table | str]:
    """Agreement by line, what became of the planted, and the share of each finding."""
    monitoring = kept / "monitoring.duckdb"
    found = agreement(out / "city", monitoring, kept / "identity.duckdb", night)
    lines = Table("what", "agreed", "only pipeline", "only oracle", title=f"help, {night}")
    for name, tally in found.help.items():
        sides = (tally.agreed, len(tally.pipeline_only), len(tally.oracle_only))
        lines.add_row(name, *map(str, sides), style="red" if tally.differences else None)
    yield lines
    for name, tally in found.help.items():
        for side, items in (("pipeline", tally.pipeline_only), ("oracle", tally.oracle_only)):
            yield from (f"{name}: only {side}: {item}" for item in items[:5])
    what = planted(out / "city", monitoring, found.people_certain, found.pupils_without_aid)
    yield (
        f"planted people of certain identity: {what.found} found, {what.left_alone} lawful ones "
        f"left alone, missed {what.missed}, false {what.false}"
    )
    shares = Table("finding", "looked at", "found", "certain", "share", title="all, also uncertain")
    for row in read_table(monitoring, "assistance.finding_share"):
        share = "" if row["share"] is None else f"{row['share']:.4f}"
        counts = (str(row[name]) for name in ("looked_at", "found", "certain"))
        shares.add_row(row["finding"], *counts, share)
    yield shares
    yield f"set aside: {len(found.set_aside)} of {found.people} persons"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    console = Console(width=120)
    for night, kept in nights(given.out, given.people, given.seed):
        for part in tables(given.out, night, kept):
            console.print(part, soft_wrap=isinstance(part, str), markup=False)


if __name__ == "__main__":
    main()
