"""linkage.mention_feature: what each mention is compared by. Nothing is compared here."""

from __future__ import annotations

import duckdb
import polars as pl

from pipelines.lake.night import Night
from pipelines.linkage import names, numbers

READ_COLUMNS = (
    "mention_key", "source", "dataset", "record_key", "extract_date", "register_domain",
    "register_key", "name", "id_number", "id_status", "birth_date", "sex", "ethnicity", "phone",
    "address", "region_code",
)  # fmt: skip
MENTION_COLUMNS = (*READ_COLUMNS, "suffix", "roll_id_number", "group_keys", "is_current")

USABLE = ("valid", "converted_15")
ROUNDED_END = "000"
REPAIRABLE = ("invalid", "rounded")
SHORTEST_OTHER = 7
DIGITS_OF_OTHER = 5
SHORTEST_PHONE = 7
FORMAL_ROLL = "G"  # other roll numbers hold a number of the school's own making


def features(night: Night) -> pl.DataFrame:
    """One row per mention, register mentions and orphaned references alike."""
    return of_rows(
        night.frame("standard.mention", MENTION_COLUMNS), night.frame("linkage.reference_mention")
    )


def of_rows(mentions: pl.DataFrame, references: pl.DataFrame) -> pl.DataFrame:
    """The features of `MENTION_COLUMNS` and of the orphans among references to a register."""
    orphaned = (
        orphans(references)
        .select(*READ_COLUMNS)
        .with_columns(
            suffix=pl.lit(""),
            roll_id_number=pl.lit(None, pl.String),
            group_keys=pl.lit([], pl.List(pl.String)),
            is_current=pl.lit(True),
        )
    )
    return featured(pl.concat([mentions, orphaned], how="diagonal_relaxed"))


def orphans(references: pl.DataFrame) -> pl.DataFrame:
    """References that no register holds: mentions of their own."""
    return references.filter(pl.col("reason") == "orphan")


def featured(mentions: pl.DataFrame) -> pl.DataFrame:
    """The features of `MENTION_COLUMNS`, in the order of their keys."""
    spelled = mentions.join(names.spellings(mentions["name"]), on="name", how="left")
    numbered = (
        spelled.sort("mention_key")
        .with_columns(mention_numbers(spelled["mention_key"].sort()))
        .with_columns(
            # with the suffix of the second and third person of a row
            record_key=pl.col("mention_key").str.slice(
                pl.col("source").str.len_chars() + pl.col("dataset").str.len_chars() + 2
            ),
            register_ref=pl.col("register_domain") + ":" + pl.col("register_key"),
            number=pl.when(~_looks_rounded()).then(_usable_number()),
            number_text=pl.when(pl.col("id_status").is_in(REPAIRABLE) | _looks_rounded()).then(
                "id_number"
            ),
            phone=pl.when(pl.col("phone").str.len_chars() >= SHORTEST_PHONE).then("phone"),
            group_keys=pl.col("group_keys").fill_null(pl.lit([], pl.List(pl.String))),
            is_minority=pl.col("name_short").is_not_null()
            | pl.col("ethnicity").is_in(["01", "1", "汉", "汉族"]).not_().fill_null(False),
        )
    )
    return numbered.with_columns(
        number_birth=numbers.embedded_birth(pl.col("number")),
        number_sex=numbers.embedded_sex(pl.col("number")),
        roll_number=pl.when(
            pl.col("register_key").str.starts_with(FORMAL_ROLL)
            & pl.col("roll_id_number").ne_missing(pl.col("number"))
        ).then("roll_id_number"),
    ).drop("register_domain", "register_key", "id_number", "roll_id_number", "ethnicity")


def mention_numbers(keys: pl.Series) -> pl.Series:
    """`mention_no`: a number that follows from the key alone, so that it stays from night to night
    whoever comes or goes. `keys` are sorted and distinct; where two met in one number, the later
    ones would be numbered once more."""
    found, turn = numbered(keys), 0
    while not found.is_unique().all():
        turn += 1
        again = numbered(_turned(keys, turn))
        found = pl.select(
            pl.when(found.is_first_distinct()).then(found).otherwise(again)
        ).to_series()
    return found.alias("mention_no")


def possible_numbers(keys: pl.Series) -> pl.DataFrame:
    """`mention_no` that mentions of these keys have, and more: a number met twice is one of a first
    or a second turn. That three meet is not to be expected of 63 bits."""
    turns = pl.concat([keys, _turned(keys, 1)])
    return numbered(turns).alias("mention_no").unique().to_frame()


def _turned(keys: pl.Series, turn: int) -> pl.Series:
    return keys + f"\x1f{turn}"


def numbered(keys: pl.Series) -> pl.Series:
    """63 bits of each key's MD5: for spreading, not for secrecy."""
    with duckdb.connect() as con:
        con.register("key", pl.DataFrame({"text": keys}).with_row_index("place").to_arrow())
        rows = con.sql(
            "select cast(md5_number_lower(text) >> 1 as bigint) as number from key order by place"
        ).to_arrow_table()
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)
    return frame["number"]


def _usable_number() -> pl.Expr:
    """A valid number; of other papers one that is long enough to tell people apart, marked."""
    text = pl.col("id_number")
    other = (
        (pl.col("id_status") == "other")
        & (text.str.len_chars() >= SHORTEST_OTHER)
        & (text.str.count_matches(r"\d") >= DIGITS_OF_OTHER)
    )
    return (
        pl.when(pl.col("id_status").is_in(USABLE))
        .then(text)
        .when(other)
        .then(numbers.OTHER_PAPER + text)
    )


def in_several(mentions: pl.DataFrame) -> pl.DataFrame:
    """`id_number` of those that stand in several datasets."""
    held = mentions.filter(pl.col("id_number").is_not_null()).group_by("id_number")
    return held.agg(datasets=_datasets()).filter(pl.col("datasets") > 1).select("id_number")


def _datasets() -> pl.Expr:
    return pl.struct("source", "dataset").n_unique()


def _looks_rounded() -> pl.Expr:
    """Valid by chance: every eleventh rounded number has the right check digit. One that stands in
    several datasets is somebody's own."""
    return (
        pl.col("id_number").str.ends_with(ROUNDED_END)
        & (pl.col("id_status") == "valid")
        & (_datasets().over("id_number") == 1)
    ).fill_null(False)
