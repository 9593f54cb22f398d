"""Who lives with whom: the rules of the interface as small tables."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.lake.night import Night
from tests.households.tiny_night import FIRST, SECOND, THIRD, Tiny, commit, grouping, rows

FOURTH = THIRD + timedelta(days=1)


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    return Tiny(tmp_path)


def evidence(night: object) -> list[tuple[object, ...]]:
    return rows(night, "households.household_base", "composition_evidence size")  # type: ignore[arg-type]


def homes(night: Night) -> dict[str, str]:
    """The household of each person."""
    return dict(rows(night, "households.member", "person_id household_id"))


def two_couples(root: Path) -> dict[str, str]:
    """The households of a first night, which is committed."""
    tiny = Tiny(root)
    tiny.family("F1", "a b")
    tiny.family("F2", "c d")
    night = tiny.night(FIRST)
    found = homes(night)
    commit(night)
    return found


def test_groups_that_share_a_member_are_one_household(tiny: Tiny) -> None:
    tiny.family("F1", "a b")
    tiny.certificate("C1", "b c")
    tiny.people("d")
    night = tiny.night()
    assert grouping(night) == ["a b c", "d"]
    assert evidence(night) == [("alone", 1), ("certificate", 3)]


def test_a_certificate_for_one_member_does_not_cut_the_member_off(tiny: Tiny) -> None:
    tiny.family("F1", "a b c", address="东港区甲村1号")
    tiny.certificate("C1", "c", tier="特困", address="东港区乙村2号", since="2026-01-10")
    assert grouping(tiny.night()) == ["a b c"]


def test_of_two_families_only_the_shared_person_moves_to_the_later(tiny: Tiny) -> None:
    tiny.family("F1", "a b c")
    tiny.family("F2", "c d", since="2026-03-10")
    night = tiny.night()
    assert grouping(night) == ["a b", "c d"]
    assert rows(night, "households.set_aside", "person_id group_key kept_group_key reason") == [
        ("c", "family:F1", "family:F2", "different_family_number")
    ]


def test_different_addresses_part_but_one_that_contains_the_other_does_not(tiny: Tiny) -> None:
    tiny.family("F1", "a b c", address="东港区甲村1号")
    tiny.certificate("C1", "c d", address="岚山区乙村2号", since="2026-03-10")
    tiny.family("F3", "e f g", address="日照市东港区 丙村3号")
    tiny.certificate("C3", "g h", address="丙村3号", since="2026-03-10")
    assert grouping(tiny.night()) == ["a b", "c d", "e f g h"]


def test_without_an_address_the_groups_are_one(tiny: Tiny) -> None:
    tiny.family("F1", "a b c", address="东港区甲村1号")
    tiny.certificate("C1", "c d", since="2026-03-10")
    assert grouping(tiny.night()) == ["a b c d"]


def test_an_older_third_group_does_not_tie_the_moved_person_back(tiny: Tiny) -> None:
    tiny.family("F1", "a b c")
    tiny.certificate("C1", "b c")
    tiny.family("F2", "c d", since="2026-03-10")
    night = tiny.night()
    assert grouping(night) == ["a b", "c d"]
    assert ("c", "certificate:C1", "follows") in rows(
        night, "households.set_aside", "person_id group_key reason"
    )


def test_a_rival_that_lost_itself_drives_nobody_out(tiny: Tiny) -> None:
    # c is in three families; the newest wins over both, whatever they say of each other
    tiny.family("F1", "a c", since="2025-01-10")
    tiny.family("F2", "b c", since="2025-06-10")
    tiny.family("F3", "c d", since="2026-01-10")
    assert grouping(tiny.night()) == ["a", "b", "c d"]


def test_no_chain_of_families_grows_into_one(tiny: Tiny) -> None:
    for number in range(30):
        words = f"p{number} x{number} p{number + 1}"
        tiny.family(f"F{number}", words, since=f"2026-01-{number + 1:02}")
    night = tiny.night()
    assert max(len(people.split()) for people in grouping(night)) <= 3


def test_an_ended_certificate_keeps_its_household_together(tiny: Tiny) -> None:
    tiny.certificate("C1", "a b c", end="2026-06-01")
    assert grouping(tiny.night()) == ["a b c"]


def test_a_certificate_that_begins_later_joins_nobody_yet(tiny: Tiny) -> None:
    tiny.certificate("C1", "a b", start="2026-12-01")
    assert grouping(tiny.night()) == ["a", "b"]


def test_newer_evidence_parts_the_household_of_an_ended_certificate(tiny: Tiny) -> None:
    tiny.certificate("C1", "a b c", end="2026-06-01")
    tiny.family("F9", "c d", since="2026-08-10")
    assert grouping(tiny.night()) == ["a b", "c d"]


def test_two_newer_groups_part_it_and_a_single_one_within_does_not(tiny: Tiny) -> None:
    tiny.certificate("C1", "a b c d", end="2026-06-01")
    tiny.family("F1", "a b", since="2026-08-10")
    tiny.family("F2", "c d", since="2026-08-10")
    tiny.certificate("C2", "e f g", end="2026-06-01")
    tiny.family("F3", "e f", since="2026-08-10")
    assert grouping(tiny.night()) == ["a b", "c d", "e f g"]


def test_evidence_older_than_the_end_parts_nobody(tiny: Tiny) -> None:
    tiny.certificate("C1", "a b c", end="2026-06-01")
    tiny.family("F9", "c d", since="2026-02-10")
    assert grouping(tiny.night()) == ["a b c d"]


def test_members_who_left_before_the_certificate_ended_are_not_in_its_last_household(
    tiny: Tiny,
) -> None:
    tiny.certificate("C1", "a b", end="2026-06-01")
    tiny.group("certificate", "C1", "c", "civil_affairs/assistance_member", until="2026-03-10")
    assert grouping(tiny.night()) == ["a b", "c"]


def test_a_row_that_left_its_register_groups_nobody(tiny: Tiny) -> None:
    tiny.family("F1", "a b")
    tiny.family("F1", "c", until="2026-03-10")
    assert grouping(tiny.night()) == ["a b", "c"]


def test_a_pupil_lives_with_the_first_guardian_alive_present_and_known(tiny: Tiny) -> None:
    tiny.people("father mother grandma stranger_known")
    tiny.died("father", "2024-05-01")
    tiny.attribute("mother", "survival_status", "4")
    tiny.pupil("kid", "father/父 mother/母 nobody/叔父 grandma/祖母")
    tiny.pupil("brother", "grandma/祖母")
    night = tiny.night()
    assert "brother grandma kid" in grouping(night)
    assert ("guardian", 3) in evidence(night)


def test_a_pupil_in_a_group_stays_there_and_one_alone_in_a_group_does_not(tiny: Tiny) -> None:
    tiny.people("grandma uncle")
    tiny.family("F1", "kid uncle")
    tiny.pupil("kid", "grandma/祖母")
    tiny.certificate("C1", "orphan", tier="特困")
    tiny.pupil("orphan", "grandma/祖母")
    assert grouping(tiny.night()) == ["grandma orphan", "kid uncle"]


def test_the_dead_stay_in_the_household_and_do_not_count(tiny: Tiny) -> None:
    tiny.family("F1", "a b")
    tiny.died("b", "2026-02-01")
    night = tiny.night()
    assert grouping(night) == ["a b"]
    assert evidence(night) == [("family", 1)]


def test_a_dead_member_keeps_no_two_families_apart(tiny: Tiny) -> None:
    tiny.family("F1", "father son")
    tiny.family("F2", "son wife", since="2026-03-10")
    tiny.died("father", "2026-02-01")
    assert grouping(tiny.night()) == ["father son wife"]


def test_the_grouping_does_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    made = []
    for name, order in (("one", 1), ("other", -1)):
        tiny = Tiny(tmp_path / name)
        for number, words in list(enumerate(("a b c", "c d", "d e f", "x y")))[::order]:
            tiny.family(f"F{number}", " ".join(words.split()[::order]))
        tiny.certificate("C1", "f x")
        made.append(grouping(tiny.night()))
    assert made[0] == made[1]


def test_ids_stay_and_a_split_and_a_merge_are_told(tmp_path: Path) -> None:
    before = Tiny(tmp_path)
    before.family("F1", "a b c d")
    before.family("F2", "m n")
    before.people("z")
    night = before.night(FIRST)
    first = homes(night)
    commit(night)
    after = Tiny(tmp_path)
    after.family("F1", "a b c")
    after.family("F3", "d e", since=SECOND)
    after.family("F2", "m n z")
    night = after.night(SECOND)
    second = homes(night)
    assert second["a"] == second["c"] == first["a"]
    assert second["m"] == second["z"] == first["m"]
    assert second["d"] == second["e"] and second["d"] not in first.values()
    assert rows(night, "households.id_change", "kind change old_id new_id") == sorted(
        [
            ("household", "merged", first["z"], first["m"]),
            ("household", "split", first["a"], second["d"]),
        ],
        key=str,
    )


def test_the_canonical_member_who_leaves_does_not_take_the_id_along(tmp_path: Path) -> None:
    before = Tiny(tmp_path)
    before.family("F1", "a b c")
    night = before.night(FIRST)
    first = homes(night)
    commit(night)
    after = Tiny(tmp_path)
    after.people("a")
    after.family("F1", "b c")
    night = after.night(SECOND)
    second = homes(night)
    assert second["b"] == first["b"] and second["a"] != first["a"]


def test_who_is_widowed_keeps_the_id_of_the_household(tmp_path: Path) -> None:
    """Whoever of the two comes first in the order of ids."""
    first = two_couples(tmp_path)
    after = Tiny(tmp_path)
    after.people("a d")
    after.family("F1", "b")
    after.family("F2", "c")
    after.died("a", "2026-11-10")
    after.died("d", "2026-11-10")
    night = after.night(SECOND)
    second = homes(night)
    assert (second["b"], second["c"]) == (first["b"], first["c"])
    assert len(set(second.values())) == 4


@pytest.mark.parametrize("leaves", ["a", "b"])
def test_one_of_two_who_joins_others_leaves_the_id_behind(tmp_path: Path, leaves: str) -> None:
    """The id is not lost to those who have one of their own, and nothing is told twice."""
    first = two_couples(tmp_path)
    after = Tiny(tmp_path)
    after.family("F1", "ab".replace(leaves, ""))
    after.family("F2", f"{leaves} c d")
    night = after.night(SECOND)
    second = homes(night)
    assert second == first | {leaves: first["c"]}
    assert rows(night, "households.id_change", "old_id new_id") == []


def test_an_id_that_ended_in_another_is_never_given_again(tmp_path: Path) -> None:
    """a, after whom the first household's id is made, leaves it, and returns alone to live there
    when that id has ended in another."""
    found = []
    families = (
        {"F1": "a b", "F2": "c d", "F3": "x y z"},
        {"F1": "b", "F2": "a c d", "F3": "x y z"},
        {"F2": "a c d", "F3": "b x y z"},
        {"F2": "c d", "F3": "b x y z", "F4": "a"},
    )
    for as_of, night_families in zip((FIRST, SECOND, THIRD, FOURTH), families, strict=True):
        tiny = Tiny(tmp_path)
        for number, words in night_families.items():
            tiny.family(number, words)
        night = tiny.night(as_of)
        found.append(homes(night))
        commit(night)
    first, second, third, last = found
    assert second["b"] == first["b"] == first["a"] and third["b"] == third["x"] == first["x"]
    assert last["a"] not in {one for before in found[:3] for one in before.values()}


def test_the_same_night_again_gives_the_same_tables(tmp_path: Path) -> None:
    found = []
    for _ in range(2):
        tiny = Tiny(tmp_path)
        tiny.family("F1", "a b c")
        tiny.certificate("C1", "c d", end="2026-06-01")
        night = tiny.night()
        found.append([night.content(table) for table in sorted(night.pointers())])
        night.close()
    assert found[0] == found[1]
