"""The search must be able to fail: a word hidden in every way in which a file can hide one."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
import pytest

from tests.privacy.search import Search

WORD = "龘靐齉"


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
