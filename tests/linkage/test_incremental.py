"""The next night: a delta makes again only what it touches, and gives what a new start would."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines import linkage
from pipelines.lake.home import Home
from pipelines.lake.night import Night
from pipelines.linkage import delta, delta_references, probabilistic
from pipelines.linkage.model import Model
from pipelines.settings import SCHEMAS, Settings

from . import nights, town
from .test_room import grouping
from .town import AS_OF, build, frame

NEXT, LATER = AS_OF + timedelta(days=1), AS_OF + timedelta(days=2)
Row = dict[str, Any]
BASE: list[Row] = build(200, seed=21, dirt=3.0).mentions
FRESH: list[Row] = build(240, seed=22, dirt=3.0).mentions
#: numbers of nobody in town
OTHERS = [town.number(date(1901, 2, day), 7, "1") for day in (3, 4)]


#: numbers that a list may give, one of them somebody's own
GIVEN = [*OTHERS, next(row["id_number"] for row in BASE if row["id_status"] == "valid"), None]
#: places of rows in a household's list
LISTED = [place for place, row in enumerate(BASE) if row["dataset"] == "assistance_member"]
#: places of the second and third persons of a row, and what of them is others' once they change
SECOND = [place for place, row in enumerate(BASE) if row["suffix"]]
PERSON = ("name", "id_number", "id_status", "birth_date", "sex", "phone")


def under(row: Row, number: str | None) -> Row:
    """The row as a list shows it under another number, which is part of its key."""
    key = f"{row['record_key']}|{number or ''}"
    return {
        **row, "id_number": number, "id_status": "valid" if number else "missing",
        "record_key": key, "mention_key": f"{row['source']}/{row['dataset']}:{key}",
    }  # fmt: skip


def settlements(rows: list[Row], deliveries: int) -> pl.DataFrame:
    """Settlements of who is insured, of a key that nobody may hold, and under another's number. A
    delivery never changes; a record may stand in two of them."""
    held = [row for row in rows if row["register_domain"] == "psn_no"]
    made = []
    for place, row in enumerate(held):
        key = row["register_key"] if place % 5 else f"{row['register_key']}9"
        number = (held[place * 3 % len(held)] if place % 3 == 0 else row)["id_number"]
        status, delivery = "valid" if number else "missing", f"d{place % 4}"
        made.append(("", f"Z{place // 2}", f"psn_no:{key}", key, number, status, row["name"],
                     delivery, place, AS_OF))  # fmt: skip
    frame_ = pl.DataFrame(made, nights.SPENDING, orient="row")
    return frame_.filter(pl.col("delivery_id") < f"d{deliveries}")


def pupils(rows: list[Row], turn: int) -> list[str]:
    """Who is on a school roll: others each night."""
    return [row["mention_key"] for place, row in enumerate(rows) if (place + turn) % 9 == 0]


def told(root: Path, as_of: date, rows: list[Row], turn: int | None = None) -> Night:
    """A night with rows, and with pupils and settlements that turn from night to night."""
    turn = (as_of - AS_OF).days if turn is None else turn
    return nights.night(
        root, as_of, frame(rows), pupils(rows, turn), settlement=settlements(BASE, turn + 2)
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("home")
    nights.commit(nights.linked(told(root, AS_OF, BASE)))
    return root


def linked_next(home: Path, rows: list[Row], compared: list[int] | None = None) -> Night:
    """The night after, in a HOME whose first night is committed; `compared` takes how many profiles
    were looked at again."""
    whole = probabilistic.scored_pairs

    def counted(chosen: pl.DataFrame, *given: Any) -> pl.DataFrame:
        if compared is not None:
            compared.append(chosen.height if given[-1] is None else given[-1].len())
        return whole(chosen, *given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probabilistic, "scored_pairs", counted)
        return nights.linked(told(home, NEXT, rows, turn=0))


def everything(made: Night) -> dict[str, str]:
    """What each table of the room holds. A profile may stay that a new start would not make."""
    return {
        name: pointer.content
        for name in linkage.TABLES
        if name != "linkage.profile" and (pointer := made.pointer(name)) is not None
    }


@st.composite
def deltas(draw: st.DrawFn) -> list[Row]:
    """BASE with some rows gone, some corrected, some new."""
    places = st.integers(0, len(BASE) - 1)
    gone = draw(st.sets(places, max_size=6))
    corrected = draw(st.dictionaries(
        places, st.sampled_from(["name", "id_number", "phone", "birth_date", "group_keys"]),
        max_size=8,
    ))  # fmt: skip
    fresh = draw(st.sets(st.integers(0, len(FRESH) - 1), max_size=8))
    renumbered = draw(st.sets(st.sampled_from(LISTED), max_size=4))
    handed_on = draw(st.dictionaries(st.sampled_from(SECOND), places, max_size=4))
    rows = []
    for place, row in enumerate(BASE):
        if place in gone:
            continue
        if place in handed_on:
            row = row | {column: BASE[handed_on[place]][column] for column in PERSON}
        column = corrected.get(place)
        if column:
            other = BASE[(place * 7 + 3) % len(BASE)]
            row = {**row, column: other[column]}
            if column == "id_number":
                row["id_status"] = other["id_status"]
        if place in renumbered:
            rows += [{**row, "is_current": False}, under(row, draw(st.sampled_from(GIVEN)))]
            continue
        rows.append(row)
    keys = {row["mention_key"] for row in rows}
    return rows + [FRESH[n] for n in sorted(fresh) if FRESH[n]["mention_key"] not in keys]


def test_a_number_becomes_somebodys_and_is_nobodys_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A settlement under a key and under another's number is looked at again on the night on which
    that number becomes somebody's, and on which it ceases to be; not where one bearer follows
    another."""
    asked: list[int] = []
    whole = delta_references._came_or_went

    def came_or_went(*given: Any) -> pl.Series:
        found = whole(*given)
        asked.append(found.len())
        return found

    monkeypatch.setattr(delta_references, "_came_or_went", came_or_went)
    held = {"register_domain": "psn_no", "register_key": "K1", "name": "王伟"}
    holder = town.row("medical_insurance/insured_person", "K1", id_number=OTHERS[0], **held)
    bearers = [
        town.row("civil_affairs/assistance_member", key, id_number=OTHERS[1], name="李芳")
        for key in ("M1", "M2")
    ]
    paid = pl.DataFrame(
        [("", "Z", "psn_no:K1", "K1", OTHERS[1], "valid", "李芳", "d0", 0, AS_OF)],
        nights.SPENDING, orient="row",
    )  # fmt: skip
    steps = [([], False, None), (bearers[:1], True, 1), (bearers[1:], True, 0), ([], False, 1)]
    for place, (others, is_told, numbers) in enumerate(steps):
        asked.clear()
        made = nights.night(
            tmp_path, AS_OF + timedelta(days=place), frame([*BASE, holder, *others]),
            settlement=paid,
        )  # fmt: skip
        linkage.build("linkage.judgement", made)
        linkage.build("linkage.reference_mention", made)
        found = made.frame("linkage.reference_mention", ["record_key", "reason"]).rows()
        assert found == ([("Z", "own_number")] if is_told else [])
        assert asked == ([] if numbers is None else [numbers])
        nights.commit(made)


def test_how_settlements_are_read_is_what_references_rest_on(tmp_path: Path) -> None:
    """A contract that takes a number from another column is a reason to look at all of them."""
    schemas = tmp_path / "schemas"
    shutil.copytree(SCHEMAS, schemas)
    rests = []
    for before, after in (("", ""), ("            id_number: id_number\n", "")):
        path = schemas / "sources" / "medical_insurance" / "settlement.odcs.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(before, after), encoding="utf-8")
        made = Night(
            Home(tmp_path).create(), AS_OF, Settings(home=tmp_path, schemas=schemas, threads=2)
        )
        rests.append(delta_references.rests_on(made))
        made.close()
    (tables, values), (same_tables, others) = rests
    assert tables == same_tables
    assert {name for name in values if values[name] != others[name]} == {"read"}


@pytest.mark.long
@settings(
    max_examples=2, suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],  # a failing delta is small enough as it is
)  # fmt: skip
@given(first=deltas(), second=deltas())
def test_deltas_give_what_making_everything_gives(
    home: Path, first: list[Row], second: list[Row], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Two nights that follow their deltas, however much these touch; then the second made anew on
    the same ledger of ids: every table is the same, and so are the groups in a HOME of its own."""
    root = tmp_path_factory.mktemp("nights") / "home"
    shutil.copytree(home, root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delta, "LARGEST_SHARE", 10.0)
        nights.commit(nights.linked(told(root, NEXT, first)))
        followed = nights.linked(told(root, LATER, second))
    found, persons = everything(followed), nights.persons(followed)
    followed.close()
    anew = told(root, LATER, second)
    anew.rebuild = True
    assert everything(nights.linked(anew)) == found
    anew.close()
    scratch = nights.linked(told(tmp_path_factory.mktemp("scratch"), LATER, second))
    assert grouping(nights.persons(scratch)) == grouping(persons)
    scratch.close()


def test_who_stays_alone_is_touched(home: Path) -> None:
    """The one record of a person leaves; the other, which was joined to it, is now single."""
    persons: dict[str, list[str]] = {}
    with_links = linked_next(home, BASE)
    methods = dict(with_links.query(
        "select mention_key, method from linkage.mention_link"
    ).iter_rows())  # fmt: skip
    for key, person in nights.persons(with_links).items():
        persons.setdefault(person, []).append(key)
    with_links.close()
    gone, stays = next(
        pair
        for keys in persons.values() if len(keys) == 2
        for pair in (tuple(keys), tuple(reversed(keys)))
        if methods[pair[1]] == "probable"
    )  # fmt: skip
    night = linked_next(home, [row for row in BASE if row["mention_key"] != gone])
    try:
        left = night.query(
            "select method from linkage.mention_link where mention_key = $key", {"key": stays}
        )
        assert left["method"].to_list() == ["single"]
    finally:
        night.close()


def test_a_small_delta_compares_little(home: Path) -> None:
    """Somebody comes, somebody goes, a telephone changes; whether frequencies and the size of the
    city move to another step, so that all are compared, is a question of chance elsewhere."""
    corrected = {**BASE[3], "phone": BASE[40]["phone"]}
    compared: list[int] = []
    night = linked_next(home, [*BASE[:3], corrected, *BASE[4:-1]], compared)
    try:
        everyone = night.frame("linkage.profile", ["entity_no"]).height
        assert 0 < sum(compared) < everyone / 4
        for table in ("mention_feature", "mention_entity", "entity", "person_identity"):
            pointer = night.pointer(f"linkage.{table}")
            assert pointer is not None and pointer.patch is not None, table
    finally:
        night.close()


@pytest.fixture
def unchanged(home: Path) -> Iterator[tuple[Night, list[int]]]:
    compared: list[int] = []
    newer = [{**row, "extract_date": NEXT} for row in reversed(BASE)]
    night = linked_next(home, newer, compared)
    yield night, compared
    night.close()


def test_a_register_delivered_again_unchanged_is_not_linked_again(
    unchanged: tuple[Night, list[int]], home: Path
) -> None:
    night, compared = unchanged
    assert sum(compared) == 0
    before = dict(night.query(
        "select mention_key, person_id from prev_linkage.mention_link"
    ).iter_rows())  # fmt: skip
    assert nights.persons(night) == before


def test_a_birthday_that_too_many_have_tells_nothing(tmp_path: Path) -> None:
    """A register begins to write one day where it knows none: whoever was born on it is compared
    anew without it, as if everything were made anew; the next night it tells again."""
    day = next(row["birth_date"] for row in BASE if row["id_number"] is None and row["birth_date"])
    flooded = [{**row, "birth_date": day} if row["id_number"] is None else row for row in BASE]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Model, "largest_birthday", lambda self, entities: 6.0)
        patch.setattr(delta, "LARGEST_SHARE", 10.0)
        for as_of, rows in ((AS_OF, BASE), (NEXT, flooded), (LATER, BASE)):
            night = nights.linked(told(tmp_path, as_of, rows))
            told_by = night.query(
                "select count(*) as born, count(birth_text) as telling from linkage.profile "
                "where is_open and list_contains(births, $day)",
                {"day": day},
            ).row(0)
            assert told_by[1] == (0 if as_of == NEXT else told_by[0]), as_of
            found = everything(night)
            nights.commit(night)
            if as_of == NEXT:
                assert told_by[0] > 6
        again = told(tmp_path, LATER, BASE)
        again.rebuild = True
        assert everything(nights.linked(again)) == found
        again.close()
