"""Results that are known are taken over; whatever changes what was checked makes them unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from pipelines.contracts import expectations, gx_run
from pipelines.contracts.expectations import ExpectationResult, validate_tables
from tests.expectations.conftest import FakeNight
from tests.expectations.test_batches import PAYMENT, payments
from tests.expectations.test_tables import MEMBER, PERSON


class Known:
    """What an earlier night found, and which suites were asked for."""

    def __init__(self, results: Sequence[ExpectationResult]) -> None:
        self.by_basis: dict[str, list[ExpectationResult]] = {}
        for result in results:
            self.by_basis.setdefault(result.basis, []).append(result)

    def __call__(self, basis: str) -> Sequence[ExpectationResult] | None:
        return self.by_basis.get(basis)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The suites that Great Expectations was asked to run."""
    asked: list[str] = []
    run = gx_run._run

    def noted(con: object, source: object, number: int, suite: gx_run.Suite) -> object:
        asked.append(suite.name)
        return run(con, source, number, suite)  # type: ignore[arg-type]

    monkeypatch.setattr(gx_run, "_run", noted)
    return asked


def filled(night: FakeNight, persons: int = 9) -> None:
    night.make(PERSON, f"SELECT 'P' || i AS person_id, '1' AS sex FROM range({persons}) AS t(i)")
    night.make(
        MEMBER, "SELECT 'H' AS household_id, 'P1' AS person_id, ['低保'] AS tiers, NULL AS note"
    )
    for table, pointer in night.pointers.items():
        night.pointers[table] = replace(pointer, content=f"{table} {persons}")


def test_unchanged_tables_are_not_checked_again(night: FakeNight, ran: list[str]) -> None:
    filled(night)
    first = validate_tables(night, night.promises)
    assert sorted(ran) == sorted(night.promises)
    ran.clear()
    again = validate_tables(night, night.promises, Known(first))
    assert ran == [] and again == first
    assert [(r.zh, r.en, r.basis) for r in again] == [(r.zh, r.en, r.basis) for r in first]


def test_a_changed_table_and_those_that_refer_to_it_are(night: FakeNight, ran: list[str]) -> None:
    filled(night)
    known = Known(validate_tables(night, night.promises))
    ran.clear()
    member = night.pointers[MEMBER.table]
    filled(night, persons=1)  # P1, whom the member is, is gone
    night.pointers[MEMBER.table] = member
    found = validate_tables(night, night.promises, known)
    assert sorted(ran) == sorted([PERSON.table, MEMBER.table])
    assert [r.name for r in found if not r.success] == ["known_person_id_in_population.person"]


def test_another_expectation_is_another_basis(
    night: FakeNight, ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(night)
    known = Known(validate_tables(night, night.promises))
    ran.clear()
    usual = expectations.expected_of_table

    def stricter(*given: object, **named: object) -> tuple[gx_run.Expected, ...]:
        first, *others = usual(*given, **named)  # type: ignore[arg-type]
        return replace(first, blocking=not first.blocking), *others

    monkeypatch.setattr(expectations, "expected_of_table", stricter)
    validate_tables(night, night.promises, known)
    assert sorted(ran) == sorted(night.promises)


def test_batches_that_have_been_checked_are_not_checked_again(
    night: FakeNight, ran: list[str]
) -> None:
    night.land(PAYMENT, payments())
    first = expectations.validate_batches(night)
    assert first and all(r.basis for r in first)
    ran.clear()
    assert expectations.validate_batches(night, held=Known(first)) == first
    assert ran == []
    night.land(PAYMENT, payments())  # its keys stand twice now
    found = expectations.validate_batches(night, held=Known(first))
    assert f"landed.{PAYMENT}" in ran
    assert not all(r.success for r in found)
