"""Incomes, regions, attributes and the care of minors: the rules of the interface as tables."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.lake.night import Night
from pipelines.population import months_before
from tests.households.tiny_night import BOTH, FIRST, SECOND, Tiny, commit, rows


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    return Tiny(tmp_path, BOTH)


def income(night: Night) -> tuple[object, ...]:
    found = rows(
        night, "population.household", "annual_income income_known income_source income_as_of"
    )
    assert len(found) == 1
    amount, *others = found[0]
    return (None if amount is None else float(amount), *others)


def test_months_before_keeps_to_the_month() -> None:
    assert months_before(date(2026, 11, 20), 18) == date(2025, 5, 20)
    assert months_before(date(2026, 8, 31), 18) == date(2025, 2, 28)
    assert months_before(date(2026, 12, 1), 12) == date(2025, 12, 1)


def test_the_newest_check_is_summed_over_the_members(tiny: Tiny) -> None:
    tiny.family("F1", "a b")
    tiny.certificate("C1", "a", income=9000)
    tiny.checked("K1", "a", "2025-09-01", 100)
    tiny.checked("K2", "a", "2026-01-10", 5000)
    tiny.checked("K2", "b", "2026-01-10", 0)
    tiny.row("intake.quarantine", "civil_affairs/economic_check", "K2|某某||", readmitted_on=FIRST)
    assert income(tiny.night()) == (5000, True, "economic_check", date(2026, 1, 10))


@pytest.mark.parametrize(
    ("checked_on", "amount", "quarantined"),
    [("2025-05-17", 5000, False), ("2026-01-10", None, False), ("2026-01-10", 5000, True)],
)
def test_a_check_that_cannot_be_used_leaves_a_certificate_in_force(
    tiny: Tiny, checked_on: str, amount: float | None, quarantined: bool
) -> None:
    tiny.certificate("C1", "a", income=9000)
    tiny.certificate("C0", "a", start="2020-01-01", end="2022-01-01", income=1)
    tiny.checked("K1", "a", checked_on, amount)
    if quarantined:
        tiny.row("intake.quarantine", "civil_affairs/economic_check", "K1|无名||")
    assert income(tiny.night()) == (9000, True, "certificate", FIRST)


def test_a_check_of_exactly_18_months_still_counts(tiny: Tiny) -> None:
    tiny.people("a")
    tiny.checked("K1", "a", "2025-05-18", 5000)
    assert income(tiny.night())[0] == 5000


def test_an_ended_certificate_counts_only_where_nothing_was_checked(tiny: Tiny) -> None:
    tiny.certificate("C0", "a", start="2024-01-01", end="2026-01-01", income=700)
    night = tiny.night()
    assert income(night)[::2] == (700, "ended_certificate")


def test_an_old_check_and_an_ended_certificate_say_nothing(tiny: Tiny) -> None:
    tiny.certificate("C0", "a", start="2024-01-01", end="2026-01-01", income=700)
    tiny.checked("K1", "a", "2024-01-10", 5000)
    assert income(tiny.night()) == (None, False, None, None)


def test_an_empty_declared_income_is_unknown_and_zero_is_zero(tiny: Tiny) -> None:
    tiny.certificate("C1", "a", income=None)
    tiny.certificate("C0", "a", start="2020-01-01", end="2022-01-01", income=1)
    assert income(tiny.night()) == (None, False, None, None)


def test_zero_declared_is_zero(tiny: Tiny) -> None:
    tiny.certificate("C1", "a", income=0)
    assert income(tiny.night())[:2] == (0, True)


def region(tiny: Tiny, code: str, name: str, level: int, kind: str | None = None) -> None:
    tiny.row(
        "standard.region", "reference/region", code,
        region_code=code, name=name, level=level, urban_rural=kind,
    )  # fmt: skip


def lives(tiny: Tiny, word: str, rank: int, code: str, **values: object) -> None:
    dataset = {2: "rural_affairs/prevention_roster", 3: "medical_insurance/insured_person",
               4: "education/student"}[rank]  # fmt: skip
    tiny.row(
        "standard.mention", dataset, word,
        **({"mention_key": tiny.ref(word, dataset), "suffix": "", "region_code": code,
            "region_rank": rank, "is_current": True} | values),
    )  # fmt: skip


def test_the_first_source_that_reaches_a_village_says_where_one_lives(tiny: Tiny) -> None:
    region(tiny, "371102000000", "东港区", 3)
    region(tiny, "371102001000", "石臼街道", 4)
    region(tiny, "371102001002", "渔港社区居委会", 5, "urban")
    region(tiny, "371102105000", "涛雒镇", 4)
    region(tiny, "371102105203", "小海村", 5, "rural")
    tiny.certificate("C1", "a", region="371102105000")
    lives(tiny, "a", 3, "371102000000", township="石臼", village="渔港社区")
    lives(tiny, "b", 3, "371102000000", township="涛雒镇", village="无此村")
    lives(tiny, "b", 4, "371102000000")
    lives(tiny, "c", 4, "371102000000")
    lives(tiny, "d", 3, "371102105203", is_current=False)
    lives(tiny, "d", 4, "371102000000")
    tiny.people("e")
    night = tiny.night()
    found = rows(night, "population.person_region", "person_id region_code urban_rural reach")
    assert found == [
        ("a", "371102001002", "urban", "village"),
        ("b", "371102105000", None, "township"),
        ("c", "371102000000", None, "county"),
        ("d", "371102000000", None, "county"),
        ("e", "000000000000", None, "none"),
    ]
    assert ("371102105000",) in rows(night, "population.household", "region_code")


def test_a_household_without_certificate_lives_where_its_eldest_does(tiny: Tiny) -> None:
    tiny.family("F1", "old young")
    tiny.person("old", "1950-01-01")
    tiny.person("young", "1990-01-01")
    lives(tiny, "old", 3, "371102105203")
    lives(tiny, "young", 3, "371103105203")
    assert rows(tiny.night(), "population.household", "region_code") == [("371102105203",)]


def test_attributes_of_the_newest_rows(tiny: Tiny) -> None:
    tiny.person("a", "2008-11-19", "2")
    tiny.attribute("a", "disability_level", "三级")
    tiny.attribute("a", "disability_level", "二级", "civil_affairs/assistance_member")
    tiny.attribute("a", "labour_ability", "丧失劳动能力")
    tiny.attribute("a", "former_poor", "true", is_current=False)
    chronic = "medical_insurance/chronic_registration"
    tiny.attribute("a", "chronic_code", "M07803", chronic, valid_from=date(2026, 1, 1))
    tiny.person("b", "2008-11-18")
    tiny.attribute("b", "chronic_code", "M07803", chronic, valid_to=date(2026, 11, 18))
    tiny.attribute("b", "chronic_code", "M03900", chronic)
    tiny.attribute("b", "survival_status", "3")
    tiny.pupil("b")
    names = (
        "person_id age sex present disability_level labour_ability severe_chronic former_poor "
        "is_student stage"
    )
    assert rows(tiny.night(FIRST), "population.person_attribute", names) == [
        ("a", 17, "2", True, "二", "丧失", True, False, False, None),
        ("b", 18, None, False, None, None, False, False, True, "2"),
    ]


def care(night: Night) -> dict[str, tuple[bool, bool]]:
    names = "person_id without_guardian without_parent"
    found = rows(night, "population.minor_care", names)
    return {who: (guardian, parent) for who, guardian, parent in found}


def test_minors_without_guardian_or_parent(tiny: Tiny) -> None:
    for word in ("cared", "grandmas", "orphan", "unnamed", "forsaken", "small"):
        tiny.person(word, "2018-01-01")
    tiny.people("mother father grandma lost")
    tiny.died("father", "2026-01-01")
    tiny.attribute("lost", "survival_status", "4")
    tiny.pupil("cared", "father/父 mother/母")
    tiny.pupil("grandmas", "grandma/祖母 father/父")
    tiny.pupil("orphan", "grandma/祖母", orphan=True)
    tiny.pupil("unnamed")
    tiny.pupil("forsaken", "father/父 lost/母")
    # not on the roll: the household's relations alone tell the parents
    tiny.person("grandpa", "1949-01-01")
    tiny.person("son", "1985-01-01")
    tiny.register("H1", "grandpa/户主 son/子 small/孙女")
    tiny.died("son", "2026-02-01")
    assert care(tiny.night()) == {
        "cared": (False, False),
        "grandmas": (False, True),
        "orphan": (True, True),
        "unnamed": (False, False),
        "forsaken": (True, True),
        "small": (False, True),
    }


def test_a_parent_of_an_earlier_roll_stays_recorded(tmp_path: Path) -> None:
    before = Tiny(tmp_path, BOTH)
    before.person("kid", "2018-01-01")
    before.people("father grandma")
    before.pupil("kid", "father/父 grandma/祖母")
    night = before.night(FIRST)
    assert care(night) == {"kid": (False, False)}
    commit(night)
    after = Tiny(tmp_path, BOTH)
    after.person("kid", "2018-01-01")
    after.people("father grandma")
    after.pupil("kid", "grandma/祖母")
    after.died("father", "2026-11-18")
    assert care(after.night(SECOND)) == {"kid": (False, True)}


def test_a_parent_whom_only_an_older_extract_named_is_found_by_number(tiny: Tiny) -> None:
    tiny.person("kid", "2018-01-01")
    tiny.people("father grandma")
    tiny.pupil("kid", "grandma/祖母")
    tiny.died("father", "2026-01-01")
    night = tiny.night(build=False)
    people = night.frame("linkage.person_identity").with_columns(
        id_number=pl.when(pl.col("person_id") == "father").then(pl.lit("N1"))
    )
    night.write("linkage.person_identity", people)
    named = pl.DataFrame({"person_ref": ["education/student:kid"], "id_number": ["N1"]})
    for room in BOTH:
        for table in room.TABLES:
            if table == "population.roll_parent":
                night.write(table, named)
            else:
                room.build(table, night)
    assert care(night) == {"kid": (False, True)}


def test_everybody_known_is_a_person_once(tiny: Tiny) -> None:
    tiny.family("F1", "a b")
    tiny.links["civil_affairs/assistance_member:a2"] = ("a", "probable", 0.93)
    names = "person_id sources identity_confidence alive"
    assert rows(tiny.night(), "population.person", names) == [
        ("a", ["civil_affairs", "medical_insurance"], 0.93, True),
        ("b", ["medical_insurance"], 1.0, True),
    ]
