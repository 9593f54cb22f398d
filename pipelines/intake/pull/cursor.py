"""How far a table was read, and which of its rows came before.

A pull begins below the newest value that was read, by the overlap, since rows may be committed
late. Rows that stood in the overlap before are known by their hash and left out: none is lost,
none comes twice. A row that has changed since is a correction and lands.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from pipelines.engine.duck import DuckEngine
from pipelines.intake.pull.spool import CURSOR, Spool
from pipelines.intake.pulled import DATE, NUMBER, TIME, Cursor, Origin
from pipelines.lake.home import Home
from pipelines.lake.receipt import LANDED, REPEATED, Receipt

#: overlap where the settings name none: a day, or ten thousand ids
DAY_SECONDS, IDS = 86_400, 10_000
_TYPES = {TIME: "TIMESTAMP", DATE: "DATE", NUMBER: "DECIMAL(38, 6)"}
_MARK = "chr(30)"


@dataclass(frozen=True)
class Settled:
    """A spool after looking at its rows: their hash, and how many were left out."""

    sha256: str
    rows: int
    known: int
    cursor: Cursor | None


def last_cursor(home: Home, receipts: Iterable[Receipt], key: str, origin: Origin) -> Cursor | None:
    """Where the last committed pull of this dataset out of this table had come to."""
    found = None
    for receipt in receipts:
        pull = receipt.pull
        if (
            receipt.key == key
            and receipt.status in (LANDED, REPEATED)
            and pull.get("kind")
            and (pull["database"], pull["table"], pull["cursor"])
            == (origin.database, origin.table, origin.cursor)
        ):
            seen = home.pulls / pull["seen"] if pull["seen"] else None
            found = Cursor(str(pull["kind"]), pull["high"], seen)
    return found


def forget_old(home: Home, receipts: Iterable[Receipt]) -> None:
    """Remove hashes of rows that a later pull of the same table has replaced."""
    newest = {
        (receipt.key, *(receipt.pull[part] for part in ("database", "table", "cursor"))): (
            receipt.pull["seen"]
        )
        for receipt in receipts
        if receipt.pull.get("kind")
    }
    for path in home.pulls.glob("*_seen.parquet"):
        if path.name not in newest.values():
            path.unlink()


def pulled_on(receipts: Iterable[Receipt], key: str, origin: Origin, day: object) -> bool:
    """Whether the whole of a snapshot was already pulled for this extract date."""
    return any(
        receipt.key == key
        and receipt.extract_date == day
        and receipt.status in (LANDED, REPEATED)
        and (receipt.pull.get("database"), receipt.pull.get("table"))
        == (origin.database, origin.table)
        for receipt in receipts
    )


def lower_bound(cursor: Cursor | None, kind: str, overlap: int | None) -> str | None:
    """The value to read from; None: from the beginning."""
    if cursor is None or cursor.high is None or cursor.kind != kind:
        return None
    if kind == NUMBER:
        return str(math.floor(Decimal(cursor.high)) - (IDS if overlap is None else overlap))
    seconds = DAY_SECONDS if overlap is None else overlap
    high = datetime.fromisoformat(cursor.high)
    if kind == DATE:
        return (high.date() - timedelta(days=math.ceil(seconds / DAY_SECONDS))).isoformat()
    return (high - timedelta(seconds=seconds)).isoformat(sep=" ")


def settled(
    spool: Spool,
    headers: Sequence[str],
    engine: DuckEngine,
    *,
    kind: str | None = None,
    before: Cursor | None = None,
    overlap: int | None = None,
    now: datetime | None = None,
) -> Settled:
    """Leave out rows that came before and say what the others are.

    ``kind`` and ``now`` (of the server, Shanghai) are given where the spool has a cursor.
    """
    engine.con.execute("CREATE OR REPLACE TEMP TABLE hashed AS " + _hashed(spool, kind))
    cursor, known = None, 0
    if kind is not None:
        seen = before.seen if before else None
        if seen is not None and seen.exists():
            engine.con.execute(
                "CREATE OR REPLACE TEMP TABLE seen AS SELECT low, high FROM read_parquet(?)",
                [str(seen)],
            )
        else:
            engine.con.execute(
                "CREATE OR REPLACE TEMP TABLE seen AS SELECT low, high FROM hashed LIMIT 0"
            )
        cursor = _moved(spool, engine, kind, before, overlap, now)
        known = _without_seen(spool, engine)
    ((rows, low, high),) = engine.con.execute(
        "SELECT count(*), coalesce(sum(low), 0)::VARCHAR, coalesce(sum(high), 0)::VARCHAR "
        "FROM hashed"
    ).fetchall()
    return Settled(_sha256([*headers, str(rows), low, high]), int(rows), known, cursor)


def _hashed(spool: Spool, kind: str | None) -> str:
    """Per row two halves of its hash, its place, and its cursor as a value."""
    texts = ", ".join(f'coalesce("{name}", {_MARK})' for name in spool.names)
    row = f"concat_ws(chr(31), {texts})"
    value = f'try_cast("{CURSOR}" AS {_TYPES[kind]})' if kind else "NULL"
    return (
        "SELECT (hash & 18446744073709551615::UHUGEINT)::UBIGINT AS low, "
        "(hash >> 64)::UBIGINT AS high, place, value FROM ("
        f"SELECT md5_number({row}) AS hash, file_row_number AS place, {value} AS value "
        f"FROM read_parquet({_path(spool.path)}, file_row_number = true))"
    )


def _moved(
    spool: Spool, engine: DuckEngine, kind: str, before: Cursor | None, overlap: int | None,
    now: datetime | None,
) -> Cursor:  # fmt: skip
    """The cursor after these rows, and the hashes of those that later pulls will meet again.

    A value beyond the server's clock does not move it: it would hide what follows.
    """
    type_ = _TYPES[kind]
    past = "true" if kind == NUMBER else f"value <= ?::TIMESTAMP::{type_}"
    ((high,),) = engine.con.execute(
        f"SELECT (max(value) FILTER (WHERE {past}))::VARCHAR FROM hashed",
        None if kind == NUMBER else [now],
    ).fetchall()
    if before is not None and before.high is not None and before.kind == kind:
        ((high,),) = engine.con.execute(
            f"SELECT greatest(?::{type_}, ?::{type_})::VARCHAR", [high, before.high]
        ).fetchall()
    cursor = Cursor(kind, high, None)
    low = lower_bound(cursor, kind, overlap)
    path = spool.path.with_name(spool.path.name + ".seen")
    again = f"value IS NULL OR value >= ?::{type_}" if low is not None else "true"
    engine.con.execute(
        f"COPY (SELECT DISTINCT low, high FROM hashed WHERE {again}) "
        f"TO {_path(path)} (FORMAT parquet)",
        [low] if low is not None else None,
    )
    return Cursor(kind, high, path)


def _without_seen(spool: Spool, engine: DuckEngine) -> int:
    """Take rows that came before out of the spool; how many they were."""
    engine.con.execute(
        "CREATE OR REPLACE TEMP TABLE fresh AS SELECT h.low, h.high, h.place FROM hashed AS h "
        "ANTI JOIN seen AS s ON h.low = s.low AND h.high = s.high"
    )
    ((known,),) = engine.con.execute(
        "SELECT (SELECT count(*) FROM hashed) - (SELECT count(*) FROM fresh)"
    ).fetchall()
    if known:
        part = spool.path.with_name(spool.path.name + ".fresh")
        listed = ", ".join(f'r."{name}"' for name in spool.names)
        engine.con.execute(
            f"COPY (SELECT {listed} "
            f"FROM read_parquet({_path(spool.path)}, file_row_number = true) AS r "
            "INNER JOIN fresh AS f ON r.file_row_number = f.place ORDER BY f.place) "
            f"TO {_path(part)} (FORMAT parquet)"
        )
        part.replace(spool.path)
        engine.con.execute("CREATE OR REPLACE TEMP TABLE hashed AS FROM fresh")
    return int(known)


def _path(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _sha256(parts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
