"""Settlements, refunds and medical aid of people: interface §4 "Refunds", "burden", "Stay"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.oracle.load import Record, Seen

ZERO = Decimal(0)
PARTS = (
    "basic_fund", "civil_servant_fund", "enterprise_fund", "major_illness_fund",
    "large_sum_fund", "disability_fund", "medical_aid", "other_fund",
)  # fmt: skip
Money = Decimal | None


@dataclass(frozen=True)
class Medical:
    """The medical indicators of one person."""

    burden_all_12m: Money = ZERO
    burden_in_scope_12m: Money = ZERO
    burden_in_scope_known_12m: Money = ZERO
    burden_all_ytd: Money = ZERO
    burden_in_scope_ytd: Money = ZERO
    burden_in_scope_inpatient_chronic_12m: Money = ZERO
    inpatient_burden_12m: Money = ZERO
    largest_stay_burden_12m: Money = ZERO
    total_cost_12m: Money = ZERO
    medical_aid_12m: Money = ZERO
    inpatient_days_12m: int = 0
    visits_12m: int = 0


def months_before(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError


def inpatient(row: Record) -> bool:
    care = row["care_type"] or ""
    return care.startswith("2") or care in ("52", "3101")


def chronic(row: Record) -> bool:
    return (row["care_type"] or "").startswith("14")


def counting(seen: Seen) -> list[Record]:
    """Settlements that count: pairs of a row and its refund are taken out, flags obeyed."""
    rows = seen.append["medical_insurance/settlement"]
    positive = {r["settlement_id"]: r for r in rows if r["total_cost"] >= 0}
    paired: set[str] = set()
    negatives = sorted(
        (r for r in rows if r["total_cost"] < 0),
        key=lambda r: (r["settled_at"], r["settlement_id"]),
    )
    for row in negatives:
        original = row["original_settlement_id"]
        if original in positive and original not in paired:
            paired |= {original, row["settlement_id"]}
    by_visit: dict[tuple[Any, ...], list[Record]] = defaultdict(list)
    for row in sorted(positive.values(), key=lambda r: (r["settled_at"], r["settlement_id"])):
        if row["settlement_id"] not in paired:
            by_visit[(row["psn_no"], visit(row), row["total_cost"])].append(row)
    for row in negatives:
        twins = by_visit.get((row["psn_no"], visit(row), -row["total_cost"]))
        if row["settlement_id"] not in paired and row["original_settlement_id"] is None and twins:
            paired |= {twins.pop(0)["settlement_id"], row["settlement_id"]}
    return [
        r
        for r in rows
        if r["settlement_id"] not in paired and not (r["total_cost"] >= 0 and r["refunded"])
    ]


def visit(row: Record) -> str:
    return str(row["visit_id"] or row["settlement_id"])


def fund(row: Record) -> Money:
    """fund_total, else the sum of the parts that are there, else unknown."""
    if row["fund_total"] is not None:
        return Decimal(row["fund_total"])
    parts = [row[part] for part in PARTS if row[part] is not None]
    return sum(parts, ZERO) if parts else None


def total(values: Iterable[Money]) -> Money:
    """A sum that is unknown where a part is unknown."""
    found = ZERO
    for value in values:
        if value is None:
            return None
        found += value
    return found


def minus(one: Money, two: Money) -> Money:
    return None if one is None or two is None else one - two


def floor(value: Money) -> Money:
    return None if value is None else max(ZERO, value)


def medical(seen: Seen) -> tuple[dict[int, Medical], dict[int, Medical]]:
    """Indicators of everyone with a settlement or aid: tonight's, and those of 31 December."""
    rows: dict[int, list[Record]] = defaultdict(list)
    for row in counting(seen):
        rows[row["person_uid"]].append(row)
    paid = _paid_later(seen, rows)
    year, first = months_before(seen.night, 12), date(seen.night.year, 1, 1)
    found, ahead = {}, {}
    left = (date(seen.night.year, 12, 31) - seen.night).days
    for uid in rows.keys() | paid.keys():
        mine = [r for r in rows[uid] if r["settled_at"].date() <= seen.night]
        last = [r for r in mine if r["settled_at"].date() > year]
        ytd = [r for r in mine if r["settled_at"].date() >= first]
        aid = [a for day, a in paid[uid] if year < day <= seen.night]
        aid_ytd = [a for day, a in paid[uid] if first <= day <= seen.night]
        found[uid] = _of_person(last, ytd, total(aid), total(aid_ytd))
        share = Decimal(left) / (seen.night - year).days
        # the calendar year as if it were the last 12 months, for what the year has brought
        of_year = _of_person(ytd, ytd, total(aid_ytd), total(aid_ytd))
        ahead[uid] = _ahead(found[uid], of_year, share)
    return found, ahead


def _ahead(last: Medical, of_year: Medical, share: Decimal) -> Medical:
    """On 31 December: the year so far, and the rest at the pace of the last 12 months."""

    def on(pace: Money, had: Money) -> Money:
        if pace is None or had is None:
            return None
        return (had + pace * share).quantize(Decimal("0.01"), ROUND_HALF_UP)

    every = on(last.burden_all_12m, of_year.burden_all_12m)
    scoped = on(last.burden_in_scope_12m, of_year.burden_in_scope_12m)
    return replace(
        last, burden_all_12m=every, burden_in_scope_12m=scoped, burden_all_ytd=every,
        burden_in_scope_ytd=scoped,
        burden_in_scope_inpatient_chronic_12m=on(
            last.burden_in_scope_inpatient_chronic_12m,
            of_year.burden_in_scope_inpatient_chronic_12m,
        ),
    )  # fmt: skip


def _of_person(last: list[Record], ytd: list[Record], aid: Money, aid_ytd: Money) -> Medical:
    def burden(rows: Iterable[Record]) -> Money:
        return total(r["personal_burden"] for r in rows)

    def in_scope(rows: Iterable[Record]) -> Money:
        return total(minus(r["in_scope_cost"], fund(r)) for r in rows)

    def known_in_scope(rows: Iterable[Record]) -> Money:
        parts = (minus(r["in_scope_cost"], fund(r)) for r in rows)
        return total(part for part in parts if part is not None)

    visits: dict[str, list[Record]] = defaultdict(list)
    stays: dict[str, list[Record]] = defaultdict(list)
    for row in last:
        visits[visit(row)].append(row)
        if inpatient(row):
            stays[visit(row)].append(row)
    stay_burdens = [total(r["personal_burden"] for r in rows) or ZERO for rows in stays.values()]
    both = [r for r in last if inpatient(r) or chronic(r)]
    settled = total(r["medical_aid"] for r in last)
    return Medical(
        floor(minus(burden(last), aid)),
        floor(minus(in_scope(last), aid)),
        floor(minus(known_in_scope(last), aid)),
        floor(minus(burden(ytd), aid_ytd)),
        floor(minus(in_scope(ytd), aid_ytd)),
        floor(minus(in_scope(both), aid)),
        burden(r for r in last if inpatient(r)),
        max(stay_burdens, default=ZERO),
        total(r["total_cost"] for r in last),
        None if settled is None or aid is None else settled + aid,
        sum(_days(rows) for rows in stays.values()),
        sum(1 for rows in visits.values() if sum(r["total_cost"] for r in rows) > 0),
    )


def _days(rows: list[Record]) -> int:
    if sum(r["total_cost"] for r in rows) <= 0:
        return 0
    begins = [r["begin_date"] for r in rows if r["begin_date"]]
    ends = [r["end_date"] for r in rows if r["end_date"]]
    return int((max(ends) - min(begins)).days) if begins and ends else 0


def _paid_later(seen: Seen, rows: dict[int, list[Record]]) -> dict[int, list[tuple[date, Decimal]]]:
    """Medical aid paid that is not a settlement's own medical aid once more."""
    found: dict[int, list[tuple[date, Decimal]]] = defaultdict(list)
    used: set[str] = set()
    payments = [
        r for r in seen.append["civil_affairs/assistance_payment"] if r["aid_type"] == "医疗救助"
    ]
    for payment in sorted(payments, key=lambda r: (r["paid_on"], r["payment_id"])):
        uid, day, amount = payment["person_uid"], payment["paid_on"], payment["amount"]
        same = [
            r
            for r in rows.get(uid, [])
            if r["medical_aid"] is not None
            and r["medical_aid"] > 0
            and abs(r["medical_aid"] - amount) <= Decimal("0.01")
            and 0 <= (day - r["settled_at"].date()).days <= 90
            and r["settlement_id"] not in used
        ]
        if same:
            used.add(
                min(same, key=lambda r: (r["settled_at"], r["settlement_id"]))["settlement_id"]
            )
        else:
            found[uid].append((day, amount))
    return found
