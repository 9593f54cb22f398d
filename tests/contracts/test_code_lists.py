"""Code lists: words lead to codes, patterns carry marks, broken lists are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.contracts.codes import CodeList, load_codes
from pipelines.errors import ConfigurationFault

LISTS = load_codes()


@pytest.mark.parametrize(
    ("name", "word", "code"),
    [
        ("sex", "男性", "1"),
        ("sex", "２", "2"),
        ("relation", "之子", "20"),
        ("relation", "2", "20"),
        ("relation", "奶奶", "62"),
        ("relation", "父亲", "51"),
        ("education_id_type", "6", "04"),
        ("id_type", "6", "06"),
        ("disability_level", "１级", "一"),
        ("disability_level", "壹级", "一"),
        ("labour_ability", "完全丧失劳动能力", "丧失"),
        ("labour_ability", "无劳动能力", "无"),
        ("insurance_type", "城乡居民医保", "390"),
        ("assistance_category", "农村低保", "低保"),
        ("income_type", "工资性收入", "工资性"),
        ("left_behind", "2", "2"),
        ("chronic_disease", "血透", "M07803"),
        ("ethnicity", "汉", "01"),
        ("student_stage", "小学", "2"),
        ("aid_type", "临时救助", "临时救助"),
    ],
)
def test_words_of_departments(name: str, word: str, code: str) -> None:
    assert LISTS[name].resolve(word) == code


def test_an_unknown_value_is_data() -> None:
    assert LISTS["relation"].resolve("义兄弟") is None


@pytest.mark.parametrize("name", sorted(LISTS))
def test_every_code_means_itself(name: str) -> None:
    for code in LISTS[name].codes:
        assert LISTS[name].resolve(code) == code


@pytest.mark.parametrize(
    ("code", "severe"),
    [("M07801", True), ("M07899", True), ("M00503", True), ("M02101", True), ("M08300", True),
     ("M01200", True), ("M03900", False), ("M01600", False), ("M00201", False)],
)  # fmt: skip
def test_severe_diseases(code: str, severe: bool) -> None:
    assert LISTS["chronic_disease"].has_mark(code, "severe") is severe


def test_recurring_aids() -> None:
    assert set(LISTS["aid_type"].marked("recurring")) == {
        "低保金",
        "特困供养金",
        "残疾人两项补贴",
        "高龄津贴",
        "孤儿基本生活费",
    }


@pytest.mark.parametrize(
    ("care", "marks"),
    [("21", {"inpatient"}), ("2114", {"inpatient"}), ("52", {"inpatient"}), ("3101", {"inpatient"}),
     ("3102", set()), ("140104", {"chronic"}), ("1499", {"chronic"}), ("11", set()), ("51", set())],
)  # fmt: skip
def test_inpatient_and_chronic_care(care: str, marks: set[str]) -> None:
    care_types = LISTS["care_type"]
    assert {m for m in ("inpatient", "chronic") if care_types.has_mark(care, m)} == marks


def test_urban_and_rural() -> None:
    assert LISTS["urban_rural"].has_mark("121", "urban")
    assert LISTS["urban_rural"].has_mark("220", "rural")


def test_tiers_stand_in_their_order() -> None:
    assert LISTS["tier"].codes == (
        "特困",
        "低保",
        "防止返贫监测",
        "低保边缘",
        "刚性支出困难",
        "其他",
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: other\nvalues: [{code: a, zh: 甲, en: a}]", "name must be `x`"),
        ("name: x\nvalues: [{code: 1, zh: 甲, en: a}]", "put it in quotes"),
        ("name: x\nvalues: [{code: a, zh: 甲}]", "needs code, zh and en"),
        ("name: x\nvalues: [{code: a, zh: 甲, en: a}, {code: b, zh: 甲, en: b}]", "both a and b"),
        ("name: x\nvalues: [{code: a, zh: 甲, en: a}, {code: a, zh: 乙, en: b}]", "stands twice"),
        ("name: x\nvalues: [{code: a, zh: 甲, en: a, mark: [b]}]", "unknown key `mark`"),
        ("name: x\nvalues: [{code: a, zh: 甲, en: a, from: soon}]", "must be a date"),
        ("name: x\nvalues: []", "has no values"),
        ("name: x\nvalues: [", "is not YAML"),
    ],
)
def test_broken_lists(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "codes").mkdir()
    (tmp_path / "codes" / "x.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationFault) as caught:
        load_codes(tmp_path)
    assert any(told in fault and fault.startswith("codes/x.yaml") for fault in caught.value.faults)


def test_dates_of_a_code(tmp_path: Path) -> None:
    (tmp_path / "codes").mkdir()
    text = "name: x\nvalues: [{code: a, zh: 甲, en: a, from: 2020-01-01, to: 2024-01-01}]"
    (tmp_path / "codes" / "x.yaml").write_text(text, encoding="utf-8")
    made: CodeList = load_codes(tmp_path)["x"]
    value = made.value("a")
    assert value is not None
    assert value.from_ is not None
    assert value.from_.year == 2020
