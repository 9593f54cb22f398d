"""Which chronic codes are severe: the codes and patterns that `schemas/codes` marks so."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from pipelines.contracts.codes import CodeList
from pipelines.contracts.model import Contract
from pipelines.contracts.roles import Attribute

MARK = "severe"
ATTRIBUTE = "chronic_code"


def severe_codes(contracts: Mapping[str, Contract], codes: Mapping[str, CodeList]) -> pl.DataFrame:
    """(code_begins, is_pattern), from the lists of the columns that give a chronic code."""
    lists = {
        contract.column(role.value.column).codes
        for contract in contracts.values()
        for role in contract.roles_of(Attribute)
        if role.attribute == ATTRIBUTE and role.value.column is not None
    }
    marked = sorted(
        {code for name in lists if name is not None for code in codes[name].marked(MARK)}
    )
    return pl.DataFrame(
        {
            "code_begins": [code.removesuffix("*") for code in marked],
            "is_pattern": [code.endswith("*") for code in marked],
        },
        schema={"code_begins": pl.String, "is_pattern": pl.Boolean},
    ).unique("code_begins", keep="first", maintain_order=True)
