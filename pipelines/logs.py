"""One line per step for a person at a terminal: counts and seconds, never a value."""

from __future__ import annotations

import logging
import sys

from rich.console import Console, RenderableType

stderr = Console(stderr=True, highlight=False)
stdout = Console(highlight=False)
LOGGER = logging.getLogger("jiuzhulian")


def say(message: str) -> None:
    """Tell progress: to the terminal if there is one, to the log in any case."""
    LOGGER.info(message)
    if sys.stderr.isatty():
        stderr.print(message, markup=False, soft_wrap=True)


def show(result: RenderableType) -> None:
    """A command's result, on stdout; a long path is never cut off."""
    stdout.print(result, crop=False, markup=False)


def step(table: str, rows: int, seconds: float, *, reused: bool) -> None:
    """Say that a table was made or taken over."""
    note = "taken over" if reused else f"{seconds:6.2f} s"
    say(f"  {table:<48} {rows:>12,} rows  {note}")
