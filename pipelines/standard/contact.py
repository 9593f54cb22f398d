"""Telephone numbers: digits only, the first where a cell holds several."""

from __future__ import annotations

import polars as pl

from pipelines.standard.text import MISSING_WORD, UNREADABLE, Repaired, fold, without_words


def quick_phone(col: pl.Expr) -> pl.Expr:
    return pl.when(col.str.contains(r"^1[3-9][0-9]{9}$")).then(col)


def phone(col: pl.Expr) -> Repaired:
    """5 to 12 digits without country code, spaces and strokes; else NULL and counted."""
    read = fold(col)
    said = without_words(read, "phone").str.replace(r"""^['‘’`"]+""", "").str.replace(r"\.0+$", "")
    first = said.str.extract(r"^([+0-9\s()\-—]+)", 1)
    digits = first.str.replace_all(r"[^0-9+]", "").str.replace(
        r"^(?:\+86|0086|86)(1[3-9][0-9]{9})", "$1"
    )
    value = pl.when(digits.str.contains(r"^[0-9]{5,12}$")).then(digits)
    rule = (
        pl.when(value.is_null() & said.is_not_null()).then(pl.lit(UNREADABLE))
        .when(value.is_null() & read.is_not_null()).then(pl.lit(MISSING_WORD))
        .when(value.is_not_null() & (value != col)).then(pl.lit("rewritten"))
    )  # fmt: skip
    return Repaired(value, rule)
