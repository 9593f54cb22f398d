"""Whether two homes hold the same: what is published, the lake, receipts, identities."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipelines.contracts.promises import OF_THE_RUN, load_promises
from pipelines.engine.duck import DuckEngine
from pipelines.lake.home import Home
from pipelines.lake.manifest import load_manifest
from pipelines.lake.night import Night
from pipelines.lake.past import PastNight
from pipelines.lake.receipt import load_receipts
from pipelines.lake.table_diff import table_diff
from pipelines.publish import versions
from pipelines.standard.promises import contract_promise

#: of a receipt what says when and by which run it was written
OF_THE_RECEIPT = ("received_at", "received_run")


def published(home: Path) -> dict[str, Any] | None:
    """What the published files say: the night, and every table's rows and content.

    None where nothing is published. Raises where the file does not open, or the files are not
    those that were published together.
    """
    store = Home(home)
    version = versions.shown(store)
    if version is None:
        assert not store.monitoring.exists(), "a file is published that no version is"
        return None
    assert versions.damaged(store, version) == [], "not the files that were published together"
    told = versions.manifest_of(store, version)
    with duckdb.connect(str(store.monitoring), read_only=True) as con:
        ((as_of, persons),) = con.execute("SELECT as_of, persons FROM meta.run").fetchall()
        rows = con.execute("SELECT count(*) FROM population.person").fetchall()
        names = con.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables()"
        ).fetchall()
    assert rows == [(persons,)], "meta.run speaks of another night"
    assert as_of == version.as_of and told["as_of"] == str(as_of), "another night than its name"
    assert {name for (name,) in names} == set(told["tables"]), "not all tables are there"
    return {
        "as_of": str(as_of), "tables": told["tables"], "made_from": told["made_from_sha256"],
    }  # fmt: skip


def differences(one: Path, two: Path, as_of: date) -> list[str]:
    """What differs between two homes that ran the same nights, but for run ids and instants."""
    a, b = Home(one), Home(two)
    found = []
    said = [published(home) for home in (one, two)]
    if said[0] is None or said[1] is None or said[0] != said[1]:
        found.append("the published files do not say the same")
    found += [f"receipts: {name}" for name in sorted(_receipts(a) ^ _receipts(b))]
    found += lake_differences(a, b, as_of)
    found += identity_differences(a, b)
    files = [_files(home) for home in (a, b)]
    found += [f"file {name} is in one only" for name in sorted(files[0] ^ files[1])]
    found += [f"{path.name} is left over" for home in (a, b) for path in _leftovers(home)]
    return found


def _receipts(home: Home) -> set[str]:
    return {
        str(sorted((k, str(v)) for k, v in asdict(one).items() if k not in OF_THE_RECEIPT))
        for one in load_receipts(home)
    }


def lake_differences(a: Home, b: Home, as_of: date) -> list[str]:
    """Tables of a night that do not hold the same rows, but for run ids and instants."""
    made = [load_manifest(home, as_of) for home in (a, b)]
    names = sorted(set(made[0].tables) | set(made[1].tables))
    engine = DuckEngine(a.tmp)
    promises = load_promises()
    try:
        different = []
        for name in names:
            promise = promises.get(name) or contract_promise(name)
            assert promise is not None
            diff = table_diff(
                engine, promise, made[0].tables.get(name), made[1].tables.get(name),
                a.lake, b.lake, OF_THE_RUN,
            )  # fmt: skip
            if not diff.same:
                different.append(f"lake: {diff}")
        return different
    finally:
        engine.close()


def identity_differences(a: Home, b: Home) -> list[str]:
    """Tables of ``restricted/identity.duckdb`` that do not hold the same rows."""
    with duckdb.connect(":memory:") as con:
        for name, home in (("a", a), ("b", b)):
            con.execute(f"ATTACH '{home.identity}' AS {name} (READ_ONLY)")
        tables = ("person_identity", "person_link", "match_review")
        return [
            f"identity.duckdb: {table}"
            for table in tables
            if con.execute(
                f"SELECT count(*) FROM ((FROM a.{table} EXCEPT ALL FROM b.{table}) UNION ALL "
                f"(FROM b.{table} EXCEPT ALL FROM a.{table}))"
            ).fetchall() != [(0,)]
        ]  # fmt: skip


def _files(home: Home) -> set[str]:
    """What is laid out for people, by name."""
    folders = (home.outbox, home.published / "quality", home.quarantine)
    return {
        str(path.relative_to(home.root))
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }


def _leftovers(home: Home) -> list[Path]:
    """What a run that was cut off left and the next one should have removed."""
    kept = load_manifest_files(home)
    stray = [path for path in home.tables.rglob("*") if path.is_file() and path not in kept]
    hidden = [*home.history.glob(".*"), *home.restricted.glob(".*.partial")]
    return [*stray, *hidden, *home.tmp.iterdir()]


def load_manifest_files(home: Home) -> set[Path]:
    """Every table file that a committed night names."""
    nights = [date.fromisoformat(path.parent.name) for path in home.nights.glob("*/manifest.json")]
    return {
        path
        for night in nights
        for pointer in load_manifest(home, night).tables.values()
        for path in pointer.paths(home.lake)
    }


def night_of(home: Path, as_of: date) -> Night:
    """A committed night for reading."""
    return PastNight(Home(home), as_of, None, contract_promise)
