"""What is published as versions: which is shown, what is kept, and an earlier one restored."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines import publish
from pipelines.errors import DamagedState, NotFound, PublicationHeldBack
from pipelines.lake import correction
from pipelines.lake.home import Home
from pipelines.nightly import commit
from pipelines.publish import versions
from pipelines.publish.files import PublishedFile
from pipelines.publish.restore import kept, restore
from pipelines.settings import Settings
from tests.publish.conftest import AS_OF, ROWS, open_night, write, write_few

NEXT = AS_OF + timedelta(days=1)
ONE, TWO = versions.Version(AS_OF, 1), versions.Version(NEXT, 1)


def run(
    home: Home, as_of: date = AS_OF, persons: int = 2, settings: Mapping[str, Any] | None = None
) -> PublishedFile:
    """A small night from its tables to its commit, through what the assets call."""
    night = open_night(home, as_of, f"run-{as_of}-{persons}")
    night.settings = night.settings.model_copy(update=dict(settings or {}))
    try:
        person = ROWS["population.person"][0]
        write_few(night, population__person=[
            {**person, "person_id": f"P{n}"} for n in range(1, persons + 1)
        ])  # fmt: skip
        write(night, "quality.expectation", [])
        write(night, "linkage.person_identity", [{"person_id": f"P{persons}", "name": "王某"}])
        publish.dictionary(night)
        publish.run(night)
        published = publish.monitoring_file(night)
        commit(night)
        publish.identity_file(night)
    finally:
        night.close()
    return published


def said(home: Home) -> tuple[date, int]:
    with duckdb.connect(str(home.monitoring), read_only=True) as con:
        return con.execute("SELECT as_of, persons FROM meta.run").fetchall()[0]


def named(home: Home) -> str:
    with duckdb.connect(str(home.identity), read_only=True) as con:
        return str(con.execute("SELECT person_id FROM person_identity").fetchall()[0][0])


def test_database_parquet_and_dictionary_appear_together(home: Home) -> None:
    run(home)
    current = home.current.resolve()
    assert home.monitoring.resolve().parent == home.parquet.resolve().parent == current
    person = pl.read_parquet(home.parquet / "population" / "person.parquet")
    assert person["person_id"].to_list() == ["P1", "P2"]
    told = json.loads((home.parquet / "dictionary.json").read_text(encoding="utf-8"))
    files = sorted(str(p.relative_to(home.parquet)) for p in home.parquet.rglob("*.parquet"))
    assert sorted(one["file"] for one in told) == files
    (about,) = [one for one in told if one["table"] == "population.person"]
    assert [c["column"] for c in about["columns"]] == person.columns and about["title"]["zh"]
    assert all(c["zh"] and c["en"] and c["class"] for one in told for c in one["columns"])
    listed = pl.read_csv(home.parquet / "dictionary.csv")
    assert listed.height == sum(len(one["columns"]) for one in told)
    assert versions.damaged(home, ONE) == []


def test_everybody_may_read_it_and_nobody_else_may_write(home: Home) -> None:
    before = os.umask(0o077)
    try:
        run(home)
    finally:
        os.umask(before)
    for path in home.current.resolve().rglob("*"):
        wanted = 0o755 if path.is_dir() else 0o644
        assert path.stat().st_mode & 0o777 == wanted, path.name


def test_an_older_night_run_again_does_not_take_the_newer_ones_place(home: Home) -> None:
    """As when the clock was set back, or a late file makes an old night anew."""
    run(home, NEXT, persons=3)
    older = run(home, AS_OF, persons=2)
    assert not older.shown and older.version == ONE.name
    assert said(home) == (NEXT, 3) and named(home) == "P3"
    assert versions.versions(home) == [ONE, TWO]


def test_old_publications_are_deleted_by_policy(home: Home) -> None:
    nights = [AS_OF + timedelta(days=n) for n in range(4)]
    for night in nights:
        run(home, night, settings={"keep_published_nights": 2})
    run(home, nights[-1], persons=3, settings={"keep_published_nights": 2})
    assert [one.name for one in versions.versions(home)] == [
        f"{nights[2]}.1", f"{nights[3]}.1", f"{nights[3]}.2",
    ]  # fmt: skip
    run(home, nights[-1], persons=4, settings={"keep_published_nights": 1})
    assert [one.number for one in versions.versions(home)] == [2, 3]
    assert sorted(p.name for p in home.history.iterdir()) == [f"{nights[3]}.2", f"{nights[3]}.3"]


def test_a_restore_and_the_night_after_it(home: Home) -> None:
    run(home, AS_OF, persons=2)
    run(home, NEXT, persons=3)
    done = restore(Settings(home=home.root), str(AS_OF))
    assert (done.version, done.before, done.made_anew, done.identity) == (ONE, TWO, False, True)
    assert said(home) == (AS_OF, 2) and named(home) == "P2"
    after = NEXT + timedelta(days=1)
    run(home, after, persons=4)
    assert said(home) == (after, 4) and named(home) == "P4"
    told = versions.manifest_of(home, versions.Version(after, 1))
    assert told["made_from"]["previous"] == str(NEXT), "the lake was not turned back"


def test_a_night_whose_version_is_gone_is_made_anew_from_the_lake(home: Home) -> None:
    run(home, AS_OF, persons=2)
    before = versions.manifest_of(home, ONE)
    run(home, NEXT, persons=3, settings={"keep_published_nights": 1})
    run(home, NEXT, persons=3, settings={"keep_published_nights": 1})
    assert ONE not in versions.versions(home)
    done = restore(Settings(home=home.root), str(AS_OF))
    assert done.made_anew and said(home) == (AS_OF, 2) and named(home) == "P2"
    now = versions.manifest_of(home, done.version)
    for part in ("tables", "tables_sha256", "made_from_sha256"):
        assert now[part] == before[part], part


def test_a_damaged_version_is_not_restored(home: Home) -> None:
    run(home, AS_OF)
    run(home, NEXT)
    file = versions.folder_of(home, ONE) / "parquet" / "population" / "person.parquet"
    file.write_bytes(file.read_bytes()[:-1])
    assert [one.damaged for one in kept(home.root, verify=True)] == [
        ("parquet/population/person.parquet",), (),
    ]  # fmt: skip
    with pytest.raises(DamagedState, match="no longer what was published"):
        restore(Settings(home=home.root), ONE.name)
    assert said(home)[0] == NEXT
    with pytest.raises(NotFound, match=f"kept are {ONE.name}, {TWO.name}"):
        restore(Settings(home=home.root), "2020-01-01")


def test_equal_homes_say_the_same_and_hold_the_same(tmp_path: Path) -> None:
    homes = [Home(tmp_path / name).create() for name in ("a", "b", "c")]
    for home in homes[1:]:
        home.key_file.write_bytes(homes[0].key())
    run(homes[0])
    run(homes[1])
    run(homes[2], settings={"case_clear_days": 31})
    a, b, c = (versions.manifest_of(home, ONE) for home in homes)
    assert a["made_from_sha256"] == b["made_from_sha256"] != c["made_from_sha256"]
    assert a["tables_sha256"] == b["tables_sha256"]


def test_the_manifest_names_no_delivered_file_and_tells_other_keys_apart(tmp_path: Path) -> None:
    homes = [Home(tmp_path / name).create() for name in ("a", "b")]
    for home in homes:
        run(home)
    a, b = (versions.manifest_of(home, ONE) for home in homes)
    assert a["made_from"]["key"] != b["made_from"]["key"]
    assert homes[0].key().hex() not in json.dumps(a)


@pytest.mark.parametrize("text", ["证件 11010119900307123X", "call 13812345678 now"])
def test_an_identifier_in_the_finished_file_holds_it_back(home: Home, text: str) -> None:
    run(home)
    night = open_night(home, NEXT, "run-2")
    write_few(night, population__household=[
        {**ROWS["population.household"][0], "income_source": text}
    ])  # fmt: skip
    write(night, "quality.expectation", [])
    publish.dictionary(night)
    publish.run(night)
    with pytest.raises(PublicationHeldBack, match="reads like an identifier in 1 rows") as held:
        publish.monitoring_file(night)
    assert text not in str(held.value) and said(home)[0] == AS_OF
    assert [p.name for p in home.history.iterdir()] == [ONE.name]
    night.close()


def test_a_home_that_was_copied_with_links_followed(home: Home, tmp_path: Path) -> None:
    """`cp -L` leaves folders where links should be; the next night puts that right."""
    run(home)
    copy = Home(shutil.copytree(home.root, tmp_path / "copy")).create()
    assert copy.current.is_dir() and not copy.current.is_symlink()
    run(copy, NEXT, persons=3)
    assert said(copy) == (NEXT, 3)
    assert copy.current.is_symlink() and copy.parquet.is_symlink()
    assert len(versions.versions(copy)) == 2


def test_a_correction_is_part_of_what_a_version_was_made_from(home: Home) -> None:
    run(home)
    made = correction.record(
        home, source="medical_insurance", dataset="insured_person", record_key="P1", column="sex",
        was="1", values={"sex": "2"}, reason="card shown", decided_by="clerk",
    )  # fmt: skip
    run(home, NEXT)
    told = [versions.manifest_of(home, one)["made_from"]["decisions"] for one in (ONE, TWO)]
    assert [one["corrections"] for one in told] == [[], [made.correction_id]]
