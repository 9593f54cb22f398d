"""The names of places on a night, and which township a region lies in."""

from __future__ import annotations

import polars as pl

from pipelines.lake.past import PastNight


def region_names(night: PastNight) -> dict[str, str]:
    """Names by region code; empty where the night knows no regions."""
    if not night.exists("standard.region"):
        return {}
    frame = night.frame("standard.region", ["region_code", "name"])
    return {code: name for code, name in frame.iter_rows() if code and name}


def township(region_code: pl.Expr) -> pl.Expr:
    """The township (nine digits, then zeros) that a region lies in."""
    return region_code.str.slice(0, 9).str.pad_end(12, "0")
