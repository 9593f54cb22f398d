"""Parquet files: any types, read as text in blocks so that they are repaired like all others."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.intake.discover import Found
from pipelines.intake.errors import Refusal
from pipelines.intake.rows import BLOCK_ROWS, Block


class ParquetRows:
    """A Parquet file; its column names are the headers."""

    def __init__(self, found: Found) -> None:
        try:
            self._file = pq.ParquetFile(found.path)
        except (pa.ArrowInvalid, OSError) as error:
            raise Refusal(
                f"not a Parquet file that can be opened ({type(error).__name__}): "
                "have it sent again"
            ) from None
        self.headers: tuple[str | None, ...] = tuple(self._file.schema_arrow.names)
        self._columns: list[str] | None = None
        if found.pulled is not None:
            self.headers = found.pulled.columns
            self._columns = [str(position) for position in range(len(self.headers))]

    def blocks(self) -> Iterator[Block]:
        """Blocks of rows, every column as text; the parts of a list are joined by 、."""
        first = 1
        for batch in self._file.iter_batches(BLOCK_ROWS, columns=self._columns):
            names = [str(position) for position in range(batch.num_columns)]
            frame = pl.DataFrame(pa.Table.from_batches([batch]).rename_columns(names))
            numbers = pl.Series("row_number", range(first, first + frame.height), pl.Int64)
            first += frame.height
            yield Block(frame.select(_text(frame[name]) for name in frame.columns), numbers)


def _text(series: pl.Series) -> pl.Series:
    if isinstance(series.dtype, pl.List):
        return series.list.eval(pl.element().cast(pl.String)).list.join("、")
    if isinstance(series.dtype, pl.Struct | pl.Array):
        return series.map_elements(str, return_dtype=pl.String)
    if isinstance(series.dtype, pl.Binary):
        return series.cast(pl.String, strict=False)
    if isinstance(series.dtype, pl.Datetime):
        return series.dt.to_string("%Y-%m-%d %H:%M:%S")
    return series.cast(pl.String)
