"""standard.attribute_claim: what rows say of their person, one row per person and attribute.

Values are the codes of their lists (一, 无, 310), so that rooms can compare them.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from pipelines.contracts.promises import PromisedColumn
from pipelines.contracts.roles import Attribute
from pipelines.standard import expressions as e
from pipelines.standard.roles import Reader, Sources, Values, earliest, present, project


def attribute_claim(columns: Sequence[PromisedColumn], sources: Sources) -> exp.Expr:
    """A value per person and attribute; rows that say nothing claim nothing."""
    return e.union(
        columns,
        [
            _claims(columns, reader, role)
            for reader in sources.readers()
            for role in reader.contract.roles_of(Attribute)
        ],
    )


def _claims(columns: Sequence[PromisedColumn], reader: Reader, role: Attribute) -> exp.Select:
    value = reader.value(role.value, word=False)
    assert value is not None
    person = reader.person(role.person)
    named = reader.named(person) if person.refers is None else None
    values: Values = {
        "person_ref": reader.person_ref(role.person),
        "attribute": e.text(role.attribute),
        "value": e.typed(value.copy(), "VARCHAR"),
        "valid_from": reader.day(role.from_),
        "valid_to": earliest(
            reader.day(role.until), e.day_after(reader.day(role.through)), reader.left_on()
        ),
        "is_current": reader.is_current(),
    }
    rows = reader.rows(reader.when(role.value), named, present(value))
    return project(columns, reader.lineage() | values, rows)
