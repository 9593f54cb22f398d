"""Trying once more where the line breaks, with a pause that doubles."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from pipelines.delivery_settings import Place
from pipelines.intake.pull.session import Interrupted

Log = Callable[[str], None]
T = TypeVar("T")


def tried(
    name: str,
    place: Place,
    work: Callable[[], T],
    log: Log,
    warn: Log,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """What ``work`` gives. Raises Interrupted, with the number of tries, once it is given up."""
    attempt = 1
    while True:
        try:
            return work()
        except Interrupted as error:
            told = f"{name}: {error}" + (f" ({error.detail})" if error.detail else "")
            if not error.again or attempt == place.attempts:
                warn(f"{told}; the night goes on without it")
                raise Interrupted(f"{error}; tried {attempt} times", again=False) from None
        pause = place.pause_seconds * 2 ** (attempt - 1)
        log(f"  {told}; once more in {pause:g} s")
        sleep(pause)
        attempt += 1
