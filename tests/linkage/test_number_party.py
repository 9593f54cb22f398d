"""The guard: one number, several people. Deterministic ties only."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from pipelines.linkage.deterministic import entities
from pipelines.linkage.features import featured
from pipelines.linkage.parties import parties

from .town import frame, number, row

PARENT_BORN, CHILD_BORN = date(1985, 3, 4), date(2016, 7, 8)
PARENT, CHILD = number(PARENT_BORN, 1, "1"), number(CHILD_BORN, 2, "2")


def tied(rows: list[dict[str, object]]) -> dict[str, tuple[int, str | None, str | None]]:
    """mention_key → entity, number it owns, number it borrowed."""
    features = featured(frame(rows))
    found = entities(features, parties(features))
    return {
        key: (entity, own, borrowed)
        for key, entity, own, borrowed in found.select(
            "mention_key", "entity_no", "number", "borrowed"
        ).iter_rows()
    }


def insured(key: str, **values: object) -> dict[str, object]:
    return row("medical_insurance/insured_person", f"{key}|390", register_domain="psn_no",
               register_key=key, **values)  # fmt: skip


def test_same_number_and_name_is_one_person() -> None:
    found = tied([
        insured("1", name="王建国", id_number=PARENT, birth_date=PARENT_BORN),
        row("civil_affairs/assistance_payment", "Z1", name="王 建国", id_number=PARENT),
        row("civil_affairs/assistance_payment", "Z2", name="王健国", id_number=PARENT),
    ])  # fmt: skip
    assert len({entity for entity, _, _ in found.values()}) == 1


def test_a_parents_number_on_a_child_is_split_off() -> None:
    found = tied([
        insured("1", name="王建国", id_number=PARENT, birth_date=PARENT_BORN),
        row("education/student", "J1", name="王小雨", id_number=PARENT, birth_date=CHILD_BORN,
            register_domain="student_no", register_key="J1"),
        row("education/student", "J1|guardian1", name="王建国", id_number=PARENT),
    ])  # fmt: skip
    child = found["education/student:J1"]
    parent = found["medical_insurance/insured_person:1|390"]
    assert child[0] != parent[0]
    assert child[1:] == (None, PARENT)
    assert found["education/student:J1|guardian1"][0] == parent[0]
    assert parent[1] == PARENT


def test_a_child_alone_under_a_grown_ups_number_does_not_own_it() -> None:
    found = tied([row("education/student", "J1", name="王小雨", id_number=PARENT,
                      birth_date=CHILD_BORN)])  # fmt: skip
    assert found["education/student:J1"][1] is None


def test_father_and_child_of_like_names_stay_apart() -> None:
    found = tied([
        insured("1", name="王建国", id_number=PARENT, birth_date=PARENT_BORN),
        insured("2", name="王国", id_number=PARENT, birth_date=CHILD_BORN),
    ])  # fmt: skip
    assert len({entity for entity, _, _ in found.values()}) == 2


def test_a_newborn_named_after_its_mother_is_not_the_mother() -> None:
    found = tied([
        insured("1", name="王小丽", id_number=PARENT, birth_date=PARENT_BORN),
        row("civil_affairs/death_record", "D1", name="王小丽之女", id_number=PARENT),
    ])  # fmt: skip
    mother = found["medical_insurance/insured_person:1|390"]
    child = found["civil_affairs/death_record:D1"]
    assert mother[0] != child[0]
    assert (mother[1], child[1:]) == (PARENT, (None, PARENT))


@pytest.mark.parametrize(
    ("one", "other", "parties"),
    [
        ({"sex": "1"}, {"sex": "2"}, 2),
        ({"sex": "1"}, {"sex": "1"}, 1),
        ({"sex": "1"}, {}, 1),
        ({"register_domain": "psn_no", "register_key": "1"},
         {"register_domain": "psn_no", "register_key": "2"}, 2),
        ({"register_domain": "psn_no", "register_key": "1"},
         {"register_domain": "student_no", "register_key": "2"}, 1),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["郑晓雨", "郑晓禾", "郑晓"])
def test_names_alike_under_one_number(
    name: str, one: dict[str, str], other: dict[str, str], parties: int
) -> None:
    """One person written in two ways; not where sexes differ, or where a register holds both."""
    of = {"id_number": CHILD, "birth_date": CHILD_BORN}
    found = tied([
        row("education/student", "A", name="郑晓宇", **of, **one),
        row("civil_affairs/social_service", "B", name=name, **of, **other),
    ])  # fmt: skip
    assert len({entity for entity, _, _ in found.values()}) == parties


def test_a_brothers_number_beside_ones_own() -> None:
    """Twins, and a record with the one's name and birthday under the other's number."""
    own = number(PARENT_BORN, 3, "1")
    rows = [
        insured("1", name="王建国", id_number=PARENT, birth_date=PARENT_BORN),
        row("civil_affairs/assistance_member", "M1", name="王建国", id_number=PARENT),
        row("civil_affairs/death_record", "D1", name="王建军", id_number=PARENT,
            birth_date=PARENT_BORN),
    ]  # fmt: skip
    assert len({entity for entity, _, _ in tied(rows).values()}) == 1
    brother = insured("2", name="王建军", id_number=own, birth_date=PARENT_BORN)
    found = tied([*rows, brother])
    dead = found["civil_affairs/death_record:D1"]
    assert dead[0] != found["medical_insurance/insured_person:1|390"][0]
    assert dead[1:] == (None, PARENT)
    assert found["medical_insurance/insured_person:1|390"][1] == PARENT
    # who is known by two numbers is the owner of both
    found = tied([*rows, insured("3", name="王建国", id_number=own, birth_date=PARENT_BORN)])
    assert len({entity for entity, _, _ in found.values()}) == 2


def test_a_name_between_two_makes_them_no_one_person() -> None:
    """What agrees with the names of both twins joins one of them at most."""
    of = {"id_number": CHILD, "birth_date": CHILD_BORN}
    found = tied([
        insured("1", name="郑晓宇", sex="1", **of),
        insured("2", name="郑晓雨", sex="2", **of),
        row("civil_affairs/social_service", "S1", name="郑小雨", **of),
    ])  # fmt: skip
    assert len({entity for entity, _, _ in found.values()}) == 2


def test_one_key_twice_under_one_name_is_one_person() -> None:
    """A register holds doubles, too; they are joined and reported."""
    found = tied([insured(key, name="郑晓宇", id_number=CHILD) for key in ("1", "2")])
    assert len({entity for entity, _, _ in found.values()}) == 1


def test_a_number_on_two_people_alike_is_nobodys() -> None:
    found = tied([
        insured("1", name="王建国", id_number=PARENT, birth_date=PARENT_BORN),
        insured("2", name="李秀英", id_number=PARENT, birth_date=PARENT_BORN),
        row("civil_affairs/social_service", "S1", id_number=PARENT),
    ])  # fmt: skip
    assert len({entity for entity, _, _ in found.values()}) == 3
    assert {own for _, own, _ in found.values()} == {None}


def test_the_number_in_a_roll_number_is_a_witness() -> None:
    found = tied([
        insured("2", name="王小雨", id_number=CHILD, birth_date=CHILD_BORN),
        row("education/student", f"G{CHILD}", name="王小雨", id_number=PARENT,
            birth_date=CHILD_BORN, register_domain="student_no", register_key=f"G{CHILD}",
            roll_id_number=CHILD),
        insured("1", name="王建国", id_number=PARENT, birth_date=PARENT_BORN),
    ])  # fmt: skip
    pupil = found[f"education/student:G{CHILD}"]
    assert pupil[0] == found["medical_insurance/insured_person:2|390"][0]
    assert pupil[0] != found["medical_insurance/insured_person:1|390"][0]


def test_two_insurances_under_one_key_are_one_person() -> None:
    found = tied([
        insured("1", name="王建国"),
        row("medical_insurance/insured_person", "1|310", name="王建国", register_domain="psn_no",
            register_key="1"),
    ])  # fmt: skip
    assert len({entity for entity, _, _ in found.values()}) == 1


def test_a_missing_name_goes_with_the_owner() -> None:
    found = tied([
        insured("1", name="王建国", id_number=PARENT, birth_date=PARENT_BORN),
        insured("2", name="王小雨", id_number=PARENT, birth_date=CHILD_BORN),
        row("civil_affairs/social_service", "S1", id_number=PARENT),
    ])  # fmt: skip
    assert (
        found["civil_affairs/social_service:S1"][0]
        == (found["medical_insurance/insured_person:1|390"][0])
    )


def test_order_of_rows_plays_no_part() -> None:
    rows = [
        insured(str(n), name=name, id_number=PARENT, birth_date=PARENT_BORN)
        for n, name in enumerate(("王建国", "王健国", "李秀英", "王国"))
    ]
    assert tied(rows) == tied(rows[::-1])
    assert isinstance(frame(rows), pl.DataFrame)
