"""What a text becomes before it stands in a cell that somebody will open, print or save as CSV."""

from __future__ import annotations

import polars as pl

#: what spreadsheets take for the beginning of a formula, the full-width forms of CJK locales too
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
#: characters that a cell of a workbook holds; whatever is longer would be cut without a word
HOLDS = 32_767
CUT = "……（内容过长，已截断 cut, too long for a cell）"


def safe(text: object) -> str:
    """Text as it may stand in a cell, also after somebody saves it as CSV.

    What begins like a formula gets a space before it, which landing takes off again; control
    characters go; what no cell can hold is cut, and says so.
    """
    plain = "".join(c for c in str(text or "") if c >= " " or c == "\n")
    plain = f" {plain}" if plain.lstrip("\n")[:1] in FORMULA and plain.strip() else plain
    return plain if len(plain) <= HOLDS else plain[: HOLDS - len(CUT)] + CUT


def safe_column(column: pl.Expr) -> pl.Expr:
    """The same for a column of a CSV: what begins like a formula gets a space before it."""
    first = column.str.strip_chars_start("\r\n\t").str.slice(0, 1)
    return pl.when(first.is_in(FORMULA)).then(pl.lit(" ") + column).otherwise(column)
