"""linkage.reference_mention: rows that carry another register's key and yet need a look.

Either no register holds the key (*orphan*: a mention of its own), or the row's own valid number is
not the key holder's but stands on somebody else (*own_number*). The statement is made from the
contracts whose person role refers to a register. Who the people are is decided later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.contracts.model import Contract
from pipelines.contracts.roles import Person, SpendingMedical
from pipelines.engine.sql import quoted

NOTHING = """select
        cast(null as varchar) as mention_key, cast(null as varchar) as source,
        cast(null as varchar) as dataset, cast(null as varchar) as record_key,
        cast(null as date) as extract_date, cast(null as varchar) as register_domain,
        cast(null as varchar) as register_key, cast(null as varchar) as name,
        cast(null as varchar) as id_number, cast(null as varchar) as id_status,
        cast(null as date) as birth_date, cast(null as varchar) as sex,
        cast(null as varchar) as delivery_id, cast(null as bigint) as row_number
    where false"""

STATEMENT = """
with reference as (
    {references}
),
register_holder as (
    select distinct register_domain, register_key
    from standard.mention
    where register_key is not null
),
usable_number as (
    select distinct id_number
    from standard.mention
    where id_status in ('valid', 'converted_15')
),
holder_number as (
    select distinct register_domain, register_key, id_number
    from standard.mention
    where register_key is not null and id_status in ('valid', 'converted_15')
),
orphan as (
    select reference.*, 'orphan' as reason
    from reference
    left join register_holder
        on register_holder.register_domain = reference.register_domain
        and register_holder.register_key = reference.register_key
    where register_holder.register_key is null
),
own_number as (
    select reference.*, 'own_number' as reason
    from reference
    inner join register_holder
        on register_holder.register_domain = reference.register_domain
        and register_holder.register_key = reference.register_key
    inner join usable_number on usable_number.id_number = reference.id_number
    left join holder_number
        on holder_number.register_domain = reference.register_domain
        and holder_number.register_key = reference.register_key
        and holder_number.id_number = reference.id_number
    where reference.id_status in ('valid', 'converted_15') and holder_number.id_number is null
),
found as (
    select * from orphan
    union all
    select * from own_number
),
ranked as (
    select found.*, row_number() over (
        partition by mention_key order by extract_date desc, delivery_id desc, row_number desc
    ) as place
    from found
)
select
    mention_key, source, dataset, record_key, extract_date, register_domain, register_key, name,
    id_number, id_status, birth_date, sex, cast(null as varchar) as ethnicity,
    cast(null as varchar) as phone, cast(null as varchar) as address,
    cast(null as varchar) as region_code, reason
from ranked
where place = 1
"""


def statement(contracts: Iterable[Contract], reference: str | None = None) -> str:
    """The SQL over the datasets that refer to a register, or over rows of `reference`."""
    return STATEMENT.format(references=reference or every_reference(contracts))


def every_reference(contracts: Iterable[Contract]) -> str:
    """The SQL that gives all rows which carry the key of a register."""
    parts = [
        of_one(contract, role)
        for contract in sorted(contracts, key=lambda c: c.name)
        for role in contract.roles_of(Person)
        if role.refers
    ]
    return "\n    union all\n".join(parts or [NOTHING])


@dataclass(frozen=True)
class Held:
    """Where the rows of one role stand, and in which of its columns the register's key and the
    person's number."""

    table: str
    key: str | None
    number: str | None


def held(contract: Contract, role: Person) -> Held:
    if contract.roles_of(SpendingMedical):
        return Held("standard.medical_spending", "register_key", "id_number")
    return Held(contract.std_table, role.key, role.id_number)


def of_one(contract: Contract, role: Person, among: str = "") -> str:
    """The part of `every_reference` that one role of a dataset gives; `among` narrows its rows
    before anything is made of them."""
    spending, of = bool(contract.roles_of(SpendingMedical)), held(contract, role)

    def column(name: str | None, type_: str = "varchar") -> str:
        return quoted(name) if name else f"cast(null as {type_})"

    number, key = of.number, of.key
    name = "name" if spending else role.name
    status = f"{number}_status" if number else None
    birth = None if spending else role.birth_date
    sex = None if spending else role.sex
    mention = f"'{contract.name}:'"
    record = "record_key" if not role.suffix else f"record_key || '|{role.suffix}'"
    return f"""select
        {mention} || {record} as mention_key, '{contract.source}' as source,
        '{contract.dataset}' as dataset, {record} as record_key, extract_date,
        '{role.refers}' as register_domain, {column(key)} as register_key, {column(name)} as name,
        {column(number)} as id_number, {column(status)} as id_status,
        {column(birth, "date")} as birth_date, {column(sex)} as sex, delivery_id, row_number
    from {of.table} {among}""".rstrip()
