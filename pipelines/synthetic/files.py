"""Writing one delivered file: CSV in its encodings, gzip, Excel with titles, Parquet.

Same frame, same bytes: nothing of the clock goes into a file.
"""

import gzip
import os
from collections.abc import Iterator
from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import xlsxwriter

FORMATS = ("csv", "csv_bom", "csv_gb18030", "tab", "csv.gz", "xlsx", "parquet")
RECENT_DAYS = 7
XLSX_ROWS = 12_000
_BLOCK = 50_000
SHANGHAI = ZoneInfo("Asia/Shanghai")


def ending(form: str) -> str:
    return {"csv.gz": "csv.gz", "xlsx": "xlsx", "parquet": "parquet"}.get(form, "csv")


def write(frame: pl.DataFrame, path: Path, form: str, titles: tuple[str, ...] = ()) -> None:
    """Writes a frame whose columns are the headers; text for all forms but Parquet and Excel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if form == "parquet":
        frame.write_parquet(path, compression="zstd", compression_level=1)
    elif form == "xlsx":
        _excel(frame, path, titles)
    elif form == "csv.gz":
        with (
            path.open("wb") as raw,
            gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=1, mtime=0) as out,
        ):
            for block in _csv(frame, ","):
                out.write(block)
    else:
        encoding = "gb18030" if form == "csv_gb18030" else "utf-8"
        with path.open("wb") as out_file:
            if form == "csv_bom":
                out_file.write(b"\xef\xbb\xbf")
            for block in _csv(frame, "\t" if form == "tab" else ","):
                out_file.write(block.decode().encode(encoding) if encoding != "utf-8" else block)


def _csv(frame: pl.DataFrame, separator: str) -> Iterator[bytes]:
    for start in range(0, max(frame.height, 1), _BLOCK):
        buffer = BytesIO()
        frame.slice(start, _BLOCK).write_csv(
            buffer, separator=separator, include_header=start == 0, line_terminator="\r\n"
        )
        yield buffer.getvalue()


def _excel(frame: pl.DataFrame, path: Path, titles: tuple[str, ...]) -> None:
    options = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": datetime(2026, 1, 1), "title": titles[0] if titles else ""})
        sheet = book.add_worksheet("Sheet1")
        for row, title in enumerate(titles):
            sheet.write_string(row, 0, title)
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        first = len(titles)
        for place, (header, values) in enumerate(frame.to_dict(as_series=True).items()):
            sheet.write_string(first, place, header)
            cell = day if values.dtype == pl.Date else None
            sheet.write_column(first + 1, place, values.to_list(), cell)


def stamp(path: Path, arrives_on: date, extract_date: date) -> None:
    """Sets the file's time to when it came, never in the future.

    Files of the history came on their extract date, the others just before the night.
    """
    came = arrives_on if (arrives_on - extract_date).days <= RECENT_DAYS else extract_date
    evening = datetime.combine(came, time(0, 40), SHANGHAI).timestamp()
    evening = min(evening, datetime.now(tz=SHANGHAI).timestamp() - 3600)
    os.utime(path, (evening, evening))
