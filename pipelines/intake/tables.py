"""The tables of this room: what was received, and which rows could not be used.

Their content follows from the receipts and the files in the lake. Landing itself is in ``land``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.contracts.load import load_contracts
from pipelines.errors import NotFound
from pipelines.intake.file_names import file_names, without_numbers
from pipelines.intake.set_aside import QUARANTINE, quarantine
from pipelines.lake.night import Built, Night
from pipelines.lake.receipt import Receipt
from pipelines.standard.text import lookup

RECEIPT, OUTSIDE = "quality.receipt", "quality.quarantine"
REPAIR = "quality.value_repair"
TABLES = (RECEIPT, REPAIR, QUARANTINE, OUTSIDE)
SHANGHAI = ZoneInfo("Asia/Shanghai")
_KEYED = ("source", "dataset", "file_name")
_REPAIRS = pl.List(pl.Struct({"column_name": pl.String(), "rule": pl.String(), "rows": pl.Int64()}))


def tables() -> tuple[str, ...]:
    """Every table of this room, in build order."""
    return TABLES


def reads() -> dict[str, tuple[str, ...]]:
    """What each table reads; receipts are known only after all datasets have landed."""
    raw = tuple(contract.raw_table for contract in load_contracts().values())
    return {RECEIPT: raw, REPAIR: (RECEIPT,), QUARANTINE: raw, OUTSIDE: (QUARANTINE,)}


def build(table: str, night: Night) -> Built:
    """Make one table of this room."""
    makers: dict[str, Callable[[Night], Built]] = {
        RECEIPT: receipt,
        REPAIR: value_repair,
        QUARANTINE: quarantine,
        OUTSIDE: quarantine_without_values,
    }
    if table not in makers:
        raise NotFound(f"room intake makes no table {table}")
    return makers[table](night)


def receipt(night: Night) -> Built:
    """quality.receipt: one row per receipt whose extract date is not after the as-of date."""
    held = [
        (one.receipt_id, one.status, one.reason, one.received_night.isoformat())
        for one in night.receipts
    ]
    taken, recipe = night.reuse(RECEIPT, (), {"receipts": held})
    return taken or night.write(RECEIPT, receipt_frame(night.receipts), recipe)


def receipt_frame(receipts: Sequence[Receipt]) -> pl.DataFrame:
    """Receipts as rows, in the order received."""
    names = file_names()
    rows = [
        {
            **dict(zip(_KEYED, one.shown or names.shown_of(one), strict=True)),
            "sha256": one.sha256,
            "extract_date": one.extract_date,
            "status": one.status,
            "rows_read": one.rows_read,
            "rows_landed": one.rows_landed,
            "rows_quarantined": one.rows_quarantined,
            "rows_superseded": one.rows_superseded,
            "reason": one.reason,
            "receipt_id": one.receipt_id,
            "delivery_id": one.delivery_id,
            "received_night": one.received_night,
            "received_at": datetime.fromisoformat(one.received_at)
            .astimezone(SHANGHAI).replace(tzinfo=None),
            "unknown_headers": [without_numbers(header) for header in one.unknown_headers],
            "repairs": [
                {"column_name": column, "rule": rule, "rows": count}
                for column, rules in sorted(one.repairs.items())
                for rule, count in sorted(rules.items())
            ],
        }
        for one in receipts
    ]  # fmt: skip
    counts = ("rows_read", "rows_landed", "rows_quarantined", "rows_superseded")
    texts = ("source", "dataset", "file_name", "sha256", "status", "reason", "receipt_id")
    return pl.DataFrame(
        rows,
        schema={
            **dict.fromkeys(texts[:4], pl.String()),
            "extract_date": pl.Date(),
            "status": pl.String(),
            **dict.fromkeys(counts, pl.Int64()),
            "reason": pl.String(),
            "receipt_id": pl.String(),
            "delivery_id": pl.String(),
            "received_night": pl.Date(),
            "received_at": pl.Datetime("us"),
            "unknown_headers": pl.List(pl.String()),
            "repairs": _REPAIRS,
        },
    )


def value_repair(night: Night) -> Built:
    """quality.value_repair: what was done to how many values of a column, file by file."""
    listed = lookup("repair_rules")["rules"]
    taken, recipe = night.reuse(REPAIR, (RECEIPT,), {"rules": listed})
    if taken:
        return taken
    keyed = ["receipt_id", *_KEYED, "extract_date", "received_night", "rows_read"]
    repairs = (
        night.frame(RECEIPT).select(*keyed, "repairs").explode("repairs").drop_nulls("repairs")
    )
    frame = repairs.unnest("repairs").with_columns(
        pl.col("rule").replace_strict(
            {rule: said[language] for rule, said in listed.items()}, default=None,
            return_dtype=pl.String,
        ).alias(f"meaning_{language}")
        for language in ("zh", "en")
    )  # fmt: skip
    order = [c.name for c in night.promise(REPAIR).columns]
    return night.write(REPAIR, frame.select(order), recipe)


def quarantine_without_values(night: Night) -> Built:
    """quality.quarantine: the same rows, without anything they held."""
    return night.build(OUTSIDE)
