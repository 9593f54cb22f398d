"""Keys that stand again later among the files of one dataset and extract date landed together.

The later row counts (by file name, then row); the earlier one is dropped and counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.engine.duck import DuckEngine
from pipelines.intake.convert import Converted
from pipelines.intake.landed import rewritten

_TWICE = """
WITH keyed AS (
    SELECT record_key, row_number, filename FROM read_parquet([{files}], filename = true)
),
repeated_hash AS (
    SELECT hash(record_key) AS key_hash FROM keyed GROUP BY 1 HAVING count(*) > 1
),
candidate AS (
    SELECT k.record_key, k.row_number, o.ordinal
    FROM keyed AS k
    INNER JOIN repeated_hash AS r ON hash(k.record_key) = r.key_hash
    INNER JOIN file_order AS o ON k.filename = o.filename
),
ranked AS (
    SELECT
        ordinal,
        row_number AS superseded_row,
        row_number() OVER (
            PARTITION BY record_key ORDER BY ordinal DESC, row_number DESC
        ) AS place
    FROM candidate
)
SELECT ordinal, superseded_row FROM ranked WHERE place > 1 ORDER BY 1, 2
"""


def drop_superseded(group: Sequence[Converted], engine: DuckEngine) -> None:
    """Drop superseded rows from the files of a group, in the order in which they are given."""
    filled = [(at, one) for at, one in enumerate(group) if one.rows_landed]
    if not filled:
        return
    engine.con.execute("CREATE OR REPLACE TABLE file_order (filename VARCHAR, ordinal INTEGER)")
    engine.con.executemany(
        "INSERT INTO file_order VALUES (?, ?)", [(str(one.landed), at) for at, one in filled]
    )
    files = ", ".join("'" + str(one.landed).replace("'", "''") + "'" for _, one in filled)
    found = engine.con.execute(_TWICE.format(files=files)).fetchall()
    dropped: dict[int, list[int]] = {}
    for ordinal, row in found:
        dropped.setdefault(int(ordinal), []).append(int(row))
    for ordinal, rows in dropped.items():
        one = group[ordinal]
        one.rows_landed = rewritten(one.landed, rows)
        one.rows_superseded = len(rows)
