"""Which rows of a snapshot count: late, missing, shrunken, repeated, moved, left."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from pipelines.lake.acceptance import record

CERTIFICATE = "civil_affairs/assistance_household"
MEMBER = "civil_affairs/assistance_member"
STD = "standard.std_civil_affairs__assistance_household"
STD_MEMBER = "standard.std_civil_affairs__assistance_member"
A, B = "371102", "371121"
NOV1, NOV5, NOV10, NOV15 = "2026-11-01", "2026-11-05", "2026-11-10", "2026-11-15"


def certificates(county: str, numbers: range, **more: Any) -> list[dict[str, Any]]:
    return [
        {
            "certificate_no": f"{county}-{number}",
            "category": "低保",
            "head_name": "甲",
            "region_code": county + "000000",
            **more,
        }
        for number in numbers
    ]


def current(frame: pl.DataFrame) -> set[str]:
    return set(frame.filter(pl.col("left_on").is_null())["record_key"])


def row(frame: pl.DataFrame, key: str) -> dict[str, Any]:
    return frame.row(by_predicate=pl.col("record_key") == key, named=True)


def test_a_key_that_its_scope_no_longer_has_has_left(lake: Any) -> None:
    lake.land(CERTIFICATE, NOV1, certificates(A, range(3)))
    lake.land(CERTIFICATE, NOV10, certificates(A, range(2)))
    std = lake.night(NOV15, STD).frame(STD)
    assert current(std) == {f"{A}-0", f"{A}-1"}
    left = row(std, f"{A}-2")
    assert left["left_on"] == date(2026, 11, 10)
    assert left["first_seen_on"] == left["extract_date"] == date(2026, 11, 1)
    assert row(std, f"{A}-0")["first_seen_on"] == date(2026, 11, 1)
    assert row(std, f"{A}-0")["extract_date"] == date(2026, 11, 10)


def test_a_key_that_comes_back_is_current_again(lake: Any) -> None:
    lake.land(CERTIFICATE, NOV1, certificates(A, range(3)))
    lake.land(CERTIFICATE, NOV5, certificates(A, range(2)))
    lake.land(CERTIFICATE, NOV10, certificates(A, range(3)))
    back = row(lake.night(NOV15, STD).frame(STD), f"{A}-2")
    assert (back["left_on"], back["first_seen_on"]) == (None, date(2026, 11, 1))


def test_the_as_of_date_hides_later_extracts(lake: Any) -> None:
    lake.land(CERTIFICATE, NOV1, certificates(A, range(3)))
    lake.land(CERTIFICATE, NOV10, certificates(A, range(2)), night=NOV1)
    assert len(current(lake.night(NOV5, STD).frame(STD))) == 3


def test_a_shrunken_scope_is_held_back_and_the_others_are_not(lake: Any) -> None:
    lake.land(CERTIFICATE, NOV1, certificates(A, range(100)) + certificates(B, range(5)))
    lake.land(CERTIFICATE, NOV10, certificates(A, range(50)) + certificates(B, range(4)))
    night = lake.night(NOV15, STD)
    std = night.frame(STD)
    assert len(current(std)) == 100 + 4
    assert row(std, f"{A}-1")["extract_date"] == date(2026, 11, 1)
    held = night.frame("standard.scope").filter(~pl.col("accepted"))
    assert held.select("scope", "rows", "previous_rows", "reason").rows() == [
        (f"低保|{A}", 50, 100, "shrunken")
    ]


def test_a_person_may_accept_a_shrunken_scope(lake: Any) -> None:
    lake.land(CERTIFICATE, NOV1, certificates(A, range(100)))
    lake.land(CERTIFICATE, NOV10, certificates(A, range(50)))
    assert len(current(lake.night(NOV15, STD).frame(STD))) == 100
    source, dataset = CERTIFICATE.split("/")
    record(
        lake.home, source=source, dataset=dataset, scope=f"低保|{A}",
        extract_date=date(2026, 11, 10), received_on=date(2026, 11, 10), accepted=True,
        rows=50, previous_rows=100, leaving_rows=50, reason="checked", decided_by="test",
    )  # fmt: skip
    assert len(current(lake.night(NOV15, STD).frame(STD))) == 50


def test_a_loss_of_few_rows_or_of_a_small_share_is_believed(lake: Any) -> None:
    lake.land(CERTIFICATE, NOV1, certificates(A, range(10)) + certificates(B, range(200)))
    lake.land(CERTIFICATE, NOV10, certificates(A, range(1)) + certificates(B, range(180)))
    assert len(current(lake.night(NOV15, STD).frame(STD))) == 1 + 180


def test_a_missing_county_leaves_the_old_one_in_force(lake: Any) -> None:
    lake.land(CERTIFICATE, NOV1, certificates(A, range(3)) + certificates(B, range(3)))
    lake.land(CERTIFICATE, NOV10, certificates(A, range(3)))
    night = lake.night(NOV15, STD)
    assert len(current(night.frame(STD))) == 6
    missing = night.frame("standard.scope").filter(pl.col("reason") == "missing")
    assert missing.select("scope", "rows", "previous_rows", "accepted").rows() == [
        (f"低保|{B}", 0, 3, False)
    ]


def test_a_key_in_a_newer_accepted_scope_has_left_the_older_one(lake: Any) -> None:
    lake.land(CERTIFICATE, NOV1, certificates(A, range(2)))
    moved = certificates(A, range(1, 2), region_code=B + "000000")
    lake.land(CERTIFICATE, NOV10, moved)  # county A is missing, its old rows stay
    std = lake.night(NOV15, STD).frame(STD)
    assert current(std) == {f"{A}-0", f"{A}-1"}
    assert row(std, f"{A}-1")["region_code"] == B + "000000"
    assert row(std, f"{A}-1")["first_seen_on"] == date(2026, 11, 1)
    assert row(std, f"{A}-0")["extract_date"] == date(2026, 11, 1)


def test_a_late_snapshot_goes_where_its_date_says(lake: Any) -> None:
    lake.land(CERTIFICATE, NOV10, certificates(A, range(2), phone="new"), night=NOV10)
    late = certificates(A, range(3), phone="old")
    lake.land(CERTIFICATE, NOV5, late, night=NOV15)
    std = lake.night(NOV15, STD).frame(STD)
    assert row(std, f"{A}-0")["phone"] == "new"
    assert row(std, f"{A}-0")["first_seen_on"] == date(2026, 11, 5)
    assert row(std, f"{A}-2")["left_on"] == date(2026, 11, 10)


def test_what_was_believed_stays_believed_when_an_older_snapshot_comes_late(lake: Any) -> None:
    lake.land(CERTIFICATE, NOV10, certificates(A, range(50)), night=NOV10)
    lake.land(CERTIFICATE, NOV5, certificates(A, range(100)), night=NOV15)
    assert len(current(lake.night(NOV15, STD).frame(STD))) == 50


def test_files_of_a_date_received_on_a_later_night_replace_those_before(lake: Any) -> None:
    lake.land(CERTIFICATE, NOV1, certificates(A, range(3)) + certificates(B, range(3)))
    lake.land(CERTIFICATE, NOV1, certificates(A, range(1, 4)), night=NOV5)
    std = lake.night(NOV15, STD).frame(STD)
    assert current(std) == {f"{A}-1", f"{A}-2", f"{A}-3", *(f"{B}-{n}" for n in range(3))}
    assert f"{A}-0" not in set(std["record_key"])  # it never counted, so it is no history


def test_several_files_of_one_night_are_one_snapshot(lake: Any) -> None:
    lake.land(CERTIFICATE, NOV1, certificates(A, range(2)))
    lake.land(CERTIFICATE, NOV1, certificates(A, range(2, 4)))
    lake.land(CERTIFICATE, NOV10, certificates(A, range(2)))
    lake.land(CERTIFICATE, NOV10, certificates(A, range(2, 4)))
    assert len(current(lake.night(NOV15, STD).frame(STD))) == 4


def test_a_night_run_twice_counts_a_key_once_and_takes_the_later_row(lake: Any) -> None:
    lake.land(CERTIFICATE, NOV1, certificates(A, range(20), phone="1"), run="first")
    lake.land(CERTIFICATE, NOV1, certificates(A, range(20), phone="2"), run="second")
    lake.land(CERTIFICATE, NOV10, certificates(A, range(19), phone="2"))
    night = lake.night(NOV15, STD)
    assert night.frame("standard.scope")["rows"].to_list() == [20, 19]
    assert row(night.frame(STD), f"{A}-19")["phone"] == "2"
    assert len(current(night.frame(STD))) == 19


def test_repeated_bytes_stand_for_their_own_extract_date(lake: Any) -> None:
    first = lake.land(CERTIFICATE, NOV1, certificates(A, range(2)))
    lake.land(CERTIFICATE, NOV5, certificates(A, range(3)))
    lake.repeat(first, NOV10)
    std = lake.night(NOV15, STD).frame(STD)
    assert current(std) == {f"{A}-0", f"{A}-1"}
    assert row(std, f"{A}-0")["extract_date"] == date(2026, 11, 10)
    assert row(std, f"{A}-2")["left_on"] == date(2026, 11, 10)


def test_members_are_judged_by_the_scope_of_their_certificate(lake: Any) -> None:
    def members(county: str, numbers: range) -> list[dict[str, Any]]:
        return [{"certificate_no": f"{county}-{n}", "name": "乙"} for n in numbers]

    both = certificates(A, range(20)) + certificates(B, range(20))
    lake.land(CERTIFICATE, NOV1, both)
    lake.land(MEMBER, NOV1, members(A, range(20)) + members(B, range(20)))
    lake.land(CERTIFICATE, NOV10, both)
    lake.land(MEMBER, NOV10, members(A, range(5)) + members(B, range(19)))
    night = lake.night(NOV15, STD_MEMBER)
    std = night.frame(STD_MEMBER)
    assert len(current(std)) == 20 + 19
    held = night.frame("standard.scope").filter(~pl.col("accepted"))
    assert held.select("dataset", "scope").rows() == [("assistance_member", f"低保|{A}")]


def test_a_member_follows_its_certificate_into_another_scope(lake: Any) -> None:
    def member(*numbers: int) -> list[dict[str, Any]]:
        return [{"certificate_no": f"{A}-{n}", "name": "乙"} for n in numbers]

    lake.land(CERTIFICATE, NOV1, certificates(A, range(2)))
    lake.land(MEMBER, NOV1, member(0, 1))
    moved = certificates(A, range(1)) + certificates(A, range(1, 2), category="低保边缘")
    lake.land(CERTIFICATE, NOV10, moved)
    lake.land(MEMBER, NOV10, member(0, 1))
    night = lake.night(NOV15, STD_MEMBER)
    assert len(current(night.frame(STD_MEMBER))) == 2
    scopes = night.frame("standard.scope").filter(pl.col("dataset") == "assistance_member")
    assert set(scopes.select("extract_date", "scope", "rows").rows()) == {
        (date(2026, 11, 1), f"低保|{A}", 2),
        (date(2026, 11, 10), f"低保边缘|{A}", 1),
        (date(2026, 11, 10), f"低保|{A}", 1),
    }


def test_nothing_delivered_gives_empty_tables(lake: Any) -> None:
    night = lake.night(NOV15, STD, STD_MEMBER)
    assert night.frame(STD).height == night.frame(STD_MEMBER).height == 0
    assert night.frame("standard.scope").height == 0
