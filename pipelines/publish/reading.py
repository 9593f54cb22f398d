"""Opening a past night for reading, with every view that its tables are asked by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pipelines.lake.home import Home
from pipelines.lake.past import PastNight, manifest_of
from pipelines.settings import Settings
from pipelines.standard import register_views
from pipelines.standard.promises import contract_promise


@contextmanager
def past_night(
    home: Path, as_of: date | None = None, settings: Settings | None = None
) -> Iterator[PastNight]:
    """A committed night, the last one without a date; NotFound where there is none."""
    store = Home(home)
    found = manifest_of(store, as_of)
    night = PastNight(store, found.as_of, settings or Settings(home=home), contract_promise)
    try:
        register_views(night)
        yield night
    finally:
        night.close()
