"""Text that a person or an export program left untidy: hidden characters, spaces, missing words.

Every repair is a pure expression over a column of strings and says by a short code what it did
(NULL where the value was already clean). What a value means does not belong here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from pipelines.settings import SCHEMAS

UNREADABLE = "unreadable"
MISSING_WORD = "missing_word"

#: spaces other than U+0020, format characters (zero width, BOM, soft hyphen) and controls
ODD = r"[\p{Cf}\p{Cc}\p{Zl}\p{Zp}\u00a0\u2000-\u200a\u202f\u205f\u3000\u1680]"
_ODD_SPACE = r"[\t\r\n\u000b\u000c\p{Zl}\p{Zp}\u00a0\u2000-\u200a\u202f\u205f\u3000\u1680]"
_HIDDEN = r"[\p{Cf}\p{Cc}]"
_NEVER = r"\p{Cf}\p{Cc}\p{Zl}\p{Zp}\u00a0\u2000-\u200a\u202f\u205f\u3000\u1680"
_CLEAN_TEXT = rf"^[^\s{_NEVER}](?:[^{_NEVER}]*[^\s{_NEVER}])?$"
_CLEAN_KEY = r"^[A-Za-z0-9\p{Han}_/|()\-]+$"
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True)
class Repaired:
    """A value and the code of what had to be done to it (NULL: nothing)."""

    value: pl.Expr
    rule: pl.Expr
    whole: pl.Expr | None = None

    def struct(self) -> pl.Expr:
        """Both as one expression ``{value, rule}``, e.g. for a Spark task."""
        if self.whole is not None:
            return self.whole
        return pl.struct(self.value.alias("value"), self.rule.alias("rule"))

    @classmethod
    def in_steps(cls, col: pl.Expr, dtype: pl.DataType, *steps: Mapping[str, pl.Expr]) -> Repaired:
        """A repair whose steps are each computed once: named columns over the column ``given``.

        The last steps name ``value`` and ``rule``. Written as one nested expression, what several
        branches share would be computed anew in each of them.
        """
        returned = pl.Struct({"value": dtype, "rule": pl.String()})
        whole = steps_over(col, returned, *steps)
        return cls(whole.struct.field("value"), whole.struct.field("rule"), whole)


def steps_over(col: pl.Expr, returned: pl.Struct, *steps: Mapping[str, pl.Expr]) -> pl.Expr:
    """A struct whose fields are among the named columns that the steps make of ``given``."""

    def run(texts: pl.Series) -> pl.Series:
        frame = texts.alias("given").to_frame().lazy()
        for step in steps:
            frame = frame.with_columns(**step)
        fields = [pl.col(field.name).cast(field.dtype) for field in returned.fields]
        return frame.select(pl.struct(fields).alias(texts.name)).collect().to_series()

    return col.map_batches(run, return_dtype=returned)


@cache
def lookup(name: str, schemas: Path = SCHEMAS) -> dict[str, Any]:
    """A file of ``schemas/lookups``: known bad values and their repair, as data."""
    with (schemas / "lookups" / f"{name}.yaml").open(encoding="utf-8") as file:
        loaded = yaml.safe_load(file)
    assert isinstance(loaded, dict)
    return loaded


@cache
def missing_words(kind: str) -> tuple[str, ...]:
    """Lower-case words that say "no value" in a column of this kind."""
    words = lookup("missing_words")
    return tuple(sorted({*words["any"]["words"], *words.get(kind, {"words": ()})["words"]}))


def tidy(col: pl.Expr) -> pl.Expr:
    """Without hidden characters, odd spaces as plain ones, trimmed; empty becomes NULL."""
    text = col.str.replace_all(_ODD_SPACE, " ").str.replace_all(_HIDDEN, "").str.strip_chars()
    return pl.when(text != "").then(text)


def fold(col: pl.Expr) -> pl.Expr:
    """Full-width and compatibility characters as plain ones, then tidied."""
    return tidy(col.str.normalize("NFKC"))


def squeeze(col: pl.Expr) -> pl.Expr:
    """Folded, without any space and without a spreadsheet's leading apostrophe or quotes."""
    text = fold(col).str.replace_all(r"\s", "").str.replace_all(r"""^['‘’`"“”=]+|['‘’`"“”]+$""", "")
    return pl.when(text != "").then(text)


def without_words(text: pl.Expr, kind: str) -> pl.Expr:
    """NULL where the (folded) text only says that there is no value."""
    return pl.when(~text.str.to_lowercase().is_in(list(missing_words(kind)))).then(text)


def changed(col: pl.Expr, value: pl.Expr, readable: pl.Expr | None = None) -> pl.Expr:
    """The code of a repair that leaves text as text: what kind of untidiness it was.

    ``readable`` is the folded text, NULL where there was nothing to read.
    """
    had = (readable if readable is not None else fold(col)).is_not_null()
    return (
        pl.when(value.is_null() & had).then(pl.lit(MISSING_WORD))
        .when(value.is_null() | (value == col)).then(pl.lit(None, pl.String))
        .when(col.str.contains(ODD)).then(pl.lit("hidden_characters"))
        .when(value == col.str.strip_chars()).then(pl.lit("trimmed"))
        .when(col.str.contains(r"[\uff01-\uff5e]")).then(pl.lit("full_width"))
        .otherwise(pl.lit("rewritten"))
    )  # fmt: skip


def quick_text(col: pl.Expr) -> pl.Expr:
    """The text where there is nothing to repair, else NULL."""
    clean = col.str.contains(_CLEAN_TEXT) & ~col.is_in(_as_written("text"))
    return pl.when(clean).then(col)


def text(col: pl.Expr) -> Repaired:
    """Free text: tidied, nothing else; words for "no value" become NULL."""
    read = tidy(col)
    value = without_words(read, "text")
    return Repaired(value, changed(col, value, read))


def quick_key(col: pl.Expr, kind: str = "key") -> pl.Expr:
    """A key or code that needs no repair, else NULL."""
    clean = col.str.contains(_CLEAN_KEY) & ~col.is_in(_as_written(kind))
    return pl.when(clean).then(col)


def key(col: pl.Expr, kind: str = "key") -> Repaired:
    """A register's number: folded, without spaces, apostrophes or a spreadsheet's ``.0``.

    A value with characters that were damaged on the way is unreadable.
    """
    given, read, value = pl.col("given"), pl.col("read"), pl.col("value")
    damaged = read.str.contains(_REPLACEMENT, literal=True)
    tidied = changed(given, value, read)
    return Repaired.in_steps(
        col,
        pl.String(),
        {"read": squeeze(given).str.replace(r"^([0-9]+)\.0+$", "$1")},
        {"value": without_words(pl.when(~damaged).then(read), kind)},
        {"rule": pl.when(damaged).then(pl.lit(UNREADABLE)).otherwise(tidied)},
    )


def code(col: pl.Expr, listed: dict[str, str]) -> Repaired:
    """A code of a list; ``listed`` maps each folded, lower-case alias to its code.

    A code that the list does not have is kept as it stands and counted as ``unknown_code``.
    """
    read = fold(col).str.replace(r"^([0-9]+)\.0+$", "$1")
    plain = without_words(read, "code")
    if not listed:
        return Repaired(plain, changed(col, plain, read))
    found = plain.str.replace_all(r"\s", "").str.to_lowercase().replace_strict(
        listed, default=None, return_dtype=pl.String
    )  # fmt: skip
    value = pl.coalesce(found, plain)
    rule = (
        pl.when(found.is_null() & plain.is_not_null()).then(pl.lit("unknown_code"))
        .when(found.is_not_null() & (found != plain)).then(pl.lit("code_alias"))
        .otherwise(changed(col, value, read))
    )  # fmt: skip
    return Repaired(value, rule)


def codes(col: pl.Expr, listed: dict[str, str]) -> Repaired:
    """Several codes in one cell, split by 、 or its stand-ins; a list without doubles, in order."""
    read = fold(col)
    plain = without_words(read, "code")
    parts = plain.str.replace_all(r"\s*[、,;；，|/]\s*", "、").str.strip_chars("、").str.split("、")
    clean = parts.list.eval(pl.element().str.strip_chars())
    clean = clean.list.eval(pl.element().filter(pl.element() != ""))
    if listed:
        clean = clean.list.eval(
            pl.element().str.to_lowercase().replace_strict(
                listed, default=pl.element(), return_dtype=pl.String
            )
        )  # fmt: skip
    value = clean.list.unique(maintain_order=True)
    value = pl.when(value.list.len() > 0).then(value)
    rule = (
        pl.when(value.is_null() & read.is_not_null()).then(pl.lit(MISSING_WORD))
        .when(value.list.join("、") != col).then(pl.lit("rewritten"))
    )  # fmt: skip
    return Repaired(value, rule)


@cache
def _as_written(kind: str) -> list[str]:
    words = missing_words(kind)
    return sorted({*words, *(w.upper() for w in words), *(w.capitalize() for w in words)})


def first_of(rules: Sequence[tuple[pl.Expr, str]]) -> pl.Expr:
    """The code of the first condition that holds, else NULL."""
    return pl.coalesce(
        *(pl.when(condition).then(pl.lit(name)) for condition, name in rules),
        pl.lit(None, pl.String),
    )
