"""Who is recorded as a father or mother by relation to the head of one household: interface §4."""

from __future__ import annotations

from collections import defaultdict

from tests.oracle.load import Seen
from tests.oracle.people import Person

HEAD = ("01", "02")
SPOUSE = ("10", "11", "12")
SON = ("20", "21", "22", "23", "24", "25", "26", "27", "29")
DAUGHTER = ("30", "31", "32", "33", "34", "35", "36", "37", "39")
PARENTS_OF_HEAD = ("50", "51", "52", "57", "58", "59")


def record_parents(rows: Seen, folk: dict[int, Person]) -> None:
    """Parents by relation to the head of the same certificate or roster household."""
    families: dict[tuple[str, str], dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for dataset, number in (
        ("civil_affairs/assistance_member", "certificate_no"),
        ("rural_affairs/prevention_roster", "household_no"),
    ):
        for version in rows.snapshot[dataset]:
            if version["relation"] is not None:
                members = families[(dataset, version[number])]
                members[version["person_uid"]].add(version["relation"])
    for version in rows.snapshot["civil_affairs/assistance_household"]:
        members = families[("civil_affairs/assistance_member", version["certificate_no"])]
        members[version["head_uid"]].add("02")
    for members in families.values():
        for child, mine in members.items():
            for elder, theirs in members.items():
                if (
                    child != elder
                    and _older(folk[elder], folk[child])
                    and any(_parent(m, t) for m in mine for t in theirs)
                ):
                    folk[child].parents.add(elder)


def _older(elder: Person, child: Person) -> bool:
    if elder.birth_date is None or child.birth_date is None:
        return True
    return elder.birth_date < child.birth_date


def _parent(child: str, elder: str) -> bool:
    """Whether these two relations to one head make the elder a parent of the child."""
    if child in SON + DAUGHTER:
        return elder in HEAD + SPOUSE
    if child in ("41", "42"):
        return elder in (*SON, "38")
    if child in ("43", "44"):
        return elder in (*DAUGHTER, "28")
    if child in ("40", "49"):
        return elder in (*SON, "38", *DAUGHTER, "28")
    siblings = ("70", "71", "73", "75", "77", "79")
    return child in HEAD + siblings and elder in PARENTS_OF_HEAD
