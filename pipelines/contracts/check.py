"""What a contract must satisfy: within itself, with the code lists, and with the other contracts.

Reading files is not done here, nor is looking at data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import duckdb

from pipelines.contracts.codes import CodeList
from pipelines.contracts.headers import fold_header
from pipelines.contracts.model import CLASSES, GENERATED, MODES, Check, Column, Contract
from pipelines.contracts.odcs import Faults, Place
from pipelines.contracts.roles import (
    EXTRACT_FIRST_SEEN,
    Attribute,
    Condition,
    Death,
    Guardianship,
    Help,
    Household,
    Person,
    Role,
    Tier,
    TierGrant,
    TierMember,
    Value,
)

NAME = re.compile(r"[a-z][a-z0-9_]*")
LINEAGE = frozenset(
    ("delivery_id", "row_number", "extract_date", "record_key", "first_seen_on", "left_on")
)
OBJECT: Place = ("schema", 0)


def check_contract(contract: Contract, lists: Mapping[str, CodeList], faults: Faults) -> None:
    """Note every fault of one contract."""
    _check_frame(contract, faults)
    owners: dict[str, str] = {}
    statuses = {f"{c.name}_status" for c in contract.columns if c.kind == "identity_number"}
    for index, column in enumerate(contract.columns):
        place = (*OBJECT, "properties", index)
        if column.name in [earlier.name for earlier in contract.columns[:index]]:
            faults.add(place, f"column {column.name} stands twice; keep one")
        if column.name in statuses:
            faults.add(place, f"column {column.name}: an identity number's status takes this name")
        for what in _column_faults(column, lists):
            faults.add(place, f"column {column.name}: {what}")
        for alias in (column.name, *column.aliases):
            other = owners.setdefault(fold_header(alias), column.name)
            if other != column.name:
                what = f"header `{alias}` also names {other}; a header names one column"
                faults.add(place, f"column {column.name}: {what}")
    _check_scope(contract, faults)
    _check_roles(contract, lists, faults)
    for check in contract.checks:
        for what in _check_faults(check, contract):
            faults.add(faults.place_of(check, OBJECT), f"check {check.name}: {what}")


def _check_frame(contract: Contract, faults: Faults) -> None:
    if contract.mode not in MODES:
        faults.add(OBJECT, f"mode must be one of: {', '.join(MODES)}")
    if not contract.key:
        faults.add(OBJECT, "no column is marked primaryKey; say which columns name a row")
    positions = sorted(c.key_position for c in contract.columns if c.key_position is not None)
    if positions != list(range(1, len(positions) + 1)):
        faults.add(OBJECT, "primaryKeyPosition must count 1, 2, 3 … without gap or repetition")
    if not contract.owner:
        faults.add(OBJECT, "no owner; say which department answers for this dataset")


def _column_faults(column: Column, lists: Mapping[str, CodeList]) -> Iterator[str]:
    if not NAME.fullmatch(column.name):
        yield "a name is lower-case letters, digits and _"
    if column.name in LINEAGE:
        yield "this name is taken by the lineage columns; choose another"
    if column.classification not in CLASSES:
        yield f"classification must be one of: {', '.join(CLASSES)}"
    if not column.zh or not column.en:
        yield "needs a description, 中文 / English"
    if column.kind in ("code", "codes") and not column.codes:
        yield f"a {column.kind} needs `codes`: the name of a list in schemas/codes"
    if column.codes is not None and column.kind not in ("code", "codes", "sex"):
        yield f"`codes` has no meaning for kind {column.kind}"
    if column.codes is not None and column.codes not in lists:
        yield f"code list `{column.codes}` is not in schemas/codes; add it or mend the name"


def _check_scope(contract: Contract, faults: Faults) -> None:
    scope = faults.place_of(contract.scope, OBJECT)
    for name in contract.scope.columns:
        if name not in contract.by_name:
            faults.add(scope, f"scope names the column `{name}`, which the dataset does not have")
        elif contract.column(name).classification == "identifying":
            faults.add(scope, f"scope is published and `{name}` identifies people; choose another")
    if contract.mode == "append" and (contract.scope.columns or contract.scope.through):
        faults.add(scope, "scope has no meaning for mode append; remove it")
    through = contract.scope.through
    if through is not None and through.key not in contract.by_name:
        faults.add(scope, f"scope goes through `{through.key}`, which is no column here")


def _check_roles(contract: Contract, lists: Mapping[str, CodeList], faults: Faults) -> None:
    suffixes = [person.suffix for person in contract.roles_of(Person)]
    if len(suffixes) != len(set(suffixes)):
        faults.add(OBJECT, "two person roles have the same suffix; give each its own")
    for role in contract.roles:
        for what in _role_faults(role, contract, frozenset(suffixes), lists):
            faults.add(faults.place_of(role, OBJECT), f"role {role.role}: {what}")


def _role_faults(
    role: Role, contract: Contract, suffixes: frozenset[str], lists: Mapping[str, CodeList]
) -> Iterator[str]:
    if isinstance(role, Person):
        yield from _person_faults(role, contract)
    named: tuple[str | None, ...] = ()
    if isinstance(role, Household | Attribute):
        named = (role.person,)
    elif isinstance(role, Guardianship):
        named = tuple(guardian.suffix for guardian in role.guardians)
    elif isinstance(role, TierGrant):
        named = (role.head,)
    for suffix in named:
        if suffix is not None and suffix not in suffixes:
            yield f"speaks of the person `{suffix}`, whom no person role names; add it"
    if isinstance(role, Death):
        yield from _death_faults(role, contract)
    for when in _conditions(role):
        for name, values in when.items():
            known = lists.get(contract.by_name[name].codes or "")
            for value in values:
                if known is not None and value not in [listed.code for listed in known.values]:
                    yield f"`when` asks {name} for `{value}`, which list {known.name} has not"
    for value, name in _literals(role):
        if name in lists and value not in lists[name].codes:
            yield f"`{value}` is not in the code list {name}; use one of its codes or add it"


def _conditions(role: Role) -> Iterator[Condition]:
    if isinstance(role, Death):
        yield role.when
    yield from (value.when for value in vars(role).values() if isinstance(value, Value))


def _literals(role: Role) -> Iterator[tuple[str, str]]:
    """The fixed values of a role, each with the code list that must know it."""
    if isinstance(role, Tier) and role.tier.literal is not None:
        yield role.tier.literal, "tier"
    if isinstance(role, Help) and role.aid_type.literal is not None:
        yield role.aid_type.literal, "aid_type"


def _death_faults(role: Death, contract: Contract) -> Iterator[str]:
    if role.date != EXTRACT_FIRST_SEEN:
        if contract.by_name[role.date].kind not in ("date", "timestamp"):
            yield f"{role.date} is no date"
        return
    if not role.when:
        yield f"date {EXTRACT_FIRST_SEEN} needs `when`: what says that the person died?"
    if contract.mode != "snapshot":
        yield f"date {EXTRACT_FIRST_SEEN} needs mode snapshot"


def _person_faults(role: Person, contract: Contract) -> Iterator[str]:
    if role.name is None and role.id_number is None:
        yield "needs a name or an id_number"
    if (role.holds or role.refers) and role.key is None:
        yield "`holds` and `refers` need `key`: the column with the register's key"
    if role.holds and role.refers:
        yield "a dataset holds a register or refers to one, not both"
    kinds = {"id_number": "identity_number", "name": "person_name", "birth_date": "date"}
    kinds |= {"sex": "sex", "phone": "phone"}
    for field_name, kind in kinds.items():
        column = getattr(role, field_name)
        if column is not None and contract.by_name[column].kind != kind:
            yield f"{field_name} must be a column of kind {kind}; {column} is not"


def _check_faults(check: Check, contract: Contract) -> Iterator[str]:
    wanted = [check.column, *check.parts, *([check.other] if check.other else [])]
    for name in wanted:
        if name not in contract.by_name:
            yield f"names the column `{name}`, which the dataset does not have; mend the name"
    if check.kind == "sum" and not check.parts:
        yield "a sum needs `parts`"
    if check.kind == "order" and not check.other:
        yield "an order needs `other`, the column that is not less"
    if check.kind == "range" and check.low is None and check.high is None:
        yield "a range needs `low` or `high`"
    if check.kind == "format":
        yield from _pattern_faults(check.pattern)
    names = [f"{prefix}_{check.column}" for prefix in GENERATED]
    if check.kind == "generated" and check.name not in names:
        yield f"is no generated check of {check.column}; their names: {', '.join(names)}"


def _pattern_faults(pattern: object) -> Iterator[str]:
    """The engine that will match is asked whether it understands the pattern."""
    if not isinstance(pattern, str):
        yield "a format needs `pattern`, a regular expression"
        return
    try:
        with duckdb.connect() as con:
            con.execute("SELECT regexp_full_match('', ?)", [pattern])
    except duckdb.Error:
        yield "`pattern` is no regular expression of RE2; mend it"


def check_together(contracts: Mapping[str, Contract], books: Mapping[str, Faults]) -> None:
    """Note what contracts ask of each other and do not find; `books` are their faults by name."""
    holders: dict[str, str] = {}
    for contract in contracts.values():
        for person in contract.roles_of(Person):
            if person.holds:
                other = holders.setdefault(person.holds, contract.name)
                if other != contract.name:
                    what = f"holds {person.holds}, which {other} holds too; a register has one"
                    books[contract.name].add(OBJECT, f"role person: {what}")
    grants = any(contract.roles_of(TierGrant) for contract in contracts.values())
    for contract in contracts.values():
        for what in _wanted(contract, contracts, holders, grants):
            books[contract.name].add(OBJECT, what)


def _wanted(
    contract: Contract, contracts: Mapping[str, Contract], holders: Mapping[str, str], grants: bool
) -> Iterator[str]:
    for person in contract.roles_of(Person):
        if person.refers and person.refers not in holders:
            yield f"role person: refers to {person.refers}, which no dataset holds; add it"
    needs_grant = contract.roles_of(TierMember) or any(
        household.in_force_by for household in contract.roles_of(Household)
    )
    if needs_grant and not grants:
        yield "needs certificates, but no dataset plays the role tier_grant; add it"
    through = contract.scope.through
    if through is None:
        return
    other = contracts.get(f"{contract.source}/{through.dataset}")
    if other is None:
        yield f"scope goes through the dataset `{through.dataset}`, which {contract.source} lacks"
    elif other.key != (through.key,):
        yield f"scope goes through `{through.key}`, which is not the key of {other.name}"
