"""Many analysts at once: ``python -m tests.publish.readers PUBLISHED STOP COUNT`` forks them.

Each opens the published file again and again until the file STOP is there, and holds every table
against every other. One of them keeps its first file open throughout. What they saw is told as
JSON, one line per reader.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

import duckdb

TABLES = (
    "meta.run", "quality.expectation", "hardship.alert", "quality.not_judged",
    "population.change", "population.id_change",
)  # fmt: skip


def look(con: duckdb.DuckDBPyConnection) -> tuple[str, int]:
    """The night that every table shows, and the rows that each of them has."""
    both = " UNION ALL ".join(f"SELECT '{t}' AS t, as_of, count(*) AS n FROM {t} GROUP BY as_of"
                              for t in TABLES)  # fmt: skip
    found = con.execute(both).fetchall()
    nights = {str(as_of) for _, as_of, _ in found}
    persons = con.execute("SELECT count(*) FROM population.person").fetchall()[0][0]
    promised = con.execute("SELECT persons FROM meta.run").fetchall()[0][0]
    counts = {n for table, _, n in found if table != "meta.run"} | {persons, promised}
    if len(found) != len(TABLES) or len(nights) != 1 or len(counts) != 1:
        raise AssertionError(f"a mixed night: {sorted(nights)}, rows {sorted(counts)}")
    return nights.pop(), persons


def parquet(published: Path, con: duckdb.DuckDBPyConnection) -> str:
    """The same of the Parquet files, by the folder that is in force when one begins."""
    folder = (published / "parquet").resolve()
    nights, counts = set(), set()
    for table in TABLES[1:]:
        file = folder / f"{table.replace('.', '/')}.parquet"
        rows = con.execute(f"SELECT as_of, count(*) FROM '{file}' GROUP BY as_of").fetchall()
        nights |= {str(row[0]) for row in rows}
        counts |= {row[1] for row in rows}
    if len(nights) != 1 or len(counts) != 1:
        raise AssertionError(f"a mixed night in Parquet: {sorted(nights)}")
    return str(nights.pop())


def read(published: Path, stop: Path, *, keep: bool) -> dict[str, Any]:
    """Loop until ``stop`` is there; errors are told, not raised."""
    looks, seen, errors, first = 0, [], [], None
    path = str(published / "monitoring.duckdb")
    while not stop.exists() or not looks:
        try:
            con = first or duckdb.connect(path, read_only=True)
            night, _ = look(con)
            if keep:
                first = con
            else:
                con.close()
                if looks % 4 == 0:
                    with duckdb.connect(":memory:") as other:
                        parquet(published, other)
            if not seen or seen[-1] != night:
                seen.append(night)
            looks += 1
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}"[:300])
        time.sleep(random.random())
    return {"looks": looks, "nights": seen, "errors": errors, "kept_open": keep}


def main() -> None:
    published, stop, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    children = []
    for number in range(count):
        child = os.fork()
        if child == 0:
            told = json.dumps(read(published, stop, keep=number == 0))
            os.write(sys.stdout.fileno(), f"{told}\n".encode())
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
