"""Sex as GB/T 2261.1 codes: 1 male, 2 female, NULL where it is not stated."""

from __future__ import annotations

from functools import cache

import polars as pl

from pipelines.standard.text import UNREADABLE, Repaired, fold, lookup, missing_words


@cache
def _words() -> dict[str, str]:
    listed = lookup("sex")
    return {
        str(word): code for name, code in (("male", "1"), ("female", "2")) for word in listed[name]
    }


def quick_sex(col: pl.Expr) -> pl.Expr:
    return pl.when((col == "1") | (col == "2")).then(col)


def sex(col: pl.Expr) -> Repaired:
    """1 or 2 out of the ways in which departments write it; anything else is NULL and counted."""
    read = fold(col).str.replace_all(r"\s", "").str.to_lowercase().str.replace(r"\.0+$", "")
    value = read.replace_strict(_words(), default=None, return_dtype=pl.String)
    unstated = [*lookup("sex")["not_stated"], *missing_words("text"), "无"]
    rule = (
        pl.when(read.is_null() | (read == "") | (value == col)).then(pl.lit(None, pl.String))
        .when(value.is_not_null()).then(pl.lit("sex_word"))
        .when(read.is_in(unstated)).then(pl.lit("not_stated"))
        .otherwise(pl.lit(UNREADABLE))
    )  # fmt: skip
    return Repaired(value, rule)
