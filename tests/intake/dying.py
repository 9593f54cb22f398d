"""Tasks whose worker dies, as one does that is killed for its memory or loses its power.

In a module of its own, since the workers import it by its name.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

from pipelines.intake.ahead import Due, Outcome, Task

#: a file whose first worker dies when it has written everything, and one that kills every worker
ONCE = "ybj_settlement_20261105.csv"
ALWAYS = "ybj_insured_person_371103_20261105.parquet"


@dataclass(frozen=True)
class Dying(Task):
    """Converts a file, but for those two."""

    def __call__(self, due: Due) -> Outcome:
        outcome = super().__call__(due)
        name = due.found.path.name
        mark = self.here.folder / f"{name}.died"
        if name == ALWAYS or (name == ONCE and not mark.exists()):
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome
