"""Values as departments write them: dates, months, amounts, sexes, booleans as text.

A file has one usual form of each; some cells differ. Identity columns are written by faults.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.synthetic import errors
from pipelines.synthetic.faults import patch

DATE_FORMS = ("%Y-%m-%d", "%Y%m%d", "%Y/%-m/%-d", "%Y年%-m月%-d日", "%Y-%m-%d 00:00:00", "serial")
MONTH_FORMS = ("%Y%m", "%Y-%m", "%Y年%-m月", "%Y-%m-01")
STAMP_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%dT%H:%M:%S")
SEX_FORMS = ({"1": "1", "2": "2"}, {"1": "男", "2": "女"}, {"1": "男性", "2": "女性"})
TRUE_FORMS = (("1", "0"), ("是", "否"))
_EPOCH = -25569  # the spreadsheet's day 0 is 1899-12-30


@dataclass(frozen=True)
class Style:
    """The usual forms of one file, as positions in the tables above."""

    date: int = 0
    month: int = 0
    stamp: int = 0
    sex: int = 0
    truth: int = 0

    @staticmethod
    def draw(rng: np.random.Generator) -> "Style":
        date = int(rng.choice(6, p=[0.4, 0.25, 0.15, 0.05, 0.1, 0.05]))
        return Style(date, int(rng.integers(0, 4)), int(rng.integers(0, 3)),
                     int(rng.choice(3, p=[0.4, 0.45, 0.15])), int(rng.integers(0, 2)))  # fmt: skip


def _dates(values: pl.Series, form: str) -> pl.Series:
    if form == "serial":
        return (values.cast(pl.Int32) - _EPOCH).cast(pl.String)
    return values.dt.strftime(form)


def written_dates(rng: np.random.Generator, values: pl.Series, style: Style, dirt: float
                  ) -> pl.Series:  # fmt: skip
    text = _dates(values, DATE_FORMS[style.date])
    at = np.flatnonzero(rng.random(len(values)) < errors.OTHER_DATE_FORM * dirt)
    other = DATE_FORMS[(style.date + 1 + int(rng.integers(0, 4))) % 5]
    return patch(text, at, lambda s, i: _dates(values.gather(i), other))


def written_months(values: pl.Series, style: Style) -> pl.Series:
    return values.dt.strftime(MONTH_FORMS[style.month])


def written_stamps(values: pl.Series, style: Style) -> pl.Series:
    return values.dt.strftime(STAMP_FORMS[style.stamp])


def written_money(rng: np.random.Generator, values: pl.Series, required: bool, dirt: float
                  ) -> pl.Series:  # fmt: skip
    """Decimal(_, 2) → text; a few with commas, signs, 万 or 无 (which is 0)."""
    text = values.cast(pl.String)
    if dirt <= 0 or not len(values):
        return text
    amount = values.cast(pl.Float64).fill_null(0.5).to_numpy()
    draw = rng.random(len(values))
    commas = (draw < errors.MONEY_COMMAS * dirt) & (np.abs(amount) >= 1000)
    sign = (draw > 1 - errors.MONEY_SIGN * dirt) & (amount > 0)
    whole = np.isclose(amount % 500, 0) & (amount >= 10_000)
    wan = (rng.random(len(values)) < errors.MONEY_WAN * dirt) & whole
    none = (rng.random(len(values)) < errors.MONEY_WU * dirt) & (amount == 0) & (not required)
    text = patch(text, np.flatnonzero(commas), lambda s, i: _commas(amount[i]))
    text = patch(text, np.flatnonzero(sign), lambda s, i: "￥" + s)
    text = patch(text, np.flatnonzero(wan), lambda s, i: _wan(amount[i]))
    return patch(text, np.flatnonzero(none), lambda s, i: pl.Series(["无"] * len(s)))


def _commas(amount: np.ndarray) -> pl.Series:
    return pl.Series([f"{value:,.2f}" for value in amount.tolist()], dtype=pl.String)


def _wan(amount: np.ndarray) -> pl.Series:
    return pl.Series([f"{value / 10_000:g}万" for value in amount.tolist()], dtype=pl.String)


def written_sex(rng: np.random.Generator, values: pl.Series, style: Style, dirt: float
                ) -> pl.Series:  # fmt: skip
    text = values.cast(pl.String)
    usual = text.replace(SEX_FORMS[style.sex])
    at = np.flatnonzero(rng.random(len(values)) < 0.01 * dirt)
    other = SEX_FORMS[(style.sex + 1) % 3]
    return patch(usual, at, lambda s, i: text.gather(i).replace(other))


def written_truth(values: pl.Series, style: Style) -> pl.Series:
    yes, no = TRUE_FORMS[style.truth]
    return values.cast(pl.String).replace({"true": yes, "false": no})
