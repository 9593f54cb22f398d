"""Holds the published chain, gaps and overlaps against the oracle's, where identity is certain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.oracle.help import Found, gaps, given, of_people, overlaps
from tests.oracle.identity import Frame, read_table
from tests.oracle.indicators import Night
from tests.oracle.load import read
from tests.oracle.medical import months_before

# what a lawful look-alike looks like
LOOKED_LIKE = {"no_payment_90_days", "paid_after_death", "same_aid_twice", "service_after_death"}
OF_CASES = ("confirmed_without_help", "needs_half_answered")  # cases live in the pipeline alone


def help_lines(
    tables: Mapping[str, Frame],
    night: Night,
    people: Mapping[str, int],
    homes: Mapping[str, frozenset[int]],
) -> dict[str, tuple[set[Any], set[Any]]]:
    """Line → (what the pipeline says, what the oracle says), of certain people and households."""
    pieces = given(night.seen)
    uids, certain_homes = set(people.values()), set(homes.values())
    lines: dict[str, tuple[set[Any], set[Any]]] = {
        "chain of persons": (
            _published_chains(tables["assistance.event"], people),
            {(u, *c) for u, c in of_people(pieces).items() if u in uids},
        ),
        "chain of households": (
            _published_homes(tables["assistance.chain"], homes),
            _homes(pieces, night, certain_homes),
        ),
    }
    got: dict[str, set[Found]] = defaultdict(set)
    want: dict[str, set[Found]] = defaultdict(set)
    for row in tables["assistance.gap"]:
        if row["gap_type"] in OF_CASES:
            continue
        if row["gap_type"] == "no_payment_90_days":
            if row["household_id"] in homes:
                home = tuple(sorted(homes[row["household_id"]]))
                got[row["gap_type"]].add((home, row["since"]))
        elif row["person_id"] in people:
            got[row["gap_type"]].add((people[row["person_id"]], row["since"]))
    for kind, uid, home, since in gaps(night, pieces):
        if uid is None and home in certain_homes:
            want[kind].add((tuple(sorted(home)), since))
        elif uid in uids:
            want[kind].add((uid, since))
    for row in tables["assistance.overlap"]:
        if row["person_id"] in people:
            fact = (people[row["person_id"]], row["since"], row["amount_12m"])
            got[row["overlap_type"]].add(fact)
    for kind, uid, since, amount in overlaps(night, pieces):
        if uid in uids:
            want[kind].add((uid, since, amount))
    for kind in sorted(got.keys() | want.keys()):
        lines[kind] = (got[kind], want[kind])
    return lines


@dataclass
class Planted:
    """What became of the planted people: found and left alone as they should be, or not."""

    found: int = 0
    left_alone: int = 0
    missed: list[Any] = field(default_factory=list)
    false: list[Any] = field(default_factory=list)


def planted(city: Path, monitoring: Path, people: Mapping[str, int], pupils: set[int]) -> Planted:
    """The planted people of certain identity, held against the published findings.

    pupils: whom the oracle finds without aid; a planted one beyond them stands on no roll that
    counts on this night, or had aid after all.
    """
    raised: dict[int, set[str]] = defaultdict(set)
    for table, kind in (("assistance.gap", "gap_type"), ("assistance.overlap", "overlap_type")):
        for row in read_table(monitoring, table):
            if row["person_id"] in people:
                raised[people[row["person_id"]]].add(row[kind])
    certain, result = set(people.values()), Planted()
    for row in read(Path(city) / "truth" / "planted.parquet"):
        uid, expected, sort = row["person_uid"], row["expected"], row["sort"]
        if uid not in certain or (sort == "pupil" and uid not in pupils):
            continue
        if expected is None:
            if wrong := raised[uid] & LOOKED_LIKE:
                result.false.append((uid, sort, sorted(wrong)))
            else:
                result.left_alone += 1
        elif expected in raised[uid]:
            result.found += 1
        else:
            result.missed.append((uid, sort, expected))
    return result


def _published_chains(rows: Frame, people: Mapping[str, int]) -> set[Any]:
    found: dict[int, list[Found]] = defaultdict(list)
    for row in rows:
        if row["person_id"] in people:
            found[people[row["person_id"]]].append(
                (row["given_on"], row["kind"], row["aid_type"], row["amount"])
            )
    return {(uid, *sorted(chain, key=repr)) for uid, chain in found.items()}


def _published_homes(rows: Frame, homes: Mapping[str, frozenset[int]]) -> set[Any]:
    """(household, whether its events are in order, its chain, the sum of 12 months)."""
    return {_home(row, homes) for row in rows if row["household_id"] in homes}


def _in_order(events: list[dict[str, Any]]) -> bool:
    days = [event["given_on"] for event in events]
    return days == sorted(days)


def _home(row: dict[str, Any], homes: Mapping[str, frozenset[int]]) -> Any:
    chain = sorted(((e["given_on"], e["aid_type"]) for e in row["events"]), key=repr)
    order = "in order" if _in_order(row["events"]) else "not in order"
    return (tuple(sorted(homes[row["household_id"]])), order, tuple(chain), row["total_12m"])


def _homes(pieces: Any, night: Night, certain: set[frozenset[int]]) -> set[Any]:
    year = months_before(night.seen.night, 12)
    home = {uid: members for members in certain for uid in members}
    found: dict[frozenset[int], list[Any]] = defaultdict(list)
    for piece in pieces:
        if piece.uid in home:
            found[home[piece.uid]].append(piece)
    made = set()
    for members, chain in found.items():
        shown = sorted(((p.day, p.aid) for p in chain), key=repr)
        total = sum(p.amount or 0 for p in chain if p.day > year)
        made.add((tuple(sorted(members)), "in order", tuple(shown), total))
    return made
