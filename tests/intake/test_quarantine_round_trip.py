"""Set aside, exported, mended by the department, sent back: every row counts once, or still waits.

Settlements of an append dataset and certificates of a snapshot, through landing and the tables.
"""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl
import pytest
import xlsxwriter
from typer.testing import CliRunner

from pipelines import cli
from pipelines.contracts.headers import fold_header
from pipelines.contracts.load import load_contracts
from pipelines.errors import NotFound
from pipelines.intake.corrections import HELPERS, REASON, REF
from pipelines.intake.quarantine_export import export, open_rows
from pipelines.intake.tables import build, tables
from pipelines.lake.night import Night
from pipelines.settings import Settings
from pipelines.standard import build as build_standard
from pipelines.standard.promises import contract_promise
from tests.intake.conftest import PAYMENT, Csv, Office, payment

CERTIFICATE = "civil_affairs/assistance_household"
STD = "standard.std_civil_affairs__assistance_household"
DAYS = [date(2026, 11, day) for day in (18, 19, 20, 21)]
Mend = Callable[[dict[str, str | None]], dict[str, str | None] | None]


class Nights:
    """Lands what lies there and makes the tables, one night after the other."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.open: list[Night] = []

    def __call__(self, day: date, *made: str) -> Night:
        self.office.land(day, f"run-{day}")
        night = Night(
            self.office.home, day, Settings(memory_limit="500MB"),
            contract_promises=contract_promise,
        )  # fmt: skip
        self.open.append(night)
        for table in tables():
            build(table, night)
        for table in made:
            build_standard(table, night)
        return night

    def quarantine(self, day: date) -> list[tuple[Any, ...]]:
        return self(day).query(
            "SELECT row_number, status, readmitted_on FROM quality.quarantine "
            "ORDER BY first_seen, extract_date, delivery_id, row_number"
        ).rows()  # fmt: skip


@pytest.fixture
def nights(office: Office) -> Iterator[Nights]:
    made = Nights(office)
    yield made
    for night in made.open:
        night.close()


def sheet(path: Path) -> pl.DataFrame:
    return fastexcel.read_excel(path).load_sheet("更正", dtypes="string").to_polars()


def send_back(office: Office, path: Path, dataset: str, mend: Mend, *, turn: bool = False) -> None:
    """What a department does: change cells, delete rows, move columns, save under the same name."""
    frame = sheet(path)
    rows = [mended for row in frame.to_dicts() if (mended := mend(row)) is not None]
    columns = list(reversed(frame.columns)) if turn else frame.columns
    target = office.deliver(path.name, b"", dataset)
    with xlsxwriter.Workbook(str(target)) as book:
        made = book.add_worksheet("更正")
        made.write_row(0, 0, columns)
        for at, row in enumerate(rows, start=1):
            for place, name in enumerate(columns):
                made.write_string(at, place, row[name] or "")
    office.deliver(path.name, target.read_bytes(), dataset)


def mended(**cells: str) -> Mend:
    def change(row: dict[str, str | None]) -> dict[str, str | None]:
        given = {name: text for name, text in row.items() if name != REASON}
        return row | {n: cells[n] for n in given if n in cells}

    return change


def test_the_round_trip(office: Office, csv: Csv, nights: Nights) -> None:
    missing_key = ("", "欧阳娜娜", "", "低保金", "5", "2026-10-01")
    office.deliver("a_20261117.csv", csv(payment(1), payment(2, "?"), missing_key))
    assert nights.quarantine(DAYS[0]) == [(2, "open", None), (3, "open", None)]
    (book,) = export(office.home, office.contracts, "civil_affairs")
    frame = sheet(book)
    assert frame[REF].is_not_null().all()
    assert frame[REASON].to_list() == [
        "“发放金额”不是金额，请改为数字，如 1234.50", "缺少“发放流水号”，请补填",
    ]  # fmt: skip

    def change(row: dict[str, str | None]) -> dict[str, str | None]:
        if row["发放流水号"] is None:
            return row | {"发放流水号": "P3"}
        return row | {"发放金额（元）": "3.5万"}

    send_back(office, book, PAYMENT, change, turn=True)
    assert nights.quarantine(DAYS[1]) == [
        (2, "readmitted", DAYS[1]), (3, "readmitted", DAYS[1]),
    ]  # fmt: skip
    receipt = office.receipt(book.name)
    assert (receipt.status, receipt.rows_landed, receipt.unknown_headers) == ("landed", 2, ())
    assert "corrects rows that were set aside: 2 usable now" in (receipt.reason or "")
    landed = pl.concat([office.rows("a_20261117.csv"), office.rows(book.name)])
    assert sorted(landed["record_key"]) == ["P1", "P2", "P3"]
    assert landed.filter(pl.col("record_key") == "P2")["amount"].to_list() == [35000]
    with pytest.raises(NotFound):
        export(office.home, office.contracts)


def test_some_mended_some_deleted_some_wrong_again(
    office: Office, csv: Csv, nights: Nights
) -> None:
    office.deliver("a_20261117.csv", csv(*(payment(at, "?") for at in range(1, 5))))
    nights(DAYS[0])
    (book,) = export(office.home, office.contracts)

    def change(row: dict[str, str | None]) -> dict[str, str | None] | None:
        key = row["发放流水号"]
        amount = {"P1": "10", "P2": "?"}.get(str(key), "?!")
        return None if key == "P4" else row | {"发放金额（元）": amount}

    send_back(office, book, PAYMENT, change)
    found = nights.quarantine(DAYS[1])
    assert sorted(row[1] for row in found) == [
        "open", "open", "open", "readmitted", "returned", "returned",
    ]  # fmt: skip
    night, rows = open_rows(office.home)
    assert (night, sorted(rows["record_key"])) == (DAYS[1], ["P2", "P3", "P4"])
    assert set(rows["first_seen"]) == {DAYS[0]}  # as old as they were

    (again,) = export(office.home, office.contracts)
    send_back(office, again, PAYMENT, mended(**{"发放金额（元）": "7"}))
    closed = nights.quarantine(DAYS[2])
    assert {row[1] for row in closed} == {"readmitted"}
    assert sum(row[2] == DAYS[2] for row in closed) == 5


def certificate(at: int, number: str | None = None) -> str:
    key = f"C{at}" if number is None else number
    return f"{key},低保,欧阳娜娜,99010219900307201X,371121000000"


HEAD = "低保证号,救助类型,户主姓名,户主身份证号,区划代码"


def test_a_correction_adds_to_its_snapshot_and_replaces_nothing(
    office: Office, nights: Nights
) -> None:
    lines = [HEAD, *(certificate(at) for at in range(30)), certificate(99, "")]
    office.deliver("s_20261117.csv", "\n".join(lines).encode(), CERTIFICATE)
    made = ("standard.scope", STD)
    assert nights(DAYS[0], *made).frame(STD).height == 30
    (book,) = export(office.home, office.contracts, "民政")
    send_back(office, book, CERTIFICATE, mended(低保证号="C99"))
    std = nights(DAYS[1], *made).frame(STD)
    assert std.height == 31
    assert std["left_on"].null_count() == 31
    assert nights.quarantine(DAYS[1])[0][1] == "readmitted"

    newer = [HEAD, *(certificate(at) for at in range(31))]
    office.deliver("s_20261119.csv", "\n".join(newer).encode(), CERTIFICATE)
    later = nights(DAYS[2], *made).frame(STD)
    assert later.filter(pl.col("left_on").is_not_null())["record_key"].to_list() == ["C99"]


def test_rows_of_an_extract_that_has_been_replaced_wait_for_nobody(
    office: Office, nights: Nights
) -> None:
    office.deliver("s_20261117.csv", f"{HEAD}\n{certificate(1, '')}".encode(), CERTIFICATE)
    nights(DAYS[0])
    office.deliver("s_20261118.csv", f"{HEAD}\n{certificate(1)}".encode(), CERTIFICATE)
    assert nights.quarantine(DAYS[1]) == [(1, "overtaken", None)]


def test_nothing_is_a_formula_and_only_its_owner_can_read_it(
    office: Office, csv: Csv, nights: Nights
) -> None:
    wild = ["=1+1", "+A1", "-2+3", "@SUM(A1)", '=HYPERLINK("http://x")']
    rows = [("P" + str(n), text.replace(",", ""), "", "低保金", "=?", "x") for n, text in
            enumerate(wild)]  # fmt: skip
    office.deliver("a_20261117.csv", csv(*rows))
    nights(DAYS[0])
    (book,) = export(office.home, office.contracts)
    assert stat.S_IMODE(book.stat().st_mode) == 0o600
    assert book.is_relative_to(office.home.outbox)
    with zipfile.ZipFile(book) as parts:
        cells = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in cells and "<hyperlink" not in cells
    assert set(re.findall(r' t="(\w+)"', cells)) == {"s"}
    assert " =?" in sheet(book)["发放金额（元）"].to_list()


def test_what_cannot_be_placed_is_refused(office: Office, csv: Csv, nights: Nights) -> None:
    office.deliver("a_20261117.csv", csv(payment(1, "?")))
    nights(DAYS[0])
    (book,) = export(office.home, office.contracts)
    frame = sheet(book)
    renamed = book.with_name("更正_20261118.xlsx")
    book.rename(renamed)
    send_back(office, renamed, PAYMENT, mended(**{"发放金额（元）": "7"}))
    stranger = frame.with_columns(pl.lit("0123456789abcdef-1").alias(REF))
    office.deliver("b_20261117.csv", stranger.write_csv().encode(), PAYMENT)
    nights(DAYS[1])
    assert "its name says 2026-11-18" in str(office.receipt(renamed.name).reason)
    assert "rows of another place" in str(office.receipt("b_20261117.csv").reason)


def test_the_commands_say_counts_and_no_value(office: Office, csv: Csv, nights: Nights) -> None:
    office.deliver("a_20261117.csv", csv(payment(1, "13800138000?"), payment(2)))
    nights(DAYS[0])
    home = ["--home", str(office.home.root)]
    listed = CliRunner().invoke(cli.app, ["quarantine", "list", "--department", "民政", *home])
    assert listed.exit_code == 0
    assert "civil_affairs/assistance_payment: 1 unreadable_amount at amount" in listed.stdout
    assert "138" not in listed.stdout and "欧阳" not in listed.stdout
    written = CliRunner().invoke(cli.app, ["quarantine", "export", "--purpose", "更正", *home])
    assert Path(written.stdout.strip()).is_file()


def test_no_contract_uses_the_headers_of_a_correction() -> None:
    helpers = {fold_header(name) for name in HELPERS}
    for contract in load_contracts().values():
        for column in contract.columns:
            assert not helpers & {fold_header(alias) for alias in column.aliases}
