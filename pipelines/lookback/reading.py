"""Opening past nights for reading, and the names of places."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.lake.home import Home
from pipelines.lake.past import PastNight, manifest_of
from pipelines.settings import Settings
from pipelines.standard.promises import contract_promise
from pipelines.standard.registry import register_views


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


def region_names(night: PastNight) -> dict[str, str]:
    """Names by region code; empty where the night knows no regions."""
    if not night.exists("standard.region"):
        return {}
    frame = night.frame("standard.region", ["region_code", "name"])
    return {code: name for code, name in frame.iter_rows() if code and name}


def township(region_code: pl.Expr) -> pl.Expr:
    """The township (nine digits, then zeros) that a region lies in."""
    return region_code.str.slice(0, 9).str.pad_end(12, "0")
