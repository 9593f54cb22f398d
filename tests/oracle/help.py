"""Every piece of help that the truth knows of, and what is missing or double in it: interface §4.

Works row by row on the truth; whom the pipeline took for whom does not belong here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.oracle.indicators import Night
from tests.oracle.load import Record, Seen
from tests.oracle.medical import counting, fund, inpatient, months_before, visit
from tests.oracle.tiers import OPEN, certificates, grant_span, month_after

RECURRING = ("低保金", "特困供养金", "残疾人两项补贴", "高龄津贴", "孤儿基本生活费")
CASH = {"低保": "低保金", "特困": "特困供养金"}
MEDICAL_TIERS = {"特困", "低保", "防止返贫监测", "低保边缘"}
SCHOOL_TIERS = MEDICAL_TIERS | {"刚性支出困难"}
IN_HOSPITAL = ("送医陪护", "住院陪护", "探访关爱", "心理疏导")
Found = tuple[Any, ...]


@dataclass(frozen=True)
class Given:
    """One piece of help."""

    uid: int
    day: date
    form: str
    aid: str | None
    subtype: str | None
    amount: Decimal | None
    month: date | None
    certificate: str | None = None


def given(seen: Seen) -> list[Given]:
    """All help up to the night; what a settlement already gave stands once."""
    found = []
    settled = [
        Given(r["person_uid"], r["settled_at"].date(), "settlement", "医疗救助", None,
              r["medical_aid"], None)
        for r in counting(seen)
        if r["medical_aid"]
    ]  # fmt: skip
    by_person: dict[int, list[Given]] = defaultdict(list)
    for piece in settled:
        by_person[piece.uid].append(piece)
    for row in seen.append["civil_affairs/assistance_payment"]:
        piece = Given(row["person_uid"], row["paid_on"], "payment", row["aid_type"],
                      row["subtype"], row["amount"], row["benefit_month"],
                      row["certificate_no"])  # fmt: skip
        if piece.aid != "医疗救助" or not _again(piece, by_person[piece.uid]):
            found.append(piece)
    for row in seen.append["education/student_aid"]:
        found.append(Given(row["person_uid"], row["paid_on"], "student_aid", "教育资助",
                           row["aid_item"], row["amount"], None))  # fmt: skip
    for row in seen.append["civil_affairs/social_service"]:
        found.append(Given(row["person_uid"], row["served_on"], "service", "社会服务",
                           row["service_type"], None, None))  # fmt: skip
    return [piece for piece in settled + found if piece.day <= seen.night]


def _again(payment: Given, settled: Iterable[Given]) -> bool:
    return any(
        abs((one.amount or 0) - (payment.amount or 0)) <= Decimal("0.01")
        and timedelta(0) <= payment.day - one.day <= timedelta(days=90)
        for one in settled
    )


def gaps(night: Night, help_given: list[Given]) -> set[Found]:
    """(kind, person or None, household, since) of help that is missing."""
    return {*_unpaid(night, help_given), *_patients(night), *_pupils(night, help_given)}


def _unpaid(night: Night, help_given: list[Given]) -> Iterator[Found]:
    seen, on = night.seen, night.seen.night
    long_ago = on - timedelta(days=90)
    home = {uid: members for members in night.households for uid in members}
    members: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for version in seen.snapshot["civil_affairs/assistance_member"]:
        if (version.left_on or OPEN) > on:
            members[version["certificate_no"]].append(
                (version["person_uid"], version["covered"] is not False)
            )
    for number, grant in certificates(seen).items():
        start, end = grant_span(grant)
        if grant["category"] not in CASH or start >= long_ago or end <= on:
            continue
        people = {uid for uid, _ in members[number]} | {grant["head_uid"]}
        living = [u for u, covered in members[number] if covered and night.people[u].alive]
        if not living:
            continue
        paid = [
            p
            for p in help_given
            if p.aid in CASH.values() and (p.certificate == number or p.uid in people)
        ]
        if sum(p.amount or 0 for p in paid if p.day > long_ago) > 0:
            continue
        last = max((p.day for p in paid if (p.amount or 0) > 0), default=start)
        head = grant["head_uid"]
        holder = head if night.people[head].alive else living[0]
        yield ("no_payment_90_days", None, home[holder], max(last, start))


def _stay(night: Night, uid: int, tiers: set[str]) -> date | None:
    """Since when somebody has been in one of these tiers without a break, to this day."""
    on = night.seen.night
    since: date | None = None
    reach = date.min
    for tier, start, end in sorted(night.history.get(uid, []), key=lambda span: span[1:]):
        if tier not in tiers or start > on:
            continue
        if since is None or start > reach:
            since, reach = start, end
        else:
            reach = max(reach, end)
    return since if since is not None and reach > on else None


def _patients(night: Night) -> Iterator[Found]:
    on = night.seen.night
    year = months_before(on, 12)
    spent: dict[int, list[tuple[date, Decimal]]] = defaultdict(list)
    for row in counting(night.seen):
        day, total = row["settled_at"].date(), fund(row)
        if year < day <= on and row["in_scope_cost"] is not None and total is not None:
            spent[row["person_uid"]].append((day, row["in_scope_cost"] - total))
    for uid, person in night.people.items():
        since = _stay(night, uid, MEDICAL_TIERS)
        facts = night.persons.get(uid)
        if since is None or facts is None or not person.alive or since > on - timedelta(days=60):
            continue
        burden, aid = facts["burden_in_scope_12m"], facts["medical_aid_12m"]
        if burden is None or burden <= 3000 or aid is None or aid != 0:
            continue
        days = sorted({day for day, _ in spent[uid]})
        over = next(d for d in days if sum(a for day, a in spent[uid] if day <= d) > 3000)
        yield ("tier_without_medical_aid", uid, None, max(over, since))


def _pupils(night: Night, help_given: list[Given]) -> Iterator[Found]:
    on = night.seen.night
    last: dict[int, date] = {}
    for piece in help_given:
        if piece.aid == "教育资助" and (piece.amount is None or piece.amount > 0):
            last[piece.uid] = max(last.get(piece.uid, piece.day), piece.day)
    for uid, person in night.people.items():
        if not (person.alive and person.is_student and person.stage in set("12345")):
            continue
        since = _stay(night, uid, SCHOOL_TIERS)
        aided = last.get(uid)
        if since is None or since > months_before(on, 6):
            continue
        if aided is None or aided <= months_before(on, 15):
            yield ("student_without_aid", uid, None, max(aided or since, since))


def overlaps(night: Night, help_given: list[Given]) -> set[Found]:
    """(kind, person, since, amount or None) of help that is double or wrong."""
    year = months_before(night.seen.night, 12)
    lately = [piece for piece in help_given if piece.day > year]
    return {
        *_covers(night, lately), *_to_the_dead(night, lately), *_twice(lately),
        *_services(night, lately),
    }  # fmt: skip


def _covers(night: Night, lately: list[Given]) -> Iterator[Found]:
    seen, on = night.seen, night.seen.night
    first = months_before(on, 12) + timedelta(days=1)
    grants = certificates(seen)
    spans: dict[int, dict[str, tuple[date, date]]] = defaultdict(dict)
    for version in seen.snapshot["civil_affairs/assistance_member"]:
        grant = grants.get(version["certificate_no"])
        if grant is None or version["covered"] is False:
            continue
        start, end = grant_span(grant)
        person = night.people[version["person_uid"]]
        death = person.died_on if person.died_on and not person.doubtful else OPEN
        end = min(end, version.left_on or OPEN, death)
        if start < end:
            spans[version["person_uid"]][version["certificate_no"]] = (start, end)
    for uid, held in spans.items():
        found: dict[str, tuple[date, set[str]]] = {}
        numbers = sorted(held)
        for place, one in enumerate(numbers):
            for other in numbers[place + 1 :]:
                for kind in _kinds(grants[one], grants[other], held[one], held[other], first, on):
                    since = max(held[one][0], held[other][0])
                    before = found.get(kind, (since, set()))
                    found[kind] = (
                        min(before[0], since),
                        before[1] | {f"{one} {since}", f"{other} {since}"},
                    )
        for kind, (since, papers) in found.items():
            paid = {
                (piece.certificate, piece.day, piece.uid, piece.amount)
                for paper in papers
                for piece in lately
                if piece.aid in CASH.values()
                and piece.certificate == paper.split()[0]
                and piece.day >= date.fromisoformat(paper.split()[1])
            }
            yield (kind, uid, since, sum((amount or Decimal(0) for *_, amount in paid), Decimal(0)))


def _kinds(
    one: Any, other: Any, first: tuple[date, date], second: tuple[date, date], begin: date,
    on: date,
) -> Iterator[str]:  # fmt: skip
    start = max(first[0], second[0], begin)
    end = min(first[1], second[1], on + timedelta(days=1))
    if start >= end:
        return
    month, whole = start.replace(day=1), 0
    while month_after(month) <= end:
        whole += month >= start
        month = month_after(month)
    places = [(g["region_code"] or "")[:6] for g in (one, other)]
    known = all(place[4:6] not in ("", "00") for place in places)
    if one["category"] != other["category"] and whole >= 2:
        yield "two_tiers"
    if known and places[0] != places[1]:
        yield "two_places"
    if one["category"] == other["category"] and places[0] == places[1] and whole >= 2:
        yield "two_households"


def _to_the_dead(night: Night, lately: list[Given]) -> Iterator[Found]:
    net: dict[tuple[int, str], dict[Any, list[Given]]] = defaultdict(lambda: defaultdict(list))
    for piece in lately:
        died = night.people[piece.uid].died_on if piece.uid in night.people else None
        if piece.form != "payment" or piece.aid not in RECURRING or not died or piece.day <= died:
            continue
        death_month = died.replace(day=1)
        if piece.month is not None:
            wrong = piece.month.replace(day=1) > death_month
        else:
            wrong = piece.day >= month_after(month_after(death_month))
        if wrong:
            month = (piece.month or piece.day).replace(day=1)
            net[(piece.uid, piece.aid or "")][(piece.subtype, month)].append(piece)
    for (uid, _), groups in net.items():
        kept = [g for g in groups.values() if sum(p.amount or 0 for p in g) > 0]
        if kept:
            amount = sum((p.amount or Decimal(0) for g in kept for p in g), Decimal(0))
            yield ("paid_after_death", uid, min(p.day for g in kept for p in g), amount)


def _twice(lately: list[Given]) -> Iterator[Found]:
    groups: dict[Any, list[Given]] = defaultdict(list)
    for piece in lately:
        if piece.form == "payment" and piece.aid in RECURRING:
            month = (piece.month or piece.day).replace(day=1)
            groups[(piece.uid, piece.aid, piece.subtype, month)].append(piece)
    found: dict[Any, list[tuple[date, Decimal]]] = defaultdict(list)
    for (uid, aid, subtype, _), pieces in groups.items():
        standing: list[Decimal] = []
        days: list[date] = []
        for size in {abs(p.amount or Decimal(0)) for p in pieces}:
            plus = [p for p in pieces if p.amount == size]
            minus = [p for p in pieces if p.amount == -size and size]
            if len(plus) > len(minus):
                standing += [size] * (len(plus) - len(minus))
                days.append(max(p.day for p in plus))
        if len(standing) > 1:
            found[(uid, aid, subtype)].append((max(days), sum(standing) - max(standing)))
    for (uid, _, _), months in found.items():
        yield ("same_aid_twice", uid, min(d for d, _ in months), sum(a for _, a in months))


def _services(night: Night, lately: list[Given]) -> Iterator[Found]:
    stays: dict[tuple[int, str], list[Record]] = defaultdict(list)
    for row in counting(night.seen):
        if inpatient(row):
            stays[(row["person_uid"], visit(row))].append(row)
    lying: dict[int, list[tuple[date, date]]] = defaultdict(list)
    for (uid, _), rows in stays.items():
        begins = [r["begin_date"] for r in rows if r["begin_date"]]
        ends = [r["end_date"] for r in rows if r["end_date"]]
        if begins and ends and sum(r["total_cost"] for r in rows) > 0:
            lying[uid].append((min(begins), max(ends)))
    first: dict[tuple[str, int], date] = {}
    for piece in lately:
        if piece.form != "service" or piece.uid not in night.people:
            continue
        died = night.people[piece.uid].died_on
        in_bed = any(begin < piece.day < end for begin, end in lying[piece.uid])
        kinds = []
        if died is not None and piece.day > died:
            kinds.append("service_after_death")
        if in_bed and piece.subtype not in IN_HOSPITAL:
            kinds.append("service_in_hospital")
        for kind in kinds:
            key = (kind, piece.uid)
            first[key] = min(first.get(key, piece.day), piece.day)
    for (kind, uid), day in first.items():
        yield (kind, uid, day, None)


def of_people(pieces: Iterable[Given]) -> Mapping[int, list[Found]]:
    """The chain of each person: (day, form, aid, amount), in order."""
    found: dict[int, list[Found]] = defaultdict(list)
    for piece in pieces:
        amount = None if piece.amount is None else Decimal(piece.amount)
        found[piece.uid].append((piece.day, piece.form, piece.aid, amount))
    return {uid: sorted(chain, key=repr) for uid, chain in found.items()}
