"""The same rows in every format, encoding and separator land as the same rows."""

from __future__ import annotations

import gzip
import io
from datetime import date
from decimal import Decimal

import polars as pl
import pytest
import xlsxwriter

from tests.intake.conftest import HEADER, PAYMENT, Csv, Office, payment

ROWS = [payment(1), payment(2, "1234.5"), payment(3, "无"), payment(4, "3.5万", "2026/10/2")]


def values(office: Office, name: str) -> list[tuple[object, ...]]:
    receipt = office.receipt(name)
    assert (receipt.status, receipt.reason) == ("landed", None)
    assert (receipt.rows_read, receipt.rows_landed, receipt.rows_quarantined) == (4, 4, 0)
    return (
        office.rows(name).sort("row_number")
        .select("row_number", "record_key", "payment_id", "name", "amount", "paid_on").rows()
    )  # fmt: skip


EXPECTED = [
    (1, "P1", "P1", "欧阳娜娜", Decimal("100.00"), date(2026, 10, 1)),
    (2, "P2", "P2", "欧阳娜娜", Decimal("1234.50"), date(2026, 10, 1)),
    (3, "P3", "P3", "欧阳娜娜", Decimal("0.00"), date(2026, 10, 1)),
    (4, "P4", "P4", "欧阳娜娜", Decimal("35000.00"), date(2026, 10, 2)),
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t"])
def test_csv(office: Office, csv: Csv, encoding: str, separator: str) -> None:
    office.deliver("a_20261118.csv", csv(*ROWS, encoding=encoding, separator=separator))
    office.deliver("b_20261117.csv.gz", gzip.compress(csv(*ROWS, encoding=encoding, end="\n")))
    office.land()
    assert values(office, "a_20261118.csv") == EXPECTED
    assert values(office, "b_20261117.csv.gz") == EXPECTED


def test_a_character_beyond_the_first_block_decides_the_encoding(office: Office, csv: Csv) -> None:
    plain = [(f"P{i}", "x" * 200, "", "", "1", "20261001")
             for i in range(25_000)]  # fmt: skip
    rare = ("P_last", "𠀀㐀", "", "", "1", "20261001")
    header = csv().decode().replace("发放流水号", "payment_id").encode("gb18030")
    body = "".join(",".join(row) + "\n" for row in (*plain, rare)).encode("gb18030")
    office.deliver("a_20261118.csv", header + body)
    office.land()
    last = office.rows("a_20261118.csv").filter(pl.col("payment_id") == "P_last")
    assert last.get_column("name").to_list() == ["𠀀㐀"]


def test_workbook_with_titles_above_the_header(office: Office) -> None:
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        book.add_worksheet("说明").write(0, 0, "本表由系统导出")
        sheet = book.add_worksheet("数据")
        sheet.write(0, 0, "救助金发放查询")
        sheet.write_row(2, 0, HEADER)
        for at, row in enumerate(ROWS[:3]):
            sheet.write_row(3 + at, 0, row)
        sheet.write_row(7, 0, ["P5", "欧阳娜娜", "", "低保金"])
        sheet.write_number(7, 4, 12.5)
        sheet.write_number(7, 5, 46296)
    office.deliver("a_20261118.xlsx", held.getvalue())
    office.land()
    rows = office.rows("a_20261118.xlsx").sort("row_number")
    assert rows.get_column("row_number").to_list() == [1, 2, 3, 5]
    assert rows.select("payment_id", "amount", "paid_on").row(3) == (
        "P5", Decimal("12.50"), date(2026, 10, 1),
    )  # fmt: skip


def test_parquet_with_types(office: Office) -> None:
    held = io.BytesIO()
    pl.DataFrame(
        {
            "payment_id": ["P1", "P2"],
            "name": ["甲", None],
            "aid_type": ["低保金", "低保金"],
            "amount": [Decimal("1.10"), Decimal("2.20")],
            "paid_on": [date(2026, 10, 1), date(2026, 10, 2)],
            "说明": ["一", "二"],
        }
    ).write_parquet(held)
    office.deliver("a_20261118.parquet", held.getvalue())
    office.land()
    rows = office.rows("a_20261118.parquet")
    assert rows.select("payment_id", "amount", "paid_on").rows() == [
        ("P1", Decimal("1.10"), date(2026, 10, 1)),
        ("P2", Decimal("2.20"), date(2026, 10, 2)),
    ]
    receipt = office.receipt("a_20261118.parquet")
    assert receipt.unknown_headers == ("说明",)
    extra = office.home.lake / str(receipt.parquet).replace(".parquet", "_extra.parquet")
    assert pl.read_parquet(extra).rows() == [(1, "一"), (2, "二")]


def test_types_and_order_are_those_of_the_contract(office: Office, csv: Csv) -> None:
    office.deliver("a_20261118.csv", csv(*ROWS))
    office.land()
    lineage = ["delivery_id", "row_number", "extract_date", "record_key"]
    columns = [*lineage, *office.contracts[PAYMENT].types()]
    assert office.rows("a_20261118.csv").columns == columns


def test_a_header_that_comes_again_costs_no_row(office: Office) -> None:
    """Exports pasted below each other; the first header takes two rows."""
    above = ["发放流水号", "姓名", "身份证号", "救助项目", "发放", ""]
    below = ["", "", "", "", "金额（元）", "发放日期"]
    table = [above, below, payment(1), HEADER, payment(2)]
    text = "".join(",".join(row) + "\n" for row in table)
    office.deliver("a_20261118.csv", text.encode())
    office.land()
    receipt = office.receipt("a_20261118.csv")
    assert (receipt.rows_read, receipt.rows_landed, receipt.rows_quarantined) == (3, 2, 1)


def test_rows_above_the_header_are_told(office: Office) -> None:
    rows = [payment(9), payment(8), HEADER, payment(1)]
    office.deliver("a_20261118.csv", "".join(",".join(row) + "\n" for row in rows).encode())
    office.land()
    receipt = office.receipt("a_20261118.csv")
    assert (receipt.rows_read, receipt.reason) == (
        1, "2 filled rows above the header passed over",
    )  # fmt: skip


def test_units_are_never_read_as_yuan(office: Office) -> None:
    """In a title, in a row of units, in the header; what a cell says itself goes first."""
    title = [["救助金发放", "", "", "", "单位：万元"], [*HEADER[:4], "发放金额", "发放日期"]]
    units = [[*HEADER[:4], "发放金额", "发放日期"], ["", "", "", "", "（万元）", ""]]
    header = [[*HEADER[:4], "发放金额（万元）", "发放日期"]]
    for at, top in enumerate((title, units, header), start=1):
        rows = [*top, payment(at, "0.35"), (f"Q{at}", "", "", "", "12元", "20261001")]
        office.deliver(f"a_2026111{at}.csv", "".join(",".join(r) + "\n" for r in rows).encode())
    office.land()
    for at in (1, 2, 3):
        rows = office.rows(f"a_2026111{at}.csv").sort("row_number")
        assert rows.get_column("amount").to_list() == [Decimal("3500.00"), Decimal("12.00")]
        assert office.receipt(f"a_2026111{at}.csv").repairs["amount"]["header_unit"] == 2
