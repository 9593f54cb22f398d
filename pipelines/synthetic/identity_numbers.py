"""Generated 18-digit identity numbers (GB 11643): area, birth date, order code, check digit.

Makes valid and unique numbers; their faults belong to errors.
"""

import numpy as np
import polars as pl

from pipelines.synthetic.randomness import Array

WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
#: of one sex, in three digits of which the last tells the sex
ORDER_CODES = 500
CHECKS = np.array(list("10X98765432"))


def check_digits(first_17: Array) -> Array:
    """The check digit of whole numbers of 17 digits (ISO 7064 MOD 11-2)."""
    total = np.zeros(len(first_17), dtype=np.int64)
    rest = first_17.astype(np.int64).copy()
    for weight in WEIGHTS[::-1]:
        total += (rest % 10) * weight
        rest //= 10
    return CHECKS[total % 11]


def identity_numbers(area: Array, birth_date: Array, sex: Array, seed_offset: int) -> pl.Series:
    """Unique numbers; area is six digits, sex 1 or 2, birth_date datetime64[D].

    People of one area, birth date and sex take consecutive order codes from a start that
    depends on the day, so that two numbers never meet. Raises ValueError where more than 500 of
    one sex and area are born on a day: no more numbers exist.
    """
    years = birth_date.astype("datetime64[Y]").astype(int) + 1970
    months = birth_date.astype("datetime64[M]").astype(int) % 12 + 1
    days = (birth_date - birth_date.astype("datetime64[M]")).astype(int) + 1
    born = years * 10000 + months * 100 + days
    group = area.astype(np.int64) * 1_000_000_000 + born.astype(np.int64) * 10 + sex
    order = np.argsort(group, kind="stable")
    _, start, counts = np.unique(group[order], return_index=True, return_counts=True)
    if len(counts) and counts.max() > ORDER_CODES:
        raise ValueError(
            f"{counts.max()} people of one area, sex and birthday, and {ORDER_CODES} numbers: the "
            "city is too large for its counties"
        )
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - np.repeat(start, counts)
    offset = (born * 7919 + area.astype(np.int64) * 31 + seed_offset) % ORDER_CODES
    code = ((offset + rank) % ORDER_CODES) * 2 + (sex == 1)
    stem = (area.astype(np.int64) * 100_000_000 + born) * 1000 + code
    text = pl.Series(stem).cast(pl.String)
    return (text + pl.Series(check_digits(stem))).alias("id_number")
