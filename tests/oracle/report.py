"""Prints how far a published night agrees with the oracle.

python -m tests.oracle.report --city DIR --home HOME --night YYYY-MM-DD
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.oracle.compare import Agreement, Tally, compare
from tests.oracle.identity import death_methods, read_published
from tests.oracle.indicators import work_out
from tests.oracle.load import load_truth

POLICY = Path(__file__).parents[2] / "schemas" / "policies" / "rizhao"


def agreement(city: Path, monitoring: Path, identity: Path, on: date) -> Agreement:
    """One published night held against the truth of its city."""
    truth = load_truth(city)
    published = read_published(monitoring, identity)
    night = work_out(truth, POLICY, on, death_methods(published.links))
    return compare(truth, night, published)


def tables(found: Agreement, details: int) -> Iterable[Table | str]:
    """The report, part by part. details: how many differences of a line are shown, as ids."""
    link = found.linkage
    figures = Table("mentions", "precision", "recall", "pairs", title="linkage")
    figures.add_row("all", f"{link.precision:.6f}", f"{link.recall:.6f}", f"{link.pairs:,}")
    figures.add_row(
        "one without a usable number", f"{link.precision_without:.6f}",
        f"{link.recall_without:.6f}", f"{link.pairs_without:,}",
    )  # fmt: skip
    yield figures
    yield f"set aside: {len(found.set_aside)} persons; households compared: " \
          f"{found.certain_households}"  # fmt: skip
    shown: list[tuple[str, str, Tally]] = [
        ("household", "composition", found.households),
        *(("tier", name, tally) for name, tally in found.tiers.items()),
        ("tier", "history", found.history),
        *(("rule", name, tally) for name, tally in found.alerts.items()),
        *(("near miss", name, tally) for name, tally in found.near_misses.items()),
        *(("indicator", name, tally) for name, tally in found.indicators.items()),
        *(("help", name, tally) for name, tally in found.help.items()),
    ]
    lines = Table("what", "name", "agreed", "only pipeline", "only oracle", title="agreement")
    for kind, name, tally in shown:
        sides = (len(tally.pipeline_only), len(tally.oracle_only))
        style = "red" if tally.differences else None
        lines.add_row(kind, name, str(tally.agreed), *map(str, sides), style=style)
    yield lines
    unjudged = Table("rule", "pipeline", "oracle", title="not judged (everybody)")
    for name, (got, want) in found.not_judged.items():
        unjudged.add_row(name, str(got), str(want))
    yield unjudged
    for kind, name, tally in shown:
        for side, items in (("pipeline", tally.pipeline_only), ("oracle", tally.oracle_only)):
            for item in items[:details]:
                yield f"{kind} {name}: only {side}: {item}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--city", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--night", type=date.fromisoformat, required=True)
    parser.add_argument("--details", type=int, default=5)
    given = parser.parse_args()
    found = agreement(
        given.city, given.home / "published" / "monitoring.duckdb",
        given.home / "restricted" / "identity.duckdb", given.night,
    )  # fmt: skip
    console = Console()
    for part in tables(found, given.details):
        console.print(part, soft_wrap=isinstance(part, str), markup=False)


if __name__ == "__main__":
    main()
