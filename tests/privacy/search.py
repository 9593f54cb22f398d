"""Every byte of a folder searched for planted words, in every form in which a byte may hide them.

Looked at are file names, raw bytes in four encodings and the escapes of JSON, Python and URLs, and
what lies inside gzip, zip, zstandard, Parquet, SQLite and DuckDB files, one within another.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")
DEEPEST = 6


def forms(word: str) -> set[bytes]:
    """A word as bytes, in all the ways in which programs write it down."""
    found = {word.encode(encoding) for encoding in ENCODINGS}
    if not word.isascii():
        escaped = json.dumps(word)[1:-1]
        found |= {escaped.encode(), escaped.replace("\\", "\\\\").encode()}
        found |= {escaped.upper().replace("\\U", "\\u").encode()}
        found |= {quote(word).encode(), quote(word).lower().encode()}
        found |= {"".join(f"&#{ord(c)};" for c in word).encode()}
        found |= {repr(word.encode())[2:-1].encode(), word.encode().hex().encode()}
    return found


class Search:
    """Words by the name under which a find is reported, so that no report quotes one."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._names = {form: name for name, word in words.items() for form in forms(word)}
        listed = sorted(self._names, key=len, reverse=True)
        self._any = re.compile(b"|".join(map(re.escape, listed)))
        self.files = 0

    def below(self, root: Path, but: Sequence[Path] = ()) -> set[str]:
        """``<place>: <what>`` for everything found below ``root``, but for some paths."""
        found: set[str] = set()
        for path in sorted(root.rglob("*")):
            if any(path == one or one in path.parents for one in but):
                continue
            place = path.relative_to(root).as_posix()
            found |= {f"{place} (its name): {w}" for w in self.in_bytes(path.name.encode())}
            if path.is_symlink() or not path.is_file():
                continue
            self.files += 1
            found |= {f"{place}{within}: {word}" for within, word in self.in_file(path)}
        return found

    def in_bytes(self, data: bytes) -> set[str]:
        return {self._names[one] for one in self._any.findall(data)}

    def in_file(self, path: Path) -> Iterator[tuple[str, str]]:
        data = path.read_bytes()
        yield from self._within(data, "", 0)
        if data[:16] == b"SQLite format 3\0":
            for text in _sqlite(path):
                yield from ((" (a value)", word) for word in self._deeper(text))
        if data[8:12] == b"DUCK":
            for table, text in _duckdb(path):
                yield from ((f" ({table})", word) for word in self.in_bytes(text))

    def _deeper(self, data: bytes) -> set[str]:
        return {word for _, word in self._within(data, "", 0)}

    def _within(self, data: bytes, place: str, depth: int) -> Iterator[tuple[str, str]]:
        yield from ((place, word) for word in self.in_bytes(data))
        if depth < DEEPEST:
            for name, part in _parts(data):
                yield from self._within(part, f"{place} > {name}", depth + 1)


def _parts(data: bytes) -> Iterator[tuple[str, bytes]]:
    """What is packed in some bytes."""
    if data[:2] == b"\x1f\x8b":
        yield "gzip", gzip.decompress(data)
    elif data[:4] == b"PK\3\4":
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for entry in packed.infolist():
                yield "its names", entry.filename.encode()
                yield entry.filename, packed.read(entry)
    elif data[:4] == b"\x28\xb5\x2f\xfd":
        yield "zstandard", pa.CompressedInputStream(io.BytesIO(data), "zstd").read()
    elif data[:2] in (b"\x78\x01", b"\x78\x9c", b"\x78\xda"):
        unpacked = zlib.decompressobj()
        try:
            yield "zlib", unpacked.decompress(data)
        except zlib.error:
            return
    elif data[:4] == b"PAR1":
        file = pq.ParquetFile(io.BytesIO(data))
        yield "metadata", repr(file.schema_arrow.metadata).encode()
        yield "statistics", repr(file.metadata.to_dict()).encode()
        for name, column in zip(file.schema_arrow.names, file.read().columns, strict=True):
            yield name, repr(column.to_pylist()).encode()


def _sqlite(path: Path) -> Iterator[bytes]:
    """Every value of every table, as bytes."""
    con = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        tables = con.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            for row in con.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    if isinstance(value, str | bytes):
                        yield value.encode() if isinstance(value, str) else value
    finally:
        con.close()


def _duckdb(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every table's rows as text: columns are packed, so that raw bytes alone would not do."""
    con = duckdb.connect(str(path), read_only=True)
    try:
        tables = con.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        for schema, table in tables:
            rows = con.execute(f'SELECT * FROM "{schema}"."{table}"').fetchall()
            yield f"{schema}.{table}", "\n".join(map(str, rows)).encode()
        comments = con.execute("SELECT comment FROM duckdb_columns()").fetchall()
        yield "comments", str(comments).encode()
    finally:
        con.close()
