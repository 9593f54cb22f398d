"""Role tables: what the rows of any dataset say, read through the roles of its contract."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

CERTIFICATE = "civil_affairs/assistance_household"
MEMBER = "civil_affairs/assistance_member"
PAYMENT = "civil_affairs/assistance_payment"
INSURED = "medical_insurance/insured_person"
CHRONIC = "medical_insurance/chronic_registration"
SETTLEMENT = "medical_insurance/settlement"
STUDENT = "education/student"
ROSTER = "rural_affairs/prevention_roster"
NOV1, NOV5, NOV10, NOV15 = "2026-11-01", "2026-11-05", "2026-11-10", "2026-11-15"
#: area code 999999 belongs to no region
NUMBER = "999999199003070012"


def rows(night: Any, table: str) -> list[dict[str, Any]]:
    frame: pl.DataFrame = night.frame(table)
    return list(frame.sort("record_key").iter_rows(named=True))


def certificate(number: str = "c1", **more: Any) -> dict[str, Any]:
    return {
        "certificate_no": number,
        "category": "低保",
        "head_name": "甲",
        "region_code": "371102001",
        "start_month": date(2026, 1, 1),
    } | more


def test_mention_of_a_pupil_and_of_guardians_that_are_named(lake: Any) -> None:
    lake.land(STUDENT, NOV1, [
        {
            "student_no": f"G{NUMBER}", "name": "乙", "id_number": NUMBER,
            "id_number_status": "valid", "birth_date": date(1990, 3, 7), "region_code": "371102",
            "guardian1_name": "丙", "guardian1_relation": "51",
            "guardian2_phone": "0000",
        },
        {"student_no": "G999999199003070018", "name": "丁"},
    ])  # fmt: skip
    night = lake.night(NOV15, "standard.mention", "standard.guardianship")
    found = {
        row["mention_key"]: row for row in night.frame("standard.mention").iter_rows(named=True)
    }
    pupil, guardian = f"{STUDENT}:G{NUMBER}", f"{STUDENT}:G{NUMBER}|guardian1"
    assert set(found) == {pupil, guardian, f"{STUDENT}:G999999199003070018"}
    assert found[pupil]["roll_id_number"] == NUMBER
    assert found[f"{STUDENT}:G999999199003070018"]["roll_id_number"] is None  # wrong check digit
    assert found[pupil]["register_domain"] == "student_no"
    assert found[pupil]["register_key"] == f"G{NUMBER}"
    assert found[pupil]["region_code"] == "371102000000"
    assert found[pupil]["region_rank"] == 4
    assert found[pupil]["group_keys"] == found[guardian]["group_keys"] == [f"student:G{NUMBER}"]
    assert found[pupil]["id_status"] == "valid"
    assert found[guardian]["id_status"] == "missing"
    assert found[guardian]["relation"] == "父"
    assert found[guardian]["suffix"] == "guardian1"
    assert rows(night, "standard.guardianship")[0]["guardian_ref"] == guardian
    assert rows(night, "standard.guardianship")[0]["ordinal"] == 1


def test_a_family_number_that_stands_for_none_joins_nobody(lake: Any) -> None:
    numbers = ["0", "000000", "9999", "99999999", None, "999", "90", "F1"]
    lake.land(INSURED, NOV1, [
        {"psn_no": f"P{place}", "name": "甲", "insurance_type": "390", "insured_region": "371102",
         "family_no": number}
        for place, number in enumerate(numbers)
    ])  # fmt: skip
    night = lake.night(NOV15, "standard.household_claim", "standard.mention")
    claims = rows(night, "standard.household_claim")
    held = ["family:90", "family:999", "family:F1"]
    assert sorted(claim["group_key"] for claim in claims) == held
    mentions = rows(night, "standard.mention")
    assert len(mentions) == len(numbers)
    shown = [key for mention in mentions for key in mention["group_keys"]]
    assert sorted(key for key in shown if key.startswith("family:")) == held


def test_a_late_missing_or_shrunken_feed_ends_nobodys_tier(lake: Any) -> None:
    members = [
        {"certificate_no": f"c{n}", "name": f"甲{n}", "covered": True} for n in range(40)
    ]  # fmt: skip
    lake.land(CERTIFICATE, NOV1, [certificate(f"c{n}") for n in range(40)])
    lake.land(MEMBER, NOV1, members)

    def holding(night: Any) -> set[str]:
        grants = night.frame("standard.tier_grant").filter(pl.col("valid_to").is_null())
        claims = night.frame("standard.tier_claim").filter(pl.col("valid_to").is_null())
        return set(grants["group_key"]) & set(claims["group_key"])

    made = ("standard.tier_grant", "standard.tier_claim")
    everybody = holding(lake.night(NOV5, *made))
    assert len(everybody) == 40
    assert holding(lake.night("2026-12-31", *made)) == everybody  # nothing has come for long
    lake.land(CERTIFICATE, NOV10, [certificate(f"c{n}") for n in range(20)])
    lake.land(MEMBER, NOV10, members[:20])
    assert holding(lake.night(NOV15, *made)) == everybody  # half a file
    lake.land(CERTIFICATE, NOV15, [certificate(f"c{n}") for n in range(1, 40)])
    lake.land(MEMBER, NOV15, members[1:])
    assert len(holding(lake.night(NOV15, *made))) == 39  # one who really left


def test_rows_that_carry_another_registers_key_are_no_mentions(lake: Any) -> None:
    lake.land(CHRONIC, NOV1, [{
        "psn_no": "P1", "disease_code": "M07801", "name": "甲",
        "begin_date": date(2026, 1, 1), "end_date": date(2026, 12, 1),
    }])  # fmt: skip
    night = lake.night(NOV15, "standard.mention", "standard.attribute_claim")
    assert night.frame("standard.mention").height == 0
    claim = rows(night, "standard.attribute_claim")[0]
    assert (claim["person_ref"], claim["attribute"], claim["value"]) == (
        "psn_no:P1", "chronic_code", "M07801",
    )  # fmt: skip
    assert (claim["valid_from"], claim["valid_to"]) == (date(2026, 1, 1), date(2026, 12, 1))


def test_a_certificate_holds_through_its_end_month(lake: Any) -> None:
    lake.land(CERTIFICATE, NOV1, [
        certificate("c1", start_month=date(2026, 1, 15), end_month=date(2026, 10, 1)),
        certificate("c2", start_month=None, end_month=None),
        certificate("c3", end_month=date(2026, 12, 1)),
        certificate("c4"),
        certificate("c5", end_month=date(2026, 3, 1)),
    ])  # fmt: skip
    lake.land(CERTIFICATE, NOV10, [certificate("c1", end_month=date(2026, 10, 1)),
                                   certificate("c2", start_month=None)])  # fmt: skip
    grants = rows(lake.night(NOV15, "standard.tier_grant"), "standard.tier_grant")
    assert [(g["group_key"], g["valid_from"], g["valid_to"], g["is_current"]) for g in grants] == [
        ("certificate:c1", date(2026, 1, 1), date(2026, 11, 1), True),
        ("certificate:c2", date(2026, 11, 1), None, True),
        ("certificate:c3", date(2026, 1, 1), date(2026, 11, 10), False),  # left before its end
        ("certificate:c4", date(2026, 1, 1), date(2026, 11, 10), False),  # left without an end
        ("certificate:c5", date(2026, 1, 1), date(2026, 4, 1), False),  # ended long before
    ]
    assert grants[0]["tier"] == "低保"
    assert grants[0]["region_code"] == "371102001000"
    assert grants[0]["head_ref"] == f"{CERTIFICATE}:c1|head"


def test_members_claim_the_tier_of_their_certificate(lake: Any) -> None:
    member = {"certificate_no": "c1", "relation": "20", "disability_level": "一"}
    lake.land(CERTIFICATE, NOV1, [certificate(end_month=date(2026, 12, 1))])
    lake.land(MEMBER, NOV1, [
        member | {"name": "乙", "covered": False}, member | {"name": "丙"}, member,
    ])  # fmt: skip
    lake.land(CERTIFICATE, NOV10, [certificate(end_month=date(2026, 12, 1))])
    lake.land(MEMBER, NOV10, [member | {"name": "乙", "covered": False}])
    night = lake.night(
        NOV15, "standard.tier_claim", "standard.household_claim", "standard.attribute_claim"
    )
    claims = {c["person_ref"]: c for c in rows(night, "standard.tier_claim")}
    assert {ref: (c["covered"], c["valid_to"]) for ref, c in claims.items()} == {
        f"{MEMBER}:c1||乙": (False, None),
        f"{MEMBER}:c1||丙": (True, date(2026, 11, 10)),
    }
    household = {c["person_ref"]: c for c in rows(night, "standard.household_claim")}
    head = household[f"{CERTIFICATE}:c1|head"]
    assert (head["is_head"], head["since"], head["until"], head["group_key"]) == (
        True, date(2026, 1, 1), date(2027, 1, 1), "certificate:c1",
    )  # fmt: skip
    son = household[f"{MEMBER}:c1||乙"]
    assert (son["is_head"], son["relation"], son["until"]) == (False, "子", date(2027, 1, 1))
    assert household[f"{MEMBER}:c1||丙"]["until"] == date(2026, 11, 10)
    levels = rows(night, "standard.attribute_claim")
    assert [(c["attribute"], c["value"], c["is_current"]) for c in levels] == [
        ("disability_level", "一", False), ("disability_level", "一", True),
    ]  # fmt: skip


def test_the_roster_gives_a_tier_until_its_risk_is_removed_and_none_to_the_former_poor(
    lake: Any,
) -> None:
    row = {"household_no": "H1", "region_code": "371121"}
    lake.land(ROSTER, NOV1, [
        row | {"name": "乙", "monitor_type": "边缘易致贫户", "identified_on": date(2026, 2, 3),
               "risk_removed_on": date(2026, 9, 9)},
        row | {"name": "丙", "monitor_type": "脱贫户"},
    ])  # fmt: skip
    night = lake.night(NOV15, "standard.tier_claim", "standard.attribute_claim")
    (claim,) = rows(night, "standard.tier_claim")
    assert (claim["tier"], claim["valid_from"], claim["valid_to"], claim["evidence"]) == (
        "防止返贫监测", date(2026, 2, 3), date(2026, 9, 9), "roster",
    )  # fmt: skip
    (former,) = rows(night, "standard.attribute_claim")
    assert (former["attribute"], former["value"]) == ("former_poor", "true")


def test_a_survival_status_is_dated_by_the_first_extract_that_says_so(lake: Any) -> None:
    def person(status: str) -> dict[str, Any]:
        return {
            "psn_no": "P1", "name": "甲", "insurance_type": "310", "insured_region": "371102",
            "survival_status": status, "family_no": "F1",
        }  # fmt: skip

    lake.land(INSURED, NOV1, [person("1")])
    lake.land(INSURED, NOV5, [person("2")])
    lake.land(INSURED, NOV10, [person("2") | {"phone": "1"}])
    night = lake.night(NOV15, "standard.death_claim", "standard.attribute_claim")
    (death,) = rows(night, "standard.death_claim")
    assert (death["died_on"], death["kind"]) == (date(2026, 11, 5), "survival_status")
    assert death["person_ref"] == f"{INSURED}:P1|310"
    claims = {c["attribute"]: c["value"] for c in rows(night, "standard.attribute_claim")}
    assert claims == {"survival_status": "2", "employee_insured": "true"}


def test_someone_alive_again_in_the_newest_snapshot_is_not_dead(lake: Any) -> None:
    row = {"psn_no": "P1", "name": "甲", "insurance_type": "390", "insured_region": "371102"}
    lake.land(INSURED, NOV1, [row | {"survival_status": "2"}])
    lake.land(INSURED, NOV5, [row | {"survival_status": "1"}])
    assert rows(lake.night(NOV15, "standard.death_claim"), "standard.death_claim") == []


def test_help_names_its_person_or_its_certificate(lake: Any) -> None:
    payment = {"aid_type": "低保金", "amount": Decimal("1.5"), "paid_on": date(2026, 10, 1)}
    lake.land(PAYMENT, NOV1, [
        payment | {"payment_id": "p1", "name": "甲", "certificate_no": "c1",
                   "benefit_month": date(2026, 9, 1)},
        payment | {"payment_id": "p2", "certificate_no": "c1"},
    ])  # fmt: skip
    lake.land("education/student_aid", NOV1, [{
        "student_no": "G1", "school_year": "2026-2027", "term": "1", "aid_item": "助学金",
        "amount": Decimal(500), "paid_on": date(2026, 9, 30),
    }])  # fmt: skip
    night = lake.night(NOV15, "standard.help")
    help_given = night.frame("standard.help").sort("dataset", "record_key")
    found = help_given.select("person_ref", "group_key", "kind", "aid_type", "amount").rows()
    assert found == [
        (f"{PAYMENT}:p1", "certificate:c1", "payment", "低保金", Decimal("1.50")),
        (None, "certificate:c1", "payment", "低保金", Decimal("1.50")),
        ("student_no:G1", None, "student_aid", "教育资助", Decimal("500.00")),
    ]


def test_regions_have_a_level_and_say_whether_they_are_urban(lake: Any) -> None:
    lake.land("reference/region", NOV1, [
        {"region_code": code, "name": "x", "urban_rural_code": kind}
        for code, kind in (("370000000000", None), ("371100000000", None), ("371102000000", None),
                           ("371102001000", None), ("371102001001", "111"),
                           ("371102001201", "220"))
    ])  # fmt: skip
    found = lake.night(NOV15, "standard.region").frame("standard.region").sort("region_code")
    assert found["level"].to_list() == [1, 2, 3, 4, 5, 5]
    assert found["urban_rural"].to_list() == [None, None, None, None, "urban", "rural"]


def test_medical_spending_shows_every_version_and_fills_what_parts_say(lake: Any) -> None:
    row = {
        "psn_no": "P1", "total_cost": Decimal(100), "personal_burden": Decimal(40),
    }  # fmt: skip
    settled = datetime.fromisoformat("2026-10-05 23:30:00")
    lake.land(SETTLEMENT, NOV1, [
        row | {"settlement_id": "s1", "settled_at": settled, "basic_fund": Decimal(50),
               "medical_aid": Decimal(10)},
        row | {"settlement_id": "s2", "settled_at": settled, "fund_total": Decimal(7),
               "visit_id": "v2"},
        row | {"settlement_id": "s3", "settled_at": settled},
    ])  # fmt: skip
    lake.land(SETTLEMENT, NOV5, [row | {"settlement_id": "s3", "settled_at": settled}])
    night = lake.night(NOV15, "standard.spending_delivery")
    found = night.query("SELECT * FROM standard.medical_spending ORDER BY row_ref, received_order")
    assert found.select("row_ref", "visit_id", "fund_total", "received_order").rows() == [
        (f"{SETTLEMENT}:s1", "s1", Decimal("60.00"), 1),
        (f"{SETTLEMENT}:s2", "v2", Decimal("7.00"), 1),
        (f"{SETTLEMENT}:s3", "s3", None, 1),
        (f"{SETTLEMENT}:s3", "s3", None, 2),
    ]
    assert set(found["settled_on"]) == {date(2026, 10, 5)}
    assert set(found["register_ref"]) == {"psn_no:P1"}
