"""A record whose key stays while it names somebody else: another head, another guardian."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.linkage import reassigned

from . import nights
from .town import AS_OF, build, frame, number, row

HE, SHE, THIRD = (number(date(1955, month, 5), month, sex) for month, sex in
                  ((3, "1"), (7, "2"), (9, "1")))  # fmt: skip
HEAD, GUARDIAN = "civil_affairs/assistance_household:C1|head", "education/student:S1|guardian1"
Row = dict[str, Any]


def head(text: str | None, name: str) -> Row:
    return row("civil_affairs/assistance_household", "C1|head", id_number=text, name=name)


def guardian(text: str | None, name: str) -> Row:
    return row("education/student", "S1|guardian1", id_number=text, name=name)


def member(text: str, name: str, **more: Any) -> Row:
    return row("civil_affairs/assistance_member", f"C1|{text}|{name}", id_number=text, name=name,
               group_keys=["certificate:C1"], **more)  # fmt: skip


HUSBAND, WIFE = member(HE, "赵贵福"), member(SHE, "郑玉兰")
GONE = member(HE, "赵贵福", is_current=False)
#: others of the city, so that a night's delta is little of it
CITY = build(60).mentions
Found = tuple[dict[str, str], list[tuple[str, str, str]]]


def night(root: Path, day: int, rows: list[Row]) -> Found:
    """Who each record is, and the changes of ids tonight; as a delta, and the same from scratch."""
    scratch = root.with_name(f"{root.name}-scratch-{day}")
    if root.exists():
        shutil.copytree(root, scratch, symlinks=True)
    found = []
    for home, rebuild in ((root, False), (scratch, True)):
        made = nights.night(home, AS_OF + timedelta(days=day), frame([*CITY, *rows]))
        made.rebuild = rebuild
        nights.linked(made)
        changes = made.frame("linkage.person_id_change").filter(as_of=made.as_of)
        found.append((nights.persons(made), changes.select("old_id", "new_id", "change").rows()))
        nights.commit(made)
    delta, whole = found
    if day:
        assert delta == whole
    return delta


def key(one: Row) -> str:
    return str(one["mention_key"])


def test_who_becomes_head_keeps_the_own_id_and_so_does_who_was(tmp_path: Path) -> None:
    first, _ = night(tmp_path / "h", 0, [HUSBAND, WIFE, head(HE, "赵贵福")])
    he, she = first[key(HUSBAND)], first[key(WIFE)]
    assert he != she and first[HEAD] == he
    second, changes = night(tmp_path / "h", 1, [GONE, WIFE, head(SHE, "郑玉兰")])
    assert (second[key(GONE)], second[key(WIFE)], second[HEAD]) == (he, she, she)
    assert changes == []
    assert night(tmp_path / "h", 2, [GONE, WIFE, head(SHE, "郑玉兰")]) == (second, [])


def test_a_guardian_by_name_alone_hands_on_no_id(tmp_path: Path) -> None:
    """Nor does a third person ever get the id of the first."""
    ids = []
    for day, name in enumerate(("金长江", "魏秀梅", "黄有德")):
        found, changes = night(tmp_path / "h", day, [guardian(None, name)])
        ids.append(found[GUARDIAN])
        assert changes == []
    assert len(set(ids)) == 3


def test_a_guardian_who_is_known_by_another_record_keeps_the_id(tmp_path: Path) -> None:
    mother = row("medical_insurance/insured_person", "K1|390", register_domain="psn_no",
                 register_key="K1", id_number=SHE, name="魏秀梅")  # fmt: skip
    first, _ = night(tmp_path / "h", 0, [guardian(HE, "金长江"), mother])
    second, changes = night(tmp_path / "h", 1, [guardian(SHE, "魏秀梅"), mother])
    assert second[GUARDIAN] == second[key(mother)] == first[key(mother)] != first[GUARDIAN]
    assert changes == []


def test_a_corrected_record_is_the_same_persons(tmp_path: Path) -> None:
    first, _ = night(tmp_path / "h", 0, [head(HE, "赵贵福")])
    second, changes = night(tmp_path / "h", 1, [head(THIRD, "赵桂福")])
    assert second[HEAD] == first[HEAD] and changes == []


@pytest.mark.parametrize(
    ("text", "name", "is_other"),
    [
        (HE, "赵贵福", False),
        (HE, "钱有财", False),
        (None, "赵桂福", False),
        (THIRD, "赵桂福", False),
        (THIRD, "赵福", False),
        (None, "赵贵山", False),
        (THIRD, "赵贵山", True),
        (None, "钱有财", True),
        (THIRD, "钱有财", True),
        (THIRD, None, False),
    ],
)
def test_who_is_somebody_else(text: str | None, name: str | None, is_other: bool) -> None:
    """One character may be a slip of the pen, but not beside another number."""
    columns = dict.fromkeys(reassigned.COLUMNS, pl.String) | {"mention_no": pl.Int64}
    was, now = (
        pl.DataFrame([(1, HEAD, "head", said, said, shown)], columns, orient="row")
        for shown, said in ((HE, "赵贵福"), (text, name))
    )
    assert (reassigned.names_another(was, now).height == 1) == is_other
