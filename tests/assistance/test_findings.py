"""Gaps and overlaps as small tables: what is just missing or double, and what only looks so."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.assistance.world import ON, Helped, ago

Rows = dict[str, list[dict[str, Any]]]
DIED = date(2026, 5, 20)
LATE_NIGHT = date(2026, 11, 21)

# name → (certificate begun, help given as (days ago, amount, to the certificate?)), a gap?
CERTIFICATES: dict[str, tuple[int, list[tuple[int, float]], bool]] = {
    "paid 89 days ago": (400, [(89, 500)], False),
    "paid 90 days ago": (400, [(90, 500)], True),
    "never paid": (400, [], True),
    "begun 91 days ago": (91, [], True),
    "begun 90 days ago": (90, [], False),
    "paid and taken back": (400, [(30, 500), (20, -500)], True),
    "quarterly": (400, [(160, 1500), (71, 1500)], False),
}
# name → facts of the person, tier since days, aid, a gap?
PATIENTS: dict[str, tuple[dict[str, Any], int, bool]] = {
    "burden over the line": ({"burden_in_scope_12m": 3000.01}, 60, True),
    "burden on the line": ({"burden_in_scope_12m": 3000}, 60, False),
    "59 days in the tier": ({"burden_in_scope_12m": 9000}, 59, False),
    "aided": ({"burden_in_scope_12m": 9000, "medical_aid_12m": 5}, 400, False),
    "aid unknown": ({"burden_in_scope_12m": 9000, "medical_aid_12m": None}, 400, False),
}
# name → (stage, in the tier since, last aid), a gap?
PUPILS: dict[str, tuple[str, date, date | None, bool]] = {
    "no aid": ("2", date(2026, 5, 20), None, True),
    "not yet six months": ("2", date(2026, 5, 21), None, False),
    "aid within 15 months": ("4", date(2025, 1, 1), date(2025, 8, 21), False),
    "aid 15 months ago": ("4", date(2025, 1, 1), date(2025, 8, 20), True),
    "higher education": ("6", date(2025, 1, 1), None, False),
}
# name → payments of 高龄津贴 to somebody who died on 20 May: (day, month, amount), an overlap?
DEAD: dict[str, tuple[list[tuple[date, date | None, float]], float | None]] = {
    "month after": ([(date(2026, 6, 15), date(2026, 6, 1), 100)], 100),
    "month of death, paid later": ([(date(2026, 7, 15), date(2026, 5, 1), 100)], None),
    "no month, end of next": ([(date(2026, 6, 30), None, 100)], None),
    "no month, later": ([(date(2026, 7, 1), None, 100)], 100),
    "in advance before the death": ([(date(2026, 5, 10), date(2026, 6, 1), 100)], None),
    "taken back": ([(date(2026, 6, 15), date(2026, 6, 1), 100),
                    (date(2026, 8, 15), date(2026, 6, 1), -100)], None),
}  # fmt: skip
# name → payments of one aid: (day, month, amount, subtype), surplus
TWICE: dict[str, tuple[list[tuple[date, date | None, float, str | None]], float | None]] = {
    "twice": ([(date(2026, 6, 5), date(2026, 6, 1), 100, None),
               (date(2026, 6, 9), date(2026, 6, 1), 100, None)], 100),
    "taken back": ([(date(2026, 6, 5), date(2026, 6, 1), 100, None),
                    (date(2026, 6, 9), date(2026, 6, 1), 100, None),
                    (date(2026, 7, 1), date(2026, 6, 1), -100, None)], None),
    "two subsidies": ([(date(2026, 6, 5), date(2026, 6, 1), 100, "生活"),
                       (date(2026, 6, 5), date(2026, 6, 1), 100, "护理")], None),
    "arrears": ([(date(2026, 6, 5), date(2026, 5, 1), 100, None),
                 (date(2026, 6, 5), date(2026, 6, 1), 100, None)], None),
    "no month named": ([(date(2026, 6, 5), None, 100, None),
                        (date(2026, 6, 25), None, 80, None)], 80),
    "older than 12 months": ([(date(2025, 11, 20), date(2025, 11, 1), 100, None),
                              (date(2025, 11, 19), date(2025, 11, 1), 100, None)], None),
}  # fmt: skip
# name → two spans (tier, county, from, until), findings
COVERS: dict[str, tuple[list[tuple[str, str, date, date | None]], set[str]]] = {
    "two months in two": ([("低保", "371102", date(2025, 1, 1), date(2026, 3, 1)),
                           ("特困", "371102", date(2026, 1, 1), None)], {"two_tiers"}),
    "one month in two": ([("低保", "371102", date(2025, 1, 1), date(2026, 2, 1)),
                          ("特困", "371102", date(2026, 1, 1), None)], set()),
    "one after the other": ([("低保", "371102", date(2025, 1, 1), date(2026, 1, 1)),
                             ("低保", "371103", date(2026, 1, 1), None)], set()),
    "two counties": ([("低保", "371102", date(2025, 1, 1), None),
                      ("低保", "371103", date(2026, 11, 1), None)], {"two_places"}),
    "county unknown": ([("低保", "371102", date(2025, 1, 1), None),
                        ("低保", "370000", date(2026, 11, 1), None)], set()),
    "two households": ([("低保", "371102", date(2025, 1, 1), None),
                        ("低保", "371102", date(2026, 1, 1), None)], {"two_households"}),
}  # fmt: skip
# name → (day of the service, kind), findings; a stay from 1 to 9 June, death on 20 June
SERVICES: dict[str, tuple[date, str, set[str]]] = {
    "home service in bed": (date(2026, 6, 5), "生活服务", {"service_in_hospital"}),
    "escort": (date(2026, 6, 5), "送医陪护", set()),
    "day of admission": (date(2026, 6, 1), "生活服务", set()),
    "after death": (date(2026, 6, 21), "生活服务", {"service_after_death"}),
    "day of death": (date(2026, 6, 20), "生活服务", set()),
}


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Rows, Rows]:
    """One night with everything on time, and the next on which payments are past due."""
    world = Helped(tmp_path_factory.mktemp("findings"))
    for name, (begun, payments, _) in CERTIFICATES.items():
        world.person(name)
        world.certificate(name, name, start=ago(begun))
        for days, amount in payments:
            world.paid(None, "低保金", ago(days), amount, certificate=name)
    for name, (facts, days, _) in PATIENTS.items():
        world.person(name, tier="低保", since=ago(days), **facts)
        world.spent(name, ago(30), 2000)
        world.spent(name, ago(10), 9000)
    for name, (stage, since, aid, _) in PUPILS.items():
        world.person(name, tier="低保边缘", since=since, is_student=True, stage=stage)
        if aid:
            world.paid(name, "教育资助", aid, kind="student_aid", department="教育")
    for name, (payments_after, _) in DEAD.items():
        world.person(f"d:{name}", died=DIED)
        for day, month, amount in payments_after:
            world.paid(f"d:{name}", "高龄津贴", day, amount, month=month)
        world.paid(f"d:{name}", "医疗救助", date(2026, 9, 1), 700)
    world.person("doubtful", died=DIED, doubtful=True)
    world.paid("doubtful", "高龄津贴", date(2026, 6, 15), month=date(2026, 6, 1))
    for name, (twice, _) in TWICE.items():
        world.person(f"t:{name}")
        for day, month, amount, subtype in twice:
            world.paid(f"t:{name}", "残疾人两项补贴", day, amount, month=month, subtype=subtype)
    world.person("weakly linked", link=0.95)
    for day in (date(2026, 6, 5), date(2026, 6, 9)):
        world.paid("weakly linked", "高龄津贴", day, month=date(2026, 6, 1))
    for name, (spans, _) in COVERS.items():
        world.person(f"c:{name}")
        for place, (tier, county, start, end) in enumerate(spans):
            number = f"{name}{place}"
            world.certificate(number, f"c:{name}", tier, start, end, f"{county}000000")
            world.paid(f"c:{name}", "低保金", ago(5), 1, certificate=number, month=ago(5 + place))
    for name, (day, kind, _) in SERVICES.items():
        world.person(f"s:{name}", died=date(2026, 6, 20))
        world.spent(f"s:{name}", date(2026, 6, 9), 5000, stay=8)
        world.served(f"s:{name}", day, kind)
    _cases(world)
    first = world.run()
    world.add("quality.freshness", source="civil_affairs", dataset="assistance_payment", late=True)
    new = "fallen silent"
    world.person(new)
    world.certificate(new, new, start=ago(400))
    return first, world.run(LATE_NIGHT)


def _cases(world: Helped) -> None:
    for name in ("answered anew", "the same as before", "visited lately", "half answered"):
        world.person(name)
    confirmed = {"status": "confirmed", "confirmed_on": ago(76)}
    world.case("answered anew", "K1", **confirmed)
    world.paid("answered anew", "临时救助", ago(20))
    world.case("the same as before", "K2", **confirmed)
    world.paid("the same as before", "高龄津贴", ago(90))
    world.paid("the same as before", "高龄津贴", ago(20))
    world.case("visited lately", "K3", status="confirmed", confirmed_on=ago(75))
    world.case("half answered", "K4", suggest=["医疗救助", "教育救助", "入户核查"])
    world.paid("half answered", "医疗救助", ago(100), department="医保局")


def found(rows: list[dict[str, Any]], kind: str, who: str) -> list[dict[str, Any]]:
    name = "gap_type" if "gap_type" in rows[0] else "overlap_type"
    return [r for r in rows if r[name] == kind and r["person_id"] == who]


@pytest.mark.parametrize("name", CERTIFICATES)
def test_certificate_without_payment(name: str, nights: tuple[Rows, Rows]) -> None:
    rows = found(nights[0]["gap"], "no_payment_90_days", name)
    assert bool(rows) is CERTIFICATES[name][2]
    assert all(row["department"] == "civil_affairs" for row in rows)


@pytest.mark.parametrize("name", PATIENTS)
def test_patient_without_medical_aid(name: str, nights: tuple[Rows, Rows]) -> None:
    rows = found(nights[0]["gap"], "tier_without_medical_aid", name)
    assert bool(rows) is PATIENTS[name][2]
    assert all(row["since"] == ago(10) for row in rows)  # when the burden went over the line


@pytest.mark.parametrize("name", PUPILS)
def test_pupil_without_aid(name: str, nights: tuple[Rows, Rows]) -> None:
    rows = found(nights[0]["gap"], "student_without_aid", name)
    assert bool(rows) is PUPILS[name][3]


@pytest.mark.parametrize("name", DEAD)
def test_paid_after_death(name: str, nights: tuple[Rows, Rows]) -> None:
    rows = found(nights[0]["overlap"], "paid_after_death", f"d:{name}")
    amount = DEAD[name][1]
    assert [row["amount_12m"] for row in rows] == ([] if amount is None else [amount])


@pytest.mark.parametrize("name", TWICE)
def test_same_aid_twice(name: str, nights: tuple[Rows, Rows]) -> None:
    rows = found(nights[0]["overlap"], "same_aid_twice", f"t:{name}")
    surplus = TWICE[name][1]
    assert [row["amount_12m"] for row in rows] == ([] if surplus is None else [surplus])


@pytest.mark.parametrize("name", COVERS)
def test_covered_twice(name: str, nights: tuple[Rows, Rows]) -> None:
    rows = [r for r in nights[0]["overlap"] if r["person_id"] == f"c:{name}"]
    kinds = {r["overlap_type"] for r in rows if r["overlap_type"].startswith("two_")}
    assert kinds == COVERS[name][1]


@pytest.mark.parametrize("name", SERVICES)
def test_services(name: str, nights: tuple[Rows, Rows]) -> None:
    rows = [r for r in nights[0]["overlap"] if r["person_id"] == f"s:{name}"]
    assert {r["overlap_type"] for r in rows} == SERVICES[name][2]


def test_certain_and_suspected_are_kept_apart(nights: tuple[Rows, Rows]) -> None:
    overlap = nights[0]["overlap"]
    (weak,) = found(overlap, "same_aid_twice", "weakly linked")
    (doubtful,) = found(overlap, "paid_after_death", "doubtful")
    (sure,) = found(overlap, "same_aid_twice", "t:twice")
    assert (weak["certainty"], doubtful["certainty"]) == ("suspected", "suspected")
    assert sure["certainty"] == "certain"


@pytest.mark.parametrize(
    ("who", "kind", "wanted"),
    [
        ("answered anew", "confirmed_without_help", False),
        ("the same as before", "confirmed_without_help", True),
        ("visited lately", "confirmed_without_help", False),
        ("half answered", "needs_half_answered", True),
    ],
)
def test_cases(who: str, kind: str, wanted: bool, nights: tuple[Rows, Rows]) -> None:
    rows = found(nights[0]["gap"], kind, who)
    assert bool(rows) is wanted
    if kind == "needs_half_answered":
        assert [(r["special_assistance"], r["department"]) for r in rows] == [
            ("education", "education")
        ]


def test_a_late_source_raises_no_gap_and_takes_none_back(nights: tuple[Rows, Rows]) -> None:
    first, late = nights
    kinds = {r["finding"]: r for r in late["finding_share"]}
    assert kinds["no_payment_90_days"]["held_back"]
    assert kinds["no_payment_90_days"]["late_datasets"] == ["civil_affairs/assistance_payment"]
    assert not kinds["student_without_aid"]["held_back"]
    assert found(late["gap"], "no_payment_90_days", "fallen silent") == []
    before = {r["gap_id"] for r in first["gap"] if r["gap_type"] == "no_payment_90_days"}
    after = {r["gap_id"] for r in late["gap"] if r["gap_type"] == "no_payment_90_days"}
    assert before and after == before
    assert all(r["is_carried_over"] for r in late["gap"] if r["gap_id"] in before)


def test_shares_say_how_many_were_looked_at(nights: tuple[Rows, Rows]) -> None:
    shares = {r["finding"]: r for r in nights[0]["finding_share"]}
    assert len(shares) == 12
    row = shares["no_payment_90_days"]
    assert row["looked_at"] >= len(CERTIFICATES)
    assert row["found"] == len([r for r in nights[0]["gap"] if r["gap_type"] == row["finding"]])
    assert row["share"] == row["found"] / row["looked_at"]
    assert shares["service_in_hospital"]["found"] == 1


def test_every_finding_says_why_in_both_languages(nights: tuple[Rows, Rows]) -> None:
    for row in (*nights[0]["gap"], *nights[0]["overlap"]):
        assert row["reason_zh"].startswith("疑似：")
        assert row["reason_en"].startswith("Suspected: ")
        assert row["since"] <= ON
