"""Who is who: published ids against true people, and how well mentions were linked."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tests.oracle.load import Truth

Frame = list[dict[str, Any]]
Mention = tuple[int, str, bool]  # true person, linked person, number usable


@dataclass
class Published:
    """What a night published, and who is linked to what."""

    tables: dict[str, Frame]
    links: Frame


@dataclass
class Linkage:
    """Pairs of mentions: all, and those in which one has no usable number."""

    pairs: int
    joined: int
    right: int
    pairs_without: int
    joined_without: int
    right_without: int

    @property
    def precision(self) -> float:
        return self.right / self.joined if self.joined else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.pairs if self.pairs else 1.0

    @property
    def precision_without(self) -> float:
        return self.right_without / self.joined_without if self.joined_without else 1.0

    @property
    def recall_without(self) -> float:
        return self.right_without / self.pairs_without if self.pairs_without else 1.0


TABLES = (
    "population.person", "population.tier_history", "population.monitored_person",
    "hardship.person_indicator", "hardship.household_indicator", "hardship.alert",
    "hardship.near_miss", "quality.not_judged", "hardship.case_file", "assistance.event",
    "assistance.chain", "assistance.gap", "assistance.overlap",
)  # fmt: skip


def read_published(monitoring: Path, identity: Path) -> Published:
    return Published(
        {name: read_table(monitoring, name) for name in TABLES},
        read_table(identity, "person_link"),
    )


def read_table(file: Path, table: str) -> Frame:
    with duckdb.connect(str(file), read_only=True) as connection:
        cursor = connection.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def death_methods(links: Frame) -> dict[str, str]:
    """Death record → how it was linked: part of the definition of doubtful."""
    return {r["record_key"]: r["method"] for r in links if r["dataset"] == "death_record"}


def truth_of_keys(truth: Truth) -> dict[tuple[str, str], tuple[int, bool]]:
    """(source/dataset, record_key) → true person and whether the mention's number is usable."""
    found = {
        (name, row["record_key"]): (row["person_uid"], True)
        for name, rows in truth.rows.items()
        for row in rows
        if row["person_uid"] is not None
    }
    for row in truth.mentions:
        key = (f"{row['source']}/{row['dataset']}", row["record_key"])
        found[key] = (row["person_uid"], row["has_usable_number"])
    return found


def linked(truth: Truth, links: Frame) -> list[Mention]:
    """(true person, linked person, usable) of every mention known to both sides."""
    known = truth_of_keys(truth)
    rows = []
    for row in links:
        key = (f"{row['source']}/{row['dataset']}", row["record_key"])
        if key in known:
            uid, usable = known[key]
            rows.append((uid, row["person_id"], usable))
    return rows


def linkage(mentions: Collection[Mention]) -> Linkage:
    """Pairwise figures from counts of mentions by true and linked person."""
    whole = _pairs(mentions)
    usable = _pairs(m for m in mentions if m[2])
    return Linkage(*whole, *(a - b for a, b in zip(whole, usable, strict=True)))


def _pairs(mentions: Iterable[Mention]) -> tuple[int, int, int]:
    by_uid: Counter[int] = Counter()
    by_id: Counter[str] = Counter()
    by_both: Counter[tuple[int, str]] = Counter()
    for uid, person_id, _ in mentions:
        by_uid[uid] += 1
        by_id[person_id] += 1
        by_both[(uid, person_id)] += 1
    return (_choose(by_uid), _choose(by_id), _choose(by_both))


def _choose(counts: Counter[Any]) -> int:
    return sum(math.comb(n, 2) for n in counts.values())


def identities(mentions: Iterable[Mention]) -> tuple[dict[str, int], set[int]]:
    """person_id → person_uid where it is one to one, and the people for whom it is not."""
    ids: dict[int, set[str]] = defaultdict(set)
    uids: dict[str, set[int]] = defaultdict(set)
    for uid, person_id, _ in mentions:
        ids[uid].add(person_id)
        uids[person_id].add(uid)
    certain = {
        person_id: next(iter(found))
        for person_id, found in uids.items()
        if len(found) == 1 and len(ids[next(iter(found))]) == 1
    }
    return certain, {uid for uid in ids if uid not in set(certain.values())}
