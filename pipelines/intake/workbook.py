"""A workbook looked at before it is opened: how large it is inside and what its cells hold.

Opening a workbook lays out every cell between the first and the last in memory, so a single space
in the last row and column of a sheet would take hundreds of gigabytes. The parts are unpacked piece
by piece, counted, and thrown away. What the cells say does not belong here.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pipelines.intake.errors import Refusal
from pipelines.intake.limits import Limits

_PIECE = 1 << 20
_OVERLAP = 256
_SHEET = re.compile(r"^xl/worksheets/[^/]+\.xml$")
_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="(\d{1,9})"')
_FAR_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{2,3})\d')
_ERROR = re.compile(rb'<(?:\w+:)?c\b[^>]*?\bt="e"')
_EMPTY_FORMULA = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f\b[^>]*/>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?"
    rb"\s*</(?:\w+:)?c>"
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass
class Looked:
    """Cells that hold an error, and formulas that were never worked out: both read as empty."""

    errors: int = 0
    empty_formulas: int = 0


def look(path: Path, limits: Limits) -> Looked:
    """Raises Refusal where the file is no workbook, is locked, or too large inside."""
    looked = Looked()
    with path.open("rb") as file:
        if file.read(8) == _OLE:
            raise Refusal(
                "not a workbook that can be opened (an old .xls, or locked with a password): have "
                "it saved as .xlsx without a password"
            )
        try:
            with zipfile.ZipFile(file) as book:
                infos = book.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, struct.error):
            raise _broken() from None
        packed, total = path.stat().st_size, 0
        for info in infos:
            if info.flag_bits & 1:
                raise Refusal("a workbook locked with a password: have it sent without one")
            rows = columns = 0
            tail = b""
            for piece in _unpacked(file, info):
                total += len(piece)
                limits.check_unpacked(packed, total, workbook=True)
                if not _SHEET.match(info.filename):
                    continue
                seen = tail + piece
                rows = max([rows, *(int(n) for n in _ROW.findall(seen))])
                columns = max([columns, *(_number(n) for n in set(_FAR_CELL.findall(seen)))])
                if rows * max(columns, 26) > limits.cells:
                    raise Refusal(
                        f"a sheet reaches to row {rows:,} and column {columns:,}: delete the empty "
                        "rows and columns at its end, or have it sent in parts (setting "
                        "max_workbook_cells)"
                    )
                for of, pattern in (("errors", _ERROR), ("empty_formulas", _EMPTY_FORMULA)):
                    new = sum(1 for m in pattern.finditer(seen) if m.end() > len(tail))
                    setattr(looked, of, getattr(looked, of) + new)
                tail = seen[-_OVERLAP:]
    return looked


def _broken() -> Refusal:
    return Refusal("not a workbook that can be opened (its zip is broken): have it sent again")


def _unpacked(file: IO[bytes], info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of one part, whatever size its directory claims."""
    try:
        file.seek(info.header_offset)
    except (OSError, ValueError, OverflowError):
        raise _broken() from None
    header = file.read(30)
    if len(header) < 30 or header[:4] != b"PK\x03\x04":
        raise _broken()
    name, extra = struct.unpack("<HH", header[26:30])
    file.seek(name + extra, 1)
    left = info.compress_size
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refusal("a workbook packed in a way that no spreadsheet uses: have it saved again")
    inflate = zlib.decompressobj(-15) if info.compress_type == zipfile.ZIP_DEFLATED else None
    while left > 0:
        block = file.read(min(left, _PIECE))
        if not block:
            raise _broken()
        left -= len(block)
        if inflate is None:
            yield block
            continue
        while block:
            try:
                yield inflate.decompress(block, _PIECE)
            except zlib.error:
                raise _broken() from None
            block = inflate.unconsumed_tail


def _number(letters: bytes) -> int:
    """The number of a column: A is 1, AA 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
