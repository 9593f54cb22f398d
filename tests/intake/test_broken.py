"""Files and rows that cannot be used: refused or set aside, counted, and never in another's way."""

from __future__ import annotations

import gzip
import json
from datetime import date

import polars as pl
import pytest

from tests.intake.conftest import HEADER, Csv, Office, payment


def counts(office: Office, name: str) -> tuple[int | None, ...]:
    receipt = office.receipt(name)
    assert receipt.status == "landed", receipt.reason
    return (
        receipt.rows_read, receipt.rows_landed, receipt.rows_quarantined, receipt.rows_superseded,
    )  # fmt: skip


def test_rows_that_do_not_fit_keep_their_numbers(office: Office, csv: Csv) -> None:
    content = csv(payment(1), ("P2", "short"), payment(3), (*payment(4), "surplus"), payment(5))
    office.deliver("a_20261118.csv", content)
    office.land()
    assert counts(office, "a_20261118.csv") == (5, 3, 2, 0)
    assert office.rows("a_20261118.csv").get_column("row_number").to_list() == [1, 3, 5]
    aside = office.aside("a_20261118.csv")
    assert aside.select("row_number", "reason_code", "record_key").rows() == [
        (2, "too_few_columns", "P2"),
        (4, "too_many_columns", "P4"),
    ]
    assert json.loads(aside.item(0, "raw")) == ["P2", "short"]


def test_surplus_empty_cells_and_blank_lines_do_no_harm(office: Office, csv: Csv) -> None:
    content = csv(payment(1), ("",), (*payment(3), "", ""), payment(4))
    office.deliver("a_20261118.csv", content)
    office.land()
    assert counts(office, "a_20261118.csv") == (3, 3, 0, 0)
    assert sorted(office.rows("a_20261118.csv").get_column("row_number")) == [1, 2, 3]


def test_unusable_rows(office: Office, csv: Csv) -> None:
    content = csv(
        payment(1), payment(2, "many"), payment(3, "100", "soon"), payment(4, ""),
        ("", "甲", "", "低保金", "1", "20261001"), ("P6", "", "", "低保金", "1", "202610"),
    )  # fmt: skip
    office.deliver("a_20261118.csv", content)
    office.land()
    assert counts(office, "a_20261118.csv") == (6, 2, 4, 0)
    assert office.aside("a_20261118.csv").select(
        "row_number", "reason_code", "column_name", "record_key"
    ).rows() == [
        (2, "unreadable_amount", "amount", "P2"),
        (3, "unreadable_date", "paid_on", "P3"),
        (4, "missing_amount", "amount", "P4"),
        (5, "missing_key", "payment_id", ""),
    ]


@pytest.mark.parametrize("many", [3, 200])
def test_an_open_quote_costs_one_row(office: Office, csv: Csv, many: int) -> None:
    rows = [payment(i) for i in range(1, many)]
    content = csv(*rows, ("Q", '"open', "", "低保金", "1", "20261001"), *map(payment, (901, 902)))
    good = csv(("R", '"two\nlines"', "", "低保金", "1", "20261001")).split(b"\r\n", 1)[1]
    office.deliver("a_20261118.csv", content + good)
    office.land()
    assert counts(office, "a_20261118.csv") == (many + 3, many + 2, 1, 0)
    assert office.aside("a_20261118.csv").get_column("reason_code").to_list() == ["unclosed_quote"]


def test_quoted_commas_and_line_ends(office: Office, csv: Csv) -> None:
    office.deliver(
        "a_20261118.csv", csv(("P1", '"a,\nb"', "", "低保金", '"1,234.50"', "20261001"), payment(2))
    )
    office.land()
    assert counts(office, "a_20261118.csv") == (2, 2, 0, 0)
    assert office.rows("a_20261118.csv").get_column("row_number").to_list() == [1, 2]


def test_the_later_of_two_rows_with_one_key_counts(office: Office, csv: Csv) -> None:
    office.deliver("a_20261118.csv", csv(payment(1, "1"), payment(2, "2"), payment(1, "3")))
    office.deliver("b_20261118.csv", csv(payment(2, "4")))
    office.deliver("c_20261117.csv", csv(payment(2, "5")))
    office.land()
    assert counts(office, "a_20261118.csv") == (3, 1, 0, 2)
    assert counts(office, "b_20261118.csv") == (1, 1, 0, 0)
    assert counts(office, "c_20261117.csv") == (1, 1, 0, 0)
    left = office.rows("a_20261118.csv").select("row_number", pl.col("amount").cast(int)).rows()
    assert left == [(3, 3)]


REFUSED = {
    "no_date.csv": b"",
    "wrong_20261341.csv": b"",
    "list_20261118.txt": b"",
    "empty_20261118.csv": b"",
    "lacking_20261118.csv": ",".join(HEADER[:4]).encode() + b"\nP1,x,,y\n",
    "headless_20261118.csv": b"P1,x,,y,1,20260101\n",
    "bytes_20261118.csv": b"\xff\xfe\xff" + bytes(range(128, 256)) * 40,
    "cut_20261118.csv.gz": gzip.compress(",".join(HEADER).encode() * 400)[:-40],
    "book_20261118.xlsx": b"PK no book",
    "table_20261118.parquet": b"PAR1 no table",
}


def test_one_bad_file_never_stops_the_others(office: Office, csv: Csv) -> None:
    for name, content in REFUSED.items():
        office.deliver(name, content)
    office.deliver("good_20261118.csv", csv(payment(1)))
    office.deliver("x_20261118.csv", csv(payment(1)), dataset="civil_affairs/nobody_knows")
    office.deliver("y_20261118.csv", csv(payment(1)), dataset="civil_affairs")
    summary = office.land()
    assert counts(office, "good_20261118.csv") == (1, 1, 0, 0)
    for name in (*REFUSED, "x_20261118.csv", "y_20261118.csv"):
        receipt = office.receipt(name)
        assert receipt.status == "refused", name
        assert receipt.reason and receipt.rows_read is None and receipt.parquet is None
        assert "could not be read" not in receipt.reason, (name, receipt.reason)
    assert "amount" in str(office.receipt("lacking_20261118.csv").reason)
    assert summary.count("refused") == len(REFUSED) + 2
    again = office.land(run="again")
    assert again.receipts == [] and again.unchanged == len(REFUSED) + 3


def test_incomplete_and_later_files_wait(office: Office, csv: Csv) -> None:
    office.deliver("new_20261118.csv", csv(payment(1)), age=1)
    office.deliver("later_20261125.csv", csv(payment(2)))
    office.deliver("sealed_20261118.csv", csv(payment(3)), age=1)
    office.deliver("sealed_20261118.csv.done", b"")
    summary = office.land()
    assert [receipt.file_name for receipt in summary.receipts] == ["sealed_20261118.csv"]
    assert (summary.incomplete, summary.later) == (1, 1)
    assert office.land(date(2026, 11, 25), "next").count("landed") == 1


def test_the_same_bytes_land_once(office: Office, csv: Csv) -> None:
    office.deliver("a_20261117.csv", csv(payment(1)))
    office.deliver("b_20261118.csv", csv(payment(1)))
    office.land()
    first, second = office.receipt("a_20261117.csv"), office.receipt("b_20261118.csv")
    assert (first.status, second.status) == ("landed", "repeated")
    assert second.parquet == first.parquet and second.rows_read is None
    office.deliver("a_20261117.csv", csv(payment(1)), age=300)
    assert office.land(run="again").receipts == []


def test_values_never_reach_a_receipt(office: Office, csv: Csv) -> None:
    office.deliver("a_20261118.csv", csv(("P1", "欧阳娜娜", "secret", "低保金", "hidden", "x")))
    office.land()
    text = "".join(path.read_text() for path in office.home.receipts.glob("*.json"))
    assert not any(word in text for word in ("欧阳娜娜", "secret", "hidden"))
