"""One file into landed rows, quarantined rows and unknown columns, in bounded memory.

accepted + rejected = read, row by row; nothing is decided here about other files.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar

import polars as pl

from pipelines.contracts.codes import CodeList
from pipelines.contracts.headers import Matched
from pipelines.contracts.model import Contract
from pipelines.intake.csv_rows import CsvRows
from pipelines.intake.discover import Found
from pipelines.intake.encoding import detect
from pipelines.intake.errors import FileChanging, UnbalancedQuotes
from pipelines.intake.excel_rows import ExcelRows
from pipelines.intake.heading import matched_or_refused
from pipelines.intake.landed import (
    QUARANTINE,
    ParquetOut,
    landed_schema,
    malformed_frame,
    raw_text,
)
from pipelines.intake.limits import DEFAULT, Limits
from pipelines.intake.order_rows import OrderRows, returned_order
from pipelines.intake.parquet_rows import ParquetRows
from pipelines.intake.rows import Block, Malformed, Rows
from pipelines.standard.identity_number import MISSING, ROUNDED
from pipelines.standard.values import record_key, standardise

T = TypeVar("T")
BURST_RULE = "spreadsheet_rounded"
#: so many rounded numbers in a column, and such a share of those that are there, are no accident
BURST_ROWS, BURST_SHARE = 3, 0.2


@dataclass
class Converted:
    """One file's rows on disk (temporary paths) and their counts."""

    found: Found
    sha256: str
    landed: Path
    quarantine: Path | None
    extra: Path | None
    rows_read: int
    rows_landed: int
    rows_quarantined: int
    rows_superseded: int = 0
    unknown_headers: tuple[str, ...] = ()
    repairs: dict[str, dict[str, int]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    corrects: tuple[str, ...] = ()

    @property
    def delivery_id(self) -> str:
        return self.sha256[:16]


def convert(
    found: Found,
    sha256: str,
    contract: Contract,
    codes: Mapping[str, CodeList],
    folder: Path,
    limits: Limits = DEFAULT,
    as_of: date | None = None,
) -> Converted:
    """Read, repair and write one file. Raises Refusal where the file as a whole is unusable.

    ``as_of``: the night that receives it, after which no visit of a returned order can lie.
    """
    assert found.extract_date is not None
    try:
        rows = open_rows(found, contract, codes, limits, as_of)
        done = _Conversion(found, sha256, contract, codes, folder, rows).run()
    except UnbalancedQuotes:
        rows = open_rows(found, contract, codes, limits, as_of, careful=True)
        done = _Conversion(found, sha256, contract, codes, folder, rows).run()
    stat = found.path.stat()
    if (stat.st_size, stat.st_mtime_ns) != (found.size, found.mtime_ns):
        raise FileChanging
    if found.pulled is not None:
        done.notes = (*done.notes, *found.pulled.notes)
    return done


def open_rows(
    found: Found,
    contract: Contract,
    codes: Mapping[str, CodeList],
    limits: Limits = DEFAULT,
    as_of: date | None = None,
    *,
    careful: bool = False,
) -> Rows:
    """The file, open for reading."""
    if found.ending == "xlsx":
        until = as_of or found.extract_date
        assert until is not None
        returned = returned_order(found.path, contract, codes, until, limits)
        if returned is not None:
            return OrderRows(returned, contract)
        return ExcelRows(found, contract, limits)
    if found.ending == "parquet":
        return ParquetRows(found, limits)
    text = detect(found.path, found.ending == "csv.gz", limits)
    return CsvRows(text, contract, careful=careful)


class _Conversion:
    """The state of reading one file."""

    def __init__(
        self, found: Found, sha256: str, contract: Contract, codes: Mapping[str, CodeList],
        folder: Path, rows: Rows,
    ) -> None:  # fmt: skip
        self.found, self.sha256, self.contract, self.codes = found, sha256, contract, codes
        self.rows = rows
        self.matched: Matched = matched_or_refused(contract, rows.headers, rows.unit)
        self.delivery_id = sha256[:16]
        self.extract_date: date = found.extract_date or date.min
        self.repairs: dict[str, Counter[str]] = defaultdict(Counter)
        self.numbers = [c.name for c in contract.columns if c.kind == "identity_number"]
        self.filled: Counter[str] = Counter()
        known = self.matched.columns
        self.unknown = {
            str(at): name for at, name in enumerate(_unique(rows.headers)) if at not in known
        }
        stem = folder / f"{self.extract_date:%Y%m%d}_{self.delivery_id}"
        self.landed = ParquetOut(
            stem.with_suffix(".landed"), landed_schema(contract), always=True,
            distinct=_seldom_repeated(contract),
        )  # fmt: skip
        self.quarantine = ParquetOut(stem.with_suffix(".quarantine"), QUARANTINE)
        self.extra = ParquetOut(
            stem.with_suffix(".extra"),
            {"row_number": pl.Int64(), **dict.fromkeys(self.unknown.values(), pl.String())},
        )

    def run(self) -> Converted:
        read = 0
        with self.landed, self.quarantine, self.extra, ThreadPoolExecutor(1) as pool:
            writing = None
            for block in ahead(self.rows.blocks()):
                read += block.frame.height + len(block.malformed)
                good, bad = self._judged(block)
                if writing is not None:
                    writing.result()
                writing = pool.submit(self._written, block, good, bad)
            if writing is not None:
                writing.result()
        landed, quarantined = self.landed.rows, self.quarantine.rows
        if read != landed + quarantined:
            raise AssertionError(f"{read} rows read, {landed} landed, {quarantined} quarantined")
        named = tuple(name for at, name in self.unknown.items() if self.rows.headers[int(at)])
        return Converted(
            self.found, self.sha256, self.landed.path,
            self.quarantine.path if self.quarantine.made else None,
            self.extra.path if self.extra.made else None,
            read, landed, quarantined,
            unknown_headers=named,
            repairs={column: dict(rules) for column, rules in sorted(self.repairs.items())},
            notes=(*self.rows.notes, *self._bursts()),
        )  # fmt: skip

    def _judged(self, block: Block) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Standardised rows that land, and rows for quarantine."""
        names = {str(at): column.name for at, column in self.matched.columns.items()}
        texts = block.frame.select(list(names)).rename(names)
        scales = {self.matched.columns[at].name: by for at, by in self.matched.scales.items()}
        done = standardise(texts, self.contract, self.codes, scales)
        for column, rules in done.repairs.items():
            self.repairs[column].update(rules)
        self._count_rounded(done.frame)
        frame = done.frame.insert_column(0, record_key(done.frame, self.contract))
        lineage = (
            pl.lit(self.delivery_id).alias("delivery_id"),
            block.row_numbers.alias("row_number"),
            pl.lit(self.extract_date).alias("extract_date"),
        )
        bad = self._unfit(block.malformed)
        frame = frame.with_columns(*lineage)
        if done.unreadable.height:
            first = done.unreadable.unique("row", keep="first", maintain_order=True).sort("row")
            at = first.get_column("row")
            stopped = frame[at].select("delivery_id", "row_number", "extract_date", "record_key")
            stopped = stopped.with_columns(
                first.get_column("reason").alias("reason_code"),
                first.get_column("column").alias("column_name"),
                pl.Series("raw", raw_text(block.frame[at], _unique(self.rows.headers))),
            )
            bad = pl.concat([bad, stopped.select(list(QUARANTINE))])
            keep = ~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(at.implode())
            frame = frame.filter(keep)
        return frame, bad

    def _count_rounded(self, frame: pl.DataFrame) -> None:
        """Identity numbers that a spreadsheet took for numbers: they are marked, not repaired."""
        for name in self.numbers:
            status = frame.get_column(f"{name}_status")
            self.filled[name] += int((status != MISSING).sum())
            if rounded := int((status == ROUNDED).sum()):
                self.repairs[name][BURST_RULE] += rounded

    def _bursts(self) -> Iterator[str]:
        """What is to be said where not single numbers but the whole file was rounded."""
        for name in self.numbers:
            rounded = self.repairs[name][BURST_RULE] if name in self.repairs else 0
            if rounded >= BURST_ROWS and rounded >= BURST_SHARE * self.filled[name]:
                yield (
                    f"a spreadsheet rounded {rounded:,} of {self.filled[name]:,} numbers in "
                    f"{name}: have the file sent anew with that column as text"
                )

    def _unfit(self, rows: Sequence[Malformed]) -> pl.DataFrame:
        """Rows that do not fit the header; their key is read as far as the cells seem in place."""
        if not rows:
            return pl.DataFrame(schema=QUARANTINE)
        parts = {at: c.name for at, c in self.matched.columns.items() if c.is_key}
        cells = pl.DataFrame(
            {
                name: [row.cells[at] if at < len(row.cells) else None for row in rows]
                for at, name in parts.items()
            },
            schema=dict.fromkeys(parts.values(), pl.String),
        )
        keys = record_key(standardise(cells, self.contract, self.codes).frame, self.contract)
        known = [key if key.strip("|") else None for key in keys]
        return malformed_frame(rows, known, self.delivery_id, self.extract_date)

    def _written(self, block: Block, good: pl.DataFrame, bad: pl.DataFrame) -> None:
        self.landed.write(good)
        self.quarantine.write(bad.sort("row_number"))
        if self.unknown:
            extra = block.frame.select(list(self.unknown)).rename(self.unknown)
            self.extra.write(extra.insert_column(0, block.row_numbers.alias("row_number")))


def _seldom_repeated(contract: Contract) -> set[str]:
    kinds = {"key", "identity_number", "phone"}
    return {"record_key", *(column.name for column in contract.columns if column.kind in kinds)}


def _unique(headers: Sequence[str | None]) -> list[str]:
    """Headers as names of columns: never empty, never twice."""
    seen: Counter[str] = Counter()
    names = []
    for at, header in enumerate(headers):
        name = (header or "").strip() or f"column_{at + 1}"
        seen[name.casefold()] += 1
        count = seen[name.casefold()]
        names.append(name if count == 1 and name != "row_number" else f"{name}_{at + 1}")
    return names


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items, the next one being made while the last is worked on."""
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, items, None)
        while (item := following.result()) is not None:
            following = pool.submit(next, items, None)
            yield item
