"""Days, months and instants in the ways in which departments write them (interface 1.3).

A month where a day is wanted is its first day. Whether a day is believable does not belong here.
"""

from __future__ import annotations

import polars as pl

from pipelines.standard.text import MISSING_WORD, UNREADABLE, Repaired, fold, without_words

_EARLIEST, _LATEST = pl.date(1850, 1, 1), pl.date(2200, 12, 31)
_SEPARATED = (
    r"^(?P<year>[0-9]{4})\s*[-/.年]\s*(?P<month>[0-9]{1,2})\s*(?:[-/.月]\s*(?P<day>[0-9]{1,2})\s*日?)?月?"
    r"(?:[\sT]*(?P<hour>[0-9]{1,2})[:时](?P<minute>[0-9]{1,2})(?:[:分](?P<second>[0-9]{1,2})"
    r"(?:\.[0-9]+)?秒?)?\s*(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?$"
)
_COMPACT = (
    r"^(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?:(?P<day>[0-9]{2})"
    r"(?:[\sT]?(?P<hour>[0-9]{2}):?(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2}))?(?:\.[0-9]+)?)?)?$"
)
_PLAIN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$|^[0-9]{8}$"
_MONTH_ONLY = r"^[0-9]{6}$|^[0-9]{4}\s*[-/.年]\s*[0-9]{1,2}\s*月?$"
#: days since 1899-12-30, as spreadsheets count; from 1908 on, below 1908 they could be years
_SERIAL = r"^([0-9]{4,5})(?:\.([0-9]+))?$"
_FIRST_SERIAL, _LAST_SERIAL = 3000, 73050
_YEARS = (1850, 2100)
_SECONDS_OF_A_DAY = 86_400
_SHANGHAI_MINUTES = 8 * 60


def quick_date(col: pl.Expr) -> pl.Expr:
    """The day where it stands as 2024-01-01 or 20240101, else NULL."""
    dashed = col.str.to_date("%Y-%m-%d", strict=False)
    compact = pl.when(col.str.len_bytes() == 8).then(col).str.to_date("%Y%m%d", strict=False)
    return _plausible(pl.coalesce(dashed, compact))


def quick_timestamp(col: pl.Expr) -> pl.Expr:
    """The instant where it stands as 2024-01-01 12:00:00, else NULL."""
    at = col.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
    earliest, latest = pl.datetime(1850, 1, 1), pl.datetime(2200, 12, 31)
    return pl.when(at.is_between(earliest, latest)).then(at)


def date(col: pl.Expr) -> Repaired:
    """A DATE out of any known form; the rule names the form where it was not a plain day."""
    return Repaired.in_steps(col, pl.Date(), *_DAY_STEPS, {"value": _DAY, "rule": _RULE})


def birth_date(col: pl.Expr) -> pl.Expr:
    """The day of birth as DATE, NULL where it cannot be read."""
    return date(col).value


def month(col: pl.Expr) -> Repaired:
    """The first day of the month, out of a month or of a day of it."""
    expected = pl.when(_RULE != "month_first_day").then(_RULE)
    return Repaired.in_steps(
        col, pl.Date(), *_DAY_STEPS, {"value": _DAY.dt.month_start(), "rule": expected}
    )


def timestamp(col: pl.Expr) -> Repaired:
    """A TIMESTAMP in Shanghai's time; a day alone is its midnight."""
    fraction = ("0." + _SAID.str.extract(_SERIAL, 2)).cast(pl.Float64, strict=False)
    seconds = (fraction * _SECONDS_OF_A_DAY).round().cast(pl.Int64)
    clock = pl.coalesce(pl.col("clock_separated"), pl.col("clock_compact"))
    after_midnight = pl.coalesce(clock, seconds, pl.lit(0, pl.Int64))
    expected = pl.when(_RULE != "time_cut").then(_RULE)
    alone = expected.is_null() & clock.is_null() & _DAY.is_not_null()
    return Repaired.in_steps(
        col,
        pl.Datetime("us"),
        *_DAY_STEPS,
        {
            "clock_separated": _clock(pl.col("separated"), zoned=True),
            "clock_compact": _clock(pl.col("compact"), zoned=False),
        },
        {
            "value": _DAY.cast(pl.Datetime("us")) + pl.duration(seconds=after_midnight),
            "rule": pl.when(alone).then(pl.lit("day_midnight")).otherwise(expected),
        },
    )


def _without_tail(text: pl.Expr) -> pl.Expr:
    """Without a leading apostrophe, and 20240101.0 as 20240101."""
    text = text.str.replace(r"""^['‘’`"]+""", "").str.replace(r"^([0-9]{6}|[0-9]{8})\.0+$", "$1")
    return pl.when(text != "").then(text)


def _spelled(found: pl.Expr) -> pl.Expr:
    """The day that the groups year, month and day spell, NULL if there is none."""
    parts = found.struct
    day = parts.field("day").fill_null("1")
    spelled = pl.concat_str(parts.field("year"), parts.field("month"), day, separator="-")
    return spelled.str.to_date("%Y-%m-%d", strict=False)


def _clock(groups: pl.Expr, *, zoned: bool) -> pl.Expr:
    """Seconds after midnight in Shanghai, NULL where the text has no time of day."""
    found = groups.struct
    hour = found.field("hour").cast(pl.Int64, strict=False)
    minute = found.field("minute").cast(pl.Int64, strict=False)
    second = found.field("second").cast(pl.Int64, strict=False).fill_null(0)
    sound = (hour <= 24) & (minute <= 59) & (second <= 60)
    seconds = hour * 3600 + minute * 60 + second
    if zoned:
        seconds = seconds + 60 * _minutes_to_shanghai(found.field("zone"))
    return pl.when(sound).then(seconds)


def _minutes_to_shanghai(zone: pl.Expr) -> pl.Expr:
    digits = zone.str.replace_all(r"[+:\-]", "").cast(pl.Int64, strict=False)
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    offset = pl.when(zone == "Z").then(0).otherwise(sign * (digits // 100 * 60 + digits % 100))
    return (_SHANGHAI_MINUTES - offset).fill_null(0)


def _plausible(day: pl.Expr) -> pl.Expr:
    return pl.when(day.is_between(_EARLIEST, _LATEST)).then(day)


_READ, _SAID, _DAY, _RULE = pl.col("read"), pl.col("said"), pl.col("day"), pl.col("form")
_NUMBER = pl.col("number")
_FORM = (
    pl.when(_DAY.is_null() & _SAID.is_not_null()).then(pl.lit(UNREADABLE))
    .when(_DAY.is_null() & _READ.is_not_null()).then(pl.lit(MISSING_WORD))
    .when(_DAY.is_null()).then(pl.lit(None, pl.String))
    .when(_SAID.str.contains(_PLAIN)).then(pl.lit(None, pl.String))
    .when(pl.col("serial").is_not_null()).then(pl.lit("spreadsheet_serial"))
    .when(_SAID.str.contains(_MONTH_ONLY)).then(pl.lit("month_first_day"))
    .when(_SAID.str.contains(r"[0-9][:时]|^[0-9]{12,14}$|T")).then(pl.lit("time_cut"))
    .otherwise(pl.lit("other_form"))
)  # fmt: skip
#: steps from ``given`` to ``day`` and ``form``, the code of how the day was written
_DAY_STEPS: tuple[dict[str, pl.Expr], ...] = (
    {"read": fold(pl.col("given"))},
    {"read": _without_tail(_READ)},
    {"said": without_words(_READ, "date")},
    {
        "separated": _SAID.str.extract_groups(_SEPARATED),
        "compact": _SAID.str.extract_groups(_COMPACT),
        "number": _SAID.str.extract(_SERIAL, 1).cast(pl.Int32, strict=False),
    },
    {
        "serial": pl.when(
            _NUMBER.is_between(_FIRST_SERIAL, _LAST_SERIAL) & ~_NUMBER.is_between(*_YEARS)
        ).then((_NUMBER - 25569).cast(pl.Date))
    },
    {
        "day": pl.coalesce(
            _spelled(pl.col("separated")), _spelled(pl.col("compact")), pl.col("serial")
        )
    },
    {"day": _plausible(_DAY)},
    {"form": _FORM},
)
