"""Amounts of money, counts, yes and no. Money is exact: text becomes DECIMAL without a float.

无 is 0, an empty cell is unknown (NULL), and what cannot be read is NULL and counted.
"""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from pipelines.standard.text import (
    MISSING_WORD,
    UNREADABLE,
    Repaired,
    fold,
    lookup,
    without_words,
)

MONEY = pl.Decimal(12, 2)
_WIDE = pl.Decimal(38, 12)
_PLAIN = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)$"
_GROUPED = r"^[+-]?[0-9]{1,3}(?:[,，' ][0-9]{3})+(?:\.[0-9]*)?$"
_SCIENTIFIC = r"^[+-]?[0-9](?:\.[0-9]+)?E[+-]?[0-9]{1,2}$"
_MORE_THAN_FEN = r"\.[0-9][0-9]0*[1-9]"


def quick_money(col: pl.Expr) -> pl.Expr:
    """The amount where it stands as a plain number with at most two decimals, else NULL."""
    amount = col.cast(MONEY, strict=False)
    return pl.when(~col.str.contains(r"\.[0-9][0-9][0-9]")).then(amount)


def money(col: pl.Expr, scale: Decimal = Decimal(1)) -> Repaired:
    """Yuan as DECIMAL(12,2), rounded half away from zero where there is more than a fen.

    ``scale`` is the factor to yuan of a column whose header names another unit; a cell that names
    its own (3.5万, 800元) goes before the header.
    """
    words = lookup("amount_words")
    read, said, text = pl.col("read"), pl.col("said"), pl.col("text")
    zero = said.is_in(words["zero"])
    signs = "(?i)" + "|".join(words["currency"])
    units: dict[str, int] = words["units"]
    unit_sign = f"[{''.join(units)}]$"
    own_unit = f"[{''.join(units)}元圆][)]?$"
    unit, grouped, negative = pl.col("unit"), pl.col("grouped"), pl.col("negative")
    value, number = pl.col("value"), pl.col("number")
    factor = unit.replace_strict(units, default=1, return_dtype=pl.Int64)
    sign = pl.when(negative).then(-1).otherwise(1)
    exact = number.cast(_WIDE, strict=False) * (factor * sign)
    if scale != 1:
        exact = pl.when(pl.col("own")).then(exact).otherwise(exact * pl.lit(scale))
    amount = exact.round(2, mode="half_away_from_zero").cast(MONEY, strict=False)
    rule = (
        pl.when(zero).then(pl.lit("zero_word"))
        .when(value.is_null() & said.is_not_null()).then(pl.lit(UNREADABLE))
        .when(value.is_null() & read.is_not_null()).then(pl.lit(MISSING_WORD))
        .when(value.is_null()).then(pl.lit(None, pl.String))
        .when(unit.is_not_null()).then(pl.lit("unit_multiplied"))
        .when(said.str.contains(signs)).then(pl.lit("currency_sign"))
        .when(grouped).then(pl.lit("thousands_separator"))
        .when(negative).then(pl.lit("brackets_negative"))
        .when(number.str.contains(_MORE_THAN_FEN)).then(pl.lit("rounded_to_fen"))
        .when(pl.col("given").str.contains(_PLAIN)).then(pl.lit(None, pl.String))
        .otherwise(pl.lit("rewritten"))
    )  # fmt: skip
    bare = said.str.replace_all(signs, "").str.replace_all(r"\s", "")
    readable = text.str.contains(_PLAIN) | text.str.contains(_SCIENTIFIC)
    return Repaired.in_steps(
        col,
        MONEY,
        {"read": fold(pl.col("given"))},
        {"said": without_words(read, "amount")},
        {"text": bare.str.replace(r"""^['‘’`"]""", ""), "own": said.str.contains(own_unit)},
        {"negative": text.str.contains(r"^\(.*\)$")},
        {"text": text.str.replace(r"^\((.*)\)$", "$1")},
        {"unit": text.str.extract(f"({unit_sign[:-1]})$", 1)},
        {"text": text.str.replace(unit_sign, "").str.to_uppercase()},
        {"grouped": text.str.contains(_GROUPED)},
        {"text": pl.when(grouped).then(text.str.replace_all(r"[,，']", "")).otherwise(text)},
        {"number": pl.when(readable).then(text)},
        {"value": pl.when(zero).then(pl.lit(0).cast(MONEY)).otherwise(amount)},
        {"rule": rule},
    )


def quick_count(col: pl.Expr) -> pl.Expr:
    return col.cast(pl.Int32, strict=False)


def count(col: pl.Expr) -> Repaired:
    """A whole number out of 3, 3.0, 1,234 or 3人; anything else is NULL and counted."""
    read = fold(col)
    said = without_words(read, "key")
    text = said.str.replace_all(r"\s|,", "").str.replace(r"\.0*$", "")
    text = text.str.extract(r"^(-?[0-9]+)(?:\.0+)?(?:人|口|个|名|小时|次|天|岁|户)?$", 1)
    value = text.cast(pl.Int32, strict=False)
    rule = (
        pl.when(value.is_null() & said.is_not_null()).then(pl.lit(UNREADABLE))
        .when(value.is_null() & read.is_not_null()).then(pl.lit(MISSING_WORD))
        .when(value.is_not_null() & (value.cast(pl.String) != col)).then(pl.lit("rewritten"))
    )  # fmt: skip
    return Repaired(value, rule)


def boolean(col: pl.Expr) -> Repaired:
    """Yes or no out of the words of ``schemas/lookups/boolean.yaml``."""
    listed = lookup("boolean")
    words = {str(word): True for word in listed["yes_words"]}
    words |= {str(word): False for word in listed["no_words"]}
    read = fold(col)
    said = without_words(read, "code")
    value = said.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.Boolean)
    rule = (
        pl.when(value.is_null() & said.is_not_null()).then(pl.lit(UNREADABLE))
        .when(value.is_null() & read.is_not_null()).then(pl.lit(MISSING_WORD))
    )  # fmt: skip
    return Repaired(value, rule)


def quick_boolean(col: pl.Expr) -> pl.Expr:
    return col.replace_strict(
        {"是": True, "否": False, "1": True, "0": False}, default=None, return_dtype=pl.Boolean
    )
