"""A night makes tables as promised, takes over what is unchanged, and knows when it is stale."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.errors import AlreadyRunning, PromiseBroken
from pipelines.lake.home import Home
from pipelines.lake.manifest import Manifest, load_manifest, manifest_sha256, stale_nights
from pipelines.lake.night import Night
from pipelines.lake.sweep import sweep
from pipelines.settings import Settings

FIRST, SECOND = date(2026, 11, 19), date(2026, 11, 20)
PROMISE = """\
table: demo.thing
room: demo
published: false
title: {zh: 物, en: Thing}
description: {zh: 例, en: example}
grain: a thing
key: [thing_id]
columns:
  - {name: thing_id, type: VARCHAR, nullable: false, class: public, zh: 号, en: id}
  - {name: day, type: DATE, class: public, zh: 日, en: day}
  - {name: amount, type: "DECIMAL(12,2)", class: public, zh: 额, en: amount}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "schemas" / "tables" / "demo"
    folder.mkdir(parents=True)
    (folder / "thing.yml").write_text(PROMISE, encoding="utf-8")
    total = PROMISE.replace("thing", "total").replace("total_id", "day_text")
    (folder / "total.yml").write_text(total, encoding="utf-8")
    return Settings(home=tmp_path / "home", schemas=tmp_path / "schemas", policy=tmp_path)


def open_night(settings: Settings, as_of: date) -> Night:
    return Night(Home(settings.home).create(), as_of, settings)


def things(*amounts: float) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "amount": list(amounts),
            "thing_id": [f"T{i}" for i in range(len(amounts))],
            "day": ["2026-11-01"] * len(amounts),
        }
    )


def commit(night: Night) -> None:
    Manifest(
        as_of=night.as_of, run_id=night.run_id, committed_at="", code_version="", policy="",
        policy_sha256="", previous=night.previous,
        previous_sha256=manifest_sha256(night.home, night.previous) if night.previous else None,
        receipts=(), tables=night.pointers(),
    ).save(night.home)  # fmt: skip


def test_columns_are_enforced_by_name_and_type(settings: Settings) -> None:
    night = open_night(settings, FIRST)
    night.write("demo.thing", things(1.5, 2))
    frame = night.frame("demo.thing")
    assert frame.columns == ["thing_id", "day", "amount"]
    assert frame.schema["amount"] == pl.Decimal(12, 2)
    assert frame["day"].to_list() == [date(2026, 11, 1)] * 2


def test_a_missing_or_unpromised_column_breaks_the_promise(settings: Settings) -> None:
    night = open_night(settings, FIRST)
    with pytest.raises(PromiseBroken, match=r"missing \['day'\], not promised \['other'\]"):
        night.write("demo.thing", things(1).rename({"day": "other"}))


def test_a_doubled_key_breaks_the_promise(settings: Settings) -> None:
    night = open_night(settings, FIRST)
    doubled = things(1, 2).with_columns(thing_id=pl.lit("T0"))
    with pytest.raises(PromiseBroken, match="1 keys"):
        night.write("demo.thing", doubled)


TOTAL = """
    SELECT CAST(day AS VARCHAR) AS day_text, max(day) AS day, sum(amount) AS amount
    FROM demo.thing WHERE day <= $as_of GROUP BY day
"""


def test_unchanged_tables_are_taken_over_and_changed_ones_made_anew(settings: Settings) -> None:
    night = open_night(settings, FIRST)
    night.write("demo.thing", things(1, 2))
    assert not night.build_query("demo.total", TOTAL).reused
    assert night.build_query("demo.total", TOTAL).reused
    night.write("demo.thing", things(1, 2))
    assert night.build_query("demo.total", TOTAL).reused, "same content, other file"
    night.write("demo.thing", things(1, 3))
    assert not night.build_query("demo.total", TOTAL).reused
    assert night.frame("demo.total")["amount"].to_list() == [pl.Series([4]).cast(pl.Int64)[0]]


def test_the_night_before_is_read_by_prefix_and_empty_without_one(settings: Settings) -> None:
    first = open_night(settings, FIRST)
    assert first.frame("prev_demo.thing").is_empty()
    first.write("demo.thing", things(7))
    commit(first)
    second = open_night(settings, SECOND)
    assert second.previous == FIRST
    assert second.frame("prev_demo.thing")["thing_id"].to_list() == ["T0"]


def test_a_night_made_anew_with_other_contents_makes_later_ones_stale(settings: Settings) -> None:
    first = open_night(settings, FIRST)
    first.write("demo.thing", things(7))
    commit(first)
    second = open_night(settings, SECOND)
    second.write("demo.thing", things(8))
    commit(second)
    assert stale_nights(first.home) == []
    again = open_night(settings, FIRST)
    again.write("demo.thing", things(7))
    commit(again)
    assert stale_nights(first.home) == [], "same contents"
    again.write("demo.thing", things(9))
    commit(again)
    assert stale_nights(first.home) == [SECOND]
    assert load_manifest(first.home, SECOND).previous == FIRST


def test_partitions_rewrite_only_what_is_named(settings: Settings) -> None:
    first = open_night(settings, FIRST)
    days = things(1, 2, 3).with_columns(day=pl.Series(["2026-11-01", "2026-11-02", "2026-11-02"]))
    first.engine.register("given", days)
    first.build_partitions("demo.thing", "SELECT * FROM given", "day")
    commit(first)
    second = open_night(settings, SECOND)
    second.engine.register("given", things(50).with_columns(day=pl.lit("2026-11-02")))
    second.build_partitions("demo.thing", "SELECT * FROM given", "day", only=["2026-11-02"])
    rows = second.frame("demo.thing").sort("day")
    assert [float(a) for a in rows["amount"]] == [1.0, 50.0]
    before, after = first.pointer("demo.thing"), second.pointer("demo.thing")
    assert before is not None and after is not None
    assert before.partitions["2026-11-01"] == after.partitions["2026-11-01"]


def test_what_no_night_points_at_is_swept_and_nothing_else(settings: Settings) -> None:
    first = open_night(settings, FIRST)
    first.write("demo.thing", things(1))
    replaced = first.pointer("demo.thing")
    first.write("demo.thing", things(7))
    commit(first)
    second = open_night(settings, SECOND)
    second.write("demo.thing", things(9))
    assert replaced is not None
    assert sweep(first.home)[0] == 1
    assert not replaced.paths(first.home.lake)[0].exists()
    assert float(second.frame("demo.thing")["amount"][0]) == 9
    assert float(second.frame("prev_demo.thing")["amount"][0]) == 7


def test_one_run_at_a_time(settings: Settings) -> None:
    home = Home(settings.home).create()
    with home.locked(), pytest.raises(AlreadyRunning), home.locked():
        pass


def test_the_key_is_kept_and_private(settings: Settings) -> None:
    home = Home(settings.home).create()
    assert home.key() == home.key()
    assert home.key_file.stat().st_mode & 0o777 == 0o600
    assert home.restricted.stat().st_mode & 0o777 == 0o700
