"""Names of people: spaces, hidden characters and the dot between the parts of a name.

Variant characters, homophones and nicknames are left as they are: likeness is linkage's business.
"""

from __future__ import annotations

import polars as pl

from pipelines.standard.text import (
    Repaired,
    changed,
    fold,
    lookup,
    missing_words,
    without_words,
)

_LETTER = r"[\p{Han}\p{Latin}\p{Mongolian}\p{Arabic}\p{Tibetan}]"
_CLEAN = r"^[\p{Han}]+(?:·[\p{Han}]+)*$"


def quick_name(col: pl.Expr) -> pl.Expr:
    """A name of Chinese characters that needs no repair, else NULL."""
    said_nothing = col.is_in(list(missing_words("person_name")))
    return pl.when(col.str.contains(_CLEAN) & ~said_nothing).then(col)


def person_name(col: pl.Expr) -> Repaired:
    """A name with one kind of dot (·) and no spaces but between two Latin words."""
    dots = lookup("name_dots")
    sign = str(dots["sign"])
    always = "[" + "".join(dots["always"]) + "]"
    between = "[" + "".join(dots["between_letters"]) + "]"
    given, read, text, value = pl.col("given"), pl.col("read"), pl.col("text"), pl.col("value")
    joined = text.str.replace_all(rf"({_LETTER})\s*{between}\s*(\p{{Han}})", f"${{1}}{sign}${{2}}")
    more_dots = value.str.count_matches(sign) > given.str.count_matches(sign)
    tidied = changed(given, value, read)
    # a space stays only between two Latin words: twice, for the matches of one pass cannot overlap
    without_space = text.str.replace_all(r"(\P{Latin}) | (\P{Latin})", "${1}${2}")
    return Repaired.in_steps(
        col,
        pl.String(),
        {"read": fold(given).str.replace_all(r"^['‘’`]+", "")},
        {"text": read.str.replace_all(always, sign)},
        {"text": joined},
        {"text": text.str.replace_all(rf"\s*{sign}+\s*", sign).str.strip_chars(sign + " ")},
        {"text": text.str.replace_all(r"\s+", " ")},
        {"text": without_space},
        {"text": without_space},
        {"value": without_words(pl.when(text != "").then(text), "person_name")},
        {"rule": pl.when((value != given) & more_dots).then(pl.lit("name_dot")).otherwise(tidied)},
    )
