"""The delta of hardship.person_medical: people whose sums may differ from the night before.

Somebody with a settlement on a day that was made anew, that came into a window or has left it; with
a payment of which the same holds; or known by another reference. Where much changed, or a year
began, all are summed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import polars as pl

from pipelines.lake.night import Night
from pipelines.lake.patch import Changes, changes, narrowed, rows_of
from pipelines.lake.pointer import Partition, read_parquet
from pipelines.lake.reading import PREVIOUS

DAYS, REF, PAYMENT = "hardship.medical_day", "linkage.person_ref", "hardship.medical_aid_payment"
READS = (DAYS, REF, PAYMENT)
#: where more than this share of the days' rows or of the references is concerned, all are
LARGEST_SHARE = 0.25

Window = tuple[date, date]


def person_medical(
    night: Night, sql: str, then: Mapping[str, Any], now: Mapping[str, Any]
) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """`person_id` of those concerned, and all rows of theirs tonight; None where all may be.

    then, now: the bounds that the statement was given the night before and is given tonight.
    """
    if then["year_start"] != now["year_start"]:
        return None
    # after the first day, up to the second: what left the windows, and what came into them
    moved = [(then["window_start"], now["window_start"]), (then["as_of"], now["as_of"])]
    refs, links = _refs_of_days(night, moved), changes(night, REF, ["person_ref"])
    paid = changes(night, PAYMENT, ["row_ref"])
    if refs is None or paid is None or links is None or _much(night, links):
        return None
    people = pl.concat(
        [
            links.rows.select("person_id"),
            *(rows_of(night, when + REF, refs, ["person_id"]) for when in (PREVIOUS, "")),
            paid.rows.select("person_id"),
            *(_paid_in(night, when, window) for when in (PREVIOUS, "") for window in moved),
        ]
    ).unique()
    known = rows_of(night, REF, people, ["person_ref", "person_id"])
    within = f"settled_on > DATE '{now['window_start']}' AND settled_on <= DATE '{now['as_of']}'"
    of_theirs = {
        DAYS: rows_of(night, DAYS, known.select("person_ref"), where=within),
        REF: known,
        PAYMENT: rows_of(night, PAYMENT, people),
    }
    return people, narrowed(night, sql, of_theirs, now)


def _refs_of_days(night: Night, moved: list[Window]) -> pl.DataFrame | None:
    """`person_ref` of rows of days that differ, or that are in a window on one night only."""
    before, now = night.pointer(PREVIOUS + DAYS), night.pointer(DAYS)
    if before is None or now is None or before.columns != now.columns:
        return None
    first, last = min(start for start, _ in moved), max(end for _, end in moved)
    entire, changed = [], []
    for day in sorted(before.partitions.keys() | now.partitions.keys()):
        if not first < date.fromisoformat(day) <= last:
            continue  # in no window, neither then nor now
        held = before.partitions.get(day), now.partitions.get(day)
        if any(start < date.fromisoformat(day) <= end for start, end in moved):
            entire.append(held)
        elif held[0] is None or held[1] is None or held[0].content != held[1].content:
            changed.append(held)
    rows = sum(part.rows for held in (*entire, *changed) for part in held if part)
    if rows > LARGEST_SHARE * now.rows:
        return None
    parts = [part for held in entire for part in held if part]
    found = [night.engine.frame(f"SELECT DISTINCT person_ref FROM {_files(night, parts)}")
             if parts else pl.DataFrame(schema={"person_ref": pl.String})]  # fmt: skip
    found += _differing(night, changed, now.columns)
    return pl.concat(found).unique()


def _differing(
    night: Night,
    held: list[tuple[Partition | None, Partition | None]],
    columns: tuple[str, ...],
) -> Iterator[pl.DataFrame]:
    """`person_ref` of rows that stand in only one of the two nights' files of these days."""
    listed = ", ".join(columns)
    sides = [[part for part in side if part] for side in zip(*held, strict=True)] or [[], []]
    made = [
        f"SELECT person_ref, hash({listed}) AS mixed FROM {_files(night, side)}" if side
        else "SELECT '' AS person_ref, CAST(0 AS UBIGINT) AS mixed WHERE false"
        for side in sides
    ]  # fmt: skip
    for one, other in (made, made[::-1]):
        yield night.engine.frame(
            f"SELECT DISTINCT person_ref FROM ({one} EXCEPT ALL {other}) AS differs"
        )


def _files(night: Night, parts: list[Partition]) -> str:
    return read_parquet(night.home.lake / file for part in parts for file in part.files)


def _paid_in(night: Night, when: str, window: Window) -> pl.DataFrame:
    night.know(when + PAYMENT)
    return night.engine.frame(
        f"SELECT person_id FROM {when}{PAYMENT} "
        f"WHERE given_on > DATE '{window[0]}' AND given_on <= DATE '{window[1]}'"
    )


def _much(night: Night, found: Changes) -> bool:
    pointer = night.pointer(REF)
    return pointer is None or found.keys.height > LARGEST_SHARE * pointer.rows
