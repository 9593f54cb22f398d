"""What a night's delta is to a table of this room: which rows may have changed, made again.

What of the whole city a row depends on, and thus which rows a change touches, is said for each
table in the modules that read this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.lake.night import Night
from pipelines.lake.patch import Changes, changes, in_columns

#: a table of which more than this share changed is made anew
LARGEST_SHARE = 0.25


@dataclass(frozen=True)
class Delta:
    """`touched`: keys of rows that may be new, gone or others; `rows`: all their rows tonight;
    `was`: all their rows of the night before, where they are known without looking for them."""

    touched: pl.DataFrame
    rows: pl.DataFrame
    was: pl.DataFrame | None = None


def few(
    night: Night,
    table: str,
    key: Sequence[str],
    columns: Sequence[str] | None = None,
    read: Sequence[str] | None = None,
    where: str = "true",
    of: str | None = None,
) -> Changes | None:
    """What changed since the night before, as far as `columns` show it; None where that is unknown,
    or so much that following it would cost more than starting anew. `read`: columns to look at in a
    table that is written whole each night and asked for once; `where`: rows outside of which
    nothing differs; `of`: another table, which all of this one would be little of."""
    found, pointer = changes(night, table, key, read, where), night.pointer(of or table)
    if found is not None and columns is not None:
        found = in_columns(night, found, columns)
    if found is None or pointer is None or found.keys.height > LARGEST_SHARE * pointer.rows:
        return None
    return found


def together(*frames: pl.DataFrame) -> pl.DataFrame:
    """Keys that stand in any of the frames, each once."""
    return pl.concat(frames).unique()
