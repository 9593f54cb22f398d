"""A table that a person asked for, as a file only they can read."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl

from pipelines.contracts.cells import safe_column
from pipelines.errors import JiuzhulianError

ENDINGS = (".csv", ".parquet")


def write_table(frame: pl.DataFrame, target: Path) -> None:
    """Write CSV (UTF-8 with BOM, for spreadsheets) or Parquet by the name's ending, mode 0600."""
    if target.suffix not in ENDINGS:
        raise JiuzhulianError(f"--out {target}: name a file that ends in {' or '.join(ENDINGS)}")
    partial = target.with_name(f".{target.name}.partial")
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        if target.suffix == ".csv":
            _safe(frame).write_csv(partial, include_bom=True)
        else:
            frame.write_parquet(partial)
        os.replace(partial, target)
    except OSError as error:
        raise JiuzhulianError(f"--out {target} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)


def _safe(frame: pl.DataFrame) -> pl.DataFrame:
    texts = [name for name, type_ in frame.schema.items() if type_ == pl.String]
    return frame.with_columns(safe_column(pl.col(name)).alias(name) for name in texts)
