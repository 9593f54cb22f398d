"""Where people and households are: interface §4 "Region of a person"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set
from datetime import date

from tests.oracle.load import Seen
from tests.oracle.people import Person
from tests.oracle.tiers import certificates, grant_span

UNKNOWN = "000000000000"


def reach(code: str) -> int:
    """1 province, 2 city, 3 county, 4 township, 5 village; 0 unknown."""
    parts = (code[:2], code[2:4], code[4:6], code[6:9], code[9:])
    return max((n for n, part in enumerate(parts, 1) if part.strip("0")), default=0)


class Regions:
    """The regions a night knows, and the ones people name."""

    def __init__(self, seen: Seen) -> None:
        rows = [v.row for v in seen.snapshot["reference/region"] if v.current]
        self.kind = {r["region_code"]: r["urban_rural_code"] for r in rows}
        self.below: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in rows:
            code = row["region_code"]
            parent = {4: code[:6], 5: code[:9]}.get(reach(code))
            if parent:
                self.below[(parent, row["name"])].append(code)
        self.grants = certificates(seen)
        self.people = self._people(seen)

    def urban_rural(self, code: str) -> str | None:
        first = (self.kind.get(code) or " ")[0]
        return {"1": "urban", "2": "rural"}.get(first)

    def resolved(self, code: str, township: str | None, village: str | None) -> str:
        """A code made more exact by the names beside it."""
        if reach(code) == 3 and township:
            found = self.below.get((code[:6], township), [])
            code = found[0] if len(found) == 1 else code
        if reach(code) == 4 and village:
            found = self.below.get((code[:9], village), [])
            code = found[0] if len(found) == 1 else code
        return code

    def _people(self, seen: Seen) -> dict[int, str]:
        """Rows that stand before rows that left: who is in no list any more is not nowhere."""
        named: dict[int, list[tuple[bool, int, int, str]]] = defaultdict(list)

        def name(uid: int, left: bool, rank: int, code: str | None) -> None:
            if code:
                named[uid].append((left, -max(reach(code), 3), rank, code))

        for version in seen.snapshot["civil_affairs/assistance_member"]:
            grant = self.grants.get(version["certificate_no"])
            if grant is not None:
                left = not (version.current and grant.current)
                name(version["person_uid"], left, 1, grant["region_code"])
        for version in self.grants.values():
            name(version["head_uid"], not version.current, 1, version["region_code"])
        for version in seen.snapshot["rural_affairs/prevention_roster"]:
            name(version["person_uid"], not version.current, 2, version["region_code"])
        for version in seen.snapshot["medical_insurance/insured_person"]:
            code = version["region_code"] or version["insured_region"]
            if code:
                code = self.resolved(code, version["township"], version["village"])
            name(version["person_uid"], not version.current, 3, code)
        for version in seen.snapshot["education/student"]:
            name(version["person_uid"], not version.current, 4, version["region_code"])
        return {uid: min(places)[3] for uid, places in named.items()}

    def of_household(self, seen: Seen, members: Set[int], people: Mapping[int, Person]) -> str:
        """Its certificate's region, one in force first, else its eldest placed living member's."""
        held = []
        for number in seen.certificates_of(members, current=True):
            grant = self.grants.get(number)
            if grant is not None and grant.current:
                start, end = grant_span(grant)
                active = start <= seen.night < end
                held.append(
                    (not active, -grant["start_month"].toordinal(), number, grant["region_code"])
                )
        if held:
            return str(min(held)[3])
        living = [m for m in members if people[m].alive] or list(members)
        placed = [m for m in living if m in self.people]
        if not placed:
            return UNKNOWN
        eldest = min(placed, key=lambda m: (people[m].birth_date or date.max, m))
        return self.people[eldest]
