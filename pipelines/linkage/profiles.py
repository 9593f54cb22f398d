"""linkage.profile: what the model sees of an entity that could meet an open one at all.

Open entities, and every other that shares a value of some blocking rule with one; the names, phones
and groups of the rest are never unpacked, so the work follows the open ones.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipelines.lake import fingerprint
from pipelines.linkage import names
from pipelines.linkage.model import Model, settled
from pipelines.linkage.numbers import OTHER_PAPER

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
NUMBER_LENGTH = 18
NUMBER_FRONT = 10
STEPS_PER_BIT = 4


def profiles(entities: pl.DataFrame, model: Model) -> pl.DataFrame:
    """One row per entity worth comparing, with the columns that comparisons and blocking name."""
    known = entities.with_columns(pl.col("names", "births", "phones").fill_null([]))
    tied = _groups(entities, model)
    evidence = pl.concat([tied.select("entity_no", "member"), _kin(entities, tied)]).unique()
    phones = _telling_phones(known, model)
    keyed = known.with_columns(**_blocking_columns())
    wanted = _reached_by_open(keyed, phones, evidence, model)
    chosen = keyed.filter(pl.col("entity_no").is_in(wanted.implode()))
    own = tied.group_by("entity_no").agg(groups=pl.col("member").unique().sort())
    lists = evidence.group_by("entity_no").agg(evidence=pl.col("member").sort())
    return (
        chosen.drop("phones", "group_keys", "number_texts", "short")
        .join(_lunar(chosen["birth_date"]), on="birth_date", how="left")
        .join(_name_forms(chosen, known, model), on="entity_no", how="left")
        .join(phones.group_by("entity_no").agg(pl.col("phones").sort()), on="entity_no", how="left")
        .join(own, on="entity_no", how="left")
        .join(lists, on="entity_no", how="left")
        .with_columns(pl.col(LISTS).fill_null([]), basis=pl.lit(basis(model, entities.height)))
        .sort("entity_no")
    )


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
    return fingerprint.of(model.text, settled(entities), fingerprint.code(Path(__file__).parent))


def _blocking_columns() -> dict[str, pl.Expr]:
    number_18 = pl.when(
        (pl.col("number").str.len_chars() == NUMBER_LENGTH)
        & ~pl.col("number").str.starts_with(OTHER_PAPER)
    ).then("number")
    readable = pl.col("number_texts").list.eval(
        pl.element().filter(pl.element().str.len_chars() == NUMBER_LENGTH)
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


def _telling_phones(known: pl.DataFrame, model: Model) -> pl.DataFrame:
    pairs = known.select("entity_no", "phones").explode(
        "phones", empty_as_null=False, keep_nulls=False
    )
    return pairs.filter(pl.len().over("phones") <= model.largest_shared_phone)


def _groups(entities: pl.DataFrame, model: Model) -> pl.DataFrame:
    """`entity_no`, `is_open`, `member`: the groups of an entity that are small enough to tell."""
    groups = entities.select("entity_no", "is_open", member="group_keys").explode(
        "member", empty_as_null=False, keep_nulls=False
    )
    return groups.filter(pl.len().over("member") <= model.largest_group)


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


def _reached_by_open(
    keyed: pl.DataFrame, phones: pl.DataFrame, evidence: pl.DataFrame, model: Model
) -> pl.Series:
    """Open entities and those that agree with one in all columns of some blocking rule."""
    exploded = {
        "phones": phones,
        "evidence": evidence.select("entity_no", evidence="member"),
    }
    opened = keyed.filter("is_open").select("entity_no")
    found = [opened]
    for rule in model.blocking:
        if rule.explode:
            side = exploded[rule.columns[0]]
        else:
            side = keyed.select("entity_no", *rule.columns).drop_nulls()
        met = side.join(opened, on="entity_no", how="semi").select(rule.columns).unique()
        found.append(side.join(met, on=rule.columns, how="semi").select("entity_no"))
    return pl.concat(found)["entity_no"].unique()


def _name_forms(chosen: pl.DataFrame, known: pl.DataFrame, model: Model) -> pl.DataFrame:
    """Per entity `pinyins`, `toned`, `shapes`, `surnames`, `shortened`, `masked`; its most common
    name in `name`, and how common that is in `tf_name`."""
    every = known.select(pl.col("names").explode(empty_as_null=False, keep_nulls=False))
    shares = every.group_by("names").agg(
        tf_name=_in_steps(
            (pl.len() + model.name_prior_weight * model.name_prior_share)
            / (settled(known.height) + model.name_prior_weight)
        )
    )
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
