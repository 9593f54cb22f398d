"""A table on its way: texts in a temporary Parquet file, so that the transaction can end early.

Columns are named "0", "1", … by position; the cursor's full value stands apart in ``cursor``. What
the rows mean is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

CURSOR = "cursor"
_GROUP_ROWS = 131_072


class Spool:
    """A Parquet file of text columns, made by blocks; nothing is kept in memory."""

    def __init__(self, path: Path, width: int, *, cursor: bool) -> None:
        self.path = path
        self.width = width
        self.names = [*map(str, range(width)), *([CURSOR] if cursor else [])]
        self.rows = 0
        self._schema = pa.schema([(name, pa.string()) for name in self.names])
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # read once and then removed: a dictionary would cost more than it saves
        self._writer = pq.ParquetWriter(
            path, self._schema, compression="zstd", compression_level=1, use_dictionary=False
        )

    def write(self, table: pa.Table) -> None:
        """Rows of a table with exactly the spool's columns."""
        self._writer.write_table(table.cast(self._schema), row_group_size=_GROUP_ROWS)
        self.rows += table.num_rows

    def write_rows(self, rows: Sequence[Sequence[str | None]]) -> None:
        """Rows as tuples of texts."""
        if rows:
            columns = [pa.array(values, pa.string()) for values in zip(*rows, strict=True)]
            self.write(pa.Table.from_arrays(columns, schema=self._schema))

    def close(self) -> None:
        self._writer.close()
