"""Corrections: rows that were set aside, mended by their department and sent back.

A workbook of ``quarantine export`` names each row in a column of its own. A file that has this
column adds to the deliveries it names and replaces nothing. How quarantine is shown and closed
stands in ``set_aside``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from pipelines.contracts.headers import fold_header
from pipelines.intake.convert import Converted
from pipelines.intake.errors import Refusal
from pipelines.lake.receipt import LANDED, Receipt

#: headers of the exported workbook besides those of the department's own file
REF, REASON, ORIGINAL = "隔离行标识", "隔离原因", "隔离原文"
HELPERS = (REF, REASON, ORIGINAL)
_REF = re.compile(r"^([0-9a-f]{16})-([0-9]{1,12})$")
REFS = {
    "row_number": pl.Int64(),
    "old_delivery": pl.String(),
    "old_row": pl.Int64(),
}


def ref_of(delivery_id: str, row_number: int) -> str:
    """How a set-aside row is named in the workbook."""
    return f"{delivery_id}-{row_number}"


def extra_path(parquet: Path) -> Path:
    """Where the columns that a contract does not know lie, beside the landed rows."""
    return parquet.with_name(f"{parquet.stem}_extra.parquet")


def read_refs(extra: Path, unknown: Iterable[str]) -> pl.DataFrame | None:
    """Which set-aside row each row of a file corrects; None where it does not say so."""
    name = next((n for n in unknown if fold_header(n) == fold_header(REF)), None)
    if name is None or not extra.exists():
        return None
    said = pl.read_parquet(extra, columns=["row_number", name]).drop_nulls()
    found = []
    for row_number, text in said.iter_rows():
        match = _REF.match(text.strip())
        if match:
            found.append((row_number, match[1], int(match[2])))
    return pl.DataFrame(found, schema=REFS, orient="row")


def settle(one: Converted, receipts: Iterable[Receipt]) -> None:
    """Note on a converted file which deliveries it corrects, if it is a correction.

    ``receipts``: those of its dataset. Raises Refusal where its rows cannot be placed.
    """
    if not any(fold_header(n) == fold_header(REF) for n in one.unknown_headers):
        return
    refs = read_refs(one.extra, one.unknown_headers) if one.extra is not None else None
    named = set(refs["old_delivery"]) if refs is not None else set()
    known = {r.delivery_id: r for r in receipts if r.status == LANDED and r.quarantine}
    if not named or named - set(known):
        raise Refusal(
            f"the column {REF} names {'rows of another place' if named else 'no row'}: send back "
            "the exported workbook with this column as it was"
        )
    dates = sorted({str(known[delivery].extract_date) for delivery in named})
    if dates != [str(one.found.extract_date)]:
        raise Refusal(
            f"it corrects rows of {', '.join(dates)}, but its name says {one.found.extract_date}: "
            "keep the file name of the export, one workbook for each date"
        )
    one.corrects = tuple(sorted(named))
    one.unknown_headers = without_helpers(one.unknown_headers)


def told(one: Converted) -> tuple[str, ...]:
    """What the receipt says of a correction; nothing of another file."""
    if not one.corrects:
        return ()
    again = f", {one.rows_quarantined} set aside again" if one.rows_quarantined else ""
    return (f"corrects rows that were set aside: {one.rows_landed} usable now{again}",)


def without_helpers(headers: Iterable[str]) -> tuple[str, ...]:
    helpers = {fold_header(name) for name in HELPERS}
    return tuple(name for name in headers if fold_header(name) not in helpers)


def refs_landed(receipt: Receipt, lake: Path) -> pl.DataFrame:
    """The rows that a correction's receipt says it corrects (REFS)."""
    extra = extra_path(lake / str(receipt.parquet))
    if extra.exists():
        refs = read_refs(extra, pl.read_parquet_schema(extra))
        if refs is not None:
            return refs
    return pl.DataFrame(schema=REFS)
