"""Money is exact; 无 is 0; what cannot be read is NULL and said so."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.standard.amount import boolean, count, money, quick_money
from tests.standard_values.samples import repaired


@pytest.mark.parametrize(
    ("text", "amount", "rule"),
    [
        ("1234.50", "1234.50", None),
        ("-12.3", "-12.30", None),
        (".5", "0.50", None),
        ("1,234.50", "1234.50", "thousands_separator"),
        ("1,234,567", "1234567.00", "thousands_separator"),
        ("￥1234.5", "1234.50", "currency_sign"),
        ("￥1,234.5元", "1234.50", "currency_sign"),
        ("人民币12元", "12.00", "currency_sign"),
        ("3.5万", "35000.00", "unit_multiplied"),
        ("3.5万元", "35000.00", "unit_multiplied"),
        ("0.123456万", "1234.56", "unit_multiplied"),
        ("1.2E+4", "12000.00", "rewritten"),
        ("(1,200)", "-1200.00", "thousands_separator"),
        ("１２３．５", "123.50", "rewritten"),
        (" 12 ", "12.00", "rewritten"),
        ("无", "0.00", "zero_word"),
        ("暂无", "0.00", "zero_word"),
        ("12.345", "12.35", "rounded_to_fen"),
        ("-12.345", "-12.35", "rounded_to_fen"),
        ("0.30000000000000004", "0.30", "rounded_to_fen"),
        ("9999999999.99", "9999999999.99", None),
    ],
)
def test_forms(text: str, amount: str, rule: str | None) -> None:
    assert repaired(money, text) == (Decimal(amount), rule)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (None, None), ("", None), (" ", None), ("-", "missing_word"), ("不详", "missing_word"),
        ("约三百", "unreadable"), ("12,34", "unreadable"), ("1.2.3", "unreadable"),
        ("10000000000", "unreadable"), ("NaN", "missing_word"), ("inf", "unreadable"),
    ],
)  # fmt: skip
def test_unknown_amounts(text: str | None, rule: str | None) -> None:
    assert repaired(money, text) == (None, rule)


amounts = st.decimals(Decimal("-9999999999.99"), Decimal("9999999999.99"), places=2)


@given(given_amounts=st.lists(amounts, min_size=30, max_size=60))
@settings(max_examples=4)
def test_no_amount_changes_on_its_way(given_amounts: list[Decimal]) -> None:
    forms = ["{}".format, "{:,}".format, "￥{:,}".format]
    texts = [form(amount) for amount in given_amounts for form in forms]
    texts += [f"{amount / 10000:.6f}万" for amount in given_amounts]
    wanted = [amount for amount in given_amounts for _ in forms] + given_amounts
    frame = pl.DataFrame({"t": texts})
    assert frame.select(money(pl.col("t")).value).to_series().to_list() == wanted
    plain = pl.DataFrame({"t": [f"{amount}" for amount in given_amounts]})
    assert plain.select(quick_money(pl.col("t"))).to_series().to_list() == given_amounts


@pytest.mark.parametrize(
    ("text", "number", "rule"),
    [
        ("3", 3, None), ("3.0", 3, "rewritten"), ("3人", 3, "rewritten"), ("３", 3, "rewritten"),
        ("1,234", 1234, "rewritten"), ("", None, None), ("无", None, "missing_word"),
        ("3.5", None, "unreadable"), ("三", None, "unreadable"),
    ],
)  # fmt: skip
def test_counts(text: str, number: int | None, rule: str | None) -> None:
    assert repaired(count, text) == (number, rule)


@pytest.mark.parametrize(
    ("text", "truth"),
    [("是", True), ("是的", True), ("1", True), ("Y", True), ("TRUE", True), ("√", True),
     ("否", False), ("不是", False), ("0", False), ("无", False), ("", None), (None, None)],
)  # fmt: skip
def test_yes_and_no(text: str | None, truth: bool | None) -> None:
    assert repaired(boolean, text) == (truth, None)


def test_neither_yes_nor_no_is_said() -> None:
    assert repaired(boolean, "可能") == (None, "unreadable")
