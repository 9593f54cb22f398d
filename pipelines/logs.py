"""One line per step for a person at a terminal: counts and seconds, never a value."""

from __future__ import annotations

import logging
import os
import sys
from functools import cache

from rich.console import Console, RenderableType

stderr = Console(stderr=True, highlight=False)
stdout = Console(highlight=False)
LOGGER = logging.getLogger("jiuzhulian")


@cache
def terminal() -> Console | None:
    """The terminal on stderr, if there is one; asked for before a run redirects its streams."""
    if not sys.stderr.isatty():
        return None
    kept = os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8", buffering=1)
    return Console(file=kept, highlight=False)


def say(message: str) -> None:
    """Tell progress: to the terminal if there is one, to the log in any case."""
    LOGGER.info(message)
    if (shown := terminal()) is not None:
        shown.print(message, markup=False, soft_wrap=True)


def tell(message: str) -> None:
    """A line of a service on stderr, terminal or not; a service manager adds the time."""
    LOGGER.info(message)
    if (shown := terminal()) is not None:
        shown.print(message, markup=False, soft_wrap=True)
    else:
        sys.stderr.write(f"{message}\n")
        sys.stderr.flush()


def warn(message: str) -> None:
    """Say on stderr, terminal or not, what a person should know though the night goes on."""
    LOGGER.warning(message)
    shown = terminal()
    if shown is not None:
        shown.print(f"warning: {message}", markup=False, soft_wrap=True)
    else:
        sys.stderr.write(f"warning: {message}\n")


def show(result: RenderableType) -> None:
    """A command's result, on stdout; a long line is neither cut off nor, if text, broken."""
    stdout.print(result, crop=False, markup=False, soft_wrap=isinstance(result, str))


def step(table: str, rows: int, seconds: float, *, reused: bool) -> None:
    """Say that a table was made or taken over."""
    note = "taken over" if reused else f"{seconds:6.2f} s"
    say(f"  {table:<48} {rows:>12,} rows  {note}")
