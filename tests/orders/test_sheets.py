"""The sheets that go out: who gets what, how they look on paper, and that nobody else can read."""

from __future__ import annotations

import hashlib
import stat
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from pipelines.intake.order_form import HIDDEN_SHEET
from tests.orders.town import TOWN, Form, Town

FIRST, SECOND = date(2026, 11, 18), date(2026, 11, 19)
THIRD, LATER = date(2026, 11, 20), date(2026, 12, 30)
NAME, NUMBER, PHONE = "=HYPERLINK(1)", "990102198001010017", "+8613900000000"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Twelve poor people in one township, one without a township, after a night."""
    made = Town(tmp_path_factory.mktemp("sheets"))
    for number in range(12):
        made.poor(f"p{number:02}", income=1000 + number, name=NAME, phone=PHONE)
    made.poor("lost", "371102000000")
    made.run(FIRST)
    return made


def texts(path: Path) -> list[str]:
    book = openpyxl.load_workbook(path)
    return [str(c.value) for row in book.worksheets[0].iter_rows() for c in row if c.value]


def test_ten_rows_go_out_and_what_lies_below_keeps_its_rank(town: Town) -> None:
    (sheet,) = town.rows("orders.order_sheet", audience="township")
    assert (sheet["rows"], sheet["new_rows"], sheet["carried_rows"]) == (10, 10, 0)
    (load,) = town.rows("orders.township_load", township_code=TOWN)
    assert (load["open_rows"], load["waiting_rows"], load["ranked_cases"]) == (10, 2, 12)
    ranks = {row["case_id"]: row["rank"] for row in town.tables["orders.case_rank"]
             if row["township_code"] == TOWN}  # fmt: skip
    given = {row["case_id"] for row in town.rows("orders.order_line", township_code=TOWN)}
    assert sorted(ranks.values()) == list(range(1, 13))
    assert {rank for case, rank in ranks.items() if case not in given} == {11, 12}


def test_who_cannot_be_placed_stands_on_the_countys_unplaced_sheet(town: Town) -> None:
    (sheet,) = town.rows("orders.order_sheet", audience="unplaced")
    assert (sheet["region_code"], sheet["rows"]) == ("371102", 1)
    assert town.sheet(FIRST, "unplaced", "371102").exists()
    assert [r["audience"] for r in town.tables["orders.order_sheet"]
            if r["region_code"] == "371102"] == ["district", "unplaced"]  # fmt: skip


def test_only_answer_cells_can_be_written_and_the_case_is_hidden(town: Town) -> None:
    form = Form.open(town.sheet(FIRST))
    page, first = form.page, form.header + 1
    assert page.protection.sheet
    open_words = {
        word for word in form.words if not page.cell(first, form.column(word)).protection.locked
    }
    assert open_words == {"核查结果", "核查日期", "原因说明", "落实救助", "核查人身份"}
    letter = openpyxl.utils.get_column_letter(form.column("预警编号"))
    assert page.column_dimensions[letter].hidden
    assert form.book[HIDDEN_SHEET].sheet_state == "veryHidden"
    rules = {str(rule.sqref): rule for rule in page.data_validations.dataValidation}
    result = openpyxl.utils.get_column_letter(form.column("核查结果"))
    choice = rules[f"{result}{first}:{result}{first + 9}"]
    assert choice.formula1 == '"属实,不属实,已纳入救助,已转介,死亡,迁出,查无此人"'


def test_it_prints_on_a4_in_landscape_with_the_header_on_every_page(town: Town) -> None:
    form = Form.open(town.sheet(FIRST))
    page = form.page
    assert (page.page_setup.paperSize, page.page_setup.orientation) == (9, "landscape")
    assert page.sheet_properties.pageSetUpPr.fitToPage
    assert (page.page_setup.fitToWidth or 1, page.page_setup.fitToHeight) == (1, 0)
    assert page.print_title_rows == f"${form.header}:${form.header}"


def test_nothing_in_a_cell_is_a_formula(town: Town) -> None:
    for path in town.outbox.glob("**/*.xlsx"):
        for page in openpyxl.load_workbook(path).worksheets:
            assert all(cell.data_type != "f" for row in page.iter_rows() for cell in row)
    told = texts(town.sheet(FIRST))
    assert any(text.startswith(f" {NAME}") for text in told)
    assert not any(text.startswith(("=", "+")) for text in told)


def test_each_audience_sees_its_own_fields_and_no_others(town: Town) -> None:
    seen = {
        audience: "".join(texts(town.sheet(FIRST, audience, region)))
        for audience, region in (("township", TOWN), ("village", TOWN + "001"),
                                 ("district", "371102"))
    }  # fmt: skip
    assert not any(NUMBER in text for text in seen.values())
    assert NUMBER[-4:] in seen["township"]
    assert all(PHONE in seen[name] for name in ("township", "village"))
    assert PHONE not in seen["district"] and NAME[1:] not in seen["district"]
    assert "核查结果" not in seen["district"]


def test_files_are_for_their_owner_alone(town: Town) -> None:
    for path in town.outbox.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path.name


def test_the_same_night_gives_the_same_bytes(town: Town) -> None:
    def digests() -> dict[str, str]:
        return {
            str(path.relative_to(town.outbox)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in town.outbox.glob("**/*.xlsx")
        }

    before = digests()
    town.run(FIRST, rebuild=True)
    assert digests() == before


def test_a_sheet_that_no_longer_holds_is_withdrawn_when_the_night_is_made_anew(
    town: Town,
) -> None:
    """Last of the tests that look at this town."""
    assert town.sheet(FIRST, "unplaced", "371102").exists()
    lost = town.world.rows["population.household"][-1]
    lost["annual_income"] = 90_000
    town.run(FIRST, rebuild=True)
    assert list(town.outbox.glob("unplaced/*/*.xlsx")) == []
    assert town.sheet(FIRST).exists()


def test_rows_are_carried_over_told_when_overdue_and_never_lost(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.poor("p0")
    town.run(FIRST)
    town.run(SECOND)
    assert town.tables["orders.order_sheet"] == []  # the first sheet still holds
    (tmp_path / "home/restricted/lake/nights" / SECOND.isoformat() / "outbox.sent").unlink()
    town.run(THIRD)  # the second night was cut off before it laid anything out
    (sheet,) = town.rows("orders.order_sheet", audience="township")
    assert (sheet["rows"], sheet["new_rows"], sheet["carried_rows"]) == (1, 0, 1)
    town.run(LATER)
    (line,) = town.tables["orders.order_line"]
    assert (line["first_ordered_on"], line["is_overdue"]) == (FIRST, True)
    days = (LATER - line["due_on"]).days
    assert any(f"超期{days}天" in text for text in texts(town.sheet(LATER)))
    months = town.rows("orders.monthly_report", report="overdue_check")
    assert sorted((row["month"], row["item"], row["entries"]) for row in months) == [
        (date(2026, 11, 1), "red", 1), (date(2026, 12, 1), "red", 1),
    ]  # fmt: skip
