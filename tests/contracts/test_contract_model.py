"""Types of landed columns, which missing value stops a row, and the roles of the real contracts."""

from __future__ import annotations

import time

from pipelines.contracts.load import load_contracts
from pipelines.contracts.roles import (
    EXTRACT_FIRST_SEEN,
    Attribute,
    Death,
    Guardianship,
    Help,
    Household,
    Person,
    SpendingMedical,
    Tier,
    TierGrant,
    TierMember,
)

CONTRACTS = load_contracts()


def test_landed_types() -> None:
    settlement = CONTRACTS["medical_insurance/settlement"].types()
    assert settlement["settled_at"] == "TIMESTAMP"
    assert settlement["total_cost"] == "DECIMAL(12,2)"
    assert settlement["refunded"] == "BOOLEAN"
    assert settlement["id_number_status"] == "VARCHAR"
    names = list(settlement)
    assert names.index("id_number_status") == names.index("id_number") + 1
    household = CONTRACTS["civil_affairs/assistance_household"].types()
    assert household["start_month"] == "DATE"
    assert household["household_size"] == "INTEGER"
    assert CONTRACTS["civil_affairs/field_report"].types()["difficulty"] == "VARCHAR[]"


def test_a_row_stops_at_its_key_date_or_amount_but_never_at_a_name() -> None:
    settlement = CONTRACTS["medical_insurance/settlement"]
    stopping = {column.name for column in settlement.columns if column.stops_row}
    assert stopping == {"settlement_id", "settled_at", "total_cost", "personal_burden"}
    member = CONTRACTS["civil_affairs/assistance_member"]
    assert {c.name for c in member.columns if c.stops_row} == {"certificate_no"}
    check = CONTRACTS["civil_affairs/economic_check"]
    assert {c.name for c in check.columns if c.stops_row} == {
        "check_id",
        "checked_on",
        "income_type",
        "annual_amount",
    }


def test_registers_and_those_who_refer_to_them() -> None:
    holds = {
        person.holds: contract.name
        for contract in CONTRACTS.values()
        for person in contract.roles_of(Person)
        if person.holds
    }
    assert holds == {
        "psn_no": "medical_insurance/insured_person",
        "student_no": "education/student",
    }
    refers = {
        contract.name: person.refers
        for contract in CONTRACTS.values()
        for person in contract.roles_of(Person)
        if person.refers
    }
    assert refers == {
        "education/student_aid": "student_no",
        "education/student_charge": "student_no",
        "medical_insurance/chronic_registration": "psn_no",
        "medical_insurance/settlement": "psn_no",
    }


def test_a_pupil_and_two_guardians() -> None:
    student = CONTRACTS["education/student"]
    assert [p.suffix for p in student.roles_of(Person)] == ["", "guardian1", "guardian2"]
    (guardianship,) = student.roles_of(Guardianship)
    assert [g.relation for g in guardianship.guardians] == [
        "guardian1_relation",
        "guardian2_relation",
    ]


def test_a_certificate_its_head_and_its_members() -> None:
    household = CONTRACTS["civil_affairs/assistance_household"]
    (head,) = household.roles_of(Person)
    (grant,) = household.roles_of(TierGrant)
    assert head.suffix == grant.head == "head"
    assert (grant.tier, grant.from_, grant.through) == ("category", "start_month", "end_month")
    member = CONTRACTS["civil_affairs/assistance_member"]
    assert member.roles_of(TierMember)[0].covered == "covered"
    assert member.roles_of(Household)[0].in_force_by == "grant"


def test_the_prevention_roster_gives_a_tier_but_not_to_the_formerly_poor() -> None:
    roster = CONTRACTS["rural_affairs/prevention_roster"]
    (tier,) = roster.roles_of(Tier)
    assert tier.tier.literal == "防止返贫监测"
    assert "脱贫户" not in tier.tier.when["monitor_type"]
    (former,) = roster.roles_of(Attribute)
    assert former.value.when == {"monitor_type": ("脱贫户",)}


def test_deaths() -> None:
    (insured,) = CONTRACTS["medical_insurance/insured_person"].roles_of(Death)
    assert (insured.date, insured.when) == (EXTRACT_FIRST_SEEN, {"survival_status": ("2",)})
    (record,) = CONTRACTS["civil_affairs/death_record"].roles_of(Death)
    assert record.date == "death_date"


def test_help_says_which_aid() -> None:
    (payment,) = CONTRACTS["civil_affairs/assistance_payment"].roles_of(Help)
    assert payment.aid_type.column == "aid_type"
    (aid,) = CONTRACTS["education/student_aid"].roles_of(Help)
    assert aid.aid_type.literal == "教育资助"


def test_a_settlement_lists_the_parts_of_its_fund() -> None:
    (spending,) = CONTRACTS["medical_insurance/settlement"].roles_of(SpendingMedical)
    assert len(spending.fund_parts) == 8
    assert spending.medical_aid in spending.fund_parts


def test_settlement_identities_warn_and_do_not_block() -> None:
    checks = {check.name: check for check in CONTRACTS["medical_insurance/settlement"].checks}
    assert checks["cost_is_fund_and_person"].parts == ("fund_total", "personal_burden")
    assert not any(check.blocking for check in checks.values())


def test_roles_can_be_kept_in_sets() -> None:
    assert len({role for contract in CONTRACTS.values() for role in contract.roles})


def test_loading_is_fast() -> None:
    fastest = min(_seconds() for _ in range(3))
    assert fastest < 0.3


def _seconds() -> float:
    begun = time.process_time()
    load_contracts()
    return time.process_time() - begun
