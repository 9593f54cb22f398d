"""standard.tier_grant and standard.tier_claim: certificates, and what names people into tiers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from pipelines.contracts.promises import PromisedColumn
from pipelines.contracts.roles import Tier, TierGrant, TierMember
from pipelines.standard import expressions as e
from pipelines.standard.roles import Reader, Sources, Values, earliest, either, present, project

CERTIFICATE = "certificate"
ROSTER = "roster"


def tier_grant(columns: Sequence[PromisedColumn], sources: Sources) -> exp.Expr:
    """One row per certificate."""
    return e.union(
        columns,
        [
            _grants(columns, reader, role)
            for reader in sources.readers()
            for role in reader.contract.roles_of(TierGrant)
        ],
    )


def _grants(columns: Sequence[PromisedColumn], reader: Reader, role: TierGrant) -> exp.Select:
    ends = _following_month(reader.day(role.through))
    values: Values = {
        "group_key": _certificate(reader, role.group),
        "tier": reader.word(role.tier),
        "valid_from": either(_first_of_month(reader.day(role.from_)), reader.first_seen_on()),
        "valid_to": earliest(ends, reader.left_on()),
        "annual_income": reader.column(role.income),
        "household_size": reader.column(role.size),
        "monthly_benefit": reader.column(role.benefit),
        "region_code": reader.region(role.region),
        "head_ref": reader.person_ref(role.head) if role.head is not None else None,
        "address": reader.column(role.address),
        "is_current": reader.is_current(),
    }
    rows = reader.rows(present(reader.required(role.group)))
    return project(columns, reader.lineage() | values, rows)


def tier_claim(columns: Sequence[PromisedColumn], sources: Sources) -> exp.Expr:
    """A person under a certificate, or named into a tier by a roster."""
    selects = []
    for reader in sources.readers():
        selects += [_members(columns, reader, r) for r in reader.contract.roles_of(TierMember)]
        selects += [_named(columns, reader, r) for r in reader.contract.roles_of(Tier)]
    return e.union(columns, selects)


def _members(columns: Sequence[PromisedColumn], reader: Reader, role: TierMember) -> exp.Select:
    """The certificate says from when; a member row ends when it left the register."""
    covered = reader.column(role.covered)
    values: Values = {
        "person_ref": reader.person_ref(),
        "group_key": _certificate(reader, role.group),
        "covered": exp.true() if covered is None else e.function("coalesce", covered, exp.true()),
        "valid_to": reader.left_on(),
        "evidence": e.text(CERTIFICATE),
        "is_current": reader.is_current(),
    }
    rows = reader.rows(present(reader.required(role.group)), reader.named(reader.person("")))
    return project(columns, reader.lineage() | values, rows)


def _named(columns: Sequence[PromisedColumn], reader: Reader, role: Tier) -> exp.Select:
    values: Values = {
        "person_ref": reader.person_ref(),
        "tier": reader.value(role.tier),
        "covered": exp.true(),
        "valid_from": either(reader.day(role.from_), reader.first_seen_on()),
        "valid_to": earliest(reader.day(role.until), reader.left_on()),
        "evidence": e.text(ROSTER),
        "is_current": reader.is_current(),
    }
    person = reader.person("")
    named = reader.named(person) if person.refers is None else None
    rows = reader.rows(reader.when(role.tier), named)
    return project(columns, reader.lineage() | values, rows)


def _certificate(reader: Reader, name: str) -> exp.Expr:
    return e.joined_text(e.text(f"{CERTIFICATE}:"), e.typed(reader.required(name), "VARCHAR"))


def _first_of_month(day: exp.Expr | None) -> exp.Expr | None:
    if day is None:
        return None
    return e.typed(e.function("date_trunc", e.text("month"), day.copy()), "DATE")


def _following_month(day: exp.Expr | None) -> exp.Expr | None:
    first = _first_of_month(day)
    if first is None:
        return None
    month = exp.Interval(this=e.text("1"), unit=exp.var("MONTH"))
    return e.typed(exp.Add(this=first, expression=month), "DATE")
