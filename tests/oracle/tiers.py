"""Tiers and their history from certificates and the prevention roster: interface §4 "Tier"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from datetime import date

from tests.oracle.load import Seen, Version
from tests.oracle.people import WATCHED, Person

ORDER = ("特困", "低保", "防止返贫监测", "低保边缘", "刚性支出困难", "其他")
OPEN = date.max
Interval = tuple[str, date, date]


def month_after(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def grant_span(version: Version) -> tuple[date, date]:
    """When a certificate holds: half-open, until the month after its end month or it left."""
    until = month_after(version["end_month"]) if version["end_month"] else OPEN
    return version["start_month"] or version.first_seen, min(until, version.left_on or OPEN)


def certificates(seen: Seen) -> dict[str, Version]:
    rows = seen.snapshot["civil_affairs/assistance_household"]
    return {version["certificate_no"]: version for version in rows}


def history(
    seen: Seen,
    people: Mapping[int, Person],
    homes: Iterable[Set[int]] = (),
    visits: Iterable[tuple[Set[int], date]] = (),
) -> dict[int, list[Interval]]:
    """Per person the merged intervals of every tier, cut at a death that is sure.

    visits: whose hardship a visit confirmed, and when; 其他 fills what the other tiers leave of
    the 12 months after it, for the living of the household that they are now.
    """
    spans: dict[tuple[int, str], list[tuple[date, date]]] = defaultdict(list)
    grants = certificates(seen)
    for version in seen.snapshot["civil_affairs/assistance_member"]:
        grant = grants.get(version["certificate_no"])
        if grant is None or version["covered"] is False:
            continue
        start, end = grant_span(grant)
        end = min(end, version.left_on or OPEN)
        spans[(version["person_uid"], grant["category"])].append((start, end))
    for version in seen.snapshot["rural_affairs/prevention_roster"]:
        if version["monitor_type"] not in WATCHED:
            continue
        start = version["identified_on"] or version.first_seen
        end = min(version["risk_removed_on"] or OPEN, version.left_on or OPEN)
        spans[(version["person_uid"], "防止返贫监测")].append((start, end))
    found: dict[int, list[Interval]] = defaultdict(list)
    for (uid, tier), intervals in sorted(spans.items()):
        person = people[uid]
        death = person.died_on if person.died_on and not person.doubtful else OPEN
        cut = [(start, min(end, death)) for start, end in intervals]
        found[uid] += [(tier, start, end) for start, end in merged(cut)]
    for uid, day in _confirmed(seen, people, homes, visits).items():
        held = merged([(start, end) for _, start, end in found[uid]])
        found[uid] += [("其他", start, end) for start, end in left(day, year_after(day), held)]
    return found


def _confirmed(
    seen: Seen, people: Mapping[int, Person], homes: Iterable[Set[int]],
    visits: Iterable[tuple[Set[int], date]],
) -> dict[int, date]:  # fmt: skip
    """Living person → the newest visit within 12 months that confirmed the household."""
    found: dict[int, date] = {}
    homes = list(homes)
    for members, day in visits:
        if not day <= seen.night < year_after(day):
            continue
        for home in homes:
            if home & members:
                for uid in home:
                    if people[uid].alive:
                        found[uid] = max(found.get(uid, day), day)
    return found


def year_after(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def left(start: date, end: date, held: list[tuple[date, date]]) -> list[tuple[date, date]]:
    """What ``held`` (sorted, apart) leaves of a span."""
    out = []
    for begin, until in held:
        if until <= start or begin >= end:
            continue
        if start < begin:
            out.append((start, begin))
        start = max(start, until)
    if start < end:
        out.append((start, end))
    return out


def merged(spans: list[tuple[date, date]]) -> list[tuple[date, date]]:
    """Half-open spans that touch or overlap become one; empty ones fall away."""
    out: list[tuple[date, date]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def tiers_on(intervals: list[Interval], night: date) -> list[str]:
    """The tiers somebody is in, in their order."""
    held = {tier for tier, start, end in intervals if start <= night < end}
    return [tier for tier in ORDER if tier in held]


def household_tier(members: Set[int], tiers: Mapping[int, list[str]]) -> tuple[str, str]:
    """(tier, any_tier) of the living members of a household, as the indicators read them."""
    firsts = [next((t for t in tiers.get(m, []) if t != "其他"), "none") for m in members]
    held = [tier for tier in firsts if tier != "none"]
    any_tier = min(held, key=ORDER.index) if held else "none"
    every = bool(firsts) and len(held) == len(firsts)
    return (max(held, key=ORDER.index) if every else "none"), any_tier
