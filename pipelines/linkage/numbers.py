"""What an identity number says of its holder, and how two numbers or two birthdays differ.

Whether a number is valid is decided in room *standard*; here only usable ones are read.
"""

from __future__ import annotations

import polars as pl

FIT, NEAR, FAR = "fit", "near", "far"
SHORT_PREFIX = 15
LENGTH = 18
OTHER_PAPER = "other "  # marks the number of a passport or another paper


def identity(number: pl.Expr) -> pl.Expr:
    """The number where it is an identity number of 18 digits; NULL of other papers."""
    is_long = number.str.len_chars() == LENGTH
    return pl.when(is_long & ~number.str.starts_with(OTHER_PAPER)).then(number)


def embedded_birth(number: pl.Expr) -> pl.Expr:
    """The birth date in an 18-digit number; NULL for any other."""
    return identity(number).str.slice(6, 8).str.to_date("%Y%m%d", strict=False)


def embedded_sex(number: pl.Expr) -> pl.Expr:
    """'1' or '2' by the seventeenth digit; NULL for anything but an 18-digit number."""
    digit = identity(number).str.slice(16, 1).cast(pl.Int8, strict=False)
    return pl.when(digit.is_null()).then(None).when(digit % 2 == 1).then(pl.lit("1")).otherwise(
        pl.lit("2")
    )  # fmt: skip


def birth_fit(recorded: pl.Expr, embedded: pl.Expr) -> pl.Expr:
    """FIT, NEAR or FAR; NULL where one is unknown.

    NEAR is what typing does to a date: day and month swapped, one digit wrong, a year off by one,
    only the year or month known. No two generations are NEAR each other.
    """
    same_year = recorded.dt.year() == embedded.dt.year()
    same_day = (recorded.dt.month() == embedded.dt.month()) & (
        recorded.dt.day() == embedded.dt.day()
    )
    year_apart = (recorded.dt.year() - embedded.dt.year()).abs()
    return (
        pl.when(recorded.is_null() | embedded.is_null())
        .then(None)
        .when(recorded == embedded)
        .then(pl.lit(FIT))
        .when(same_year | (year_apart <= 1) | (same_day & _one_digit(recorded, embedded)))
        .then(pl.lit(NEAR))
        .otherwise(pl.lit(FAR))
    )


def _one_digit(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    a, b = left.dt.year(), right.dt.year()
    powers = (1, 10, 100)
    return (
        pl.sum_horizontal(
            ((a // power % 10) != (b // power % 10)).cast(pl.Int8) for power in powers
        )
        <= 1
    )


def one_error(wrong: str, right: str) -> bool:
    """Whether one digit typed wrongly, or two neighbours swapped, makes `wrong` out of `right`."""
    if len(wrong) != len(right):
        return False
    places = [i for i, (a, b) in enumerate(zip(wrong, right, strict=True)) if a != b]
    if len(places) == 1:
        return True
    if len(places) != 2 or places[1] != places[0] + 1:
        return False
    first, second = places
    return wrong[first] == right[second] and wrong[second] == right[first]


def same_rounded(rounded: str, right: str) -> bool:
    """Whether a spreadsheet's rounding to 15 significant digits makes `rounded` out of `right`."""
    return len(rounded) == LENGTH and rounded[:SHORT_PREFIX] == right[:SHORT_PREFIX]
