"""The tables of the room in a night: receipts, and quarantined rows that come back."""

from __future__ import annotations

from datetime import date

import pytest

from pipelines.contracts.promises import Promise
from pipelines.intake.tables import build, tables
from pipelines.lake.night import Night
from pipelines.settings import Settings
from tests.intake.conftest import Csv, Office, payment


@pytest.fixture
def night(office: Office) -> Night:
    from pipelines.standard.promises import contract_promise

    def promised(table: str) -> Promise | None:
        return contract_promise(table)

    settings = Settings(memory_limit="500MB")
    return Night(office.home, date(2026, 11, 20), settings, contract_promises=promised)


def test_a_corrected_row_comes_back(office: Office, csv: Csv, night: Night) -> None:
    office.deliver("a_20261117.csv", csv(payment(1, "?"), payment(2, "?"), ("P3", "short")))
    office.land(date(2026, 11, 18), "first")
    office.deliver("b_20261118.csv", csv(payment(1, "12"), payment(3, "1")))
    office.deliver("c_20261118.txt", b"?")
    office.land(date(2026, 11, 20), "second")
    for table in tables():
        build(table, night)
    back = night.query(
        "SELECT row_number, reason_code, first_seen, readmitted_on FROM quality.quarantine"
        " ORDER BY row_number"
    ).rows()
    assert back == [
        (1, "unreadable_amount", date(2026, 11, 18), date(2026, 11, 20)),
        (2, "unreadable_amount", date(2026, 11, 18), None),
        (3, "too_few_columns", date(2026, 11, 18), date(2026, 11, 20)),
    ]
    receipts = night.frame("quality.receipt").sort("file_name")
    assert receipts.select("file_name", "status", "rows_read", "rows_landed").rows() == [
        ("a_20261117.csv", "landed", 3, 0),
        ("b_20261118.csv", "landed", 2, 2),
        ("c_20261118.txt", "refused", None, None),
    ]
    assert receipts.item(0, "repairs").to_list() == [
        {"column_name": "amount", "rule": "unreadable", "rows": 2}
    ]
    assert "raw" not in night.frame("quality.quarantine").columns
    night.close()


def test_a_room_without_files(night: Night) -> None:
    for table in tables():
        assert build(table, night).rows == 0
    night.close()
