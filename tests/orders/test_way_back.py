"""Sheets that were filled by hand come back: the right cases move, every mistake is answered.

One town over three nights; each township tells a story of its own, so that nights are few.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from tests.orders.town import DATASET, Form, Town

FIRST, SECOND, THIRD = date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)
RESULTS = {"属实": "confirmed", "不属实": "rejected", "已纳入救助": "helped", "已转介": "referred",
           "死亡": "cleared", "迁出": "cleared", "查无此人": "checking"}  # fmt: skip
STORIES = {
    "seven": 8, "mistakes": 8, "mended": 1, "columns": 3, "no_date": 1, "mixed": 2, "twice": 1,
    "empty": 1, "no_header": 1, "broken": 1, "own_table": 1, "forged": 1,
}  # fmt: skip
PLACES = {story: f"3711020{number:02}" for number, story in enumerate(STORIES, 1)}


@dataclass
class Story:
    """A township's sheet of the first night, as somebody filled it."""

    town: Town
    name: str
    form: Form = field(init=False)

    def __post_init__(self) -> None:
        self.form = Form.open(self.town.sheet(FIRST, region=PLACES[self.name]))
        at, top = self.form.column("预警编号"), self.form.header
        self.cases = [str(self.form.page.cell(row, at).value)
                      for row in range(top + 1, self.form.page.max_row + 1)]  # fmt: skip

    @property
    def first(self) -> int:
        return self.form.header + 1

    def without(self, *words: str) -> None:
        for merged in list(self.form.page.merged_cells.ranges):
            self.form.page.unmerge_cells(str(merged))
        for word in words:
            self.form.page.delete_cols(self.form.column(word))

    def hand_in(self, name: str | None = None) -> None:
        place = PLACES[self.name]
        self.town.hand_in(self.form.book, name or f"核查工单_{place}_20261118.xlsx")


def status(town: Town, case_id: str, night: date = SECOND) -> str:
    found = [row for row in town.nights[night]["hardship.case_file"] if row["case_id"] == case_id]
    return str(found[0]["status"])


def receipt_of(town: Town, story: str) -> tuple[str, int | None, int | None, int | None]:
    (found,) = [
        r for r in town.receipts if PLACES[story] in r.file_name and "退回" not in r.file_name
    ]
    return found.status, found.rows_read, found.rows_landed, found.rows_quarantined


def aside(town: Town, story: str) -> list[tuple[int, str]]:
    """Rows of a story's sheet in quarantine, and why."""
    (found,) = [
        r for r in town.receipts if PLACES[story] in r.file_name and "退回" not in r.file_name
    ]
    folder = town.root / "home" / "restricted" / "quarantine"
    rows = pl.read_parquet(folder / str(found.quarantine)).select("row_number", "reason_code")
    return sorted(rows.rows())


def answer_of(town: Town, story: str, night: date = SECOND) -> Path | None:
    found = [path for path in town.answers()
             if PLACES[story] in path.name and path.stem.endswith(f"{night:%Y%m%d}")]  # fmt: skip
    return found[0] if found else None


def texts(path: Path) -> str:
    page = openpyxl.load_workbook(path).worksheets[0]
    return "|".join(str(c.value) for row in page.iter_rows() for c in row if c.value)


def seven(story: Story) -> None:
    for row, word in enumerate(RESULTS, story.first):
        story.form.write(row, result=word, day=FIRST)
    story.hand_in()


def mistakes(story: Story) -> None:
    write, row = story.form.write, story.first
    write(row, result="比较困难", day=FIRST)
    write(row + 1, result="属实、不属实", day=FIRST)
    write(row + 2, result="属实")
    write(row + 3, result="属实", day="前天")
    write(row + 4, result="属实", day="2027-01-05")
    write(row + 5, day=FIRST)
    write(row + 6, result="情况属实", day="2026年11月18日")
    foreign = Story(story.town, "mended").cases[0]
    write(story.form.page.max_row + 1, result="属实", day=FIRST, case=foreign, number=None)
    story.hand_in(f"核查工单_{PLACES['mistakes']}_20261118 (2).xlsx")


def mended(story: Story) -> None:
    story.form.write(story.first, result="情况不明", day=FIRST)
    story.hand_in()


def columns(story: Story) -> None:
    """The hidden ids and two more columns are gone, the date stands elsewhere."""
    story.form.write(story.first + 2, result="死亡", day=FIRST)
    story.without("预警编号", "原因说明", "为什么要去看（疑似，非结论）")
    page, moved = story.form.page, story.form.column("核查日期")
    page.insert_cols(2)
    for row in range(story.form.header, page.max_row + 1):
        page.cell(row, 2).value = page.cell(row, moved + 1).value
    page.delete_cols(moved + 1)
    story.hand_in()


def no_date(story: Story) -> None:
    story.form.write(story.first, result="属实")
    story.without("核查日期")
    story.hand_in()


def mixed(story: Story) -> None:
    """Somebody sorted the ids apart from their rows."""
    story.form.write(story.first, result="死亡", day=FIRST, case=story.cases[1])
    story.form.write(story.first + 1, case=story.cases[0])
    story.hand_in()


def twice(story: Story) -> None:
    story.form.write(story.first, result="属实", day=FIRST)
    story.form.write(story.first + 1, result="不属实", day=FIRST, case=story.cases[0], number=1)
    story.hand_in()


def no_header(story: Story) -> None:
    story.form.page.delete_rows(1, story.form.header)
    story.hand_in()


def broken(story: Story) -> None:
    story.hand_in()
    name = f"核查工单_{PLACES['broken']}_20261118.xlsx"
    (story.town.landing / DATASET / name).write_bytes(b"no workbook")


def own_table(story: Story) -> None:
    """Rows copied into a table of one's own."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["预警编号", "核查结果", "核查日期"])
    page.append([story.cases[0], "已转介", "2026-11-18"])
    page.append(["C00", "属实", "2026-11-18"])
    story.town.hand_in(book, f"我的表_{PLACES['own_table']}_20261118.xlsx")


def forged(story: Story) -> None:
    """A sheet that names a folder of its choice as the one that answers go to."""
    for row in story.form.book["_jiuzhulian"].iter_rows():
        if row[0].value == "audience":
            row[1].value = "../../../published"
    story.form.write(story.first, result="不知道", day=FIRST)
    story.hand_in()


TOLD: dict[str, Callable[[Story], None]] = {
    "seven": seven, "mistakes": mistakes, "mended": mended, "columns": columns,
    "no_date": no_date, "mixed": mixed, "twice": twice, "empty": lambda story: story.hand_in(),
    "no_header": no_header, "broken": broken, "own_table": own_table, "forged": forged,
}  # fmt: skip


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """After three nights: sheets go out, come back filled, and two marked copies come back."""
    made = Town(tmp_path_factory.mktemp("orders"))
    for story, people in STORIES.items():
        for number in range(people):
            made.poor(f"{story}{number}", f"{PLACES[story]}001", income=1000 + number)
    made.run(FIRST)
    for story, tell in TOLD.items():
        tell(Story(made, story))
    made.run(SECOND)
    for story, values in (("mended", {"result": "不属实", "reason": "子女按月赡养"}),
                          ("no_date", {"day": date(2026, 11, 19)})):  # fmt: skip
        answer = answer_of(made, story)
        assert answer is not None, story
        copy = Form.open(answer)
        copy.write(copy.header + 1, **values)
        made.hand_in(copy.book, answer.name)
    made.run(THIRD)
    return made


def cases(town: Town, story: str) -> list[str]:
    return Story(town, story).cases


def test_all_seven_results_move_their_cases_and_nothing_is_answered(town: Town) -> None:
    *answered, untouched = cases(town, "seven")
    moved = dict(zip(RESULTS, (status(town, case_id) for case_id in answered), strict=True))
    assert moved == RESULTS
    assert receipt_of(town, "seven") == ("landed", 7, 7, 0)
    assert answer_of(town, "seven") is None
    lines = {row["case_id"]: row["state"] for row in town.nights[SECOND]["orders.order_line"]
             if row["kind"] == "visit"}  # fmt: skip
    assert {lines[case_id] for case_id in answered} == {"answered"}
    assert (lines[untouched], status(town, untouched)) == ("open", "checking")


def test_every_kind_of_mistake_is_set_aside(town: Town) -> None:
    assert aside(town, "mistakes") == [
        (1, "order_unknown_result"), (2, "order_two_results"), (3, "order_missing_date"),
        (4, "order_unreadable_date"), (5, "order_future_date"), (6, "order_missing_result"),
        (9, "order_not_theirs"),
    ]  # fmt: skip
    assert receipt_of(town, "mistakes") == ("landed", 8, 1, 7)
    states = [status(town, case_id) for case_id in cases(town, "mistakes")]
    assert states == ["checking"] * 6 + ["confirmed", "checking"]
    assert status(town, cases(town, "mended")[0]) == "checking"


def test_every_mistake_is_told_where_it_stands(town: Town) -> None:
    answer = answer_of(town, "mistakes")
    assert answer is not None and answer.parent == town.outbox / "township" / PLACES["mistakes"]
    marked = Form.open(answer)
    result, day = marked.column("核查结果"), marked.column("核查日期")
    told, at = marked.column("退回说明"), marked.header
    cell = marked.page.cell
    comments = [cell(at + n, result).comment or cell(at + n, day).comment for n in range(1, 9)]
    assert [bool(comment) for comment in comments] == [True] * 6 + [False, False]
    assert cell(at + 1, result).fill.start_color.rgb == "FFF8CBAD"
    assert cell(at + 7, result).fill.start_color.rgb == "FFE2EFDA"
    notes = [cell(at + n, told).value for n in range(1, 10)]
    assert all("\u4e00" <= str(note)[0] <= "\u9fff" for note in [*notes[:6], notes[8]])
    assert not notes[6] and not notes[7]


def test_a_marked_copy_is_mended_and_sent_back(town: Town) -> None:
    (case_id,) = cases(town, "mended")
    assert (status(town, case_id), status(town, case_id, THIRD)) == ("checking", "rejected")
    assert answer_of(town, "mended", THIRD) is None


def test_columns_that_were_deleted_or_moved_are_no_hindrance(town: Town) -> None:
    """Without the hidden ids a row is known by its number; optional columns may be gone."""
    assert [status(town, case_id) for case_id in cases(town, "columns")] == [
        "checking", "checking", "cleared",
    ]  # fmt: skip
    assert answer_of(town, "columns") is None


def test_a_required_column_that_is_gone_stands_in_the_marked_copy_again(town: Town) -> None:
    assert aside(town, "no_date") == [(1, "order_missing_date")]
    assert status(town, cases(town, "no_date")[0], THIRD) == "confirmed"


def test_ids_that_were_sorted_apart_from_their_rows_move_nobody(town: Town) -> None:
    assert aside(town, "mixed") == [(1, "order_mixed_up")]
    assert {status(town, case_id) for case_id in cases(town, "mixed")} == {"checking"}


def test_two_rows_that_contradict_each_other_are_both_set_aside(town: Town) -> None:
    assert aside(town, "twice") == [(1, "order_answered_twice"), (2, "order_answered_twice")]
    assert status(town, cases(town, "twice")[0]) == "checking"


@pytest.mark.parametrize(
    ("story", "state", "words"),
    [("empty", "landed", "没有填写任何核查结果"), ("no_header", "refused", "找不到表头行"),
     ("broken", "refused", "无法读取")],
)  # fmt: skip
def test_a_sheet_of_which_nothing_can_be_read_is_answered(
    town: Town, story: str, state: str, words: str
) -> None:
    assert receipt_of(town, story)[0] == state
    answer = answer_of(town, story)
    assert answer is not None and words in texts(answer)
    assert status(town, cases(town, story)[0]) == "checking"


def test_rows_copied_into_a_table_of_ones_own_count_and_unknown_cases_are_told(
    town: Town,
) -> None:
    assert status(town, cases(town, "own_table")[0]) == "referred"
    answer = answer_of(town, "own_table")
    assert answer is not None and answer.parent == town.outbox / "unknown_sender"
    assert "系统中没有这个预警编号，请核对" in texts(answer)


def test_what_a_forged_sheet_says_of_itself_leads_nowhere(town: Town) -> None:
    answer = answer_of(town, "forged")
    assert answer is not None and answer.parent == town.outbox / "unknown_sender"
