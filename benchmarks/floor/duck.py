"""The floor on DuckDB: files in, statements, two Parquet files out."""

from __future__ import annotations

import shutil
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from benchmarks.floor import steps
from benchmarks.floor.columns import DATASETS
from benchmarks.floor.compare import MENTIONS
from benchmarks.floor.files import Delivered, delivered, excel, utf8_blocks


def run(
    landing: Path, schemas: Path, policy: Path, as_of: date, out: Path, memory: str = "2GB",
    mentions: bool = False,
) -> dict[str, float]:  # fmt: skip
    """Writes `tier.parquet`, `alert.parquet` and `home.parquet`; returns seconds per step.

    mentions: also whom each row of a register names, which only a comparison needs.
    """
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    took: dict[str, float] = {}
    started = time.monotonic()
    with TemporaryDirectory(dir=out) as scratch:
        con = duckdb.connect(
            str(Path(scratch) / "floor.duckdb"),
            config={"memory_limit": memory, "temp_directory": scratch},
        )
        con.execute("SET preserve_insertion_order = false")
        con.execute("SET enable_progress_bar = false")
        for name in DATASETS:
            load(con, name, delivered(landing, schemas, name, as_of), Path(scratch))
        took["read"] = time.monotonic() - started
        for name in DATASETS:
            con.execute(f"CREATE TABLE {name}_newest AS {steps.newest(name)}")
            con.execute(f"DROP TABLE {name}")
        took["newest"] = time.monotonic() - started - sum(took.values())
        values, rules = steps.policy(policy, as_of)
        con.execute(
            "CREATE TABLE policy_value (name VARCHAR, region VARCHAR, urban_rural VARCHAR, "
            "valid_from DATE, value DOUBLE)"
        )
        con.executemany("INSERT INTO policy_value VALUES (?, ?, ?, ?, ?)", values)
        for table, statement in steps.statements(as_of):
            con.execute(f"CREATE TABLE {table} AS {statement}")
            if table == steps.TIES:
                label(con)
        names = sorted({value[0] for value in values})
        con.execute(f"CREATE TABLE alert AS {steps.alerts(names, rules)}")
        took["join_and_sum"] = time.monotonic() - started - sum(took.values())
        for table in ("tier", "alert", "home"):
            con.execute(f"COPY {table} TO '{out / f'{table}.parquet'}' (FORMAT parquet)")
        if mentions:
            con.execute(f"COPY ({MENTIONS}) TO '{out / 'mention.parquet'}' (FORMAT parquet)")
        con.close()
    return took


def load(con: duckdb.DuckDBPyConnection, name: str, files: list[Delivered], scratch: Path) -> None:
    """All files of a dataset into one table."""
    selects = []
    registered = []
    for file in files:
        if file.form == "parquet":
            places = {c: f'cast("{file.header[p]}" as varchar)' for c, p in file.columns.items()}
            source = f"read_parquet('{file.path}')"
        elif file.form == "xlsx":
            places = {c: f"c{p}" for c, p in file.columns.items()}
            frame = excel(file.path).slice(file.skip)
            frame = frame.rename(dict(zip(frame.columns, listed_cells(frame.width), strict=True)))
            source = f"sheet_{name}_{file.turn}"
            con.register(source, frame.to_arrow())
            registered.append(source)
        else:
            path = file.path
            if file.encoding == "gb18030":
                path = scratch / f"{name}_{file.turn}.csv"
                with path.open("wb") as plain:
                    plain.writelines(utf8_blocks(file))
            places = {c: f"c{p}" for c, p in file.columns.items()}
            listed = ", ".join(f"'c{p}': 'VARCHAR'" for p in range(len(file.header)))
            separator = "\\t" if file.separator == "\t" else ","
            source = (
                f"read_csv('{path}', header = false, skip = 1, auto_detect = false, "
                f"delim = '{separator}', quote = '\"', escape = '\"', columns = {{{listed}}})"
            )
        selects.append(f"SELECT {steps.cells(file, places, 'row_number() over ()')} FROM {source}")
    con.execute(f"CREATE TABLE {name} AS {' UNION ALL '.join(selects)}")
    for source in registered:
        con.unregister(source)
    for path in scratch.glob(f"{name}_*.csv"):
        path.unlink()


def listed_cells(wide: int) -> list[str]:
    """Names of the cells of a row."""
    return [f"c{place}" for place in range(wide)]


def label(con: duckdb.DuckDBPyConnection) -> None:
    """Everybody in joined groups gets the smallest person of them."""
    first, groups, people, changed = steps.LABEL
    con.execute(f"CREATE TABLE label AS {first}")
    while True:
        con.execute(f"CREATE OR REPLACE TABLE group_label AS {groups}")
        con.execute(f"CREATE OR REPLACE TABLE next_label AS {people}")
        moved = con.execute(changed).fetchall()[0][0]
        con.execute("CREATE OR REPLACE TABLE label AS FROM next_label")
        if not moved:
            return
