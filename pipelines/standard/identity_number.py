"""Identity numbers (GB 11643, check digit ISO 7064 MOD 11-2): cleaned, 15→18, and how far to trust.

A bad number never stops a row: it is kept, cleaned, and marked by its status. Whose number it is
does not belong here.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from pipelines.standard.text import changed, squeeze, steps_over, without_words

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
FIRST_YEAR, LAST_YEAR = 1850, 2100
CHECK_CHARACTERS = "10X98765432"
VALID, CONVERTED, INVALID = "valid", "converted_15", "invalid"
ROUNDED, OTHER, MISSING = "rounded", "other", "missing"

EIGHTEEN = r"^[0-9]{17}[0-9X]$"
_FIFTEEN = r"^[0-9]{15}$"
_SCIENTIFIC = r"^[0-9](?:\.[0-9]+)?[EＥ]\+?1[4-7]$"
#: a spreadsheet keeps 15 significant digits of a number, a double some more
_KEPT = 1000
#: doubles of 18 digits lie up to 64 apart
_PRINTED = 64


@dataclass(frozen=True)
class RepairedNumber:
    """The number, its status (SPEC of the ``_status`` column) and the code of the repair."""

    whole: pl.Expr

    def struct(self) -> pl.Expr:
        """All three as one expression, e.g. for a Spark task."""
        return self.whole

    @property
    def value(self) -> pl.Expr:
        return self.whole.struct.field("value")

    @property
    def status(self) -> pl.Expr:
        return self.whole.struct.field("status")

    @property
    def rule(self) -> pl.Expr:
        return self.whole.struct.field("rule")


@cache
def _sums(first: int, digits: int) -> pl.Series:
    """For every group of ``digits`` digits from place ``first``: its part of the weighted sum."""
    numbers = np.arange(10**digits)
    total = np.zeros(10**digits, dtype=np.int64)
    for place in range(digits):
        total += numbers // 10 ** (digits - 1 - place) % 10 * WEIGHTS[first + place]
    return pl.Series("sum", total % 11, pl.Int16)


@cache
def _days() -> tuple[pl.Series, pl.Series]:
    """For every mmdd: 0 no day, 1 a day of leap years, 2 a day; for every yyyy: what it takes."""
    in_month = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    days = np.zeros(10_000, dtype=np.int8)
    for month, length in enumerate(in_month, start=1):
        days[month * 100 + 1 : month * 100 + length + 1] = 2
    days[229] = 1
    needed = np.full(10_000, 3, dtype=np.int8)
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        needed[year] = 1 if calendar.isleap(year) else 2
    return pl.Series("kind", days), pl.Series("needed", needed)


def _weighed(first17: pl.Expr) -> pl.Expr:
    """The weighted sum of 17 digits (Int64), modulo 11; looked up in groups of digits."""
    area = first17 // 10**11
    total = pl.lit(_sums(0, 3)).gather(area // 1000)
    total = total + pl.lit(_sums(3, 3)).gather(area % 1000)
    total = total + pl.lit(_sums(6, 4)).gather(first17 // 10**7 % 10**4)
    total = total + pl.lit(_sums(10, 4)).gather(first17 // 1000 % 10**4)
    return (total + pl.lit(_sums(14, 3)).gather(first17 % 1000)) % 11


def check_character(first17: pl.Expr) -> pl.Expr:
    """The 18th character that 17 digits (Int64) call for."""
    return _weighed(first17).replace_strict(
        list(range(11)), list(CHECK_CHARACTERS), return_dtype=pl.String
    )


def valid(text: pl.Expr) -> pl.Expr:
    """Whether a cleaned text is 18 long, born on a day, and its check digit right."""
    long = pl.when(text.str.len_bytes() == 18).then(text)
    first17 = long.str.head(17).cast(pl.Int64, strict=False)
    last = long.str.slice(17, 1)
    digit = pl.when(last == "X").then(10).otherwise(last.cast(pl.Int64, strict=False))
    return ((_weighed(first17) + digit) % 11 == 1).fill_null(False) & born_on_a_day(first17)


def born_on_a_day(first17: pl.Expr) -> pl.Expr:
    """Whether digits 7 to 14 are a day of the calendar between 1850 and 2100."""
    days, needed = _days()
    kind = pl.lit(days).gather(first17 // 1000 % 10**4)
    return (kind >= pl.lit(needed).gather(first17 // 10**7 % 10**4)).fill_null(False)


def cleaned(col: pl.Expr) -> pl.Expr:
    """Folded, without spaces, hidden characters and apostrophes, X in upper case; NULL if empty."""
    text = squeeze(col).str.to_uppercase().str.replace_all("[×✕]", "X")
    text = text.str.replace(r"^([0-9]+)\.0+$", "$1")
    return without_words(text, "identity_number")


def lengthened(fifteen: pl.Expr) -> pl.Expr:
    """18 characters out of 15 digits (a birth in the 1900s); NULL where no day of birth."""
    first17 = (fifteen.str.head(6) + "19" + fifteen.str.tail(9)).cast(pl.Int64, strict=False)
    long = first17.cast(pl.String) + check_character(first17)
    return pl.when(fifteen.str.contains(_FIFTEEN) & born_on_a_day(first17)).then(long)


def status(text: pl.Expr) -> pl.Expr:
    """Status of a cleaned number; 15 digits are ``converted_15`` here where they can be."""
    long = text.str.contains(EIGHTEEN)
    return (
        pl.when(text.is_null()).then(pl.lit(MISSING))
        .when(valid(text)).then(pl.lit(VALID))
        .when(long & spreadsheet_rounded(text)).then(pl.lit(ROUNDED))
        .when(long).then(pl.lit(INVALID))
        .when(text.str.contains(_SCIENTIFIC)).then(pl.lit(ROUNDED))
        .otherwise(pl.lit(OTHER))
    )  # fmt: skip


def spreadsheet_rounded(text: pl.Expr) -> pl.Expr:
    """Whether 18 digits are what is left after a spreadsheet took them for a number.

    Either the last three are 000, or the number is a double hard by its thousands, which programs
    print with all its digits (…011008 or …011072 instead of …011000, as they round on the way).
    """
    number = text.cast(pl.Int64, strict=False)
    thousands = (number + _KEPT // 2) // _KEPT * _KEPT
    is_double = number.cast(pl.Float64).cast(pl.Int64, strict=False) == number
    hard_by = (number - thousands).abs() <= _PRINTED
    return ((number % _KEPT == 0) | (is_double & hard_by)).fill_null(False)


def thousands(text: pl.Expr, state: pl.Expr) -> pl.Expr:
    """A rounded number with 000 at its end, however the program printed it; others as they are.

    So its first fifteen digits are those of the true number.
    """
    number = text.cast(pl.Int64, strict=False)
    plain = ((number + _KEPT // 2) // _KEPT * _KEPT).cast(pl.String)
    return pl.when((state == ROUNDED) & text.str.contains(EIGHTEEN)).then(plain).otherwise(text)


def identity_number(col: pl.Expr) -> RepairedNumber:
    """A column of numbers as they came: cleaned value, status, and what was repaired."""
    given, text, long = pl.col("given"), pl.col("text"), pl.col("long")
    returned = pl.Struct({"value": pl.String(), "status": pl.String(), "rule": pl.String()})
    return RepairedNumber(
        steps_over(
            col,
            returned,
            {"text": squeeze(given)},
            {"text": cleaned(text)},
            {"long": lengthened(text)},
            {"value": pl.coalesce(long, text), "status": status(text)},
            {"rule": repair(given, text, long)},
            {"value": thousands(pl.col("value"), pl.col("status"))},
            {
                "status": pl.when(long.is_not_null())
                .then(pl.lit(CONVERTED))
                .otherwise(pl.col("status"))
            },
        )
    )


def repair(col: pl.Expr, text: pl.Expr, long: pl.Expr) -> pl.Expr:
    """The code of the repair of ``col`` into ``text`` (cleaned) and ``long`` (out of 15)."""
    return (
        pl.when(long.is_not_null()).then(pl.lit(CONVERTED))
        .when(text.is_not_null() & (text == col.str.to_uppercase()) & (text != col))
        .then(pl.lit("upper_x"))
        .when(text.is_not_null() & col.str.contains(r"^['‘’`]")).then(pl.lit("apostrophe"))
        .otherwise(changed(col, text))
    )  # fmt: skip
