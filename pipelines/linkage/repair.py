"""linkage.number_repair: a number with one typing error, or rounded, that can be only one person's.

Exactly one entity of another dataset whose own number differs by one wrong digit or one swap (for
a rounded number: agrees in the first fifteen), with the same name and birth date. A check digit
alone would leave many candidates, so nothing is ever corrected without such a person.
"""

from __future__ import annotations

import polars as pl

from pipelines.lake.night import Night
from pipelines.linkage import numbers

REPAIR = {"entity_no": pl.Int64, "owner_no": pl.Int64, "number": pl.String}
CONCERNED = """
with damaged as (
    select names
    from linkage.entity
    where is_open and number_texts is not null
),
named as (
    select distinct unnest(names) as name from damaged
),
borne as (
    select entity_no, unnest(names) as name from linkage.entity
),
alike as (
    select distinct borne.entity_no
    from borne
    inner join named on named.name = borne.name
)
select
    entity.entity_no, entity.is_open, entity.number, entity.number_texts, entity.names,
    entity.births, entity.birth_date, entity.datasets
from linkage.entity
inner join alike on alike.entity_no = entity.entity_no
"""


def concerned(night: Night) -> pl.DataFrame:
    """Entities that show a damaged number, and those that have a name of one of these."""
    return night.query(CONCERNED)


def repairs(entities: pl.DataFrame) -> pl.DataFrame:
    """`entity_no` (open), `owner_no` (whose number it is), `number`."""
    damaged = (
        entities.filter(pl.col("is_open"))
        .explode("number_texts", empty_as_null=False, keep_nulls=False)
        .filter(pl.col("number_texts").str.len_chars() == numbers.LENGTH)
        .rename({"number_texts": "text"})
        .with_columns(birth=pl.coalesce("birth_date", numbers.embedded_birth(pl.col("text"))))
        .explode("names", empty_as_null=False, keep_nulls=False)
        .select("entity_no", "text", "birth", "datasets", name="names")
    )
    owners = (
        entities.filter(pl.col("number").str.len_chars() == numbers.LENGTH)
        .explode("names", empty_as_null=False, keep_nulls=False)
        .select(
            owner_no="entity_no", number="number", birth="birth_date", name="names",
            owner_datasets="datasets",
        )
    )  # fmt: skip
    near = damaged.join(owners, on=["name", "birth"]).filter(
        pl.col("owner_datasets").list.set_difference("datasets").list.len() > 0
    )
    fitting = [
        (entity, owner, number)
        for entity, text, owner, number in near.select(
            "entity_no", "text", "owner_no", "number"
        ).iter_rows()
        if numbers.one_error(text, number) or _rounded(text, number)
    ]
    found = pl.DataFrame(fitting, schema=REPAIR, orient="row").unique()
    return found.filter(pl.len().over("entity_no") == 1).sort("entity_no")


def _rounded(text: str, number: str) -> bool:
    return text.endswith("000") and numbers.same_rounded(text, number)
