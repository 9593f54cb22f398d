"""What lies in a landing folder: each file's form, encoding and columns. No value is read here.

Shared by the floor and its rivals, so that all of them do the same work on the same files.
"""

from __future__ import annotations

import gzip
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from benchmarks.floor.columns import DATASETS

STAMP = re.compile(r"_(\d{8})\.(csv|csv\.gz|xlsx|parquet)$")
BRACKETS = re.compile(r"[(\[【][^()\[\]【】]*[)\]】]")


@dataclass(frozen=True)
class Delivered:
    """A file of a dataset. `header`: its cells in order; `columns`: ours → place in the header."""

    dataset: str
    path: Path
    extract_date: date
    turn: int  # place among the files of its dataset, later ones count
    form: str  # csv, xlsx or parquet
    encoding: str
    separator: str
    skip: int  # rows above and with the header
    header: tuple[str, ...]
    columns: dict[str, int]
    scale: dict[str, int]  # columns whose header names another unit


def fold(header: str) -> str:
    plain = "".join(unicodedata.normalize("NFKC", header).split()).replace("*", "").casefold()
    return BRACKETS.sub("", plain).strip("\ufeff")


def aliases(schemas: Path, dataset: str) -> dict[str, str]:
    """Folded header → column, as the contract lists them."""
    source = DATASETS[dataset].source
    path = schemas / "sources" / source / f"{dataset}.odcs.yaml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, str] = {}
    for column in yaml.load(path.read_text(encoding="utf-8"), loader)["schema"][0]["properties"]:
        if column["name"] not in DATASETS[dataset].columns:
            continue
        given = {p["property"]: p["value"] for p in column.get("customProperties", ())}
        for spelling in (column["name"], *given.get("aliases", ())):
            found[fold(str(spelling))] = column["name"]
    return found


def delivered(landing: Path, schemas: Path, dataset: str, as_of: date) -> list[Delivered]:
    """The files of a dataset with an extract date up to the night's, oldest first."""
    known = aliases(schemas, dataset)
    folder = landing / DATASETS[dataset].source / dataset
    dated = sorted(
        (date.fromisoformat(found[1]), path)
        for path in folder.glob("*")
        if (found := STAMP.search(path.name))
    )
    return [
        _described(dataset, path, extracted, turn, known)
        for turn, (extracted, path) in enumerate(dated, start=1)
        if extracted <= as_of
    ]


def _described(
    dataset: str, path: Path, extracted: date, turn: int, known: dict[str, str]
) -> Delivered:
    form, encoding, separator, skip = "csv", "utf-8", ",", 1
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        form, header = "parquet", tuple(pq.read_schema(path).names)
    elif path.suffix == ".xlsx":
        form = "xlsx"
        skip, header = _excel_header(path, known)
    else:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            head = file.read(1 << 16)
        # cut after the last line feed: a character may be split at the end of the block
        head = head[: head.rfind(b"\n") + 1]
        try:
            text = head.decode("utf-8-sig")
        except UnicodeDecodeError:
            text, encoding = head.decode("gb18030"), "gb18030"
        line = text.splitlines()[0]
        separator = "\t" if line.count("\t") > line.count(",") else ","
        header = tuple(cell.strip('"') for cell in line.split(separator))
    places: dict[str, int] = {}
    scale: dict[str, int] = {}
    for place, cell in enumerate(header):
        column = known.get(fold(cell))
        if column is not None and column not in places:
            places[column] = place
            if "万元" in cell:
                scale[column] = 10_000
    return Delivered(dataset, path, extracted, turn, form, encoding, separator, skip, header,
                     places, scale)  # fmt: skip


@lru_cache(maxsize=16)  # its header is looked for first, its rows are wanted a little later
def excel(path: Path) -> Any:
    """The first sheet as text, one column per cell of the widest row, titles included."""
    import fastexcel

    book = fastexcel.read_excel(path)
    return book.load_sheet(0, header_row=None, dtypes="string").to_polars()


def _excel_header(path: Path, known: dict[str, str]) -> tuple[int, tuple[str, ...]]:
    top = excel(path).head(12).rows()
    found = [sum(fold(str(cell or "")) in known for cell in row) for row in top]
    place = found.index(max(found))
    return place + 1, tuple(str(cell or "") for cell in top[place])


def utf8_blocks(file: Delivered, size: int = 1 << 22) -> Iterator[bytes]:
    """A GB18030 file as UTF-8, block by block; a line feed is never part of a character."""
    rest = b""
    with file.path.open("rb") as source:
        while block := source.read(size):
            block = rest + block
            cut = block.rfind(b"\n") + 1
            yield block[:cut].decode("gb18030").encode()
            rest = block[cut:]
    if rest:
        yield rest.decode("gb18030").encode()
