"""Days, months and instants in every form of the interface."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.standard import date as dates
from tests.standard_values.samples import repaired

NEW_YEAR = date(2024, 1, 1)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2024-01-01", None),
        ("20240101", None),
        ("2024/1/1", "other_form"),
        ("2024.01.01", "other_form"),
        ("2024年1月1日", "other_form"),
        ("２０２４年１月１日", "other_form"),
        ("2024-01-01 12:30:00", "time_cut"),
        ("2024-01-01T12:30:00.123", "time_cut"),
        ("20240101123000", "time_cut"),
        ("45292", "spreadsheet_serial"),
        ("45292.0", "spreadsheet_serial"),
        ("202401", "month_first_day"),
        ("2024-01", "month_first_day"),
        ("2024/1", "month_first_day"),
        ("2024年1月", "month_first_day"),
        ("20240101.0", None),
        ("'2024-01-01", None),
    ],
)
def test_forms_of_one_day(text: str, rule: str | None) -> None:
    assert repaired(dates.date, text) == (NEW_YEAR, rule)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (None, None), ("", None), ("不详", "missing_word"), ("长期", "missing_word"),
        ("9999-12-31", "missing_word"), ("00000000", "missing_word"),
        ("2024-02-30", "unreadable"), ("20241301", "unreadable"), ("202413", "unreadable"),
        ("2024", "unreadable"), ("0024-01-01", "unreadable"), ("去年", "unreadable"),
        ("01/02/2024", "unreadable"),
    ],
)  # fmt: skip
def test_no_day(text: str | None, rule: str | None) -> None:
    assert repaired(dates.date, text) == (None, rule)


@given(days=st.lists(st.dates(date(1910, 1, 1), date(2099, 12, 31)), min_size=30, max_size=60))
@settings(max_examples=4)
def test_every_form_leads_back_to_the_day(days: list[date]) -> None:
    forms = [
        (f"{day:%Y%m%d}", f"{day}", f"{day.year}/{day.month}/{day.day}",
         f"{day.year}年{day.month}月{day.day}日", f"{day} 23:59:59",
         str((day - date(1899, 12, 30)).days))
        for day in days
    ]  # fmt: skip
    frame = pl.DataFrame({"t": [text for texts in forms for text in texts]})
    read = frame.select(dates.date(pl.col("t")).value).to_series().to_list()
    assert read == [day for day in days for _ in range(6)]
    quick = pl.DataFrame({"t": [texts[0] for texts in forms]})
    assert quick.select(dates.quick_date(pl.col("t"))).to_series().to_list() == days
    months = pl.DataFrame({"t": [f"{day:%Y%m}" for day in days]})
    first = months.select(dates.month(pl.col("t")).value).to_series().to_list()
    assert first == [day.replace(day=1) for day in days]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2024-01-01 09:05:07", datetime(2024, 1, 1, 9, 5, 7)),
        ("2024/1/1 9:05", datetime(2024, 1, 1, 9, 5)),
        ("20240101090507", datetime(2024, 1, 1, 9, 5, 7)),
        ("2024-01-01T09:05:07.250", datetime(2024, 1, 1, 9, 5, 7)),
        ("2024-01-01T01:05:07Z", datetime(2024, 1, 1, 9, 5, 7)),
        ("2024-01-01T09:05:07+08:00", datetime(2024, 1, 1, 9, 5, 7)),
        ("2024-01-01", datetime(2024, 1, 1)),
        ("20240101", datetime(2024, 1, 1)),
        ("45292.5", datetime(2024, 1, 1, 12)),
        ("202401", datetime(2024, 1, 1)),
    ],
)
def test_instants(text: str, at: datetime) -> None:
    assert repaired(dates.timestamp, text)[0] == at


@given(at=st.datetimes(datetime(1960, 1, 1), datetime(2090, 1, 1)))
@settings(max_examples=8)
def test_a_spreadsheet_instant_is_right_to_the_second(at: datetime) -> None:
    at = at.replace(microsecond=0)
    serial = (at - datetime(1899, 12, 30)) / timedelta(days=1)
    read, _ = repaired(dates.timestamp, f"{serial:.9f}")
    assert abs(read - at) <= timedelta(seconds=1)
