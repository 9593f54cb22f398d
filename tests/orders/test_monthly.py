"""The monthly reports: who came, left and died, whose amount changed, and temporary aid."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from tests.orders.town import TOWN, Town

AS_OF, MONTH = date(2026, 11, 18), date(2026, 10, 1)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    made = Town(tmp_path_factory.mktemp("monthly"))
    for word in ("new", "gone", "dead", "doubtful", "old", "late"):
        made.poor(word, income=90_000, alive=word != "dead")

    def held(word: str, start: date, end: date | None, tier: str = "低保") -> None:
        made.world.add("population.tier_history", person_id=word, tier=tier, valid_from=start,
                       valid_to=end)  # fmt: skip

    held("new", date(2026, 10, 1), None)
    held("gone", date(2025, 1, 1), date(2026, 10, 31), "特困")
    held("dead", date(2025, 1, 1), date(2026, 10, 12))
    held("doubtful", date(2025, 1, 1), date(2026, 10, 20))
    held("old", date(2025, 1, 1), date(2026, 9, 30))
    held("late", date(2026, 11, 1), None)
    held("new", date(2026, 10, 5), None, "防止返贫监测")  # no tier of these reports
    made.world.add("population.death", person_id="dead", died_on=date(2026, 10, 12),
                   doubtful=False)  # fmt: skip
    made.world.add("population.death", person_id="doubtful", died_on=date(2026, 10, 20),
                   doubtful=True)  # fmt: skip

    def paid(number: int, word: str, kind: str, on: date, amount: int) -> None:
        made.world.add(
            "standard.help", source="c", dataset="p", record_key=str(number),
            person_ref=f"psn_no:{word}", kind="payment", aid_type=kind, amount=amount,
            given_on=on, delivery_id="d", row_number=number, extract_date=on,
        )  # fmt: skip

    for number, (month, amount) in enumerate(((8, 500), (9, 500), (10, 620), (11, 620)), 1):
        paid(number, "old", "低保金", date(2026, month, 10), amount)
    paid(5, "new", "低保金", date(2026, 10, 10), 700)  # an addition is no raise
    paid(6, "gone", "特困供养金", date(2026, 9, 10), 900)
    paid(7, "gone", "特困供养金", date(2026, 10, 10), 450)
    paid(8, "new", "临时救助", date(2026, 10, 3), 2000)
    paid(9, "new", "临时救助", date(2026, 10, 30), 500)
    paid(10, "old", "临时救助", date(2026, 9, 30), 800)
    made.run(AS_OF)
    return made


def figures(town: Town, month: date) -> dict[tuple[str, str], tuple[int, int, Decimal | None]]:
    return {
        (row["report"], row["item"]): (row["entries"], row["households"], row["amount"])
        for row in town.rows("orders.monthly_report", month=month, township_code=TOWN)
    }


def test_the_month_before_in_figures(town: Town) -> None:
    assert figures(town, MONTH) == {
        ("added", "低保"): (1, 1, None),
        ("stopped", "低保"): (2, 2, None),
        ("stopped", "特困"): (1, 1, None),
        ("natural_decrease", "低保"): (1, 1, None),
        ("amount_raised", "低保金"): (1, 1, Decimal(120)),
        ("amount_lowered", "特困供养金"): (1, 1, Decimal(-450)),
        ("temporary_aid", "临时救助"): (2, 1, Decimal(2500)),
    }
    assert figures(town, date(2026, 11, 1)) == {("added", "低保"): (1, 1, None)}


def test_each_county_gets_one_workbook_for_the_month(town: Town) -> None:
    (path,) = (town.outbox / "district" / "371102").glob("救助月报_*_202610.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == [
        "汇总", "新增救助", "停止救助", "自然减员", "金额增减", "临时救助", "超期未核查",
    ]  # fmt: skip
    added = [[cell.value for cell in row] for row in book["新增救助"].iter_rows(min_row=5)]
    assert added == [["秦楼街道", "低保", "甲new", "…0017", "2026-10-01"]]
    died = [[cell.value for cell in row] for row in book["自然减员"].iter_rows(min_row=5)]
    assert [row[2] for row in died] == ["甲dead"]
    assert book["超期未核查"].cell(5, 1).value == "本月无"
    changed = [[cell.value for cell in row][3:] for row in book["金额增减"].iter_rows(min_row=5)]
    assert sorted(changed) == [[500, 620, 120], [900, 450, -450]]


def test_nobody_is_named_in_a_published_table(town: Town, tmp_path: Path) -> None:
    for table, rows in town.tables.items():
        if table not in ("orders.recent_help", "orders.report_item"):
            text = str(rows)
            assert "甲" not in text and "990102198001010017" not in text, table
