"""Headers as departments write them find their columns; what is part of a name stays."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.headers import fold_header, header_scale, match_headers
from pipelines.contracts.load import load_contracts

CONTRACTS = load_contracts()
HOUSEHOLD = CONTRACTS["civil_affairs/assistance_household"]


@pytest.mark.parametrize(
    ("header", "folded"),
    [
        ("Psn_No", "psn_no"),
        ("ＳＥＴＬ＿ＩＤ", "setl_id"),
        (" 户主\n姓名 ", "户主姓名"),
        ("*姓名", "姓名"),
        ("姓名＊", "姓名"),
        ("\ufeff姓\u200b名：", "姓名"),
        ("家庭年总收入（元）", "家庭年总收入"),
        ("户月保障金额(元/月)", "户月保障金额"),
        ("年收入（单位：元）", "年收入"),
        ("发放金额【人民币】", "发放金额【人民币】"),
        ("姓名（必填）", "姓名"),
        ("出生日期(yyyy-MM-dd)", "出生日期"),
        ("身份证号（18位）", "身份证号"),
        ("服务时长（小时）", "服务时长"),
        ("低保（特困）证号", "低保(特困)证号"),
        ("姓名（监护人）", "姓名(监护人)"),
    ],
)
def test_folding(header: str, folded: str) -> None:
    assert fold_header(header) == folded


def test_a_unit_of_ten_thousand_is_not_lost() -> None:
    assert header_scale("家庭年总收入（万元）") == 10000
    matched = match_headers(HOUSEHOLD, ["低保证号", "家庭年总收入（万元）", "户月保障金额（元）"])
    assert matched.scales == {1: Decimal(10000)}


def test_an_export_of_the_real_system() -> None:
    headers = [
        "序号",
        "*户主姓名",
        "户主身份证号",
        "家庭人口(数)",
        "家庭年总收入（元）",
        "救助类型",
        "低保（特困）证号",
        "",
        None,
        "电表号",
    ]
    matched = match_headers(HOUSEHOLD, headers)
    assert {index: column.name for index, column in matched.columns.items()} == {
        1: "head_name",
        2: "head_id_number",
        3: "household_size",
        4: "annual_income",
        5: "category",
        6: "certificate_no",
    }
    assert matched.unknown == ["序号", "电表号"]
    assert not matched.missing_required
    assert not matched.ambiguous


def test_missing_required_columns_are_named() -> None:
    matched = match_headers(HOUSEHOLD, ["户主姓名", "救助类别"])
    assert matched.missing_required == ["certificate_no", "head_id_number"]


def test_two_headers_for_one_column_take_the_one_that_stands_first_in_the_contract() -> None:
    settlement = CONTRACTS["medical_insurance/settlement"]
    matched = match_headers(settlement, ["psn_part_amt", "setl_id", "psn_pay", "个人负担总金额"])
    assert {c.name: i for i, c in matched.columns.items()} == {
        "personal_burden": 2,
        "settlement_id": 1,
    }
    assert matched.ambiguous == {"personal_burden": ("psn_part_amt", "psn_pay", "个人负担总金额")}


def test_the_same_header_twice_takes_the_first() -> None:
    matched = match_headers(HOUSEHOLD, ["低保证号", "低保证号"])
    assert list(matched.columns) == [0]
    assert matched.ambiguous == {"certificate_no": ("低保证号", "低保证号")}


@given(st.text(alphabet="姓名年收入aZ元万() （）*＊:：\n／/", max_size=12))
@settings(max_examples=200)
def test_folding_twice_is_folding_once(header: str) -> None:
    assert fold_header(fold_header(header)) == fold_header(header)


@pytest.mark.parametrize("name", sorted(CONTRACTS))
def test_every_alias_survives_dirt(name: str) -> None:
    contract = CONTRACTS[name]
    for column in contract.columns:
        for alias in (column.name, *column.aliases):
            dirty = f" *{alias.upper()}（元）\n"
            found = match_headers(contract, [dirty]).columns
            assert [c.name for c in found.values()] == [column.name], dirty
