"""A database that cannot be read, wholly or in part: refused with a reason, and nothing is lost."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.intake.pull import postgresql
from pipelines.intake.pull.session import HELD, Interrupted, opened
from pipelines.intake.pull.spool import Spool
from pipelines.standard.freshness import freshness
from tests.intake.conftest import PAYMENT, Csv, Office, payment
from tests.intake.places import TODAY, Nights, Postgres

DEATH = "civil_affairs/death_record"
MANY = 20_000


@pytest.fixture
def pulls(nights: Nights, postgres: Postgres) -> Nights:
    """Two tables, the first of many rows."""
    postgres.does(
        "DROP TABLE IF EXISTS payment, death",
        "CREATE TABLE payment AS SELECT 'P' || i AS payment_id, repeat('甲', 100) AS note, "
        "'甲' AS name, '低保金' AS aid_type, 1 AS amount, date '2026-10-01' AS paid_on, i AS id "
        f"FROM generate_series(1, {MANY}) AS s (i)",
        "CREATE TABLE death (record_id text, name text, death_date date, changed timestamp)",
        "INSERT INTO death VALUES ('D1', '乙', '2026-10-02', '2026-10-02 10:00')",
        "GRANT SELECT ON payment, death TO reader",
    )
    nights.databases = {
        "exchange": {
            "url": postgres.url("reader"), "pause_seconds": 0, "attempts": 2, "quiet_seconds": 2,
            "tables": [
                {"dataset": PAYMENT, "table": "payment", "cursor": "id"},
                {"dataset": DEATH, "table": "death", "cursor": "changed"},
            ],
        }
    }  # fmt: skip
    return nights


class Meanwhile:
    """Does something when the first block of the first table is there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, act: Any, times: int = 1) -> None:
        self.times = times
        written = Spool.write

        def write(spool: Spool, table: Any) -> None:
            if self.times and spool.rows == 0:
                self.times -= 1
                act()
            written(spool, table)

        monkeypatch.setattr(Spool, "write", write)
        monkeypatch.setattr(postgresql, "_BLOCK", 1 << 16)


def outcomes(nights: Nights) -> list[tuple[str, str, int | None]]:
    return [(r.dataset, r.status, r.rows_landed) for r in nights.receipts()]


def test_all_tables_show_one_moment(
    pulls: Nights, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = "INSERT INTO death VALUES ('D2', '丙', '2026-10-03', '2026-10-03 10:00')"
    Meanwhile(monkeypatch, lambda: postgres.does(later))
    pulls.night()
    pulls.night(TODAY + timedelta(days=1))
    assert outcomes(pulls) == [
        ("assistance_payment", "landed", MANY),
        ("death_record", "landed", 1),
        ("assistance_payment", "landed", 0),
        ("death_record", "landed", 1),
    ]


def test_a_cut_line_is_tried_again(
    pulls: Nights, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut() -> None:
        for pid in postgres.backends():
            postgres.does(f"SELECT pg_terminate_backend({pid})")

    Meanwhile(monkeypatch, cut)
    pulls.night()
    assert outcomes(pulls) == [
        ("assistance_payment", "landed", MANY), ("death_record", "landed", 1)
    ]  # fmt: skip
    assert any("the connection was lost" in said for said in pulls.said)


def test_the_cursor_moves_with_the_receipt_alone(
    pulls: Nights, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.lake.receipt import Receipt

    def crash(receipt: Receipt, home: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Receipt, "save", crash)
        with pytest.raises(KeyboardInterrupt):
            pulls.night()
    assert pulls.receipts() == []
    pulls.night()
    assert [rows for _, _, rows in outcomes(pulls)] == [MANY, 1]


def test_a_silent_server_is_left(
    pulls: Nights, postgres: Postgres, office: Office, csv: Csv, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[int] = []

    def silence() -> None:
        stopped.extend(postgres.backends())
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)

    Meanwhile(monkeypatch, silence)
    pulls.databases["exchange"] |= {"attempts": 1}
    office.deliver("a_20261118.csv", csv(payment(1)))
    try:
        pulls.night()
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    assert sorted(outcomes(pulls)) == [
        ("assistance_payment", "landed", 1),
        ("assistance_payment", "refused", None),
        ("death_record", "refused", None),
    ]
    assert "silent for 2 s" in str(pulls.receipts()[-1].reason)


def test_an_unreachable_database_stops_nobody_else(
    pulls: Nights, office: Office, csv: Csv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIUZHULIAN_PASSWORD_EXCHANGE", "not-to-be-told")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    pulls.databases["exchange"] |= {"url": f"postgresql://reader@127.0.0.1:{port}/exchange"}
    office.deliver("a_20261118.csv", csv(payment(1)))
    pulls.night()
    assert sorted(outcomes(pulls)) == [
        ("assistance_payment", "landed", 1),
        ("assistance_payment", "refused", None),
        ("death_record", "refused", None),
    ]
    refused = pulls.receipts()[-1]
    assert refused.file_name == "exchange.death@2026-11-20"
    assert refused.reason == (
        "the database could not be reached, or refused the login; tried 2 times"
    )
    assert "database exchange" in pulls.warned[0] and "night goes on" in pulls.warned[0]
    assert "not-to-be-told" not in pulls.all_text() and str(port) not in refused.reason
    scopes = dict.fromkeys(("source", "dataset", "late", "held_extract"), pl.String)
    late = freshness(office.contracts, pulls.receipts(), TODAY, pl.DataFrame(schema=scopes))
    late = late.filter(dataset="death_record")
    assert late.get_column("newest_extract").to_list() == [None]
    pulls.night()
    assert len(pulls.receipts()) == 3


def test_a_server_that_never_answers(pulls: Nights) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"postgresql://reader@127.0.0.1:{mute.getsockname()[1]}/exchange"
        pulls.databases["exchange"] |= {"url": url, "connect_seconds": 2, "attempts": 1}
        pulls.night()
    assert {status for _, status, _ in outcomes(pulls)} == {"refused"}


def test_one_night_at_a_time(pulls: Nights) -> None:
    database = pulls.settings().databases["exchange"]
    with closing(opened(database, None)):
        with pytest.raises(Interrupted, match="another night"):
            opened(database, None)
        pulls.night()
    assert [r.reason for r in pulls.receipts()] == [f"{HELD}; tried 2 times"] * 2
    pulls.night(TODAY + timedelta(days=1))
    assert [rows for _, _, rows in outcomes(pulls)[2:]] == [MANY, 1]


BAD = {
    "no table payments": ("DROP TABLE payment", "there is no table payment: correct it"),
    "no privilege": ("REVOKE SELECT ON payment FROM reader", "GRANT SELECT"),
    "no cursor": ("ALTER TABLE payment RENAME id TO other", "no readable column id"),
    "text cursor": ("ALTER TABLE payment ALTER id TYPE text", "cursor id is text"),
    "no required column": (
        "ALTER TABLE payment DROP paid_on", "missing required columns: paid_on (发放日期"
    ),
    "fails while it is read": (
        "ALTER TABLE payment RENAME TO p; CREATE VIEW payment AS SELECT *, 1 / (id - 9000) AS x "
        "FROM p; GRANT SELECT ON payment TO reader", "could not be read (DivisionByZero 22012)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_one_bad_table_never_stops_the_others(pulls: Nights, postgres: Postgres, case: str) -> None:
    statement, reason = BAD[case]
    postgres.does(*statement.split("; "))
    try:
        pulls.night()
    finally:
        if "VIEW" in statement:
            postgres.does("DROP VIEW payment", "DROP TABLE p")
    assert sorted(outcomes(pulls)) == [
        ("assistance_payment", "refused", None), ("death_record", "landed", 1)
    ]  # fmt: skip
    (refused,) = [r for r in pulls.receipts() if r.status == "refused"]
    assert reason in str(refused.reason)
    assert "甲" not in pulls.all_text()


def test_columns_that_may_not_be_read_are_left_out(pulls: Nights, postgres: Postgres) -> None:
    postgres.does(
        "REVOKE SELECT ON payment FROM reader",
        "GRANT SELECT (payment_id, name, aid_type, amount, paid_on, id) ON payment TO reader",
    )
    pulls.night()
    (receipt,) = [r for r in pulls.receipts() if r.key == PAYMENT]
    assert (receipt.status, receipt.unknown_headers) == ("landed", ("id",))
    assert "left out: note" in str(receipt.reason)


def test_nothing_stays_behind(pulls: Nights, office: Office) -> None:
    pulls.night()
    assert not list(office.home.tmp.iterdir())
    loose = [path for path in office.home.restricted.rglob("*") if path.stat().st_mode & 0o077]
    assert [path for path in loose if path.is_file() and "receipts" not in path.parts] == []
    assert Path(office.home.pulls).stat().st_mode & 0o777 == 0o700
