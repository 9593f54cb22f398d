"""Sound files of payments and what can happen to a file on its way: one mutation a file.

Each mutation says how many rows must be accounted for if the file is read at all, or None where
the damage makes that unknowable. Values are marked so that none of them may show in a receipt.
"""

from __future__ import annotations

import csv
import gzip
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.intake.delivered import ENCODINGS, FORMS, Form, written

HEADERS = ("发放流水号", "姓名", "身份证号", "救助项目", "发放金额（元）", "发放日期", "救助子项")
#: stands in every name and note: no receipt, log or published table may hold it
MARK = "密密"


@dataclass(frozen=True)
class Mutated:
    """A file as delivered. ``rows``: those to be accounted for where it lands."""

    what: str
    ending: str
    content: bytes
    rows: int | None
    may_land: bool = True


Table = list[list[str | None]]


def table(rng: random.Random, rows: int) -> Table:
    return [
        [f"P{rng.randrange(10**9)}x{at}", f"王{MARK}{rng.choice('甲乙丙')}",
         f"990000{rng.randrange(1940, 2015)}0101{rng.randrange(1000):03}X", "低保金",
         f"{rng.randrange(10**6) / 100}", f"2026-{rng.randrange(1, 13):02}-01", f"{MARK}备注"]
        for at in range(rows)
    ]  # fmt: skip


def mutated(rng: random.Random) -> Mutated:
    """One mutated file."""
    rows = rng.choice((0, 1, 3, 40, 40, 400))
    form = rng.choice(FORMS)
    what, change = rng.choice(CHANGES)
    return change(rng, what, form, table(rng, rows))


def _sound(rng: random.Random, what: str, form: Form, rows: Table) -> Mutated:
    return Mutated(what, form.ending, written(form, HEADERS, rows), len(rows))


def _truncated(rng: random.Random, what: str, form: Form, rows: Table) -> Mutated:
    content = written(form, HEADERS, rows)
    return Mutated(what, form.ending, content[: rng.randrange(len(content) + 1)], None)


def _flipped(rng: random.Random, what: str, form: Form, rows: Table) -> Mutated:
    content = bytearray(written(form, HEADERS, rows))
    for _ in range(rng.choice((1, 3, 50))):
        content[rng.randrange(len(content))] = rng.randrange(256)
    return Mutated(what, form.ending, bytes(content), None)


def _spliced(rng: random.Random, what: str, form: Form, rows: Table) -> Mutated:
    content = written(form, HEADERS, rows)
    start, end = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    put = rng.choice((b"", content[:start], bytes(rng.randrange(4096)), rng.randbytes(200)))
    return Mutated(what, form.ending, content[:start] + put + content[end:], None)


def _wrong_ending(rng: random.Random, what: str, form: Form, rows: Table) -> Mutated:
    ending = rng.choice([e for e in ("csv", "csv.gz", "xlsx", "parquet") if e != form.ending])
    return Mutated(what, ending, written(form, HEADERS, rows), None)


def _other_encoding(rng: random.Random, what: str, form: Form, rows: Table) -> Mutated:
    """Half of the file in another encoding."""
    a, b = rng.sample(ENCODINGS, 2)
    half = len(rows) // 2
    first = written(Form("csv", a), HEADERS, rows[:half])
    second = written(Form("csv", b), HEADERS, rows[half:])
    return Mutated(what, "csv", first + second, None)


def _unencodable(rng: random.Random, what: str, form: Form, rows: Table) -> Mutated:
    """An encoding that nobody promised."""
    text = written(Form("csv"), HEADERS, rows).decode()
    codec = rng.choice(("big5", "shift_jis", "utf-32", "utf-7", "latin-1", "hz"))
    return Mutated(what, "csv", text.encode(codec, errors="replace"), None)


def _swapped(rng: random.Random, what: str, form: Form, rows: Table) -> Mutated:
    """Columns in another order than the header says."""
    a, b = rng.sample(range(len(HEADERS)), 2)
    for row in rows:
        row[a], row[b] = row[b], row[a]
    return Mutated(what, form.ending, written(form, HEADERS, rows), _filled(rows))


def _reordered(rng: random.Random, what: str, form: Form, rows: Table) -> Mutated:
    order = rng.sample(range(len(HEADERS)), len(HEADERS))
    headers = [HEADERS[at] for at in order]
    moved = [[row[at] for at in order] for row in rows]
    return Mutated(what, form.ending, written(form, headers, moved), len(rows))


def _nulls(rng: random.Random, what: str, form: Form, rows: Table) -> Mutated:
    for row in rows:
        for at in range(len(row)):
            if rng.random() < 0.4:
                row[at] = rng.choice((None, "", " ", "NULL", "\\N", "#N/A", "-"))
    return Mutated(what, form.ending, written(form, HEADERS, rows), _filled(rows))


def _odd_cells(rng: random.Random, what: str, form: Form, rows: Table) -> Mutated:
    odd = (
        "\0", "\0" * 40, "\ufffd", "\u202e反", "=1+1", "=cmd|' /C calc'!A0", "+1", "@x", "'", '""',
        "a\nb", "a\rb", "a\r\n\r\nb", "\ufeff", "\U000e0001", "9" * 400, "1e400", "-0", "∞",
        "NaN", "٣٤٥", "2026-02-30", "0000-00-00", "\\", "|", ";", "\v\f", "x" * 5000,
    )  # fmt: skip
    for row in rows:
        row[rng.randrange(len(row))] = rng.choice(odd)
    if form.kind == "xlsx":
        for row in rows:
            row[:] = [None if c is None else c.replace("\0", "\x01") for c in row]
    return Mutated(what, form.ending, written(form, HEADERS, rows), _filled(rows))


def _huge_cell(rng: random.Random, what: str, form: Form, rows: Table) -> Mutated:
    form = Form("csv", rng.choice(("utf-8", "gb18030")), quoted=rng.random() < 0.5)
    size = rng.choice((40_000, 300_000, 5 << 20, 9 << 20))
    for row in rows[:1]:
        row[6] = "大" * size
    return Mutated(what, form.ending, written(form, HEADERS, rows), len(rows))


def _ragged(rng: random.Random, what: str, form: Form, rows: Table) -> Mutated:
    form = Form("csv", rng.choice(("utf-8", "gb18030")), rng.choice((",", "\t")))
    for row in rows:
        if rng.random() < 0.3:
            row[:] = (row * 3)[: rng.randrange(2, 20)]
    return Mutated(what, form.ending, written(form, HEADERS, rows), len(rows))


def _open_quotes(rng: random.Random, what: str, form: Form, rows: Table) -> Mutated:
    """Quotation marks that no writer has doubled; every line is still a row or part of one."""
    lines = [",".join(cell or "" for cell in row) for row in (list(HEADERS), *rows)]
    for at in range(1, len(lines)):
        if rng.random() < 0.2:
            place = rng.randrange(len(lines[at]))
            lines[at] = lines[at][:place] + '"' + lines[at][place:]
    return Mutated(what, "csv", "\n".join(lines).encode(), None)


def _headers(rng: random.Random, what: str, form: Form, rows: Table) -> Mutated:
    """The header doubled, cut, emptied, repeated in the middle, or missing."""
    headers: list[str] = list(HEADERS)
    match rng.randrange(5):
        case 0:
            headers = [*headers[:3], headers[0], *headers[4:]]
        case 1:
            headers[rng.randrange(len(headers))] = ""
        case 2:
            rows = [*rows, list(HEADERS), *rows[:2]]
        case 3:
            headers = [f"列{MARK}" for _ in headers]
        case _:
            headers = [f"{h}\n({MARK})" for h in headers]
    return Mutated(what, form.ending, written(form, headers, rows), len(rows))


def _gzip_bomb(rng: random.Random, what: str, form: Form, rows: Table) -> Mutated:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    top = written(Form("csv"), HEADERS, rows)
    fill = rng.choice((b"\0", b"0", b"\n", b",")) * (1 << 20)
    parts = [packer.compress(top), *(packer.compress(fill) for _ in range(80)), packer.flush()]
    return Mutated(what, "csv.gz", b"".join(parts), None, may_land=False)


def _gzip_trail(rng: random.Random, what: str, form: Form, rows: Table) -> Mutated:
    """Two members, or something behind the end."""
    one, two = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    lines = written(Form("csv", end="\n"), HEADERS, two).split(b"\n", 1)[1]
    first = gzip.compress(written(Form("csv", end="\n"), HEADERS, one))
    if rng.random() < 0.5:
        return Mutated(what, "csv.gz", first + gzip.compress(lines), len(rows))
    return Mutated(what, "csv.gz", first + b"junk", None, may_land=False)


def _book(rng: random.Random, what: str, form: Form, rows: Table) -> Mutated:
    """A workbook whose parts were tampered with."""
    source = zipfile.ZipFile(io.BytesIO(written(Form("xlsx"), HEADERS, rows)))
    sheet = "xl/worksheets/sheet2.xml"
    held = io.BytesIO()
    fault, may_land = rng.randrange(8), True
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as book:
        for name in source.namelist():
            data = source.read(name)
            if name == sheet:
                may_land = fault in (0, 5, 6)
                data = _sheet(fault, data)
            if not (fault == 7 and name == "xl/workbook.xml"):
                book.writestr(name, data)
        if fault == 6:
            book.writestr("../../../etc/passwd", "root")
            book.writestr("/absolute/path.xml", "x")
        if fault == 4:
            for _ in range(90):
                book.writestr(f"xl/media/{rng.random()}.bin", bytes(1 << 20))
    content = held.getvalue()
    if fault == 3:
        content = content.replace(b"PK\x03\x04", b"PK\x03\x05", rng.randrange(1, 9))
    return Mutated(f"{what} {fault}", "xlsx", content, len(rows) if may_land else None, may_land)


def _sheet(fault: int, data: bytes) -> bytes:
    match fault:
        case 0:  # formulas that nobody has worked out
            return data.replace(b"<v>", b"<f>NOW()</f><v>", 2)
        case 1:  # a space in the last cell of the sheet
            far = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t> </t></is></c></row>'
            return data.replace(b"</sheetData>", far + b"</sheetData>")
        case 2:
            return data[: len(data) // 2]
        case 5:  # error cells in a column that is not needed
            return data
    return data


def _lying_zip(rng: random.Random, what: str, form: Form, rows: Table) -> Mutated:
    """The directory of the zip says other sizes than there are."""
    content = bytearray(written(Form("xlsx"), HEADERS, rows))
    at = content.rfind(b"PK\x01\x02")
    struct.pack_into("<I", content, at + rng.choice((20, 24, 42)), rng.randrange(2**32))
    return Mutated(what, "xlsx", bytes(content), None)


def _no_table(rng: random.Random, what: str, form: Form, rows: Table) -> Mutated:
    """HTML, semicolons or nothing but white space under the name of a CSV."""
    lines = io.StringIO()
    csv.writer(lines, delimiter=";").writerows([HEADERS, *rows])
    choice = (b"<html><table><tr><td>x</td></tr></table></html>", lines.getvalue().encode(),
              b" \r\n" * 50, b"\0" * 5000, b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff\0")  # fmt: skip
    return Mutated(what, "csv", rng.choice(choice), None, may_land=False)


def _filled(rows: Table) -> int | None:
    """Rows with something in them; None where blank ones make counting a matter of the format."""
    blank = any(not any((cell or "").strip() for cell in row) for row in rows)
    return None if blank else len(rows)


CHANGES: tuple[tuple[str, Callable[[random.Random, str, Form, Table], Mutated]], ...] = (
    ("sound", _sound), ("truncated", _truncated), ("bytes flipped", _flipped),
    ("spliced", _spliced), ("wrong ending", _wrong_ending), ("two encodings", _other_encoding),
    ("unknown encoding", _unencodable), ("swapped columns", _swapped), ("reordered", _reordered),
    ("nulls", _nulls), ("odd cells", _odd_cells), ("huge cell", _huge_cell), ("ragged", _ragged),
    ("open quotes", _open_quotes), ("headers", _headers), ("gzip bomb", _gzip_bomb),
    ("gzip trail", _gzip_trail), ("workbook", _book), ("lying zip", _lying_zip),
    ("no table", _no_table),
)  # fmt: skip
