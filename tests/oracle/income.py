"""A household's income: its newest economic check, else what its certificate declares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set
from decimal import Decimal

from tests.oracle.load import Seen
from tests.oracle.medical import Money, months_before, total
from tests.oracle.people import Person
from tests.oracle.tiers import certificates, grant_span

TOO_OLD_MONTHS = 18


def income(seen: Seen, members: Set[int], people: Mapping[int, Person]) -> Money:
    """Annual income in yuan; None is unknown."""
    checks = defaultdict(list)
    for uid in members:
        for row in seen.checks_of(uid):
            checks[(row["checked_on"], row["check_id"])].append(row["annual_amount"])
    if not checks:
        return declared(seen, members, in_force_only=False)
    day, check = newest = max(checks)
    stale = day < months_before(seen.night, TOO_OLD_MONTHS)
    if stale or check in seen.quarantined_checks:
        return declared(seen, members, in_force_only=True)
    return total(checks[newest])


def declared(seen: Seen, members: Set[int], *, in_force_only: bool) -> Money:
    """What the household's certificate says, one in force first."""
    own = seen.certificates_of(members, current=False)
    if not own:
        return None
    found = []
    grants = certificates(seen)
    for number in own & grants.keys():
        grant = grants[number]
        start, end = grant_span(grant)
        active = start <= seen.night < end
        if active or not in_force_only:
            found.append((not active, -start.toordinal(), number, grant["annual_income"]))
    if not found:
        return None
    amount = min(found)[3]
    return None if amount is None else Decimal(amount)
