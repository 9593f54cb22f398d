"""Sheets that were filled by hand come back: the right cases move, every mistake is answered."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from tests.orders.town import DATASET, Form, Town

FIRST, SECOND, THIRD = date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)
RESULTS = {"属实": "confirmed", "不属实": "rejected", "已纳入救助": "helped", "已转介": "referred",
           "死亡": "cleared", "迁出": "cleared", "查无此人": "checking"}  # fmt: skip


@pytest.fixture(scope="module")
def given_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town of eight poor people in one township and one in another, after its first night."""
    town = Town(tmp_path_factory.mktemp("orders"))
    for number in range(8):
        town.poor(f"p{number}", income=1000 + number)
    town.poor("other", "371102002001")
    town.run(FIRST)
    return town.root


@pytest.fixture
def town(given_out: Path, tmp_path: Path) -> Town:
    """A town of one's own, with the same first night behind it."""
    shutil.copytree(given_out, tmp_path / "town")
    again = Town(tmp_path / "town")
    for number in range(8):
        again.poor(f"p{number}", income=1000 + number)
    again.poor("other", "371102002001")
    return again


def status_of(town: Town, case_id: str) -> str:
    (case,) = town.rows("hardship.case_file", case_id=case_id)
    return str(case["status"])


def cases_on(form: Form) -> list[str]:
    at = form.column("预警编号")
    found = (form.page.cell(r, at).value for r in range(form.header + 1, form.page.max_row + 1))
    return [str(value) for value in found if value]


def quarantined(town: Town) -> list[tuple[int, str]]:
    folder = town.root / "home" / "restricted" / "quarantine" / DATASET
    frames = [pl.read_parquet(path) for path in folder.glob("*.parquet")]
    rows = [row for f in frames for row in f.select("row_number", "reason_code").rows()]
    return sorted(rows)


def test_all_seven_results_move_their_cases_and_nothing_is_answered(town: Town) -> None:
    form = Form.open(town.sheet(FIRST))
    cases = dict(zip(RESULTS, cases_on(form), strict=False))
    for word, case_id in cases.items():
        form.write(form.row_of(case_id), result=word, day=FIRST)
    town.hand_in(form.book, "核查工单_371102001_20261118.xlsx")
    written = town.run(SECOND)
    assert {word: status_of(town, case_id) for word, case_id in cases.items()} == RESULTS
    (receipt,) = town.receipts
    assert (receipt.status, receipt.rows_read, receipt.rows_landed) == ("landed", 7, 7)
    assert (written.replies, town.answers()) == (0, [])
    states = {row["case_id"]: row["state"] for row in town.rows("orders.order_line", kind="visit")}
    untouched = next(case for case in cases_on(form) if case not in cases.values())
    assert {states[case_id] for case_id in cases.values()} == {"answered"}
    assert (states[untouched], status_of(town, untouched)) == ("open", "checking")


def test_every_kind_of_mistake_is_set_aside_and_told_where_it_stands(town: Town) -> None:
    form = Form.open(town.sheet(FIRST))
    foreign = cases_on(Form.open(town.sheet(FIRST, region="371102002")))[0]
    rows = [form.header + 1 + n for n in range(8)]
    form.write(rows[0], result="比较困难", day=FIRST)
    form.write(rows[1], result="属实、不属实", day=FIRST)
    form.write(rows[2], result="属实")
    form.write(rows[3], result="属实", day="前天")
    form.write(rows[4], result="属实", day="2027-01-05")
    form.write(rows[5], day=FIRST)
    form.write(rows[6], result="情况属实", day="2026年11月18日")
    form.write(form.page.max_row + 1, result="属实", day=FIRST, case=foreign, number=None)
    town.hand_in(form.book, "核查工单_371102001_20261118 (2).xlsx")
    town.run(SECOND)
    assert quarantined(town) == [
        (1, "order_unknown_result"), (2, "order_two_results"), (3, "order_missing_date"),
        (4, "order_unreadable_date"), (5, "order_future_date"), (6, "order_missing_result"),
        (9, "order_not_theirs"),
    ]  # fmt: skip
    (receipt,) = town.receipts
    assert (receipt.rows_read, receipt.rows_landed, receipt.rows_quarantined) == (8, 1, 7)
    assert status_of(town, foreign) == "checking"
    moved = [row for row in town.tables["hardship.case_event"] if row["event"] == "checked"]
    assert len(moved) == 1
    (answer,) = town.answers()
    marked = Form.open(answer)
    result, day = marked.column("核查结果"), marked.column("核查日期")
    told = marked.column("退回说明")
    at = marked.header
    comments = [(marked.page.cell(at + n, result).comment or marked.page.cell(at + n, day).comment)
                for n in range(1, 9)]  # fmt: skip
    assert [bool(comment) for comment in comments] == [True] * 6 + [False, False]
    assert marked.page.cell(at + 1, result).fill.start_color.rgb == "FFF8CBAD"
    assert marked.page.cell(at + 7, result).fill.start_color.rgb == "FFE2EFDA"
    notes = [marked.page.cell(at + n, told).value for n in range(1, 10)]
    assert all("\u4e00" <= str(note)[0] <= "\u9fff" for note in [*notes[:6], notes[8]])
    assert not notes[6] and not notes[7]


def test_the_marked_copy_is_mended_and_sent_back(town: Town) -> None:
    form = Form.open(town.sheet(FIRST))
    form.write(form.header + 1, result="情况不明", day=FIRST)
    case_id = cases_on(form)[0]
    town.hand_in(form.book, "核查工单_371102001_20261118.xlsx")
    town.run(SECOND)
    assert status_of(town, case_id) == "checking"
    (answer,) = town.answers()
    mended = Form.open(answer)
    mended.write(mended.header + 1, result="不属实", reason="子女按月赡养")
    town.hand_in(mended.book, answer.name)
    town.run(THIRD)
    assert status_of(town, case_id) == "rejected"
    assert town.answers() == [answer]


def test_columns_that_were_deleted_or_moved_are_no_hindrance(town: Town) -> None:
    """Without the hidden ids a row is known by its number; optional columns may be gone."""
    form = Form.open(town.sheet(FIRST))
    case_id = cases_on(form)[2]
    form.write(form.row_of(case_id), result="死亡", day=FIRST)
    for merged in list(form.page.merged_cells.ranges):
        form.page.unmerge_cells(str(merged))
    for word in ("预警编号", "原因说明", "为什么要去看（疑似，非结论）"):
        form.page.delete_cols(form.column(word))
    moved = form.column("核查日期")
    form.page.insert_cols(2)
    for row in range(form.header, form.page.max_row + 1):
        form.page.cell(row, 2).value = form.page.cell(row, moved + 1).value
    form.page.delete_cols(moved + 1)
    town.hand_in(form.book, "核查工单_371102001_20261118.xlsx")
    town.run(SECOND)
    assert status_of(town, case_id) == "cleared"
    assert town.answers() == []


def test_a_required_column_that_is_gone_stands_in_the_marked_copy_again(town: Town) -> None:
    form = Form.open(town.sheet(FIRST))
    form.write(form.header + 1, result="属实")
    for merged in list(form.page.merged_cells.ranges):
        form.page.unmerge_cells(str(merged))
    form.page.delete_cols(form.column("核查日期"))
    town.hand_in(form.book, "核查工单_371102001_20261118.xlsx")
    town.run(SECOND)
    assert quarantined(town) == [(1, "order_missing_date")]
    mended = Form.open(town.answers()[0])
    mended.write(mended.header + 1, day=date(2026, 11, 19))
    town.hand_in(mended.book, town.answers()[0].name)
    town.run(THIRD)
    assert status_of(town, cases_on(form)[0]) == "confirmed"


def test_ids_that_were_sorted_apart_from_their_rows_move_nobody(town: Town) -> None:
    form = Form.open(town.sheet(FIRST))
    one, two = cases_on(form)[:2]
    form.write(form.header + 1, result="死亡", day=FIRST, case=two)
    form.write(form.header + 2, case=one)
    town.hand_in(form.book, "核查工单_371102001_20261118.xlsx")
    town.run(SECOND)
    assert quarantined(town) == [(1, "order_mixed_up")]
    assert {status_of(town, one), status_of(town, two)} == {"checking"}


def test_two_rows_that_contradict_each_other_are_both_set_aside(town: Town) -> None:
    form = Form.open(town.sheet(FIRST))
    case_id = cases_on(form)[0]
    form.write(form.header + 1, result="属实", day=FIRST)
    form.write(form.page.max_row + 1, result="不属实", day=FIRST, case=case_id, number=1)
    town.hand_in(form.book, "核查工单_371102001_20261118.xlsx")
    town.run(SECOND)
    assert [code for _, code in quarantined(town)] == ["order_answered_twice"] * 2
    assert status_of(town, case_id) == "checking"


def test_an_empty_sheet_a_sheet_without_header_and_no_sheet_at_all_are_answered(
    town: Town,
) -> None:
    town.hand_in(Form.open(town.sheet(FIRST)).book, "空白_371102001_20261118.xlsx")
    bare = Form.open(town.sheet(FIRST))
    bare.page.delete_rows(1, bare.header)
    town.hand_in(bare.book, "无表头_371102001_20261118.xlsx")
    (town.landing / DATASET / "坏_371102001_20261118.xlsx").write_bytes(b"no workbook")
    written = town.run(SECOND)
    assert written.replies == 3
    told = {}
    for path in town.answers():
        texts = [str(c.value) for row in openpyxl.load_workbook(path).worksheets[0].iter_rows()
                 for c in row if c.value]  # fmt: skip
        told[path.name.split("_")[1]] = "".join(texts)
    assert "没有填写任何核查结果" in told["空白"]
    assert "找不到表头行" in told["无表头"]
    assert "无法读取" in told["坏"]
    statuses = {receipt.file_name[0]: receipt.status for receipt in town.receipts}
    assert statuses == {"空": "landed", "无": "refused", "坏": "refused"}


def test_rows_copied_into_a_table_of_ones_own_count_and_unknown_cases_are_told(
    town: Town,
) -> None:
    form = Form.open(town.sheet(FIRST))
    case_id = cases_on(form)[0]
    book = openpyxl.Workbook()
    book.active.append(["预警编号", "核查结果", "核查日期"])
    book.active.append([case_id, "已转介", "2026-11-18"])
    book.active.append(["C00", "属实", "2026-11-18"])
    town.hand_in(book, "我的表_20261118.xlsx")
    town.run(SECOND)
    assert status_of(town, case_id) == "referred"
    (answer,) = town.answers()
    assert answer.parent.name == "unknown_sender"
    texts = [str(c.value) for row in openpyxl.load_workbook(answer).worksheets[0].iter_rows()
             for c in row]  # fmt: skip
    assert "系统中没有这个预警编号，请核对" in texts


def test_what_a_forged_sheet_says_of_itself_leads_nowhere(town: Town) -> None:
    form = Form.open(town.sheet(FIRST))
    hidden = form.book["_jiuzhulian"]
    for row in hidden.iter_rows():
        if row[0].value == "audience":
            row[1].value = "../../../published"
    form.write(form.header + 1, result="不知道", day=FIRST)
    town.hand_in(form.book, "核查工单_371102001_20261118.xlsx")
    town.run(SECOND)
    (answer,) = town.answers()
    assert answer.parent == town.outbox / "unknown_sender"
