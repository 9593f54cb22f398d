"""Who lives with whom: groups of the newest snapshots, joined: interface §4 "Household"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations

from tests.oracle.load import Seen
from tests.oracle.people import Person
from tests.oracle.tiers import certificates, grant_span

ELSEWHERE = (
    ("medical_insurance/insured_person", "person_uid"),
    ("civil_affairs/assistance_member", "person_uid"),
    ("civil_affairs/assistance_household", "head_uid"),
    ("rural_affairs/prevention_roster", "person_uid"),
)


@dataclass
class Group:
    """A group of people that a source names together."""

    key: tuple[str, str]
    members: dict[int, date] = field(default_factory=dict)  # first extract date in it
    addresses: set[str] = field(default_factory=set)
    ended_on: date | None = None

    def add(self, uid: int, first_seen: date) -> None:
        self.members[uid] = min(self.members.get(uid, first_seen), first_seen)


def groups(seen: Seen, people: Mapping[int, Person]) -> list[Group]:
    """Family numbers, roster households and certificates with the people they name tonight."""
    found: dict[tuple[str, str], Group] = {}

    def group(kind: str, number: str) -> Group:
        return found.setdefault((kind, number), Group((kind, number)))

    for version in seen.snapshot["medical_insurance/insured_person"]:
        if version.current and version["family_no"]:
            family = group("family", version["family_no"])
            since = seen.first_in_family[(version["record_key"], version["family_no"])]
            family.add(version["person_uid"], since)
            if version["address"]:
                family.addresses.add(version["address"])
    for version in seen.snapshot["rural_affairs/prevention_roster"]:
        if version.current:
            group("roster", version["household_no"]).add(version["person_uid"], version.first_seen)
    grants = certificates(seen)
    for number, grant in grants.items():
        start, end = grant_span(grant)
        if start > seen.night:
            continue
        certificate = group("certificate", number)
        certificate.ended_on = end if end <= seen.night else None
        certificate.add(grant["head_uid"], grant.first_seen)
        if grant["address"]:
            certificate.addresses.add(grant["address"])
    for version in seen.snapshot["civil_affairs/assistance_member"]:
        key = ("certificate", version["certificate_no"])
        if key in found and _belongs(version.left_on, found[key].ended_on):
            found[key].add(version["person_uid"], version.first_seen)
    return list(found.values())


def _belongs(left_on: date | None, ended_on: date | None) -> bool:
    """Current members; of an ended certificate those who were there at its end."""
    return left_on is None or (ended_on is not None and left_on >= ended_on)


def households(seen: Seen, people: Mapping[int, Person]) -> list[frozenset[int]]:
    """The households of a night as sets of people, the dead among them."""
    named = groups(seen, people)
    _part_ended(named, people)
    _set_aside(named)
    parent = {uid: uid for uid in people}

    def root(uid: int) -> int:
        while parent[uid] != uid:
            uid = parent[uid]
        return uid

    for group in named:
        first, *others = group.members or [None]
        for other in others:
            parent[root(other)] = root(first)  # type: ignore[arg-type]
    together: dict[int, set[int]] = defaultdict(set)
    for uid in people:
        together[root(uid)].add(uid)
    company = {
        uid: any(other != uid and people[other].alive for other in members)
        for members in together.values()
        for uid in members
    }
    known = {
        uid
        for dataset, column in ELSEWHERE
        for version in seen.snapshot[dataset]
        if (uid := version[column]) is not None
    } | _named_by_rows(seen)
    for uid, pupil in sorted(people.items()):
        if not pupil.is_student or not pupil.alive or company[uid]:
            continue
        for guardian in pupil.guardians:
            keeper = people[guardian]
            if guardian != uid and keeper.alive and keeper.present and guardian in known:
                parent[root(uid)] = root(guardian)
                break
    final: dict[int, set[int]] = defaultdict(set)
    for uid in people:
        final[root(uid)].add(uid)
    return [frozenset(members) for members in final.values()]


def _named_by_rows(seen: Seen) -> set[int]:
    return {
        row["person_uid"]
        for rows in seen.append.values()
        for row in rows
        if row["person_uid"] is not None
    }


def _part_ended(named: list[Group], people: Mapping[int, Person]) -> None:
    """Newer evidence takes members out of a certificate that has ended."""
    for ended in named:
        if ended.ended_on is None:
            continue
        newer: dict[int, Group] = {}
        for group in named:
            if group.ended_on is not None:
                continue
            for uid, first_seen in group.members.items():
                if uid in ended.members and first_seen >= ended.ended_on and people[uid].alive:
                    newer[uid] = group
        kinds = {group.key for group in newer.values()}
        for uid, group in newer.items():
            outsiders = any(people[m].alive and m not in ended.members for m in group.members)
            if outsiders or len(kinds) > 1:
                del ended.members[uid]


def _set_aside(named: list[Group]) -> None:
    """Of two groups that contradict each other only the shared person moves, to the newer."""
    holding: dict[int, list[Group]] = defaultdict(list)
    for group in named:
        for uid in group.members:
            holding[uid].append(group)
    leaving: set[tuple[int, tuple[str, str]]] = set()
    for uid, mine in holding.items():
        for one, two in combinations(mine, 2):
            if _contradict(one, two):
                older = min(one, two, key=lambda g: (g.members[uid], g.key))
                leaving.add((uid, older.key))
    for group in named:
        for uid in [u for u in group.members if (u, group.key) in leaving]:
            del group.members[uid]


def _contradict(one: Group, two: Group) -> bool:
    """Each has a member the other lacks, and they name other addresses or family numbers."""
    if not (one.members.keys() - two.members.keys() and two.members.keys() - one.members.keys()):
        return False
    families = one.key[0] == two.key[0] == "family"
    places = bool(one.addresses and two.addresses) and not one.addresses & two.addresses
    return families or places
