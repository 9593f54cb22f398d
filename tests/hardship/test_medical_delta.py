"""Sums that follow the delta are those that summing everybody gives, whatever a night brings."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.engine.sql import read_sql
from pipelines.hardship import medical_delta, registry
from pipelines.lake.night import PIPELINES
from tests.hardship.world import World, commit

FIRST = date(2026, 11, 18)
SUMS = "hardship.person_medical"
PEOPLE = [f"P{number}" for number in range(40)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "followed")
    world.root.mkdir()
    for person_id in PEOPLE:
        world.person(person_id)
        world.household(f"H{person_id}")
        for number in range(3):
            world.settle(person_id, f"{person_id}-{number}", first_of(person_id, number), 100)
    return world


def first_of(person_id: str, number: int = 0) -> date:
    """The day of one of the settlements that a person has from the beginning."""
    return FIRST - timedelta(days=30 + 100 * number + PEOPLE.index(person_id))


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> list[set[str] | None]:
    """Who was summed on each night that had one before; None: everybody."""
    seen: list[set[str] | None] = []
    whole = medical_delta.person_medical

    def told(*given: Any) -> tuple[pl.DataFrame, pl.DataFrame] | None:
        found = whole(*given)
        seen.append(None if found is None else set(found[0]["person_id"].drop_nulls()))
        return found

    monkeypatch.setattr(medical_delta, "person_medical", told)
    return seen


def sums(world: World, night: date) -> list[dict[str, Any]]:
    """The table of a night that is made and committed, up to it; held against all summed anew."""
    with world.night(night) as made:
        for table in registry.TABLES[: registry.TABLES.index(SUMS) + 1]:
            registry.build(table, made)
        bounds = {name: registry.windows(night)[name] for name in ("window_start", "year_start")}
        whole = made.query(read_sql(PIPELINES / "hardship" / "person_medical.sql"), bounds)
        found, anew = in_order(made.frame(SUMS)), in_order(whole)
        assert found == anew
        commit(made)
        return found


def in_order(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return sorted(frame.to_dicts(), key=lambda row: str(row["person_id"]))


def happens(world: World, chance: random.Random, night: date, serial: int) -> None:
    """Something that a night may bring."""
    person, other = chance.sample(PEOPLE, 2)
    day = night - timedelta(days=chance.choice([0, 1, 5, 40, 300, 370]))
    late = {"delivery_id": f"d{serial}", "extract_date": night}
    match chance.randrange(6):
        case 0:
            world.settle(person, f"n{serial}", day, 50, care_type="21", **late)
        case 1:  # a correction of what is there, of another day
            world.settle(person, f"{person}-0", day, 7, in_scope_cost=None, **late)
        case 2:  # a refund
            was = {"visit_id": f"v{person}-0", **late}
            world.settle(person, f"r{serial}", first_of(person), -100, **was)
        case 3:
            world.pay_aid(person, f"aid{serial}", day, 30)
        case 4:  # what was one person is known to be another
            for row in world.rows["linkage.person_ref"]:
                if row["person_ref"] == f"psn_no:{person}":
                    row["person_id"] = other
        case _:
            pass


@pytest.mark.parametrize("seed", range(3))
def test_following_a_delta_gives_what_summing_everybody_gives(
    world: World, seed: int, followed: list[set[str] | None]
) -> None:
    chance = random.Random(seed)
    night = FIRST
    sums(world, night)
    for turn in range(4):
        night += timedelta(days=chance.choice([1, 1, 3]))
        for serial in range(chance.randrange(4)):
            happens(world, chance, night, 10 * turn + serial)
        sums(world, night)
    assert len(followed) == 4 and None not in followed
    assert any(0 < len(people or ()) < len(PEOPLE) / 2 for people in followed)


def test_only_who_is_concerned_is_summed(world: World, followed: list[set[str] | None]) -> None:
    sums(world, FIRST)
    world.settle("P1", "new", FIRST, 10, delivery_id="d2", extract_date=FIRST)
    world.settle("P2", "later", FIRST + timedelta(days=9), 10, delivery_id="d2")
    sums(world, FIRST + timedelta(days=1))
    sums(world, FIRST + timedelta(days=9))
    assert followed == [{"P1"}, {"P2"}]


def test_what_leaves_the_window_is_taken_off(world: World, followed: list[set[str] | None]) -> None:
    world.settle("P3", "old", FIRST - timedelta(days=364), 1000)
    before = {row["person_id"]: row["burden_all_12m"] for row in sums(world, FIRST)}
    night = FIRST + timedelta(days=1)
    after = {row["person_id"]: row["burden_all_12m"] for row in sums(world, night)}
    assert before.pop("P3") - after.pop("P3") == 1000
    assert before == after
    assert followed == [{"P3"}]


def test_a_payment_that_leaves_the_window_is_deducted_no_more(
    world: World, followed: list[set[str] | None]
) -> None:
    world.settle("P4", "dear", FIRST, 500)
    world.pay_aid("P4", "aid", FIRST - timedelta(days=364), 40)
    sums(world, FIRST)
    sums(world, FIRST + timedelta(days=1))
    assert followed == [{"P4"}]


def test_a_new_year_sums_everybody(world: World, followed: list[set[str] | None]) -> None:
    world.settle("P1", "eve", date(2026, 12, 31), 10)
    sums(world, date(2026, 12, 31))
    sums(world, date(2027, 1, 1))
    assert followed[0] is None
