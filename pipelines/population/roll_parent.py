"""Fathers and mothers whom any landed roll named as guardian: the statement over the extracts.

A pupil's row stands once, in its newest version; who looked after the pupil before is only in the
extracts, and is known by a valid identity number alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from pipelines.contracts.codes import CodeList
from pipelines.contracts.model import Contract
from pipelines.contracts.roles import Guardian, Guardianship, Person
from pipelines.engine.sql import DIALECT

COLUMNS = ("person_ref", "id_number")
USABLE = ("valid", "converted_15")
#: words of the code list *relation* that mean a father or a mother
PARENTS = ("父", "母", "父母", "继父或养父", "继母或养母", "其他父母关系")


def statement(contracts: Mapping[str, Contract], codes: Mapping[str, CodeList]) -> str:
    """One select per guardian column of every dataset that names guardians."""
    selects = [
        select
        for _, contract in sorted(contracts.items())
        for role in contract.roles_of(Guardianship)
        for guardian in role.guardians
        if (select := _named(contract, guardian, codes)) is not None
    ]
    made: exp.Query = selects[0] if selects else _nothing()
    for select in selects[1:]:
        made = exp.union(made, select, distinct=True)
    return made.sql(dialect=DIALECT, pretty=True)


def _named(
    contract: Contract, guardian: Guardian, codes: Mapping[str, CodeList]
) -> exp.Select | None:
    person = next((p for p in contract.roles_of(Person) if p.suffix == guardian.suffix), None)
    relation = guardian.relation or (person.relation if person else None)
    if person is None or person.id_number is None or relation is None:
        return None
    listed = codes.get(contract.column(relation).codes or "")
    known = {value.code for value in listed.values if value.zh in PARENTS} if listed else set()
    words = [exp.Literal.string(word) for word in sorted(known | set(PARENTS))]
    status = exp.column(f"{person.id_number}_status", quoted=True)
    return (
        exp.select(
            exp.DPipe(
                this=exp.Literal.string(f"{contract.name}:"), expression=exp.column("record_key")
            ).as_("person_ref"),
            exp.column(person.id_number, quoted=True).as_("id_number"),
        )
        .distinct()
        .from_(exp.to_table(contract.raw_table))
        .where(exp.column(relation, quoted=True).isin(*words))
        .where(status.isin(*(exp.Literal.string(word) for word in USABLE)))
    )


def _nothing() -> exp.Select:
    return exp.select(*(exp.cast(exp.null(), "VARCHAR").as_(name) for name in COLUMNS)).where(
        exp.false()
    )
