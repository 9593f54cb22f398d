"""Identity numbers: every way in which they arrive dirty, and how far they can be trusted."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.standard.identity_number import identity_number
from tests.standard_values.samples import with_check_digit

#: an area code that no region has
AREA = "990000"
NUMBER = with_check_digit(f"{AREA}19870101123")
NUMBER_X = next(
    number for i in range(1000) if (number := with_check_digit(f"{AREA}19870101{i:03d}"))[-1] == "X"
)


def read(text: str | None) -> tuple[str | None, str, str | None]:
    row = pl.DataFrame({"t": [text]}, schema={"t": pl.String}).select(
        identity_number(pl.col("t")).struct().alias("s")
    )
    made = row.item(0, "s")
    return made["value"], made["status"], made["rule"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (NUMBER, None),
        (f" {NUMBER} ", "trimmed"),
        (f"'{NUMBER}", "apostrophe"),
        (f"{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}", "rewritten"),
        (f"\u00a0{NUMBER}\u200b", "hidden_characters"),
        (f"\ufeff{NUMBER}", "hidden_characters"),
        ("".join(chr(ord(c) + 0xFEE0) for c in NUMBER), "full_width"),
    ],
)
def test_untidy_numbers_are_the_same_number(text: str, rule: str | None) -> None:
    assert read(text) == (NUMBER, "valid", rule)


def test_lower_case_x() -> None:
    assert read(NUMBER_X.lower()) == (NUMBER_X, "valid", "upper_x")


@pytest.mark.parametrize("text", [None, "", "  ", "无", "不详", "NULL", "0" * 18])
def test_no_number(text: str | None) -> None:
    value, status, _ = read(text)
    assert (value, status) == (None, "missing")


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (NUMBER[:17] + ("0" if NUMBER[-1] != "0" else "1"), "invalid"),
        (with_check_digit(f"{AREA}19870230123"), "invalid"),
        (with_check_digit(f"{AREA}19871301123"), "invalid"),
        ("3.71102E+17", "rounded"),
        ("3.71102198701011E+17", "rounded"),
        ("E12345678", "other"),
        ("9900008701011", "other"),
        ("990000871301123", "other"),
    ],
)
def test_what_cannot_be_trusted_is_kept_and_marked(text: str, status: str) -> None:
    assert read(text)[:2] == (text, status)


def test_a_spreadsheet_keeps_fifteen_digits() -> None:
    rounded = f"{AREA}198701011" + "000"
    assert read(rounded)[1] in ("rounded", "valid")
    printed_double = str(int(float(NUMBER[:15] + "000")))
    assert read(printed_double)[1] == "rounded"


days = st.dates(date(1930, 1, 1), date(1999, 12, 31))


people = st.lists(st.tuples(days, st.integers(0, 999)), min_size=30, max_size=60)


def read_all(texts: list[str]) -> list[tuple[str, str]]:
    made = identity_number(pl.col("t"))
    return pl.DataFrame({"t": texts}).select(made.value, made.status.alias("s")).rows()


@given(people)
@settings(max_examples=5)
def test_every_true_number_is_valid_and_15_digits_lead_to_it(
    born: list[tuple[date, int]],
) -> None:
    numbers = [with_check_digit(f"{AREA}{day:%Y%m%d}{order:03d}") for day, order in born]
    assert read_all(numbers) == [(number, "valid") for number in numbers]
    short = [number[:6] + number[8:17] for number in numbers]
    assert read_all(short) == [(number, "converted_15") for number in numbers]


@given(people, st.integers(1, 9))
@settings(max_examples=5)
def test_one_wrong_digit_is_always_noticed(born: list[tuple[date, int]], digit: int) -> None:
    wrong = []
    for at, (day, order) in enumerate(born):
        number, place = with_check_digit(f"{AREA}{day:%Y%m%d}{order:03d}"), at % 17
        changed = str((int(number[place]) + digit) % 10)
        wrong.append(number[:place] + changed + number[place + 1 :])
    assert {status for _, status in read_all(wrong)} <= {"invalid", "rounded"}
