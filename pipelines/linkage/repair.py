"""linkage.number_repair: a number with one typing error, or rounded, that can be only one person's.

Exactly one entity of another dataset whose own number differs by one wrong digit or one swap (for
a rounded number: agrees in the first fifteen), with the same name and birth date. A check digit
alone would leave many candidates, so nothing is ever corrected without such a person.
"""

from __future__ import annotations

import polars as pl

from pipelines.lake.night import Night
from pipelines.lake.patch import rows_of
from pipelines.linkage import numbers
from pipelines.linkage.delta import few, together

ENTITY, REPAIR = "linkage.entity", "linkage.number_repair"
SCHEMA = {"entity_no": pl.Int64, "owner_no": pl.Int64, "number": pl.String}
COLUMNS = (
    "entity_no", "is_open", "number", "number_texts", "names", "birth_date", "datasets",
)  # fmt: skip
ALIKE = f"""
with near as (
    select entity_no, birth_date, unnest(names) as name
    from {ENTITY}
    semi join damaged_number using (birth_date)
    where length(number) = {numbers.LENGTH}
)
select distinct entity_no
from near
semi join damaged_number using (birth_date, name)
"""


def concerned(night: Night) -> pl.DataFrame:
    """Entities that show a damaged number, and those that have a number, and the name and birthday
    of one of these."""
    damaged = _damaged(night)
    return pl.concat([damaged, _alike(night, damaged)])


def repairs_since(night: Night) -> pl.DataFrame | None:
    """`repairs` of tonight, from those of the night before: again are looked at the damaged numbers
    of entities that changed, and those that share name and birthday with one that has or had a
    number. None where what changed is unknown."""
    changed = few(night, ENTITY, ["entity_no"], COLUMNS)
    if changed is None:
        return None
    damaged = _damaged(night)
    alike = _named(_shown(damaged), "birth").join(
        _named(_owning(changed.rows), "birth_date"), on=("birth_date", "name"), how="semi"
    )
    touched = together(changed.keys, alike.select("entity_no"))
    again = damaged.join(touched, on="entity_no", how="semi")
    made = repairs(pl.concat([again, _alike(night, again)]))
    before = night.frame(f"prev_{REPAIR}").join(touched, on="entity_no", how="anti")
    return pl.concat([
        before, made.join(touched, on="entity_no", how="semi")
    ]).sort("entity_no")  # fmt: skip


def _damaged(night: Night) -> pl.DataFrame:
    return night.query(
        f"select {', '.join(COLUMNS)} from {ENTITY} where is_open and number_texts is not null"
    )


def _alike(night: Night, damaged: pl.DataFrame) -> pl.DataFrame:
    """Others that have a number, and the name and birthday of one of the damaged."""
    named = _named(_shown(damaged), "birth").select("birth_date", "name").unique()
    with night.given("damaged_number", named):
        alike = night.query(ALIKE)
    others = alike.join(damaged, on="entity_no", how="anti")
    return rows_of(night, ENTITY, others, COLUMNS)


def _named(entities: pl.DataFrame, birth: str) -> pl.DataFrame:
    """`entity_no`, `birth_date`, `name`: one row for each name."""
    return entities.select("entity_no", birth_date=birth, name="names").explode(
        "name", empty_as_null=False, keep_nulls=False
    )


def _owning(entities: pl.DataFrame) -> pl.DataFrame:
    return entities.filter(numbers.identity(pl.col("number")).is_not_null())


def _shown(damaged: pl.DataFrame) -> pl.DataFrame:
    """A row for each damaged number: the entity's own columns, `text` and its `birth`."""
    return (
        damaged.explode("number_texts", empty_as_null=False, keep_nulls=False)
        .filter(pl.col("number_texts").str.len_chars() == numbers.LENGTH)
        .rename({"number_texts": "text"})
        .with_columns(birth=pl.coalesce("birth_date", numbers.embedded_birth(pl.col("text"))))
    )


def repairs(entities: pl.DataFrame) -> pl.DataFrame:
    """`entity_no` (open), `owner_no` (whose number it is), `number`."""
    damaged = (
        _shown(entities.filter(pl.col("is_open")))
        .explode("names", empty_as_null=False, keep_nulls=False)
        .select("entity_no", "text", "birth", "datasets", name="names")
    )
    owners = (
        _owning(entities)
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
    found = pl.DataFrame(fitting, schema=SCHEMA, orient="row").unique()
    return found.filter(pl.len().over("entity_no") == 1).sort("entity_no")


def _rounded(text: str, number: str) -> bool:
    return text.endswith("000") and numbers.same_rounded(text, number)
