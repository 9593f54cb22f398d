"""What is pulled out of PostgreSQL lands as a file of the same rows would have landed."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.intake.conftest import PAYMENT, Office
from tests.intake.places import TODAY, Nights, Postgres

REGION = "reference/region"
TABLE = """
DROP TABLE IF EXISTS "发放" CASCADE;
CREATE TABLE "发放" (
    "发放流水号" text, "姓名" varchar(40), "身份证号" char(20), "救助项目" text,
    "发放金额（元）" {amount}, "发放日期" {day}, "审核人" text, photo bytea,
    updated timestamp
)
"""
TYPED = [
    "('P1', '甲', '379900199001011234', '低保金', 100.5, '2026-10-01', 'a', '\\x00', '2026-11-01')",
    "('P2', '乙·丙', NULL, '临时救助', 0, '2026-10-02', 'b,\"c\nd', NULL, '2026-11-02')",
    "('P2', '丁', '', '低保金', 7, '2026-10-03', '\\N', NULL, '2026-11-03')",
    "(NULL, '戊', '', '低保金', 8, '2026-10-03', NULL, NULL, '2026-11-04')",
    "('P5', '己', '', '低保金', 9, NULL, NULL, NULL, '2026-11-05')",
]


def payments(postgres: Postgres, *rows: str, amount: str = "numeric", day: str = "date") -> None:
    postgres.does(TABLE.format(amount=amount, day=day))
    for row in rows:
        postgres.does(f'INSERT INTO "发放" VALUES {row}')


@pytest.fixture
def pulls(nights: Nights, postgres: Postgres) -> Nights:
    table = {"dataset": PAYMENT, "table": "发放", "cursor": "updated", "overlap": 3600}
    nights.databases = {"exchange": {"url": postgres.url(), "tables": [table], "pause_seconds": 0}}
    return nights


def test_a_table_lands_like_a_file(pulls: Nights, postgres: Postgres, office: Office) -> None:
    payments(postgres, *TYPED)
    pulls.night()
    header = "发放流水号,姓名,身份证号,救助项目,发放金额（元）,发放日期,审核人,updated\n"
    body = (
        "P1,甲,379900199001011234,低保金,100.5,2026-10-01,a,2026-11-01 00:00:00\n"
        'P2,乙·丙,,临时救助,0,2026-10-02,"b,""c\nd",2026-11-02 00:00:00\n'
        "P2,丁,,低保金,7,2026-10-03,\\N,2026-11-03 00:00:00\n"
        ",戊,,低保金,8,2026-10-03,,2026-11-04 00:00:00\n"
        "P5,己,,低保金,9,,,2026-11-05 00:00:00\n"
    )
    office.deliver("same_20261119.csv", (header + body).encode())
    office.land(date(2026, 11, 19))
    pull, file = office.receipt("exchange.发放@2026-11-20"), office.receipt("same_20261119.csv")
    counts = ("status", "rows_read", "rows_landed", "rows_quarantined", "rows_superseded")
    assert [getattr(pull, name) for name in counts] == ["landed", 5, 2, 2, 1]
    assert [getattr(file, name) for name in counts] == ["landed", 5, 2, 2, 1]
    assert (pull.repairs, pull.unknown_headers) == (file.repairs, file.unknown_headers)
    assert pull.unknown_headers == ("审核人", "updated")
    assert pull.reason == "columns that cannot be read left out: photo"
    differ = ["delivery_id", "extract_date"]
    assert office.rows(pull.file_name).drop(differ).equals(office.rows(file.file_name).drop(differ))
    aside = office.aside(pull.file_name).drop("raw", *differ)
    assert aside.equals(office.aside(file.file_name).drop("raw", *differ))
    extra = [str(one.parquet).replace(".parquet", "_extra.parquet") for one in (pull, file)]
    kept = [pl.read_parquet(office.home.lake / path) for path in extra]
    assert kept[0].fill_null("").equals(kept[1].fill_null(""))
    assert oct((office.home.lake / str(pull.parquet)).stat().st_mode)[-3:] == "600"
    assert not list(office.home.tmp.iterdir())


def test_texts_of_every_type(pulls: Nights, postgres: Postgres, office: Office) -> None:
    payments(
        postgres,
        "('P1', '甲', '', '低保金', 1234.5, '2026-10-01 23:59:59.9+00', NULL, NULL, now())",
        "('P2', '乙', '', '低保金', -3, 'infinity', NULL, NULL, now())",
        amount="money", day="timestamptz",
    )  # fmt: skip
    pulls.night()
    rows = office.rows("exchange.发放@2026-11-20")
    assert rows.select(pl.col("amount").cast(str), "paid_on").rows() == [
        ("1234.50", date(2026, 10, 2))
    ]
    assert office.receipt("exchange.发放@2026-11-20").rows_quarantined == 1


def test_a_snapshot_is_pulled_whole_and_once_a_day(
    nights: Nights, postgres: Postgres, office: Office
) -> None:
    postgres.does(
        "DROP TABLE IF EXISTS area",
        "CREATE TABLE area (region_code bigint, name text)",
        "INSERT INTO area VALUES (379900000000, '甲市'), (379901000000, '乙县')",
        "GRANT SELECT ON area TO reader",
    )
    table = {"dataset": REGION, "table": "public.AREA"}
    nights.databases = {"exchange": {"url": postgres.url("reader"), "tables": [table]}}
    nights.night()
    postgres.does("UPDATE area SET name = '丙县' WHERE region_code = 379901000000")
    nights.night()
    assert [(r.status, r.rows_landed) for r in nights.receipts()] == [("landed", 2)]
    assert "was pulled for 2026-11-20 before" in nights.said[-1]
    nights.night(TODAY + timedelta(days=1))
    postgres.does("CREATE TABLE other AS TABLE area ORDER BY region_code DESC")
    postgres.does(
        "DROP TABLE area", "ALTER TABLE other RENAME TO area", "GRANT SELECT ON area TO reader"
    )
    nights.night(TODAY + timedelta(days=2))
    assert [(r.status, r.extract_date) for r in nights.receipts()] == [
        ("landed", TODAY),
        ("landed", TODAY + timedelta(days=1)),
        ("repeated", TODAY + timedelta(days=2)),
    ]
    assert nights.receipts()[-1].reason == f"same rows as {REGION}/exchange.public.AREA@2026-11-21"


def test_an_earlier_night_asks_no_place(pulls: Nights, postgres: Postgres) -> None:
    payments(postgres, *TYPED)
    pulls.night(TODAY, today=TODAY + timedelta(days=1))
    assert pulls.receipts() == [] and "asked on the day itself" in pulls.said[0]


def test_an_append_table_brings_what_is_new(
    pulls: Nights, postgres: Postgres, office: Office
) -> None:
    def add(key: str, at: str, amount: int = 1) -> None:
        postgres.does(
            f"INSERT INTO \"发放\" VALUES ('{key}', '甲', '', '低保金', {amount}, '2026-10-01', "
            f"NULL, NULL, {at})"
        )

    def landed(nights: int) -> list[str]:
        pulls.night(TODAY + timedelta(days=nights))
        receipt = pulls.receipts()[-1]
        assert receipt.rows_quarantined in (0, None)
        if receipt.status == "repeated":
            return []
        return office.rows(receipt.file_name).get_column("record_key").to_list()

    payments(postgres)
    assert landed(0) == []
    add("A", "'2026-11-01 08:00:00.000001'"), add("B", "'2026-11-01 09:00'"), add("N", "NULL")
    assert landed(1) == ["N", "A", "B"]
    add("C", "'2026-11-01 09:00'")  # at the boundary
    add("D", "'2026-11-01 08:30'")  # committed late, within the overlap
    add("M", "NULL")
    assert landed(2) == ["M", "D", "C"]
    add("F", "'2099-01-01'")  # a slip of the pen hides nothing that comes after it
    assert landed(3) == ["F"]
    add("G", "'2026-11-02'")
    add("B", "'2026-11-03'", amount=2)  # a correction
    assert landed(4) == ["G", "B"]
    assert landed(5) == []
    assert pulls.receipts()[-1].status == "repeated"
    keys = pulls.rows(PAYMENT).get_column("record_key").to_list()
    assert sorted(keys) == sorted("ABNCDMFGB")
    assert len(list(office.home.pulls.glob("*_seen.parquet"))) == 2  # the last, and its forerunner


CURSORS = {
    "timestamptz": ("2026-11-01 08:00+00", "2026-11-01 15:30+08", "2026-11-01 14:00+08"),
    "date": ("2026-11-05", "2026-11-04", "2026-11-03"),
    "numeric(20,2)": ("700.55", "690.60", "10"),
    "bigint": ("9007199254740993", "9007199254740990", "9007199254740900"),
}


@pytest.mark.parametrize("type_", CURSORS)
def test_cursors_of_every_type(nights: Nights, postgres: Postgres, type_: str) -> None:
    """First the newest row; of two that come late one lies within the overlap, one does not."""
    newest, late, too_late = CURSORS[type_]
    overlap = 10 if type_ in ("bigint", "numeric(20,2)") else 3600
    table = {"dataset": PAYMENT, "table": "typed", "cursor": "AT", "overlap": overlap}
    nights.databases = {"x": {"url": postgres.url(), "tables": [table]}}
    postgres.does(
        "DROP TABLE IF EXISTS typed",
        "CREATE TABLE typed (payment_id text, name text, aid_type text, amount int, paid_on date,"
        f" at {type_})",
    )
    for day, value in enumerate((newest, late, too_late)):
        postgres.does(
            f"INSERT INTO typed VALUES ('P{day}', '甲', '低保金', 1, '2026-10-01', '{value}')"
        )
        nights.night(TODAY + timedelta(days=day))
    assert nights.rows(PAYMENT).get_column("record_key").to_list() == ["P0", "P1"]
    assert nights.receipts()[-1].pull["high"] is not None


STEP = st.lists(st.tuples(st.integers(0, 8), st.booleans()), max_size=6)


@settings(
    max_examples=8, derandomize=True, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(steps=st.lists(STEP, min_size=1, max_size=4))
def test_no_row_is_lost_and_none_comes_twice(
    steps: list[list[tuple[int, bool]]], postgres: Postgres,
    office: Office, tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    """Ids may appear up to the overlap late; every row lands exactly once."""
    from pipelines.lake.home import Home

    home = Home(tmp_path_factory.mktemp("home")).create()
    mine = Office(office.landing, home, office.contracts, office.codes)
    table = {"dataset": PAYMENT, "table": "late", "cursor": "id", "overlap": 9}
    nights = Nights(mine, {"x": {"url": postgres.url(), "tables": [table]}})
    postgres.does(
        "DROP TABLE IF EXISTS late",
        "CREATE TABLE late (payment_id text, name text, aid_type text, amount int, paid_on date,"
        " id int)",
    )
    made, top = 0, 0
    for at, step in enumerate(steps):
        for behind, empty in step:
            made += 1
            ident = "NULL" if empty else str(max(top - behind, 0))
            postgres.does(
                f"INSERT INTO late VALUES ('P{made}', '甲', '低保金', 1, '2026-10-01', {ident})"
            )
        top += len(step)
        nights.night(TODAY + timedelta(days=at))
    keys = nights.rows(PAYMENT).get_column("record_key").to_list()
    assert sorted(keys) == sorted(f"P{at}" for at in range(1, made + 1))
    for receipt in nights.receipts():
        if receipt.status == "landed":
            assert receipt.rows_read == receipt.rows_landed
