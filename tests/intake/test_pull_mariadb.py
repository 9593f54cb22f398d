"""The same of MariaDB: rows like those of a file, one snapshot, a cursor, a lease, a cut line."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pymysql
import pytest

from pipelines.intake.pull import mysql
from pipelines.intake.pull.session import HELD, Interrupted, opened
from pipelines.intake.pull.spool import Spool
from tests.intake.conftest import PAYMENT, Office
from tests.intake.places import TODAY, Nights

pytestmark = pytest.mark.mariadb
DEATH = "civil_affairs/death_record"


class MariaDB:
    """A server without a network port that the department fills as root."""

    def __init__(self, folder: Path) -> None:
        self.socket = str(folder / "s")
        data = folder / "data"
        user = "--user=root"
        subprocess.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={data}", user, "--skip-test-db",
             "--auth-root-authentication-method=normal", "--skip-name-resolve"],
            check=True, capture_output=True,
        )  # fmt: skip
        self.process = subprocess.Popen(
            ["mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={self.socket}",
             "--skip-networking", f"--pid-file={folder / 'pid'}", user, "--skip-log-bin",
             "--innodb-buffer-pool-size=32M"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + 60
        while True:
            try:
                self.does("SELECT 1", database=None)
                break
            except pymysql.MySQLError:
                assert self.process.poll() is None and time.monotonic() < until
                time.sleep(0.1)
        self.does("CREATE DATABASE exchange CHARACTER SET gbk", database=None)
        self.does(
            "CREATE USER reader@localhost IDENTIFIED BY 'p:/@ %'",
            "GRANT SELECT ON exchange.* TO reader@localhost",
        )

    def does(self, *statements: str, database: str | None = "exchange") -> list[Any]:
        con = pymysql.connect(unix_socket=self.socket, user="root", database=database,
                              charset="utf8mb4", autocommit=True)  # fmt: skip
        found: list[Any] = []
        with con, con.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
                found += cursor.fetchall()
        return found

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="module")
def mariadb() -> Iterator[MariaDB]:
    with tempfile.TemporaryDirectory(prefix="my") as folder:
        server = MariaDB(Path(folder))
        yield server
        server.stop()


@pytest.fixture
def pulls(nights: Nights, mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch) -> Nights:
    mariadb.does(
        "DROP TABLE IF EXISTS `发放``表%`, death, gone",
        "CREATE TABLE `发放``表%` (发放流水号 varchar(20), 姓名 varchar(40), 身份证号 char(20), "
        "救助项目 varchar(20), `发放金额（元）` decimal(12,2), 发放日期 date, `100%` bit(8), "
        "photo blob, changed datetime(6))",
        "CREATE TABLE death (record_id int, name varchar(20), death_date datetime, id int)",
        "INSERT INTO `发放``表%` VALUES "
        "('P1', '甲', '379900199001011234', '低保金', 100.5, '2026-10-01', b'101', 'x', "
        "'2026-11-01 08:00:00.5'), "
        "('P2', '乙·丙', NULL, '临时救助', 0, '2026-10-02', NULL, NULL, '2026-11-02'), "
        "('P2', '丁', '', '低保金', 7, '2026-10-03', NULL, NULL, '2026-11-03'), "
        "(NULL, '戊', '', '低保金', 8, '2026-10-03', NULL, NULL, '2026-11-04'), "
        "('P5', '己', '', '低保金', 9, NULL, NULL, NULL, '2026-11-05')",
        "CREATE OR REPLACE VIEW payment AS SELECT * FROM `发放``表%`",
        "INSERT INTO death VALUES (1, '乙', '2026-10-02 10:00:00', 1)",
    )
    monkeypatch.setenv("JIUZHULIAN_PASSWORD_EXCHANGE", "p:/@ %")
    nights.databases = {
        "exchange": {
            "url": f"mysql+pymysql://reader@localhost/exchange?unix_socket={mariadb.socket}",
            "pause_seconds": 0, "attempts": 2, "quiet_seconds": 5,
            "tables": [
                {"dataset": PAYMENT, "table": "payment", "cursor": "changed", "overlap": 3600},
                {"dataset": DEATH, "table": "death", "cursor": "id", "overlap": 2},
            ],
        }
    }  # fmt: skip
    return nights


def outcomes(nights: Nights) -> list[tuple[str, str, int | None]]:
    return [(r.dataset, r.status, r.rows_landed) for r in nights.receipts()]


def test_a_table_lands_like_a_file(pulls: Nights, office: Office) -> None:
    pulls.night()
    header = "发放流水号,姓名,身份证号,救助项目,发放金额（元）,发放日期,100%,changed\n"
    body = (
        "P1,甲,379900199001011234,低保金,100.50,2026-10-01,5,2026-11-01 08:00:00\n"
        "P2,乙·丙,,临时救助,0.00,2026-10-02,,2026-11-02 00:00:00\n"
        "P2,丁,,低保金,7.00,2026-10-03,,2026-11-03 00:00:00\n"
        ",戊,,低保金,8.00,2026-10-03,,2026-11-04 00:00:00\n"
        "P5,己,,低保金,9.00,,,2026-11-05 00:00:00\n"
    )
    office.deliver("same_20261119.csv", (header + body).encode())
    office.land(date(2026, 11, 19))
    pull, file = office.receipt("exchange.payment@2026-11-20"), office.receipt("same_20261119.csv")
    counts = ("rows_read", "rows_landed", "rows_quarantined", "rows_superseded", "repairs")
    assert [getattr(pull, name) for name in counts] == [getattr(file, name) for name in counts]
    assert (pull.rows_read, pull.rows_landed) == (5, 2)
    differ = ["delivery_id", "extract_date"]
    assert office.rows(pull.file_name).drop(differ).equals(office.rows(file.file_name).drop(differ))
    extra = [str(one.parquet).replace(".parquet", "_extra.parquet") for one in (pull, file)]
    kept = [pl.read_parquet(office.home.lake / path) for path in extra]
    assert kept[0].fill_null("").equals(kept[1].fill_null(""))
    assert "left out: photo" in str(pull.reason)
    assert "p:/@" not in pulls.all_text()


def test_only_what_is_new(pulls: Nights, mariadb: MariaDB) -> None:
    pulls.night()
    mariadb.does(
        "INSERT INTO death VALUES (2, '丙', '2026-10-03', 1), (3, '丁', '2026-10-03', 0), "
        "(4, '戊', '2026-10-03', NULL), (5, '己', '2026-10-03', 7)",
        "INSERT INTO `发放``表%` VALUES ('P9', '甲', '', '低保金', 1, '2026-10-01', NULL, NULL, "
        "'2026-11-04 23:30:00')",
    )
    pulls.night(TODAY + timedelta(days=1))
    pulls.night(TODAY + timedelta(days=2))
    assert [r.rows_read for r in pulls.receipts()] == [5, 1, 1, 4, 0, 0]
    assert sorted(pulls.rows(DEATH).get_column("record_key")) == ["1", "2", "3", "4", "5"]


def test_all_tables_show_one_moment(
    pulls: Nights, mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Spool.write_rows

    def write(spool: Spool, rows: Any) -> None:
        mariadb.does("INSERT INTO death VALUES (2, '丙', '2026-10-03', 2)")
        written(spool, rows)

    with monkeypatch.context() as patch:
        patch.setattr(Spool, "write_rows", write)
        pulls.night()
    assert outcomes(pulls)[1] == ("death_record", "landed", 1)


def test_a_cut_line_is_tried_again(
    pulls: Nights, mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    mariadb.does("INSERT INTO death SELECT seq, '甲', '2026-10-01', seq FROM seq_2_to_60000")
    written, cut = Spool.write_rows, [True]

    def write(spool: Spool, rows: Any) -> None:
        if cut and len(rows) > 100:
            cut.clear()
            for (pid,) in mariadb.does(
                "SELECT id FROM information_schema.processlist WHERE user = 'reader'"
            ):
                mariadb.does(f"KILL {pid}")
        written(spool, rows)

    monkeypatch.setattr(Spool, "write_rows", write)
    monkeypatch.setattr(mysql, "_BLOCK_ROWS", 500)
    pulls.night()
    assert outcomes(pulls)[1] == ("death_record", "landed", 60_000)
    assert any("the connection was lost" in said for said in pulls.said)


def test_one_night_at_a_time(pulls: Nights) -> None:
    database = pulls.settings().databases["exchange"]
    with closing(opened(database, "p:/@ %")) as session:
        assert abs(session.now() - datetime.now()) < timedelta(days=1)
        with pytest.raises(Interrupted, match="another night"):
            opened(database, "p:/@ %")
        pulls.night()
    assert [r.reason for r in pulls.receipts()] == [f"{HELD}; tried 2 times"] * 2


def test_one_bad_table_never_stops_the_others(pulls: Nights, mariadb: MariaDB) -> None:
    mariadb.does("DROP VIEW payment")
    pulls.night()
    assert outcomes(pulls) == [
        ("assistance_payment", "refused", None), ("death_record", "landed", 1)
    ]  # fmt: skip
    assert "there is no table payment" in str(pulls.receipts()[0].reason)


def test_a_wrong_password_is_a_refusal(pulls: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIUZHULIAN_PASSWORD_EXCHANGE", "wrong-one")
    pulls.night()
    assert {status for _, status, _ in outcomes(pulls)} == {"refused"}
    assert "wrong-one" not in pulls.all_text()
    assert "Access denied" in pulls.warned[0]


def test_tables_without_transactions_are_named(pulls: Nights, mariadb: MariaDB) -> None:
    mariadb.does("ALTER TABLE death ENGINE = MyISAM")
    pulls.night()
    assert pulls.receipts()[1].reason == "engine MyISAM knows no snapshot"
