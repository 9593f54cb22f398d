"""A household's list gives its rows no key: a corrected number is the same row all the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.lake.home import Home
from pipelines.linkage import judgements

from . import nights
from .town import AS_OF, frame, number, row

BORN = date(1972, 6, 5)
WRONG, RIGHT, OTHER = (number(BORN, sequence, "1") for sequence in (11, 12, 13))
Row = dict[str, Any]


def member(text: str | None, name: str = "戴宗元", *, household: str = "C1", **more: Any) -> Row:
    return row(
        "civil_affairs/assistance_member", f"{household}|{text or ''}|{name}", id_number=text,
        name=name, group_keys=[f"certificate:{household}"], **more,
    )  # fmt: skip


def insured(text: str, name: str = "戴宗元") -> Row:
    return row("medical_insurance/insured_person", "K1|390", register_domain="psn_no",
               register_key="K1", id_number=text, name=name, birth_date=BORN)  # fmt: skip


WIFE = row("civil_affairs/assistance_member", "C1||孟秀", name="孟秀",
           group_keys=["certificate:C1"])  # fmt: skip


def persons(root: Path, day: int, rows: list[Row]) -> dict[str, str]:
    """Who each record is on a night, which is then committed."""
    made = nights.linked(nights.night(root, AS_OF + timedelta(days=day), frame([WIFE, *rows])))
    found = nights.persons(made)
    nights.commit(made)
    return found


def key(one: Row) -> str:
    return str(one["mention_key"])


def test_a_corrected_number_leaves_the_person_as_it_was(tmp_path: Path) -> None:
    """One id before, one after: nobody is left behind under the number that was wrong."""
    first = persons(tmp_path, 0, [member(WRONG)])
    old = member(WRONG, is_current=False)
    second = persons(tmp_path, 1, [old, member(RIGHT), insured(RIGHT)])
    ids = {second[key(one)] for one in (old, member(RIGHT), insured(RIGHT))}
    assert ids == {first[key(member(WRONG))]}
    assert persons(tmp_path, 2, [old, member(RIGHT), insured(RIGHT)]) == second


def test_the_number_that_is_gone_is_nobodys(tmp_path: Path) -> None:
    rows = [member(WRONG, is_current=False), member(RIGHT)]
    made = nights.linked(nights.night(tmp_path, AS_OF, frame(rows)))
    shown = made.frame("linkage.mention_entity", ["number", "borrowed"])
    assert shown["number"].drop_nulls().to_list() == [RIGHT]
    assert shown["borrowed"].drop_nulls().to_list() == []
    assert made.frame("linkage.person_identity")["id_number"].to_list() == [RIGHT]
    made.close()


@pytest.mark.parametrize(
    "rows",
    [
        [member(WRONG, is_current=False), member(RIGHT, household="C2")],
        [member(WRONG, is_current=False), member(RIGHT, name="戴宗文")],
        [member(WRONG, is_current=False), member(RIGHT), member(OTHER)],
        [member(WRONG), member(RIGHT)],
        [member(WRONG, is_current=False), member(RIGHT), insured(WRONG)],
    ],
    ids=["another household", "another name", "two of the name", "both stand", "somebody's own"],
)
def test_two_who_are_not_one_row(rows: list[Row], tmp_path: Path) -> None:
    found = persons(tmp_path, 0, rows)
    assert found[key(rows[0])] != found[key(rows[1])]


def test_it_follows_what_comes_and_goes(tmp_path: Path) -> None:
    """The number that was wrong turns out to be somebody's; another of the name comes; both leave
    again. Each night gives what making everything would."""
    gone, stands = member(WRONG, is_current=False), member(RIGHT)
    steps = [
        ([member(WRONG)], None),
        ([gone, stands], True),
        ([gone, stands, insured(WRONG)], False),
        ([gone, stands], True),
        ([gone, stands, member(OTHER)], False),
        ([gone, stands], True),
    ]
    for day, (rows, is_one) in enumerate(steps):
        found = persons(tmp_path, day, rows)
        assert is_one in (None, found[key(gone)] == found.get(key(stands))), day
        anew = nights.night(tmp_path, AS_OF + timedelta(days=day), frame([WIFE, *rows]))
        anew.rebuild = True
        assert nights.persons(nights.linked(anew)) == found, day
        anew.close()


def test_a_judgement_of_the_old_row_holds_for_the_new_one(tmp_path: Path) -> None:
    known = insured(OTHER, name="戴宗圆")
    judged = judgements.judgement(
        key(member(None)),
        key(known),
        judgements.SAME,
        "某人",
        datetime(2026, 11, 18, 8, tzinfo=UTC),
    )
    judgements.record(Home(tmp_path).create(), [judged])
    first = persons(tmp_path, 0, [member(None), known])
    assert first[key(member(None))] == first[key(known)]
    rows = [member(None, is_current=False), member(RIGHT), known]
    second = persons(tmp_path, 1, rows)
    assert {second[key(one)] for one in rows} == {first[key(known)]}
