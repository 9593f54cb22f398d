"""Names, sexes, keys, codes, places, telephones."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.standard import contact, name, region, sex, text
from tests.standard_values.samples import repaired


@pytest.mark.parametrize(
    ("given_name", "clean"),
    [
        ("张三", "张三"),
        ("张 三", "张三"),
        ("张\u3000三", "张三"),
        ("\u200b张三\ufeff", "张三"),
        ("阿依古丽•买买提", "阿依古丽·买买提"),
        ("阿依古丽・买买提", "阿依古丽·买买提"),
        ("阿依古丽.买买提", "阿依古丽·买买提"),
        ("阿依古丽．买买提", "阿依古丽·买买提"),
        ("阿依古丽 · 买买提", "阿依古丽·买买提"),
        ("买买提·艾力·玉素甫", "买买提·艾力·玉素甫"),
        ("张 三 丰", "张三丰"),
        ("JOHN  SMITH", "JOHN SMITH"),
        ("張三", "張三"),
        ("𠀀㐀", "𠀀㐀"),
        ("无", None),
        ("", None),
    ],
)
def test_names(given_name: str, clean: str | None) -> None:
    assert repaired(name.person_name, given_name)[0] == clean


@given(st.text(alphabet="王李张刘陈杨欧阳司马娜秀英", min_size=1, max_size=5))
@settings(max_examples=8)
def test_a_clean_name_stays(clean: str) -> None:
    assert repaired(name.person_name, clean) == (clean, None)
    assert pl.select(name.quick_name(pl.lit(clean))).item() == clean


@pytest.mark.parametrize(
    ("word", "code", "rule"),
    [
        ("1", "1", None), ("2", "2", None), ("男", "1", "sex_word"), ("女性", "2", "sex_word"),
        ("男性", "1", "sex_word"), ("2.0", "2", "sex_word"), ("F", "2", "sex_word"),
        ("9", None, "not_stated"), ("未说明", None, "not_stated"), ("甲", None, "unreadable"),
        ("", None, None), (None, None, None),
    ],
)  # fmt: skip
def test_sexes(word: str | None, code: str | None, rule: str | None) -> None:
    assert repaired(sex.sex, word) == (code, rule)


@pytest.mark.parametrize(
    ("written", "clean"),
    [("A-1", "A-1"), (" A1 ", "A1"), ("'0012", "0012"), ("12.0", "12"), ("Ａ１", "A1"),
     ("A\u200b1", "A1"), ("A 1", "A1"), ("无", None), ("NULL", None), ("", None),
     ("G\ufffd1", None)],
)  # fmt: skip
def test_keys(written: str, clean: str | None) -> None:
    assert repaired(text.key, written)[0] == clean


@pytest.mark.parametrize(
    ("written", "clean", "rule"),
    [("日照 人民医院", "日照 人民医院", None), (" a ", "a", "trimmed"),
     ("a\u200bb", "ab", "hidden_characters"), ("--", None, "missing_word"), ("", None, None)],
)  # fmt: skip
def test_text(written: str, clean: str | None, rule: str | None) -> None:
    assert repaired(text.text, written) == (clean, rule)


def test_codes_of_a_list() -> None:
    listed = {"低保": "低保", "最低生活保障": "低保", "a1": "A1"}

    def read(word: str) -> tuple[Any, str | None]:
        return repaired(lambda col: text.code(col, listed), word)

    assert read("低保") == ("低保", None)
    assert read("最低生活保障") == ("低保", "code_alias")
    assert read("a1") == ("A1", "code_alias")
    assert read("别的") == ("别的", "unknown_code")
    assert read("") == (None, None)


def test_several_codes() -> None:
    listed = {"疾病": "疾病", "生病": "疾病", "残疾": "残疾"}
    value, _ = repaired(lambda col: text.codes(col, listed), "生病、 残疾,疾病;其他")
    assert value.to_list() == ["疾病", "残疾", "其他"]
    assert repaired(lambda col: text.codes(col, listed), "、")[0] is None


@pytest.mark.parametrize(
    ("written", "code"),
    [("371102501002", "371102501002"), ("371102", "371102000000"), ("3711", "371100000000"),
     ("371102501", "371102501000"), ("371102.0", "371102000000"), (" 371102 ", "371102000000"),
     ("东港区", None), ("3.71102E+11", None), ("37110", None), ("000000", None)],
)  # fmt: skip
def test_places(written: str, code: str | None) -> None:
    assert repaired(region.region, written)[0] == code


@pytest.mark.parametrize(
    ("written", "number"),
    [("13800138000", "13800138000"), ("138 0013 8000", "13800138000"),
     ("+86 138-0013-8000", "13800138000"), ("0633-8888888", "06338888888"),
     ("13800138000/13900139000", "13800138000"), ("13800138000.0", "13800138000"),
     ("无", None), ("空号", None), ("1", None)],
)  # fmt: skip
def test_telephones(written: str, number: str | None) -> None:
    assert repaired(contact.phone, written)[0] == number


anything = st.text(max_size=25)


@given(st.lists(anything, min_size=1, max_size=40))
@settings(max_examples=6)
def test_nothing_that_is_written_breaks_a_repair(written: list[str]) -> None:
    from pipelines.standard import amount, date, identity_number

    frame = pl.DataFrame({"t": written})
    col = pl.col("t")
    for repair in (
        name.person_name, sex.sex, text.key, text.text, region.region, contact.phone,
        date.date, date.month, date.timestamp, amount.money, amount.count, amount.boolean,
        identity_number.identity_number,
    ):  # fmt: skip
        assert frame.select(repair(col).struct()).height == len(written)  # type: ignore[operator]
