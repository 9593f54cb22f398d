"""standard.household_claim and standard.guardianship: who lives with, or looks after, whom."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from pipelines.contracts.promises import PromisedColumn
from pipelines.contracts.roles import Guardian, Guardianship, Household
from pipelines.standard import expressions as e
from pipelines.standard.roles import (
    Reader,
    Sources,
    Values,
    earliest,
    either,
    group_number,
    present,
    project,
)

HEAD = "head"
HEAD_RELATIONS = ("户主", "本人")
GRANT = "standard.tier_grant"


def household_claim(columns: Sequence[PromisedColumn], sources: Sources) -> exp.Expr:
    """A row of a dataset that puts its person into a household."""
    selects = [
        (_claims(columns, reader, role), role.in_force_by is not None)
        for reader in sources.readers()
        for role in reader.contract.roles_of(Household)
    ]
    made = e.union(columns, [select for select, _ in selects])
    if any(by_grant for _, by_grant in selects):
        assert isinstance(made, exp.Query)
        return e.with_steps(made, e.step("grant_end", _grant_end()))
    return made


def _claims(columns: Sequence[PromisedColumn], reader: Reader, role: Household) -> exp.Select:
    number = group_number(reader.required(role.group))
    group = e.joined_text(e.text(f"{role.evidence}:"), number)
    relation = reader.word(role.relation)
    person_ref = reader.person_ref(role.person)
    if person_ref is None:
        raise ValueError(f"{reader.contract.name}: household names a person that no role mentions")
    until = reader.left_on()
    rows = reader.rows(present(number.copy()))
    person = reader.person(role.person)
    named = reader.named(person) if person.refers is None else None
    if named is not None:
        rows = rows.where(named)
    if role.in_force_by is not None:
        joined = exp.EQ(this=e.column("group_key", "grant_end"), expression=group.copy())
        rows = rows.join(e.table("grant_end"), on=joined, join_type="left")
        until = earliest(until, e.column("valid_to", "grant_end"))
    is_head: exp.Expr = exp.false()
    if role.person == HEAD:
        is_head = exp.true()
    elif relation is not None:
        is_head = e.function(
            "coalesce", relation.copy().isin(*map(e.text, HEAD_RELATIONS)), exp.false()
        )
    values: Values = {
        "person_ref": person_ref,
        "evidence": e.text(role.evidence),
        "group_key": group,
        "relation": e.text(HEAD_RELATIONS[0]) if role.person == HEAD and not relation else relation,
        "is_head": is_head,
        "since": either(reader.day(role.since), reader.first_seen_on()),
        "until": until,
        "address": reader.column(role.address),
        "first_seen_on": reader.first_seen_on(),
        "is_current": reader.is_current(),
    }
    return project(columns, reader.lineage() | values, rows)


def _grant_end() -> exp.Select:
    """When the last certificate of a number ends; open ones do not."""
    open_end = e.date(e.OPEN_END)
    ends = e.function("coalesce", e.column("valid_to", "given"), open_end.copy())
    return (
        exp.select(
            e.column("group_key", "given"),
            e.function("nullif", exp.Max(this=ends), open_end).as_("valid_to"),
        )
        .from_(e.table(GRANT, "given"))
        .group_by(e.column("group_key", "given"))
    )


def guardianship(columns: Sequence[PromisedColumn], sources: Sources) -> exp.Expr:
    """A pupil and a guardian named in the pupil's row."""
    return e.union(
        columns,
        [
            _guardians(columns, reader, guardian, ordinal)
            for reader in sources.readers()
            for role in reader.contract.roles_of(Guardianship)
            for ordinal, guardian in enumerate(role.guardians, start=1)
        ],
    )


def _guardians(
    columns: Sequence[PromisedColumn], reader: Reader, guardian: Guardian, ordinal: int
) -> exp.Select:
    person = reader.person(guardian.suffix)
    values: Values = {
        "person_ref": reader.person_ref(),
        "guardian_ref": reader.mention_key(guardian.suffix),
        "relation": reader.word(guardian.relation or person.relation),
        "ordinal": exp.Literal.number(ordinal),
        "is_current": reader.is_current(),
    }
    rows = reader.rows(reader.named(person))
    return project(columns, reader.lineage() | values, rows)
