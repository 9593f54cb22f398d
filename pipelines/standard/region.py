"""Codes of places: 12 digits (province, city, county, township, village = 2+2+2+3+3), zero padded.

Names of places are resolved through reference/region by later rooms, not here.
"""

from __future__ import annotations

import polars as pl

from pipelines.standard.text import (
    MISSING_WORD,
    UNREADABLE,
    Repaired,
    changed,
    squeeze,
    without_words,
)

DIGITS = 12
_CODE = r"^[1-9][0-9](?:[0-9]{2}){0,2}$|^[1-9][0-9]{8}$|^[1-9][0-9]{11}$"


def quick_region(col: pl.Expr) -> pl.Expr:
    """12 digits where 2, 4, 6, 9 or 12 stand; that zeros are added is not counted as a repair."""
    return pl.when(col.str.contains(_CODE)).then(col.str.pad_end(DIGITS, "0"))


def region(col: pl.Expr) -> Repaired:
    """12 digits out of 2, 4, 6, 9 or 12; NULL and counted where it is no code."""
    read, said, value = pl.col("read"), pl.col("said"), pl.col("value")
    rule = (
        pl.when(value.is_null() & said.is_not_null()).then(pl.lit(UNREADABLE))
        .when(value.is_null() & read.is_not_null()).then(pl.lit(MISSING_WORD))
        .when(value.is_null()).then(pl.lit(None, pl.String))
        .otherwise(changed(pl.col("given"), said, read))
    )  # fmt: skip
    return Repaired.in_steps(
        col,
        pl.String(),
        {"read": squeeze(pl.col("given")).str.replace(r"\.0+$", "")},
        {"said": without_words(read, "region")},
        {"value": pl.when(said.str.contains(_CODE)).then(said.str.pad_end(DIGITS, "0"))},
        {"rule": rule},
    )
