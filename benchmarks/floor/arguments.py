"""What the floor and its rivals are told on the command line."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

SCHEMAS = Path(__file__).parents[2] / "schemas"


def parser(doc: str | None) -> argparse.ArgumentParser:
    """Landing folder, night, output folder, policy and memory; whoever needs more adds it."""
    made = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--landing", type=Path, required=True)
    made.add_argument("--as-of", type=date.fromisoformat, required=True)
    made.add_argument("--out", type=Path, required=True)
    made.add_argument("--policy", type=Path, default=SCHEMAS / "policies" / "rizhao")
    return made


def seconds(took: dict[str, float]) -> dict[str, dict[str, float]]:
    """What is printed at the end: seconds per step."""
    return {"seconds": {name: round(value, 2) for name, value in took.items()}}
