"""What is kept with a night, what of a past night is read, and how two tables are compared."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.errors import NotFound
from pipelines.lake import fingerprint
from pipelines.lake.dispute import Dispute, load_disputes
from pipelines.lake.home import Home
from pipelines.lake.kept import keep_contracts, keep_policy, kept_contracts, kept_policy
from pipelines.lake.manifest import load_manifest
from pipelines.lake.night import Night
from pipelines.lake.past import PastNight, manifest_of
from pipelines.lake.table_diff import table_diff
from pipelines.settings import Settings
from tests.lake.test_night import FIRST, PROMISE, SECOND, commit, open_night, things


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "schemas" / "tables" / "demo"
    folder.mkdir(parents=True)
    (folder / "thing.yml").write_text(PROMISE, encoding="utf-8")
    return Settings(home=tmp_path / "home", schemas=tmp_path / "schemas", policy=tmp_path)


def test_a_policy_is_kept_once_by_content_and_under_its_names(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create()
    for name in ("place", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rules.yaml").write_text("[]", encoding="utf-8")
    digest = keep_policy(home, tmp_path / "place")
    assert keep_policy(home, tmp_path / "place") == digest
    assert digest == fingerprint.folder(tmp_path / "place")
    kept = kept_policy(home, digest)
    assert kept is not None and kept.name == "place"
    (tmp_path / "place" / "rules.yaml").write_text("changed", encoding="utf-8")
    assert (kept / "rules.yaml").read_text(encoding="utf-8") == "[]"
    assert keep_policy(home, tmp_path / "place") != digest
    assert keep_policy(home, tmp_path / "other") == digest
    assert kept_policy(home, "none") is None and kept_policy(home, "") is None
    assert not list((home.kept / "policy").glob(".*")), "nothing half-written stays"


def test_contracts_are_kept_without_the_promises_of_tables(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create()
    for name in ("sources", "codes", "tables"):
        (tmp_path / "schemas" / name).mkdir(parents=True)
        (tmp_path / "schemas" / name / "a.yml").write_text(name, encoding="utf-8")
    digest = keep_contracts(home, tmp_path / "schemas")
    kept = kept_contracts(home, digest)
    assert kept is not None
    assert sorted(path.name for path in kept.iterdir()) == ["codes", "sources"]
    (tmp_path / "schemas" / "tables" / "a.yml").write_text("other", encoding="utf-8")
    assert keep_contracts(home, tmp_path / "schemas") == digest
    (tmp_path / "schemas" / "codes" / "a.yml").write_text("other", encoding="utf-8")
    assert keep_contracts(home, tmp_path / "schemas") != digest


def test_a_past_night_is_what_was_committed(settings: Settings) -> None:
    night = open_night(settings, FIRST)
    night.write("demo.thing", things(7))
    commit(night)
    night.write("demo.thing", things(8, 9))  # a rerun that is under way
    past = PastNight(Home(settings.home), FIRST, settings)
    assert past.frame("demo.thing").height == 1
    past.close()


def test_a_night_that_is_not_there(settings: Settings, tmp_path: Path) -> None:
    night = open_night(settings, FIRST)
    night.write("demo.thing", things(7))
    commit(night)
    home = Home(settings.home)
    assert manifest_of(home).as_of == manifest_of(home, FIRST).as_of == FIRST
    with pytest.raises(NotFound, match=r"no night of 2026-11-20: it has 1, from 2026-11-19"):
        manifest_of(home, SECOND)
    with pytest.raises(NotFound, match="no night yet"):
        manifest_of(Home(tmp_path / "none"))
    assert load_manifest(home, FIRST).contracts_sha256 == ""


def test_a_column_promised_later_is_unknown_in_the_night_before(
    settings: Settings, tmp_path: Path
) -> None:
    """An upgrade must not lose what stands on the night before, such as cases."""
    night = open_night(settings, FIRST)
    night.write("demo.thing", things(7))
    commit(night)
    night.close()
    for name, nullable, rows in (("new", "", 1), ("newer", "nullable: false, ", 0)):
        folder = tmp_path / name / "tables" / "demo"
        folder.mkdir(parents=True)
        column = f"  - {{name: place, type: VARCHAR, {nullable}class: public, zh: 地, en: place}}\n"
        (folder / "thing.yml").write_text(PROMISE + column, encoding="utf-8")
        later = settings.model_copy(update={"schemas": tmp_path / name})
        second = Night(Home(settings.home), SECOND, later)
        frame = second.frame("prev_demo.thing")
        assert (frame.height, frame["place"].to_list()) == (rows, [None] * rows)
        second.close()


def test_rows_added_gone_and_changed_are_counted_by_key(settings: Settings) -> None:
    first, second = open_night(settings, FIRST), open_night(settings, SECOND)
    first.write("demo.thing", things(1, 2, 3))
    second.write("demo.thing", things(1, 5, 3, 4))
    found = table_diff(
        second.engine, first.promise("demo.thing"), first.pointer("demo.thing"),
        second.pointer("demo.thing"), first.home.lake, second.home.lake,
    )  # fmt: skip
    assert (found.rows_a, found.rows_b) == (3, 4)
    assert (found.added, found.gone, found.changed, found.same) == (1, 0, 1, False)
    leaving = table_diff(
        second.engine, first.promise("demo.thing"), first.pointer("demo.thing"),
        second.pointer("demo.thing"), first.home.lake, second.home.lake,
        frozenset({"amount", "thing_id"}),
    )  # fmt: skip
    assert (leaving.added, leaving.gone, leaving.changed) == (1, 0, 0)
    none = table_diff(
        second.engine, first.promise("demo.thing"), None, second.pointer("demo.thing"),
        first.home.lake, second.home.lake,
    )  # fmt: skip
    assert (none.rows_a, none.added, none.same) == (0, 4, False)


def test_disputes_are_kept_private_and_in_order(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create()
    later = Dispute("D1", "C1", date(2026, 11, 2), "本人", "二", "2026-11-02T00:00:00")
    earlier = Dispute("D2", "C1", date(2026, 11, 1), "本人", "一", "2026-11-02T00:00:00")
    for one in (later, earlier):
        one.save(home)
    assert load_disputes(home) == [earlier, later]
    assert all(p.stat().st_mode & 0o777 == 0o600 for p in home.disputes.iterdir())
    assert home.disputes.stat().st_mode & 0o777 == 0o700
