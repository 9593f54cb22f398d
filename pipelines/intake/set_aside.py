"""intake.quarantine: rows that could not be used, whose they are, and what became of them.

A row comes back when a row with its key lands later, or when a correction that names it does.
What is shown outside ``restricted`` holds none of its values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Contract
from pipelines.intake.corrections import refs_landed
from pipelines.intake.file_names import file_names
from pipelines.lake.night import Built, Night
from pipelines.lake.receipt import LANDED, Receipt

QUARANTINE = "intake.quarantine"
OPEN, READMITTED, RETURNED, OVERTAKEN = "open", "readmitted", "returned", "overtaken"
SCHEMA = {
    "source": pl.String(),
    "dataset": pl.String(),
    "file_name": pl.String(),
    "delivery_id": pl.String(),
    "row_number": pl.Int64(),
    "extract_date": pl.Date(),
    "reason_code": pl.String(),
    "column_name": pl.String(),
    "record_key": pl.String(),
    "raw": pl.String(),
    "first_seen": pl.Date(),
    "readmitted_on": pl.Date(),
    "status": pl.String(),
    "owner": pl.String(),
}
Place = tuple[str, int]
"""(delivery_id, row_number)"""


def quarantine(night: Night) -> Built:
    """Every row set aside up to the as-of date, with its text (restricted)."""
    contracts = load_contracts(night.settings.schemas)
    aside = [one for one in night.receipts if one.status == LANDED and one.quarantine]
    concerned = sorted({one.key for one in aside})
    raw = tuple(f"intake.raw_{key.replace('/', '__')}" for key in concerned)
    held = [(one.receipt_id, one.received_night.isoformat()) for one in aside]
    owners = [(key, _owner(contracts, key), _mode(contracts, key)) for key in concerned]
    taken, recipe = night.reuse(QUARANTINE, raw, {"receipts": held, "owners": owners})
    if taken:
        return taken
    frames = [
        _of_dataset(night, key, [r for r in aside if r.key == key]).with_columns(
            pl.lit(owner).alias("owner"),
            _status(night, key, mode).alias("status"),
        )
        for key, owner, mode in owners
    ]
    empty = pl.DataFrame(schema=SCHEMA)
    made = [f.select(pl.col(n).cast(t) for n, t in SCHEMA.items()) for f in frames]
    return night.write(QUARANTINE, pl.concat([empty, *made]), recipe)


def _owner(contracts: Mapping[str, Contract], key: str) -> str:
    return contracts[key].quarantine_owner if key in contracts else ""


def _mode(contracts: Mapping[str, Contract], key: str) -> str:
    return contracts[key].mode if key in contracts else ""


def _of_dataset(night: Night, key: str, aside: Sequence[Receipt]) -> pl.DataFrame:
    """Rows of one dataset, the night in which each came back, and whether it was sent again."""
    source, dataset = key.split("/")
    rows = pl.concat(
        pl.read_parquet(night.home.quarantine / str(one.quarantine)).with_columns(
            pl.lit((one.shown or file_names().shown_of(one))[2]).alias("file_name"),
            pl.lit(one.received_night).alias("seen_on"),
            pl.lit(f"{one.extract_date} {one.received_at}").alias("place"),
        )
        for one in aside
    ).with_columns(pl.lit(source).alias("source"), pl.lit(dataset).alias("dataset"))
    back = _back(night, key, rows)
    by_key = (
        rows.join(back, on="record_key", how="inner")
        .filter(pl.col("back_place") > pl.col("place"))
        .group_by("delivery_id", "row_number")
        .agg(pl.col("back_on").min())
    )
    closed: dict[Place, date] = {(d, n): on for d, n, on in by_key.iter_rows()}
    sent_again = _corrected(night, key, closed)
    seen: dict[Place, date] = {
        (d, n): on for d, n, on in rows.select("delivery_id", "row_number", "seen_on").iter_rows()
    }
    for old, new in sent_again:  # a row that is sent again and fails again is as old as it was
        if old in seen and new in seen:
            seen[new] = min(seen[old], seen[new])
    again = {old for old, _ in sent_again}
    places: list[Place] = list(rows.select("delivery_id", "row_number").iter_rows())
    return rows.with_columns(
        pl.Series("readmitted_on", [closed.get(place) for place in places], pl.Date),
        pl.Series("first_seen", [seen[place] for place in places], pl.Date),
        pl.Series("sent_again", [place in again for place in places], pl.Boolean),
    )


def _corrected(night: Night, key: str, closed: dict[Place, date]) -> list[tuple[Place, Place]]:
    """Close what corrections brought back; returns old and new place of rows that failed again.

    In the order received, so that what is mended at the second attempt closes the first row too.
    """
    again: list[tuple[Place, Place]] = []
    for one, _ in night.landed(key):
        if not one.corrects:
            continue
        failed = _numbers(night.home.quarantine / one.quarantine) if one.quarantine else set()
        for row_number, delivery, row in refs_landed(one, night.home.lake).iter_rows():
            old, new = (delivery, row), (one.delivery_id, row_number)
            if row_number in failed:
                again.append((old, new))
            else:
                closed[old] = min(one.received_night, closed.get(old, one.received_night))
    for old, new in reversed(again):
        if new in closed:
            closed[old] = min(closed[new], closed.get(old, closed[new]))
    return again


def _numbers(path: Path) -> set[int]:
    return set(pl.read_parquet(path, columns=["row_number"])["row_number"])


def _status(night: Night, key: str, mode: str) -> pl.Expr:
    """Of a snapshot only the newest extract, as received last, still waits for an answer."""
    overtaken = pl.lit(False)
    whole = [r for r, _ in night.landed(key) if not r.corrects and r.extract_date]
    if mode == "snapshot" and whole:
        newest = max((r.extract_date or date.min, r.received_night) for r in whole)
        group = {r.delivery_id for r in whole if (r.extract_date, r.received_night) == newest}
        for one, _ in night.landed(key):  # as received, so that corrections of corrections count
            if group & set(one.corrects):
                group.add(one.delivery_id)
        overtaken = ~pl.col("delivery_id").is_in(sorted(group))
    return (
        pl.when(pl.col("readmitted_on").is_not_null()).then(pl.lit(READMITTED))
        .when(pl.col("sent_again")).then(pl.lit(RETURNED))
        .when(overtaken).then(pl.lit(OVERTAKEN))
        .otherwise(pl.lit(OPEN))
    )  # fmt: skip


def _back(night: Night, key: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Where rows with the keys of quarantined ones landed: record_key, back_place, back_on."""
    earliest = rows.get_column("place").min()
    keys = rows.lazy().select("record_key").drop_nulls().unique()
    found = [
        pl.scan_parquet(path)
        .select("record_key")
        .join(keys, on="record_key", how="semi")
        .unique()
        .with_columns(
            pl.lit(f"{one.extract_date} {one.received_at}").alias("back_place"),
            pl.lit(one.received_night).alias("back_on"),
        )
        for one, path in night.landed(key)
        if f"{one.extract_date} {one.received_at}" > str(earliest)
    ]
    schema = {"record_key": pl.String(), "back_place": pl.String(), "back_on": pl.Date()}
    return pl.concat([pl.DataFrame(schema=schema), *pl.collect_all(found, engine="streaming")])
