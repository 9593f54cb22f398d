"""Small helpers: one value through one repair, and an independent check digit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from pipelines.contracts.model import KIND_TYPES, Column, Contract
from pipelines.standard.text import Repaired


def repaired(repair: Callable[[pl.Expr], Repaired], text: str | None) -> tuple[Any, str | None]:
    """Value and rule of one text."""
    made = repair(pl.col("t"))
    row = pl.DataFrame({"t": [text]}, schema={"t": pl.String}).select(
        made.value.alias("value"), made.rule.alias("rule")
    )
    return row.item(0, "value"), row.item(0, "rule")


def with_check_digit(first17: str) -> str:
    """ISO 7064 MOD 11-2 as the standard writes it: a_i times 2^(i-1) mod 11, from the right."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(first17))
    return first17 + "10X98765432"[total % 11]


def column(
    name: str,
    kind: str,
    *,
    required: bool = False,
    key: int | None = None,
    codes: str | None = None,
) -> Column:
    return Column(name, kind, KIND_TYPES[kind], required, "public", "", "", (), codes, key)


def contract(*columns: Column) -> Contract:
    key = sorted((c for c in columns if c.key_position), key=lambda c: c.key_position or 0)
    return Contract(
        "office", "thing", "append", tuple(c.name for c in key), columns, (),
        "", "", "", "", "1", "", "",
    )  # fmt: skip
