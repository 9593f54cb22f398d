"""Rows as they were meant: contract columns in the contract's types and codes, with lineage."""

from collections.abc import Mapping

import polars as pl

from pipelines.contracts.codes import CodeList
from pipelines.contracts.model import Column, Contract
from pipelines.synthetic.truth import LINEAGE, TYPES

_OWN_UIDS = ("person_uid", "father_uid", "mother_uid", "spouse_uid")


def meant(contract: Contract, rows: pl.DataFrame, codes: Mapping[str, CodeList]) -> pl.DataFrame:
    """The truth of a delivery; columns a file does not carry are null, further uids follow."""
    made: list[pl.Series] = []
    for column in contract.columns:
        kind = TYPES[column.type]
        if column.name in rows.columns:
            values = _value(rows[column.name], column, codes).cast(kind)
        else:
            values = pl.Series([None], dtype=kind).new_from_index(0, rows.height)
        made.append(values.alias(column.name))
    if "change" not in rows.columns:
        rows = rows.with_columns(change=pl.lit(None, dtype=pl.String))
    uid = pl.col("uid") if "uid" in rows.columns else pl.lit(None, dtype=pl.Int64)
    rows = rows.with_columns(person_uid=uid)
    extra = sorted(c for c in rows.columns if c.endswith("_uid") and c not in _OWN_UIDS)
    lineage = rows.select(
        *(pl.col(name).cast(kind) for name, kind in LINEAGE.items()),
        *(pl.col(name).cast(pl.Int64) for name in extra),
    )
    return pl.DataFrame(made).hstack(lineage)


def _value(values: pl.Series, column: Column, codes: Mapping[str, CodeList]) -> pl.Series:
    listed = codes.get(column.codes or "")
    if column.kind == "money":
        return decimal(values)
    if column.kind == "region":
        return values.str.pad_end(12, "0")
    if column.kind == "codes" and values.dtype == pl.String:
        return values.str.split("、")
    if column.kind == "code" and listed is not None:
        text = values.cast(pl.String)
        words = text.unique().drop_nulls().to_list()
        known = {word: code for word in words if (code := listed.resolve(word)) is not None}
        return text.replace(known)
    return values


def decimal(values: pl.Series) -> pl.Series:
    """Int64 cents or yuan → Decimal(12, 2)."""
    if isinstance(values.dtype, pl.Decimal):
        return values
    yuan = values.cast(pl.Float64)
    if values.dtype == pl.Int64:
        yuan = yuan / 100
    return yuan.round(2).cast(pl.Decimal(12, 2))


def plain_text(values: pl.Series) -> pl.Series:
    if values.dtype == pl.Date:
        return values.dt.strftime("%Y-%m-%d")
    return values.cast(pl.String)
