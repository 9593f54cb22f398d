"""linkage.reassigned_mention: records that name somebody else than the night before.

The key of a second or third person of a row is the row's: that of a certificate's head, or of a
pupil's guardian. When the head or the guardian becomes another, the key stays. Whoever it named
keeps the id; the record says nothing any more of who had it.
"""

from __future__ import annotations

import polars as pl

from pipelines.lake.night import Night
from pipelines.lake.patch import rows_of
from pipelines.linkage import names
from pipelines.linkage.delta import few

TABLE, FEATURE = "linkage.reassigned_mention", "linkage.mention_feature"
COLUMNS = ("mention_no", "mention_key", "suffix", "name", "name_folded", "number")
READ = f"select {', '.join(COLUMNS)} from {{table}} where suffix <> ''"


def tonight(night: Night) -> pl.DataFrame:
    """mention_key, person_id of those that are reassigned tonight."""
    return night.frame(TABLE).filter(as_of=night.as_of).select("mention_key", "person_id")


def reassigned(night: Night) -> pl.DataFrame:
    """All rows of the table, from both nights' features."""
    was, now = (night.query(READ.format(table=name)) for name in (f"prev_{FEATURE}", FEATURE))
    return _with_those_before(night, was, now)


def reassigned_since(night: Night) -> pl.DataFrame | None:
    """The same, from the features that differ."""
    said = few(night, FEATURE, ["mention_no"], COLUMNS)
    return None if said is None else _with_those_before(night, said.was, said.now)


def _with_those_before(night: Night, was: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    before = night.frame(f"prev_{TABLE}")
    had = rows_of(
        night, "prev_linkage.mention_link", names_another(was, now), ["mention_key", "person_id"]
    )
    found = had.select(pl.lit(night.as_of).alias("as_of"), "mention_key", "person_id")
    return pl.concat([before.select(found.columns), found]).sort("as_of", "mention_key")


def names_another(was: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """`mention_key` of the records that are somebody else's: another number, or none to tell by,
    and a name that does not agree. Both frames: `COLUMNS`."""
    changed = (
        was.filter(pl.col("suffix") != "")
        .join(now, on=["mention_no", "mention_key"], suffix="_now")
        .filter(
            (pl.col("name_folded") != pl.col("name_folded_now"))
            & (pl.col("number") != pl.col("number_now")).fill_null(True)
        )
    )
    others = [
        key
        for key, name, other, numbered in changed.select(
            "mention_key", "name", "name_now",
            pl.all_horizontal(pl.col("number", "number_now").is_not_null()),
        ).iter_rows()
        if not _agree(name, other, numbered)
    ]  # fmt: skip
    return pl.DataFrame({"mention_key": others}, schema={"mention_key": pl.String})


def _agree(name: str, other: str, numbered: bool) -> bool:
    """One character may be a slip of the pen, but not beside another number."""
    left, right = names.spelling(name), names.spelling(other)
    if left is None or right is None:
        return True
    how = names.agreement(left, right)
    return how != names.DIFFERENT and not (numbered and how == names.ONE_CHARACTER)
