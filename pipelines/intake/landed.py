"""Writing one file's rows: landed Parquet, quarantine, and the columns nobody knows.

All three are written under HOME/restricted/tmp and moved into place when the file is done.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from types import TracebackType

import polars as pl
import pyarrow.parquet as pq

from pipelines.contracts.model import Contract
from pipelines.intake.rows import Malformed
from pipelines.standard.values import TYPES

LINEAGE: dict[str, pl.DataType] = {
    "delivery_id": pl.String(),
    "row_number": pl.Int64(),
    "extract_date": pl.Date(),
    "record_key": pl.String(),
}
QUARANTINE: dict[str, pl.DataType] = {
    "delivery_id": pl.String(),
    "row_number": pl.Int64(),
    "extract_date": pl.Date(),
    "reason_code": pl.String(),
    "column_name": pl.String(),
    "record_key": pl.String(),
    "raw": pl.String(),
}


def landed_schema(contract: Contract) -> dict[str, pl.DataType]:
    """Columns and types of the landed Parquet of a dataset."""
    return {**LINEAGE, **{name: TYPES[type_] for name, type_ in contract.types().items()}}


class ParquetOut:
    """A Parquet file that is written block by block; not made where nothing is written."""

    def __init__(
        self,
        path: Path,
        schema: dict[str, pl.DataType],
        *,
        distinct: Collection[str] = (),
        always: bool = False,
    ) -> None:
        """``distinct``: columns whose values seldom repeat, for which a dictionary is no gain."""
        self.path = path
        self._schema = schema
        self._distinct = distinct
        self._writer: pq.ParquetWriter | None = None
        self.rows = 0
        if always:
            self._open()

    def write(self, frame: pl.DataFrame) -> None:
        if frame.height:
            table = frame.select(list(self._schema)).to_arrow(compat_level=pl.CompatLevel.oldest())
            self._open().write_table(table)
            self.rows += frame.height

    def _open(self) -> pq.ParquetWriter:
        if self._writer is None:
            empty = pl.DataFrame(schema=self._schema)
            self._writer = pq.ParquetWriter(
                self.path,
                empty.to_arrow(compat_level=pl.CompatLevel.oldest()).schema,
                compression="zstd",
                compression_level=1,
                store_decimal_as_integer=True,
                use_dictionary=[
                    name for name, type_ in self._schema.items()
                    if type_ == pl.String() and name not in self._distinct
                ],
            )  # fmt: skip
        return self._writer

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    @property
    def made(self) -> bool:
        return self._writer is not None

    def __enter__(self) -> ParquetOut:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def rewritten(path: Path, without: Sequence[int]) -> int:
    """Write a landed file again without some rows (by row_number); returns the rows left."""
    dropped = pl.Series("row_number", without, pl.Int64)
    part = path.with_suffix(".rewritten")
    source = pq.ParquetFile(path)
    rows = 0
    with pq.ParquetWriter(
        part, source.schema_arrow, compression="zstd", compression_level=1,
        store_decimal_as_integer=True,
    ) as writer:  # fmt: skip
        for batch in source.iter_batches(65_536):
            numbers = pl.Series("row_number", batch.column("row_number"))
            kept = batch.filter((~numbers.is_in(dropped.implode())).to_arrow())
            writer.write_batch(kept)
            rows += kept.num_rows
    part.replace(path)
    return rows


def raw_text(frame: pl.DataFrame, headers: Sequence[str]) -> list[str]:
    """Rows as JSON objects of the texts that the file held."""
    return [
        json.dumps(dict(zip(headers, row, strict=True)), ensure_ascii=False)
        for row in frame.iter_rows()
    ]


def malformed_frame(
    rows: Sequence[Malformed],
    record_keys: Sequence[str | None],
    delivery_id: str,
    extract_date: date,
) -> pl.DataFrame:
    """Rows that do not fit the header, in the form of the quarantine."""
    return pl.DataFrame(
        {
            "delivery_id": [delivery_id] * len(rows),
            "row_number": [row.row_number for row in rows],
            "extract_date": [extract_date] * len(rows),
            "reason_code": [row.reason for row in rows],
            "column_name": [None] * len(rows),
            "record_key": record_keys,
            "raw": [json.dumps(list(row.cells), ensure_ascii=False) for row in rows],
        },
        schema=QUARANTINE,
    )
