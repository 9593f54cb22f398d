"""Parquet files: any types, read as text in blocks so that they are repaired like all others."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.intake.discover import Found
from pipelines.intake.errors import Refusal
from pipelines.intake.limits import DEFAULT, Limits
from pipelines.intake.rows import BLOCK_ROWS, Block

TIMEZONE = "Asia/Shanghai"


class ParquetRows:
    """A Parquet file; its column names are the headers."""

    def __init__(self, found: Found, limits: Limits = DEFAULT) -> None:
        try:
            self._file = pq.ParquetFile(found.path)
        except (pa.ArrowException, OSError) as error:
            raise Refusal(
                f"not a Parquet file that can be opened ({type(error).__name__}): "
                "have it sent again"
            ) from None
        if found.pulled is None:
            self._check_size(found, limits)
        self.headers: tuple[str | None, ...] = tuple(self._file.schema_arrow.names)
        self.unit = Decimal(1)
        self.notes: tuple[str, ...] = ()
        self._columns: list[str] | None = None
        if found.pulled is not None:
            self.headers = found.pulled.columns
            self._columns = [str(position) for position in range(len(self.headers))]

    def _check_size(self, found: Found, limits: Limits) -> None:
        """A cell counts as a byte at least: a dictionary holds a repeated value once."""
        told = self._file.metadata
        sizes = sum(told.row_group(n).total_byte_size for n in range(told.num_row_groups))
        limits.check_unpacked(
            found.path.stat().st_size, max(sizes, told.num_rows * told.num_columns)
        )

    def blocks(self) -> Iterator[Block]:
        """Blocks of rows, every column as text; the parts of a list are joined by 、."""
        first = 1
        for batch in self._batches():
            names = [str(position) for position in range(batch.num_columns)]
            frame = pl.DataFrame(pa.Table.from_batches([batch]).rename_columns(names))
            numbers = pl.Series("row_number", range(first, first + frame.height), pl.Int64)
            first += frame.height
            yield Block(frame.select(_text(frame[name]) for name in frame.columns), numbers)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._file.iter_batches(BLOCK_ROWS, columns=self._columns)
        except (pa.ArrowException, OSError) as error:
            raise Refusal(
                f"a Parquet file that is damaged within ({type(error).__name__}): "
                "have it sent again"
            ) from None


def _text(series: pl.Series) -> pl.Series:
    if isinstance(series.dtype, pl.List):
        return series.list.eval(pl.element().cast(pl.String)).list.join("、")
    if isinstance(series.dtype, pl.Struct | pl.Array):
        return series.map_elements(str, return_dtype=pl.String)
    if isinstance(series.dtype, pl.Binary):
        return pl.Series(series.name, [_decoded(value) for value in series], pl.String)
    if isinstance(series.dtype, pl.Datetime):
        if series.dtype.time_zone is not None:
            series = series.dt.convert_time_zone(TIMEZONE)
        return series.dt.to_string("%Y-%m-%d %H:%M:%S")
    return series.cast(pl.String)


def _decoded(value: bytes | None) -> str | None:
    """Text that was stored as bytes; what no codec reads shows as damaged, it does not vanish."""
    if value is None:
        return None
    for codec in ("utf-8", "gb18030"):
        try:
            return value.decode(codec)
        except UnicodeDecodeError:
            continue
    return value.decode("utf-8", errors="replace")
