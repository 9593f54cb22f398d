"""A patched table is what writing it whole would give, and says what of it changed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines.errors import PromiseBroken
from pipelines.lake.newest import frame_of
from pipelines.lake.night import Night
from pipelines.lake.patch import changes, in_columns, narrowed, patch, rows_of
from pipelines.lake.sweep import sweep
from pipelines.settings import Settings

from .test_night import FIRST, commit, open_night, settings

__all__ = ["settings"]
KEY = ["thing_id"]
BASE = {f"T{n}": float(n) for n in range(60)}


def rows(things: dict[str, float]) -> pl.DataFrame:
    return pl.DataFrame(
        {"thing_id": list(things), "day": ["2026-11-01"] * len(things),
         "amount": list(things.values())},
        schema={"thing_id": pl.String, "day": pl.String, "amount": pl.Float64},
    )  # fmt: skip


def first(settings: Settings) -> None:
    night = open_night(settings, FIRST)
    night.write("demo.thing", rows(BASE))
    commit(night)
    night.close()


def patched(
    settings: Settings, day: int, touched: list[str], made: dict[str, float],
    was: dict[str, float] | None = None,
) -> Night:  # fmt: skip
    night = open_night(settings, FIRST + timedelta(days=day))
    keys = pl.DataFrame({"thing_id": touched}, schema={"thing_id": pl.String})
    held = None if was is None else rows(was)
    patch(night, "demo.thing", KEY, keys, rows(made), "recipe", "from", held)
    return night


def amounts(frame: pl.DataFrame) -> dict[str, float]:
    return {key: float(amount) for key, _, amount in frame.iter_rows()}


def whole_content(settings: Settings, day: int, things: dict[str, float]) -> str:
    other = settings.model_copy(update={"home": settings.home / f"whole{day}"})
    night = open_night(other, FIRST)
    night.write("demo.thing", rows(things))
    return night.content("demo.thing")


def test_patches_over_nights_are_the_whole_table(settings: Settings) -> None:
    """Changed, gone, new; then one of them changed again, gone again, and one that came back."""
    first(settings)
    steps: list[tuple[list[str], dict[str, float]]] = [
        (["T1", "T2", "N1"], {"T1": 100.0, "N1": 7.0}),
        (["T1", "T2", "N1", "T3"], {"T1": 101.0, "T2": 2.0, "T3": 3.0}),
        (["T1"], {"T1": 1.0}),
    ]
    expected = dict(BASE)
    for day, (touched, made) in enumerate(steps, start=1):
        before = dict(expected)
        expected = {k: v for k, v in expected.items() if k not in touched} | made
        night = patched(settings, day, touched, made)
        pointer = night.pointer("demo.thing")
        assert pointer is not None and pointer.patch is not None
        assert amounts(night.frame("demo.thing")) == expected
        assert pointer.rows == len(expected)
        assert pointer.content == whole_content(settings, day, expected)
        different = {k for k in before | expected if before.get(k) != expected.get(k)}
        night.differences.clear()  # as another process would find it
        found = changes(night, "demo.thing", KEY)
        assert found is not None
        assert set(found.keys["thing_id"]) == different
        assert amounts(found.was) == {k: v for k, v in before.items() if k in different}
        assert amounts(found.now) == {k: v for k, v in expected.items() if k in different}
        assert in_columns(night, found, ["day"]).keys.height == len(set(before) ^ set(expected))
        commit(night)
        sweep(night.home)
        assert amounts(frame_of(pointer, night.home.lake)) == expected
        night.close()


def test_rows_of_before_that_are_known_are_not_looked_for(settings: Settings) -> None:
    first(settings)
    touched, made = ["T1", "T2", "N1"], {"T1": 100.0, "N1": 7.0}
    night = patched(settings, 1, touched, made, was={"T1": 1.0, "T2": 2.0})
    found, pointer = changes(night, "demo.thing", KEY), night.pointer("demo.thing")
    other = patched(settings, 1, touched, made)
    looked_for, expected = changes(other, "demo.thing", KEY), other.pointer("demo.thing")
    assert found is not None and looked_for is not None and pointer is not None
    assert expected is not None and pointer.content == expected.content
    assert amounts(night.frame("demo.thing")) == amounts(other.frame("demo.thing"))
    assert amounts(found.was) == amounts(looked_for.was) == {"T1": 1.0, "T2": 2.0}
    with pytest.raises(PromiseBroken, match="does not touch"):
        patched(settings, 1, ["T1"], {"T1": 1.0}, was={"T1": 1.0, "T2": 2.0})


def test_a_patch_that_changes_nothing_is_the_table_of_before(settings: Settings) -> None:
    first(settings)
    night = patched(settings, 1, ["T1", "T2"], {"T1": 1.0, "T2": 2.0})
    pointer, before = night.pointer("demo.thing"), night.pointer("prev_demo.thing")
    assert pointer is not None and before is not None
    assert (pointer.files, pointer.patch) == (before.files, None)


def test_a_night_stands_while_the_one_before_it_is_run_again(settings: Settings) -> None:
    """Its patch was laid on the table that the night before had then. What the night before says
    otherwise now, in whichever way, is a difference between the two."""
    first(settings)
    for day, touched, made in ((1, ["T1", "T2"], {"T1": 100.0}), (2, ["T5", "N1"], {"N1": 7.0})):
        night = patched(settings, day, touched, made)
        stood = night.pointer("demo.thing")
        commit(night)
        night.close()
    late = {"T1": 100.0, "T9": 900.0, "T10": 10.0, "N1": 8.0}
    night = patched(settings, 1, ["T1", "T2", "T3", "T9", "T10", "N1"], late)
    commit(night)
    night.close()
    night = open_night(settings, FIRST + timedelta(days=2))
    assert stood is not None
    night.point(stood)
    before = BASE | late
    del before["T2"], before["T3"]
    tonight = BASE | {"T1": 100.0, "N1": 7.0}
    del tonight["T2"], tonight["T5"]
    assert amounts(night.frame("prev_demo.thing")) == before
    assert amounts(night.frame("demo.thing")) == tonight
    found = changes(night, "demo.thing", KEY)
    assert found is not None
    different = {k for k in before | tonight if before.get(k) != tonight.get(k)}
    assert set(found.keys["thing_id"]) == different == {"T3", "T5", "T9", "N1"}
    assert amounts(found.was) == {k: v for k, v in before.items() if k in different}
    assert amounts(found.now) == {k: v for k, v in tonight.items() if k in different}


def test_a_large_patch_is_written_into_the_table(settings: Settings) -> None:
    first(settings)
    made = {f"T{n}": 1000.0 + n for n in range(30)}
    night = patched(settings, 1, list(made), made)
    pointer = night.pointer("demo.thing")
    assert pointer is not None and pointer.patch is None and pointer.made_from == "from"
    assert amounts(night.frame("demo.thing")) == BASE | made
    night.differences.clear()
    found = changes(night, "demo.thing", KEY)
    assert found is not None and set(found.keys["thing_id"]) == set(made)


def test_rows_that_the_delta_does_not_touch_are_refused(settings: Settings) -> None:
    first(settings)
    with pytest.raises(PromiseBroken, match="does not touch"):
        patched(settings, 1, ["T1"], {"T1": 1.0, "T2": 5.0})


def test_a_statement_reads_no_more_than_some_rows(settings: Settings) -> None:
    first(settings)
    night = open_night(settings, FIRST)
    some = rows_of(night, "demo.thing", pl.DataFrame({"thing_id": ["T5", "T6", "T99"]}))
    assert amounts(some) == {"T5": 5.0, "T6": 6.0}
    sql = "select count(*) as things, sum(thing.amount) as amount from demo.thing where amount > 5"
    assert narrowed(night, sql, {"demo.thing": some}).rows() == [(1, 6)]


def test_only_a_table_made_in_the_same_way_may_be_patched(
    settings: Settings, tmp_path: Path
) -> None:
    night = open_night(settings, FIRST)
    night.write("demo.total", rows({}).rename({"thing_id": "day_text"}))
    made_from = night.made_from("demo.thing", ["demo.total"], {"model": "a"})
    night.write("demo.thing", rows(BASE), "recipe", made_from)
    commit(night)
    later = open_night(settings, date(2026, 11, 20))
    assert later.may_patch("demo.thing", ["demo.total"], {"model": "a"})
    assert not later.may_patch("demo.thing", ["demo.total"], {"model": "b"})
    assert not later.may_patch("demo.total", [], {})
