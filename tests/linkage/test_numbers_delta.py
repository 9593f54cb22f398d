"""The next night: what damaged and rounded numbers are taken for follows what changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines import linkage
from pipelines.lake.night import Night
from pipelines.linkage import repair

from . import nights, town
from .town import AS_OF, frame

Row = dict[str, Any]
BASE: list[Row] = town.build(60, seed=21).mentions
BORN = date(1961, 5, 17)
#: ends in 000 and is valid: somebody's own, or one that a spreadsheet has rounded
ROUND = next(
    found
    for day in range(400)
    if (found := town.number(date(1950, 1, 1) + timedelta(days=day), 50, "2")).endswith("000")
)


def following(root: Path, steps: Iterable[list[Row]]) -> Iterable[Night]:
    """Nights up to the repair of numbers, on which these rows came beside BASE. Each must hold what
    making it anew gives."""
    tables = linkage.TABLES[: linkage.TABLES.index("linkage.number_repair") + 1]
    for place, rows in enumerate(steps):
        as_of = AS_OF + timedelta(days=place)
        made = _made(root, as_of, rows, tables)
        found = {table: made.content(table) for table in tables}
        yield made
        nights.commit(made)
        anew = _made(root, as_of, rows, tables, rebuild=True)
        assert {table: anew.content(table) for table in tables} == found
        anew.close()


def _made(
    root: Path, as_of: date, rows: list[Row], tables: Iterable[str], *, rebuild: bool = False
) -> Night:
    made = nights.night(root, as_of, frame([*BASE, *rows]))
    made.rebuild = rebuild
    for table in tables:
        linkage.build(table, made)
    return made


def insured(key: str, **values: object) -> Row:
    return town.row(
        "medical_insurance/insured_person", key, register_domain="psn_no", register_key=key,
        **values,
    )  # fmt: skip


def test_damaged_and_rounded_numbers_follow_what_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged number is repaired while one person fits. A number that looks rounded is somebody's
    own while several datasets show it: whoever else shows it is judged again on the night on which
    that changes."""
    own = town.number(BORN, 7, "1")
    wrong = own[:15] + str((int(own[15]) + 1) % 10) + own[16:]
    like = wrong[:15] + str((int(wrong[15]) + 1) % 10) + wrong[16:]
    alike = {"name": "林建国", "birth_date": BORN}
    dead = town.row(
        "civil_affairs/death_record", "D", id_number=wrong, id_status="invalid", **alike
    )
    one, other = insured("A", id_number=own, **alike), insured("B", id_number=like, **alike)
    renamed = {**one, "name": "陈立新"}
    shown = {"id_number": ROUND, "name": "林秀英"}
    known, twice = insured("C", **shown), insured("E", **shown)
    called = {**twice, "phone": "13900000001"}
    member = town.row("civil_affairs/assistance_member", "M", **shown)
    steps: list[tuple[list[Row], str | None, list[Row], bool]] = [
        ([dead], None, [known], False),
        ([dead, one], own, [known, twice], False),
        ([dead, one, other], None, [known, called], False),
        ([dead, other], like, [known, called, member], True),
        ([dead, renamed, other], like, [known, twice, member], True),
        ([one, other], None, [known, twice], False),
    ]
    followed: list[bool] = []
    whole = repair.repairs_since

    def since(night: Night) -> pl.DataFrame | None:
        found = whole(night)
        followed.append(found is not None)
        return found

    monkeypatch.setattr(repair, "repairs_since", since)
    made = following(tmp_path, ([*damaged, *rounded] for damaged, _, rounded, _ in steps))
    for night, (_, mended, rounded, is_own) in zip(made, steps, strict=True):
        repaired = night.frame("linkage.number_repair")["number"]
        assert repaired.filter(repaired.is_in([own, like])).to_list() == [mended] * bool(mended)
        features = night.frame("linkage.mention_feature", ["mention_key", "number"])
        asked = pl.DataFrame({"mention_key": [row["mention_key"] for row in rounded]})
        numbers = features.join(asked, on="mention_key")["number"].to_list()
        assert numbers == [ROUND if is_own else None] * len(rounded)
    assert followed == [True] * (len(steps) - 1), "all nights but the first follow what changed"


def test_a_number_beside_another_of_the_same_front_follows_who_shows_it(tmp_path: Path) -> None:
    """One name under a brother's number is that brother's, until it has a number of its own."""
    his, own = (town.number(BORN, sequence, "1") for sequence in (21, 22))
    known = [
        insured("E1", id_number=his, name="欧阳建国", birth_date=BORN),
        town.row("civil_affairs/assistance_member", "E2", id_number=his, name="欧阳建国"),
        town.row("civil_affairs/death_record", "E3", id_number=his, name="欧阳建军",
                 birth_date=BORN),
    ]  # fmt: skip
    brother = insured("E4", id_number=own, name="欧阳建军", birth_date=BORN)
    renamed = {**brother, "name": "欧阳建民"}
    damaged = {**brother, "id_number": own[:-1] + "?", "id_status": "invalid"}
    steps = [known, [*known, brother], [*known, renamed], [*known, brother], [*known, damaged]]
    parties = []
    for made in following(tmp_path, steps):
        parties.append(made.query(
            "select max(parties) as parties from linkage.number_party where number = $his",
            {"his": his},
        ).item())  # fmt: skip
    assert parties == [1, 2, 1, 2, 1]
