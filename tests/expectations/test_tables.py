"""Tables to be published: keys, references, value sets, identifiers, volume."""

from __future__ import annotations

from types import SimpleNamespace

from pipelines.contracts.expectations import ExpectationResult, validate_tables
from pipelines.contracts.promises import Promise, PromisedColumn, load_promises
from tests.expectations.conftest import FakeNight


def promise(table: str, key: tuple[str, ...], *columns: PromisedColumn) -> Promise:
    return Promise(table, "population", True, "表", "table", "表", "table", "a row", key, columns)


PERSON = promise(
    "population.person", ("person_id",),
    PromisedColumn("person_id", "VARCHAR", False), PromisedColumn("sex", "VARCHAR"),
)  # fmt: skip
MEMBER = promise(
    "population.household_member", ("household_id", "person_id"),
    PromisedColumn("household_id", "VARCHAR", False), PromisedColumn("person_id", "VARCHAR", False),
    PromisedColumn("tiers", "VARCHAR[]"), PromisedColumn("note", "VARCHAR"),
)  # fmt: skip


def failed(night: FakeNight) -> dict[str, ExpectationResult]:
    results = validate_tables(night, night.promises)
    assert not any(result.errored for result in results)
    return {f"{r.suite}:{r.name}": r for r in results if not r.success}


def test_sound_tables_pass(night: FakeNight) -> None:
    night.make(PERSON, "SELECT 'P' || i AS person_id, '1' AS sex FROM range(9) AS t(i)")
    night.make(MEMBER, "SELECT 'H' AS household_id, 'P1' AS person_id, ['低保'] AS tiers, "
               "'区划 371102000000，金额 12345.00' AS note")  # fmt: skip
    assert failed(night) == {}


def test_what_is_wrong_is_found_and_blocks(night: FakeNight) -> None:
    night.make(PERSON, "SELECT 'P1' AS person_id, '男' AS sex FROM range(2)")
    night.make(MEMBER, "SELECT 'H' AS household_id, 'P' || i AS person_id, ['无此类'] AS tiers, "
               "'电话13912345678。' AS note FROM range(1, 4) AS t(i)")  # fmt: skip
    night.previous_manifest = SimpleNamespace(
        tables={"population.person": SimpleNamespace(rows=1000)}
    )
    found = failed(night)
    assert {name: r.unexpected_count for name, r in found.items()} == {
        "population.person:key_once": 2,
        "population.person:known_sex": 2,
        "population.person:rows_against_night_before": None,
        "population.household_member:known_person_id_in_population.person": 2,
        "population.household_member:known_tiers": 3,
        "population.household_member:no_identifier_in_the_clear": 3,
    }
    assert all(result.blocking for result in found.values())


def test_every_promised_table_can_be_checked(night: FakeNight) -> None:
    for promised in load_promises().values():
        if promised.published is not False:
            night.make(
                promised,
                "SELECT "
                + ", ".join(f'CAST(NULL AS {c.type}) AS "{c.name}"' for c in promised.columns)
                + " LIMIT 0",
            )
    assert failed(night) == {}
