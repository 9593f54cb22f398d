"""The tables of the room in a night: receipts, and quarantined rows that come back."""

from __future__ import annotations

import re
from datetime import date

import pytest

from pipelines.contracts.promises import Promise
from pipelines.intake.tables import build, tables
from pipelines.lake.night import Night
from pipelines.settings import ROOT, Settings
from pipelines.standard.text import lookup
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


def test_repairs_are_counted_and_every_rule_has_words(
    office: Office, csv: Csv, night: Night
) -> None:
    numbers = ["99000019800101000", "990000198203150000", "9.90102E+17"]
    rows = [(f"P{at}", "王 五", f"{n}", "低保金", "1,000", "2026/1/2")
            for at, n in enumerate(numbers)]  # fmt: skip
    office.deliver("a_20261117.csv", csv(*((*r[:4], f'"{r[4]}"', r[5]) for r in rows)))
    rounded = [(f"Q{at}", "王五", f"99000019800{at}01{at}000", "低保金", "1", "20260102")
               for at in (1, 3, 4, 5)]  # fmt: skip
    office.deliver("b_20261118.csv", csv(*rounded))
    office.land()
    assert "of 4 numbers in id_number" in str(office.receipt("b_20261118.csv").reason)
    assert office.receipt("a_20261117.csv").reason is None
    build("quality.receipt", night)
    build("quality.value_repair", night)
    repairs = night.frame("quality.value_repair")
    found = repairs.select("file_name", "column_name", "rule", "rows").rows()
    assert ("id_number", "spreadsheet_rounded") in {(column, rule) for _, column, rule, _ in found}
    assert ("a_20261117.csv", "amount", "thousands_separator", 3) in found
    assert ("a_20261117.csv", "paid_on", "other_form", 3) in found
    assert repairs.get_column("meaning_zh").null_count() == 0
    night.close()


def test_every_rule_that_the_code_names_has_words() -> None:
    named: set[str] = set()
    for path in (ROOT / "pipelines" / "standard").glob("*.py"):
        if path.stem in ("text", "amount", "date", "name", "sex", "region", "contact"):
            named |= set(re.findall(r'then\(pl\.lit\("([a-z_0-9]+)"\)\)', path.read_text("utf-8")))
    assert len(named) > 12
    assert named <= set(lookup("repair_rules")["rules"])
