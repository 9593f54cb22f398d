"""A table of the newest night that has it, committed or held back: for commands that only look."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipelines.engine.sql import quoted
from pipelines.errors import NotFound
from pipelines.lake.fingerprint import read_pointer
from pipelines.lake.home import Home
from pipelines.lake.pointer import Pointer


def newest_frame(
    home: Home, table: str, columns: Collection[str] = ()
) -> tuple[date, pl.DataFrame]:
    """The night's as-of date and the table; raises NotFound where no night has made it, or where
    it lacks one of the ``columns``, as a night of an older version may.
    """
    found = sorted(home.nights.glob(f"*/{table}.json")) if home.nights.is_dir() else []
    if not found:
        raise NotFound(f"{home.root} has no night with {table}: run a night there first (--home)")
    pointer = read_pointer(found[-1])
    if pointer is None:
        raise NotFound(f"{found[-1]} cannot be read: run that night again, which writes it anew")
    if not set(columns) <= set(pointer.columns):
        raise NotFound(f"{table} of the newest night is of an older version: run a night first")
    return date.fromisoformat(found[-1].parent.name), frame_of(pointer, home.lake)


def frame_of(pointer: Pointer, lake: Path) -> pl.DataFrame:
    """All rows of a table, outside a night."""
    with duckdb.connect() as con:
        sql = pointer.select(lake, [quoted(column) for column in pointer.columns])
        frame = pl.from_arrow(con.sql(sql).to_arrow_table())
    assert isinstance(frame, pl.DataFrame)
    return frame
