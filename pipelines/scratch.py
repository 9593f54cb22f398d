"""Databases in memory, whoever works on them: they spill below HOME and fetch no extension."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb


def config(temp: Path, memory_limit: str) -> dict[str, Any]:
    """DuckDB's configuration of such a database."""
    return {
        "memory_limit": memory_limit,
        "temp_directory": str(temp),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }


@contextmanager
def scratch(temp: Path, memory_limit: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database for work beside a night's engine; closed when the block ends."""
    con = duckdb.connect(":memory:", config=config(temp, memory_limit))
    try:
        yield con
    finally:
        con.close()
