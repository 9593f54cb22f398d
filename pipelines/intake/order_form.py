"""A work order that comes back: a sheet of our own making, filled by hand, judged row by row.

Its hidden sheet says which cases it asked about, so that rows are known again after columns were
deleted or moved. What an order shows, and what is answered to mistakes, belongs to ``orders``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import fastexcel
import polars as pl

from pipelines.contracts.codes import CodeList
from pipelines.contracts.headers import match_headers
from pipelines.contracts.model import Contract
from pipelines.contracts.roles import Disposition
from pipelines.intake.heading import HEADER_WITHIN
from pipelines.standard.values import standardise

HIDDEN_SHEET = "_jiuzhulian"
MARK = "jiuzhulian work order 1"
SEQUENCE = "序号"
_BETWEEN = re.compile(r"[、，,;；/|+＋\s]+|和|及")

MISSING_RESULT, UNKNOWN_RESULT = "order_missing_result", "order_unknown_result"
TWO_RESULTS, ANSWERED_TWICE = "order_two_results", "order_answered_twice"
MISSING_DATE, UNREADABLE_DATE = "order_missing_date", "order_unreadable_date"
FUTURE_DATE, NOT_THEIRS = "order_future_date", "order_not_theirs"
NO_CASE, MIXED_UP = "order_no_case", "order_mixed_up"


@dataclass(frozen=True)
class OrderForm:
    """What a sheet asked about: the rows it was given, by their sequence number."""

    order_id: str
    audience: str
    region_code: str
    night: date
    cases: Mapping[int, str]

    def hidden_rows(self) -> list[tuple[str, str]]:
        """What stands on the hidden sheet, two cells a row."""
        head = [
            ("mark", MARK), ("order_id", self.order_id), ("audience", self.audience),
            ("region_code", self.region_code), ("night", self.night.isoformat()),
        ]  # fmt: skip
        return head + [(str(number), case) for number, case in sorted(self.cases.items())]


@dataclass(frozen=True)
class Answer:
    """A row in which somebody wrote something. ``mistakes``: column (of the contract) and code."""

    at: int
    row_number: int
    case_id: str | None
    texts: Mapping[str, str | None]
    mistakes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Returned:
    """A returned sheet: every cell as text, which column is which, and the rows answered."""

    form: OrderForm
    sheet: str
    header_at: int | None
    cells: tuple[tuple[str | None, ...], ...]
    columns: Mapping[str, int] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()

    @property
    def mistaken(self) -> tuple[Answer, ...]:
        return tuple(answer for answer in self.answers if answer.mistakes)


def role_of(contract: Contract) -> Disposition | None:
    """How the dataset says what a visit found; None where it says nothing of the kind."""
    found = contract.roles_of(Disposition)
    return found[0] if found else None


def answer_columns(contract: Contract) -> tuple[str, ...]:
    """The contract's columns that a visitor fills in, in the order of the form."""
    role = role_of(contract)
    assert role is not None
    named = (role.result, role.on, role.reason, role.aid_types, role.checker_role)
    return tuple(str(name) for name in named if name is not None)


def header_of(contract: Contract, column: str) -> str:
    """The word above a column on the form: the first that the contract knows for it."""
    return contract.column(column).aliases[0]


def read_returned(
    path: Path, contract: Contract, codes: Mapping[str, CodeList], as_of: date
) -> Returned | None:
    """The returned order at ``path``, judged; None where the workbook is not one of ours."""
    role = role_of(contract)
    if role is None:
        return None
    book = fastexcel.read_excel(path)
    form = _form(book)
    if form is None:
        return None
    sheets = {name: _grid(book, name) for name in book.sheet_names if name != HIDDEN_SHEET}
    sheet, at, places = _heading(contract, sheets)
    if at is None:
        return Returned(form, sheet, None, sheets.get(sheet, ()))
    return Returned(
        form, sheet, at, sheets[sheet], places,
        _judged(form, sheets[sheet], at, places, contract, codes, as_of),
    )  # fmt: skip


def _form(book: fastexcel.ExcelReader) -> OrderForm | None:
    if HIDDEN_SHEET not in book.sheet_names:
        return None
    said = {str(row[0]): str(row[1]) for row in _grid(book, HIDDEN_SHEET) if len(row) > 1}
    if said.get("mark") != MARK:
        return None
    try:
        night = date.fromisoformat(said["night"][:10])
        cases = {int(float(key)): case for key, case in said.items() if key[:1].isdigit()}
        return OrderForm(said["order_id"], said["audience"], said["region_code"], night, cases)
    except (KeyError, ValueError):
        return None


def _grid(book: fastexcel.ExcelReader, sheet: str) -> tuple[tuple[str | None, ...], ...]:
    frame = book.load_sheet(sheet, header_row=None, dtypes="string").to_polars()
    return tuple(frame.iter_rows())


def _heading(
    contract: Contract, sheets: Mapping[str, Sequence[Sequence[str | None]]]
) -> tuple[str, int | None, dict[str, int]]:
    """Sheet, row and places of the columns: where most of the form's words stand."""
    best: tuple[int, str, int | None, dict[str, int]] = (0, next(iter(sheets), ""), None, {})
    for name, cells in sheets.items():
        for at, row in enumerate(cells[:HEADER_WITHIN]):
            matched = match_headers(contract, row)
            places = {column.name: position for position, column in matched.columns.items()}
            for position, text in enumerate(row):
                if (text or "").strip() == SEQUENCE:
                    places[SEQUENCE] = position
            if len(places) > best[0]:
                best = (len(places), name, at, places)
    return best[1], best[2], best[3]


def _judged(
    form: OrderForm,
    cells: Sequence[Sequence[str | None]],
    at: int,
    places: Mapping[str, int],
    contract: Contract,
    codes: Mapping[str, CodeList],
    as_of: date,
) -> tuple[Answer, ...]:
    role = role_of(contract)
    assert role is not None
    known = set(form.cases.values())
    written = []
    for position in range(at + 1, len(cells)):
        row = cells[position]
        texts = {
            name: _text(row[places[name]]) if name in places else None
            for name in answer_columns(contract)
        }
        if not any(texts.values()):
            continue
        case, mistakes = _case_of(form, row, places, role.case, known)
        written.append(Answer(position, position - at, case, texts, tuple(mistakes)))
    if not written:
        return ()
    frame = pl.DataFrame([dict(a.texts) for a in written],
                         schema=dict.fromkeys(answer_columns(contract), pl.String))  # fmt: skip
    days = standardise(frame, contract, codes).frame.get_column(role.on).to_list()
    words = codes[contract.column(role.result).codes or ""]
    judged = [
        _with(answer, role, [*_result(answer.texts[role.result], words, role),
                             *_day(answer.texts[role.on], day, as_of, role)])
        for answer, day in zip(written, days, strict=True)
    ]  # fmt: skip
    return _doubles(judged, words, role)


def _text(cell: str | None) -> str | None:
    return (cell or "").strip() or None


def _case_of(
    form: OrderForm, row: Sequence[str | None], places: Mapping[str, int], column: str,
    known: set[str],
) -> tuple[str | None, list[tuple[str, str]]]:  # fmt: skip
    """The case of a row: by its hidden id, else by its sequence number; both must agree."""
    written = _text(row[places[column]]) if column in places else None
    number = _text(row[places[SEQUENCE]]) if SEQUENCE in places else None
    try:
        by_number = form.cases.get(int(float(number))) if number else None
    except ValueError:
        by_number = None
    if written is None:
        return (by_number, []) if by_number else (None, [(column, NO_CASE)])
    if written not in known:
        return None, [(column, NOT_THEIRS)]
    if by_number is not None and by_number != written:
        return None, [(column, MIXED_UP)]
    return written, []


def _result(text: str | None, words: CodeList, role: Disposition) -> list[tuple[str, str]]:
    if text is None:
        return [(role.result, MISSING_RESULT)]
    if words.resolve(text) is not None:
        return []
    named = {words.resolve(part) for part in _BETWEEN.split(text) if part} - {None}
    return [(role.result, TWO_RESULTS if len(named) > 1 else UNKNOWN_RESULT)]


def _day(
    text: str | None, day: date | None, as_of: date, role: Disposition
) -> list[tuple[str, str]]:
    if day is None:
        return [(role.on, UNREADABLE_DATE if text else MISSING_DATE)]
    return [(role.on, FUTURE_DATE)] if day > as_of else []


def _with(answer: Answer, role: Disposition, more: Sequence[tuple[str, str]]) -> Answer:
    return Answer(
        answer.at, answer.row_number, answer.case_id, answer.texts, (*answer.mistakes, *more)
    )


def _doubles(answers: Sequence[Answer], words: CodeList, role: Disposition) -> tuple[Answer, ...]:
    """A case that stands twice with different results is a mistake in both rows."""
    results: dict[str, set[str | None]] = defaultdict(set)
    for answer in answers:
        if answer.case_id is not None:
            results[answer.case_id].add(words.resolve(answer.texts[role.result] or ""))
    return tuple(
        _with(answer, role, [(role.result, ANSWERED_TWICE)])
        if answer.case_id is not None and len(results[answer.case_id]) > 1
        else answer
        for answer in answers
    )
