"""linkage.profile: what the model sees of an entity that could meet an open one at all.

Open entities, and every other that shares a value of some blocking rule with one; the names, phones
and groups of the rest are never unpacked, so the work follows the open ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.lake import fingerprint
from pipelines.linkage import names, numbers
from pipelines.linkage.model import Model, settled

READ_COLUMNS = (
    "entity_no", "is_open", "number", "borrowed", "number_texts", "names", "sound", "surname",
    "short", "birth_date", "births", "sex", "phones", "region_code", "group_keys",
)  # fmt: skip
LISTS = (
    "pinyins",
    "toned",
    "shapes",
    "surnames",
    "shortened",
    "masked",
    "phones",
    "groups",
    "evidence",
)
NUMBER_FRONT = 10
STEPS_PER_BIT = 4


@dataclass(frozen=True)
class Counts:
    """How many entities bear a name, a phone, a group, a birthday (`value`, `entities`), and how
    many there are."""

    entities: int
    names: pl.DataFrame
    phones: pl.DataFrame
    groups: pl.DataFrame
    births: pl.DataFrame


def profiles(entities: pl.DataFrame, model: Model) -> pl.DataFrame:
    """One row per entity worth comparing, with the columns that comparisons and blocking name."""
    counts = Counts(
        entities.height,
        names=_counted(entities, "names"),
        phones=_counted(entities, "phones"),
        groups=_counted(entities, "group_keys"),
        births=_born(entities),
    )
    entities = _telling_births(entities, counts, model)
    tied = _groups(entities, counts, model)
    evidence = _evidence(entities, tied)
    sides = {"phones": _telling_phones(entities, counts, model), "evidence": evidence}
    keyed = entities.with_columns(**blocking_columns())
    opened = keyed.filter("is_open")
    met = {
        name: side.join(opened, on="entity_no", how="semi") for name, side in sides.items()
    }  # fmt: skip
    wanted = pl.concat([opened["entity_no"], reached(keyed, sides, opened, met, model)]).unique()
    return described(entities, wanted, counts, model)


def described(
    around: pl.DataFrame, wanted: pl.Series, counts: Counts, model: Model
) -> pl.DataFrame:
    """Rows of `profiles` for the `wanted` entities. `around`: these and all they share a group or
    a number with; `counts`: of the whole city, at least for what these entities bear."""
    known = _telling_births(around, counts, model).with_columns(
        pl.col("names", "births", "phones").fill_null([])
    )
    tied = _groups(known, counts, model)
    evidence = _evidence(known, tied)
    phones = _telling_phones(known, counts, model)
    chosen = known.with_columns(**blocking_columns()).filter(
        pl.col("entity_no").is_in(wanted.implode())
    )
    own = tied.group_by("entity_no").agg(groups=pl.col("member").unique().sort())
    lists = evidence.group_by("entity_no").agg(evidence=pl.col("evidence").sort())
    return (
        chosen.drop("phones", "group_keys", "number_texts", "short")
        .join(_lunar(chosen["birth_date"]), on="birth_date", how="left")
        .join(_name_forms(chosen, counts, model), on="entity_no", how="left")
        .join(phones.group_by("entity_no").agg(pl.col("phones").sort()), on="entity_no", how="left")
        .join(own, on="entity_no", how="left")
        .join(lists, on="entity_no", how="left")
        .with_columns(pl.col(LISTS).fill_null([]), basis=pl.lit(basis(model, counts.entities)))
        .sort("entity_no")
    )


def _counted(entities: pl.DataFrame, column: str) -> pl.DataFrame:
    listed = entities.select(value=column).explode("value", empty_as_null=False, keep_nulls=False)
    return listed.group_by("value").agg(entities=pl.len())


def _born(entities: pl.DataFrame) -> pl.DataFrame:
    return entities.group_by(value="birth_date").agg(entities=pl.len()).drop_nulls()


def _telling_births(entities: pl.DataFrame, counts: Counts, model: Model) -> pl.DataFrame:
    """The entities, without birthdays that too many have."""
    largest = model.largest_birthday(counts.entities)
    common = counts.births.filter(pl.col("entities") > largest)["value"]
    telling = pl.when(~pl.col("birth_date").is_in(common.implode())).then("birth_date")
    return entities.with_columns(birth_date=telling) if common.len() else entities


def _lunar(births: pl.Series) -> pl.DataFrame:
    """`birth_date`, `birth_lunar`: the day in the lunar calendar, as eight digits like a birthday
    that was written down by it. NULL before 1900 and after 2099, which the tables do not reach."""
    from lunardate import LunarDate

    rows = []
    for day in births.drop_nulls().unique().sort():
        try:
            lunar = LunarDate.from_solar_date(day.year, day.month, day.day)
        except ValueError:
            continue
        rows.append((day, f"{lunar.year:04}{lunar.month:02}{lunar.day:02}"))
    schema = {"birth_date": pl.Date, "birth_lunar": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def basis(model: Model, entities: int) -> str:
    """What besides two profiles decides how their pair is weighed."""
    code = fingerprint.code(Path(__file__).parent)
    return fingerprint.of(model.text, settled(entities), names.lookups(), code)


def blocking_columns() -> dict[str, pl.Expr]:
    number_18 = numbers.identity(pl.col("number"))
    readable = pl.col("number_texts").list.eval(
        pl.element().filter(pl.element().str.len_chars() == numbers.LENGTH)
    )
    text = pl.when(pl.col("is_open")).then(readable.list.first())
    shown = pl.coalesce(text, number_18)
    birth_text = pl.col("birth_date").dt.strftime("%Y%m%d")
    region = pl.col("region_code")
    return {
        "number_text": text,
        "number_18": number_18,
        "number_front": shown.str.slice(0, NUMBER_FRONT),
        "number_back": shown.str.slice(NUMBER_FRONT),
        "birth_text": birth_text,
        "birth_year": birth_text.str.slice(0, 4),
        "birth_day": birth_text.str.slice(4, 4),
        "village": _reached(region, 12, 3),
        "township": _reached(region, 9, 3),
        "county": _reached(region, 6, 2),
    }


def _reached(region: pl.Expr, digits: int, step: int) -> pl.Expr:
    """The region down to a level; NULL where the code does not reach it."""
    own = region.str.slice(digits - step, step)
    return pl.when(own != "0" * step).then(region.str.slice(0, digits))


def _telling_phones(known: pl.DataFrame, counts: Counts, model: Model) -> pl.DataFrame:
    pairs = known.select("entity_no", "phones").explode(
        "phones", empty_as_null=False, keep_nulls=False
    )
    few = counts.phones.filter(pl.col("entities") <= model.largest_shared_phone)
    return pairs.join(few, left_on="phones", right_on="value", how="semi")


def _groups(entities: pl.DataFrame, counts: Counts, model: Model) -> pl.DataFrame:
    """`entity_no`, `is_open`, `member`: the groups of an entity that are small enough to tell."""
    groups = entities.select("entity_no", "is_open", member="group_keys").explode(
        "member", empty_as_null=False, keep_nulls=False
    )
    few = counts.groups.filter(pl.col("entities") <= model.largest_group)
    return groups.join(few, left_on="member", right_on="value", how="semi")


def _evidence(entities: pl.DataFrame, tied: pl.DataFrame) -> pl.DataFrame:
    """`entity_no`, `evidence`: its groups, and if it is open those of its kin."""
    every = pl.concat([tied.select("entity_no", "member"), _kin(entities, tied)])
    return every.unique().rename({"member": "evidence"})


def _kin(entities: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """For an open entity the groups of those it shares a group with: `entity_no`, `member`.

    A guardian stands in the pupil's group alone; the pupil's family knows the guardian. Whose
    number a row borrowed counts as a member of its group (a child under a parent's number).
    """
    lent = entities.filter(pl.col("borrowed").is_not_null()).select(
        "entity_no", "is_open", number="borrowed"
    )
    owners = entities.select("entity_no", "is_open", "number").join(
        lent.select("number").unique(), on="number", how="semi"
    )
    by_number = pl.concat([lent, owners]).select(
        "entity_no", "is_open", member=pl.lit("number:") + pl.col("number")
    )
    tied = pl.concat([groups, by_number])
    near = tied.filter("is_open").join(tied, on="member", suffix="_near")
    return (
        near.filter(pl.col("entity_no") != pl.col("entity_no_near"))
        .select("entity_no", "entity_no_near")
        .unique()
        .join(groups.select(entity_no_near="entity_no", member="member"), on="entity_no_near")
        .select("entity_no", "member")
    )


def reached(
    keyed: pl.DataFrame, sides: dict[str, pl.DataFrame], by: pl.DataFrame,
    by_sides: dict[str, pl.DataFrame], model: Model,
) -> pl.Series:  # fmt: skip
    """Entities that agree with one of `by` in all columns of some blocking rule. What a rule
    explodes stands in `sides`: one row per entity and value, under the column's name."""
    found = [pl.Series("entity_no", [], pl.Int64)]
    for rule in model.blocking:
        columns = list(rule.columns)
        side, met = keyed, by
        if rule.explode:
            side, met = sides[columns[0]], by_sides[columns[0]]
        met = met.select(columns).drop_nulls().unique()
        found.append(side.join(met, on=columns, how="semi")["entity_no"])
    return pl.concat(found).unique()


def exploded(profiles_: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """What rows of linkage.profile give `reached` as `sides`: of the lists that they hold."""
    return {
        name: profiles_.select("entity_no", name).explode(
            name, empty_as_null=False, keep_nulls=False
        )
        for name in ("phones", "evidence")
        if name in profiles_.columns
    }


def _name_forms(chosen: pl.DataFrame, counts: Counts, model: Model) -> pl.DataFrame:
    """Per entity `pinyins`, `toned`, `shapes`, `surnames`, `shortened`, `masked`; its most common
    name in `name`, and how common that is in `tf_name`."""
    shares = name_shares(counts, model)
    pairs = chosen.select("entity_no", "names").explode(
        "names", empty_as_null=False, keep_nulls=False
    )
    ranked = (
        pairs.join(_forms(pairs["names"]), on="names")
        .join(shares, on="names")
        .sort(["entity_no", "tf_name", "names"], descending=[False, True, False])
        .group_by("entity_no", maintain_order=True)
        .agg(
            pl.col("pinyins", "toned", "shapes", "surnames"),
            name=pl.col("names").first(),
            tf_name=pl.col("tf_name").first(),
            shortened=pl.col("shortened").list.explode(empty_as_null=False, keep_nulls=False),
            masked=pl.col("masked").list.explode(empty_as_null=False, keep_nulls=False),
        )
    )
    short = chosen.select("entity_no", short=pl.concat_list("short").list.drop_nulls())
    return (
        ranked.join(short, on="entity_no")
        .with_columns(shortened=pl.concat_list("shortened", "short"))
        .drop("short")
    )


def name_shares(counts: Counts, model: Model) -> pl.DataFrame:
    """`names`, `tf_name`: how common each name is, in steps."""
    return counts.names.select(
        names="value",
        tf_name=_in_steps(
            (pl.col("entities") + model.name_prior_weight * model.name_prior_share)
            / (settled(counts.entities) + model.name_prior_weight)
        ),
    )


def _in_steps(share: pl.Expr) -> pl.Expr:
    """In steps of a quarter of a bit: one more bearer of a common name changes no weight."""
    return pl.lit(2.0).pow((share.log(2.0) * STEPS_PER_BIT).round() / STEPS_PER_BIT)


def _forms(distinct: pl.Series) -> pl.DataFrame:
    """Per folded name: how it sounds and looks, its surname, the forms it may be reduced to."""
    rows = []
    for name in distinct.unique().sort().to_list():
        spelled = names.spelling(name)
        if spelled is not None:
            rows.append((name, spelled.pinyin, names.toned(name), names.shape(name),
                         spelled.surname, names.shortened_forms(name),
                         names.masked_forms(name)))  # fmt: skip
    schema = {
        "names": pl.String(), "pinyins": pl.String(), "toned": pl.String(),
        "shapes": pl.String(), "surnames": pl.String(),
        "shortened": pl.List(pl.String), "masked": pl.List(pl.String),
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")
