"""Holds the published chain, gaps and overlaps against the oracle's, where identity is certain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from tests.oracle.help import Found, Given, gaps, given, of_people, overlaps
from tests.oracle.identity import Frame, read_table
from tests.oracle.indicators import Night
from tests.oracle.load import read
from tests.oracle.medical import months_before

# what a lawful look-alike looks like
LOOKED_LIKE = {
    "no_payment_90_days", "paid_after_death", "same_aid_twice", "service_after_death", "two_tiers",
    "two_places",
}  # fmt: skip
OF_CASES = ("confirmed_without_help", "needs_half_answered")
KINDS = Path(__file__).parents[2] / "schemas" / "assistance" / "kinds.yaml"


@dataclass(frozen=True)
class Waits:
    """Days that pass before help to a case counts as missing; as in the settings of the nights."""

    confirmed: int = 75
    needs: int = 75


def help_lines(
    tables: Mapping[str, Frame],
    night: Night,
    people: Mapping[str, int],
    homes: Mapping[str, frozenset[int]],
    waits: Waits,
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
        if row["gap_type"] in ("no_payment_90_days", *OF_CASES):
            if row["household_id"] in homes:
                home = tuple(sorted(homes[row["household_id"]]))
                got[row["gap_type"]].add((home, row["since"]))
        elif row["person_id"] in people:
            got[row["gap_type"]].add((people[row["person_id"]], row["since"]))
    for kind, found in _of_cases(tables["hardship.case_file"], night, pieces, homes, waits):
        want[kind].add(found)
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


def _of_cases(
    cases: Frame, night: Night, pieces: Iterable[Given], homes: Mapping[str, frozenset[int]],
    waits: Waits,
) -> Iterator[tuple[str, Any]]:  # fmt: skip
    """(kind, (household, since)) of cases that wait for help.

    Which cases there are, and what visits said of them, is taken from the night: their ids hang on
    the key of a HOME.
    """
    kind_of = {
        word: kind["id"]
        for kind in yaml.safe_load(KINDS.read_text(encoding="utf-8"))["kinds"]
        for word in kind["words"]
    }
    of_home: dict[frozenset[int], list[Given]] = defaultdict(list)
    home_of = {uid: members for members in homes.values() for uid in members}
    for piece in pieces:
        if piece.uid in home_of:
            of_home[home_of[piece.uid]].append(piece)
    on = night.seen.night
    for case in cases:
        members = homes.get(case["household_id"])
        if members is None:
            continue
        home, had = tuple(sorted(members)), of_home[members]
        day, flagged = case["confirmed_on"], case["first_flagged_on"]
        if case["status"] in ("confirmed", "helped", "referred") and day is not None:
            before = {p.aid for p in had if months_before(day, 12) < p.day < day}
            new = {p.aid for p in had if p.day >= day} - before
            if not new and day < on - timedelta(days=waits.confirmed):
                yield "confirmed_without_help", (home, day)
        if case["status"] in ("open", "checking", "confirmed"):
            needs = {kind_of[word] for word in case["suggest"] if word in kind_of}
            met = needs & {kind_of.get(p.aid or "") for p in had if p.day >= flagged}
            if met and met != needs and flagged <= on - timedelta(days=waits.needs):
                yield "needs_half_answered", (home, flagged)


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
