"""What people decided about pairs of records: kept for good, and in force before any model.

A store of files that are written once and never changed (HOME/restricted/lake/judgements); a newer
judgement of the same pair supersedes the older one, which stays. How a spreadsheet of them is read
stands in `review_sheet`; what they do to a night in `deterministic` and `decide`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from pipelines.errors import JiuzhulianError
from pipelines.lake.home import Home
from pipelines.lake.night import Night
from pipelines.lake.patch import rows_of
from pipelines.linkage.components import Forest

SAME, DIFFERENT, UNSURE = "same", "different", "unsure"
VERDICTS = (SAME, DIFFERENT, UNSURE)
COLUMNS = {
    "judgement_id": pl.String, "pair_id": pl.String, "left_key": pl.String,
    "right_key": pl.String, "verdict": pl.String, "judged_by": pl.String,
    "judged_at": pl.String, "note": pl.String, "in_force": pl.Boolean,
}  # fmt: skip
PAIR_DIGITS = 16


@dataclass(frozen=True)
class Judgement:
    """Whether two records (mention keys, the smaller one left) are one person, says `judged_by`."""

    left_key: str
    right_key: str
    verdict: str
    judged_by: str
    judged_at: str
    note: str | None = None


def judgement(
    one: str, other: str, verdict: str, by: str, at: datetime, note: str | None = None
) -> Judgement:
    """A judgement with its keys in order, its time in UTC, so that times compare as text."""
    if verdict not in VERDICTS:
        raise ValueError(f"verdict must be one of {', '.join(VERDICTS)}")
    left, right = sorted((one, other))
    utc = at.astimezone(UTC).isoformat(timespec="microseconds")
    return Judgement(left, right, verdict, by, utc, note)


def pair_id(left_key: str, right_key: str) -> str:
    """As in match_review: of the two keys, the smaller one first."""
    return hashlib.sha256(f"{left_key}|{right_key}".encode()).hexdigest()[:PAIR_DIGITS]


def record(home: Home, judged: Sequence[Judgement]) -> Path | None:
    """Add judgements to the store; gives the file, None where there was nothing to add."""
    if not judged:
        return None
    text = "".join(json.dumps(asdict(j), ensure_ascii=False) + "\n" for j in judged)
    stamp = "".join(c for c in max(j.judged_at for j in judged) if c.isdigit())
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    path = home.judgements / f"{stamp}-{digest}.jsonl"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return path


def stored(home: Home) -> pl.DataFrame:
    """`COLUMNS`, every judgement ever recorded; `in_force` is the newest one of each pair."""
    rows, order = [], []
    for path in sorted(home.judgements.glob("*.jsonl")):
        for place, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                read = Judgement(**json.loads(line))
            except (json.JSONDecodeError, TypeError) as error:
                raise JiuzhulianError(
                    f"{path} line {place} is no judgement: restore this file from the backup"
                ) from error
            key = pair_id(read.left_key, read.right_key)
            rows.append((f"{path.stem}-{place}", key, *asdict(read).values(), False))
            order.append((read.judged_at, path.stem, place))
    places = sorted(range(len(rows)), key=order.__getitem__)
    frame = pl.DataFrame([rows[place] for place in places], schema=COLUMNS, orient="row")
    newest = pl.int_range(pl.len()).over("pair_id") == pl.len().over("pair_id") - 1
    return frame.with_columns(in_force=newest).sort("judgement_id")


def contradicted(stored: pl.DataFrame) -> list[str]:
    """`pair_id` of those that were judged to be two people, while other judgements say one by one
    that they are the same."""
    same, apart = (pairs_in_force(stored, verdict) for verdict in (SAME, DIFFERENT))
    forest: Forest[str] = Forest()
    for left, right in same.iter_rows():
        forest.unite(left, right)
    return sorted(
        pair_id(left, right)
        for left, right in apart.iter_rows()
        if forest.root(left) == forest.root(right)
    )


def pairs_in_force(judged: pl.DataFrame, verdict: str) -> pl.DataFrame:
    """`left_key`, `right_key` of the pairs about which `verdict` holds."""
    return judged.filter(pl.col("in_force") & (pl.col("verdict") == verdict)).select(
        "left_key", "right_key"
    )


def of_night(night: Night) -> pl.DataFrame:
    """`between_entities` of a night."""
    judged = night.frame("linkage.judgement")
    keys = pl.concat([judged["left_key"], judged["right_key"]]).to_frame("mention_key")
    return between_entities(
        judged, rows_of(night, "linkage.mention_entity", keys, ["mention_key", "entity_no"])
    )


def between_entities(judged: pl.DataFrame, mentions: pl.DataFrame) -> pl.DataFrame:
    """`left_no`, `right_no` (the smaller entity left), `verdict`: what was judged of two entities.

    `mentions`: mention_key, entity_no. Records that are there no more are passed over; where
    several pairs of records concern the same two entities, the newest judgement holds.
    """
    of = mentions.select("mention_key", "entity_no")
    return (
        judged.filter(pl.col("in_force") & (pl.col("verdict") != UNSURE))
        .join(of, left_on="left_key", right_on="mention_key")
        .join(of, left_on="right_key", right_on="mention_key", suffix="_right")
        .filter(pl.col("entity_no") != pl.col("entity_no_right"))
        .sort("judged_at", "judgement_id")
        .select(
            left_no=pl.min_horizontal("entity_no", "entity_no_right"),
            right_no=pl.max_horizontal("entity_no", "entity_no_right"),
            verdict="verdict",
        )
        .unique(["left_no", "right_no"], keep="last")
        .sort("left_no", "right_no")
    )
