"""Landed batches: what a contract expects of them is found, and an error is a failure."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pipelines.contracts.codes import load_codes
from pipelines.contracts.expectations import ExpectationResult, validate_batches
from pipelines.contracts.gx_batches import expected_of_batch
from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Check
from tests.expectations.conftest import FakeNight

PAYMENT = "civil_affairs/assistance_payment"


def rows(dataset: str, count: int = 40, **values: str) -> str:
    """SQL that gives landed rows of a dataset: NULL but for ``values`` (SQL, ``i`` counts)."""
    given = {
        "delivery_id": "'d'", "row_number": "i", "extract_date": "DATE '2026-11-18'",
        "record_key": "'k' || i", **values,
    }  # fmt: skip
    types = {"delivery_id": "VARCHAR", "row_number": "BIGINT", "extract_date": "DATE",
             "record_key": "VARCHAR", **load_contracts()[dataset].types()}  # fmt: skip
    listed = ", ".join(
        f'CAST({given.get(name, "NULL")} AS {type_}) AS "{name}"' for name, type_ in types.items()
    )
    return f"SELECT {listed} FROM range({count}) AS t(i)"


def payments(**values: str) -> str:
    sound = {
        "payment_id": "'p' || i", "name": "'甲'", "aid_type": "'低保金'", "amount": "100",
        "paid_on": "DATE '2026-11-01'",
    }  # fmt: skip
    return rows(PAYMENT, **{**sound, **values})


def by_name(results: list[ExpectationResult]) -> dict[str, ExpectationResult]:
    return {result.name: result for result in results}


def test_a_sound_batch_passes(night: FakeNight) -> None:
    night.land(PAYMENT, payments())
    results = validate_batches(night)
    assert results and {r.suite for r in results} == {f"landed.{PAYMENT}"}
    assert [r.check_id for r in results if not r.success] == []
    assert not any(r.errored for r in results)


def test_what_intake_guarantees_is_blocking(night: FakeNight) -> None:
    night.land(
        PAYMENT,
        payments(
            record_key="'k' || (i // 2)", amount="CASE WHEN i = 0 THEN NULL ELSE 1 END",
            aid_type="CASE WHEN i < 10 THEN '没有的项目' ELSE '低保金' END",
            paid_on="CASE WHEN i < 3 THEN DATE '2031-01-01' ELSE DATE '2026-11-01' END",
        ),
        rows=39,
    )  # fmt: skip
    failed = {n: r for n, r in by_name(validate_batches(night)).items() if not r.success}
    assert {name for name, r in failed.items() if r.blocking} == {
        "rows_as_received", "key_once_per_delivery", "usable_rows",
    }  # fmt: skip
    assert {name for name, r in failed.items() if not r.blocking} == {
        "known_aid_type", "plausible_paid_on",
    }  # fmt: skip
    assert failed["usable_rows"].unexpected_count == 1
    assert failed["usable_rows"].element_count == 40
    assert failed["known_aid_type"].unexpected_count == 10
    assert failed["plausible_paid_on"].unexpected_count == 3
    assert not any(r.errored for r in failed.values())


def test_money_must_add_up(night: FakeNight) -> None:
    name = "medical_insurance/settlement"
    sound = {
        "settlement_id": "'s' || i", "psn_no": "'n' || i", "settled_at": "TIMESTAMP '2026-11-01'",
        "total_cost": "100", "fund_total": "60", "personal_burden": "40",
    }  # fmt: skip
    sound["personal_burden"] = "CASE WHEN i < 50 THEN 30 ELSE 40 END"
    night.land(name, rows(name, 100, **sound))
    broken = by_name(validate_batches(night))["cost_is_fund_and_person"]
    assert (broken.success, broken.errored, broken.unexpected_count) == (False, False, 50)


def test_a_shrunken_snapshot_is_told(night: FakeNight) -> None:
    name = "medical_insurance/chronic_registration"
    given = {"psn_no": "'n' || i", "disease_code": "'M07800'"}
    night.land(name, rows(name, 100, **given), extract_date=date(2026, 11, 17))
    night.receipts[0] = replace(night.receipts[0], received_night=date(2026, 11, 17))
    night.land(name, rows(name, 80, **given))
    results = by_name(validate_batches(night))
    volume = results["rows_against_extract_before"]
    assert not volume.success and not volume.blocking and volume.element_count == 80
    assert results["rows_as_received"].success, "only what was received tonight is the batch"


def test_nothing_received_nothing_checked(night: FakeNight) -> None:
    assert validate_batches(night) == []


def test_no_outside_connection_and_no_files(
    night: FakeNight, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("validation opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("HOME", str(elsewhere))
    night.land(PAYMENT, payments())
    assert all(r.success for r in validate_batches(night))
    assert list(elsewhere.rglob("*")) == []


def test_every_contract_has_suites_that_can_be_evaluated(night: FakeNight) -> None:
    for name in load_contracts():
        night.land(name, rows(name, 3))
    errored = [r.check_id for r in validate_batches(night) if r.errored]
    assert errored == []


def settlements(**values: str) -> str:
    sound = {
        "settlement_id": "'s' || i", "psn_no": "'n' || i", "settled_at": "TIMESTAMP '2026-11-01'",
        "total_cost": "100", "personal_burden": "100", "disease_name": "'高血压'",
    }  # fmt: skip
    return rows("medical_insurance/settlement", 100, **{**sound, **values})


def test_against_the_deliveries_before(night: FakeNight) -> None:
    name = "medical_insurance/settlement"
    for day in range(1, 6):
        night.land(name, settlements(), extract_date=date(2026, 11, day))
        earlier = replace(night.receipts[-1], received_night=date(2026, 11, day))
        night.receipts[-1] = earlier
    known = {"psn_no": "'n' || i", "name": "'甲'", "insurance_type": "'390'"}
    night.land("medical_insurance/insured_person", rows("medical_insurance/insured_person",
               80, **known), extract_date=date(2026, 11, 5))  # fmt: skip
    night.receipts[-1] = replace(night.receipts[-1], received_night=date(2026, 11, 5))
    emptier = settlements(disease_name="CASE WHEN i < 30 THEN '高血压' END") + " WHERE i < 90"
    night.land(name, emptier, extract_date=date(2026, 11, 6))
    results = by_name(validate_batches(night, [name]))
    assert not any(result.errored for result in results.values())
    failed = {n: r.unexpected_count for n, r in results.items() if not r.success}
    assert failed == {"filled_as_before_disease_name": 60, "refers_psn_no": 10}
    assert results["rows_as_usual"].success and results["types_as_promised"].blocking
    night.land(name, settlements() + " WHERE i < 10", extract_date=date(2026, 11, 6))
    usual = by_name(validate_batches(night, [name]))
    assert usual["rows_as_usual"].success, "two files of one date are one extract"


def test_a_trickle_where_hundreds_used_to_come(night: FakeNight) -> None:
    name = "medical_insurance/settlement"
    for day in range(1, 6):
        night.land(name, settlements(), extract_date=date(2026, 11, day))
        night.receipts[-1] = replace(night.receipts[-1], received_night=date(2026, 11, day))
    night.land(name, settlements() + " WHERE i < 10")
    usual = by_name(validate_batches(night, [name]))["rows_as_usual"]
    assert not usual.success and not usual.blocking


def test_a_day_is_not_held_against_months(night: FakeNight) -> None:
    name = "medical_insurance/settlement"
    for month in range(4, 11):
        night.land(name, settlements(), extract_date=date(2026, month, 20))
        night.receipts[-1] = replace(night.receipts[-1], received_night=date(2026, 11, 18))
    night.land(name, settlements() + " WHERE i < 3", extract_date=date(2026, 10, 21))
    assert "rows_as_usual" not in by_name(validate_batches(night, [name])), "too few for a verdict"
    night.land(name, settlements() + " WHERE i < 3", extract_date=date(2026, 11, 19))
    assert not by_name(validate_batches(night, [name]))["rows_as_usual"].success


def test_rounded_numbers_are_told(night: FakeNight) -> None:
    status = {"id_number": "'990000198001010000'", "id_number_status": "'rounded'"}
    night.land(PAYMENT, payments(**status))
    rounded = by_name(validate_batches(night))["not_rounded_id_number"]
    assert (rounded.success, rounded.unexpected_count) == (False, 40)


def test_a_contract_says_how_strictly_a_generated_check_is_meant() -> None:
    contract = load_contracts()[PAYMENT]
    stated = Check("known_aid_type", "generated", "aid_type", "", "", mostly=0.5, blocking=True)
    shape = Check("aid_shape", "format", "payment_id", "", "", pattern="p[0-9]+")
    made = expected_of_batch(replace(contract, checks=(stated, shape)), load_codes(), 1)
    named = {expected.name: expected for expected in made}
    assert (named["known_aid_type"].mostly, named["known_aid_type"].blocking) == (0.5, True)
    assert "regexp_full_match" in str(named["aid_shape"].sql)
