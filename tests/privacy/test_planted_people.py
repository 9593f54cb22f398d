"""Marked people are looked for in every byte that a night leaves where nobody may be named.

A search that finds nothing proves something only if it can find: `controls` hide a word in every
way in which a file can hide one, and each must be found.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
import pytest

from tests.privacy.conftest import Planted
from tests.privacy.people import WORDS
from tests.privacy.search import Search

WORD = "龘靐齉"


def test_they_went_through_the_night(planted: Planted) -> None:
    """Else it would be no wonder that they are not found."""
    assert [one.returncode for one in planted.said] == [0, 1, 1], planted.said
    within = Search(WORDS).below(planted.home.lake) | Search(WORDS).below(planted.home.quarantine)
    assert set(WORDS) - {line.rsplit(": ", 1)[1] for line in within} == set()
    failed = sqlite3.connect(planted.home.dagster / "history" / "runs.db")
    states = [state for (state,) in failed.execute("SELECT status FROM runs").fetchall()]
    failed.close()
    assert sorted(states) == ["FAILURE", "FAILURE", "SUCCESS"]


def test_nothing_names_them_where_nobody_may_be_named(planted: Planted) -> None:
    search = Search(WORDS)
    found = search.below(planted.root, but=planted.identifying)
    assert search.files > 10
    assert found == set()


def test_no_command_said_their_names(planted: Planted) -> None:
    search = Search(WORDS)
    told = [*planted.told, *(one.stdout + one.stderr for one in planted.said)]
    said = [search.in_bytes(one.encode()) for one in told]
    assert said == [set()] * len(said)


def test_nothing_is_left_outside_home(planted: Planted) -> None:
    left = [path for path in planted.elsewhere.rglob("*") if path.is_file()]
    assert left == []
    home = f"wrote {planted.home.root}/"
    others = {line for line in planted.guarded("wrote ") if not line.startswith(home)}
    assert {line for line in others if "/dev/" not in line} == set()


def test_what_identifies_is_closed_to_others(planted: Planted) -> None:
    restricted = planted.home.restricted
    modes = {
        path: stat.S_IMODE(path.lstat().st_mode)
        for path in (restricted, *restricted.rglob("*")) if not path.is_symlink()
    }  # fmt: skip
    assert len(modes) > 200
    assert {p: oct(m) for p, m in modes.items() if p.is_dir() and m != 0o700} == {}
    assert {p: oct(m) for p, m in modes.items() if p.is_file() and m != 0o600} == {}
    assert list(planted.home.tmp.iterdir()) == []


def test_what_is_published_can_be_read_by_others(planted: Planted) -> None:
    published = planted.home.published
    modes = {p: stat.S_IMODE(p.stat().st_mode) for p in (published, *published.rglob("*"))}
    assert {p: oct(m) for p, m in modes.items() if m != (0o755 if p.is_dir() else 0o644)} == {}


def _plain(path: Path, encoding: str = "utf-8") -> None:
    path.write_bytes(f"x{WORD}y".encode(encoding))


def _json(path: Path) -> None:
    path.write_text(json.dumps(json.dumps({"error": WORD})), encoding="ascii")


def _zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.gz", gzip.compress(WORD.encode("gb18030") * 50))


def _parquet(path: Path) -> None:
    frame = pl.DataFrame({"rare": ["甲"] * 500 + [f"前{WORD}后"]})
    frame.write_parquet(path, compression="zstd")


def _sqlite(path: Path) -> None:
    con = sqlite3.connect(path)
    con.execute("CREATE TABLE event (body BLOB)")
    con.execute("INSERT INTO event VALUES (?)", [gzip.compress(WORD.encode())])
    con.commit()
    con.close()


def _duckdb(path: Path) -> None:
    con = duckdb.connect(str(path))
    con.execute("CREATE TABLE t AS SELECT ? || (i // 9000) AS c FROM range(30000) r(i)", [WORD])
    con.close()


def _duckdb_freed(path: Path) -> None:
    """The rows are gone, the block that held them is free: only raw bytes still show them."""
    con = duckdb.connect(str(path))
    con.execute("PRAGMA force_compression = 'uncompressed'")
    con.execute("CREATE TABLE t AS SELECT ? || i AS c FROM range(30000) r(i)", [WORD])
    con.execute("CHECKPOINT")
    con.execute("DROP TABLE t")
    con.execute("CHECKPOINT")
    assert con.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]
    con.close()


CONTROLS: dict[str, Callable[[Path], None]] = {
    "utf-8": _plain,
    "gb18030": lambda path: _plain(path, "gb18030"),
    "utf-16": lambda path: _plain(path, "utf-16"),
    "json": _json,
    "zip of gzip": _zipped,
    "parquet": _parquet,
    "sqlite": _sqlite,
    "duckdb": _duckdb,
    "duckdb, freed": _duckdb_freed,
}


@pytest.mark.parametrize("way", CONTROLS)
def test_the_search_finds_what_is_hidden(tmp_path: Path, way: str) -> None:
    CONTROLS[way](tmp_path / "file")
    assert {line.rsplit(": ", 1)[1] for line in Search({"it": WORD}).below(tmp_path)} == {"it"}


def test_the_search_finds_a_name_of_a_file(tmp_path: Path) -> None:
    (tmp_path / WORD).mkdir()
    assert Search({"it": WORD}).below(tmp_path) == {f"{WORD} (its name): it"}


def test_no_connection_is_tried(planted: Planted) -> None:
    """The first night ran where there is no network at all; no night tried to reach one."""
    assert planted.guarded("watching")
    assert planted.guarded("outside") == []
