"""Which deliveries stand for which extract date of a dataset, and in which order they count.

Reads receipts only. Whether the rows of a delivery are believed is decided in ``scopes``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.lake.receipt import LANDED, REPEATED, Receipt

Group = tuple[dt.date, dt.date]
"""(extract date, night on which it was received)"""


@dataclass(frozen=True, order=True)
class Delivery:
    """Landed rows that stand for one extract date; ``version`` orders what counts, the last wins.

    The same bytes may stand for several extract dates of a snapshot.
    """

    version: int
    delivery_id: str
    extract_date: dt.date
    received_on: dt.date
    received_run: str


def snapshot_deliveries(receipts: Iterable[Receipt]) -> tuple[Delivery, ...]:
    """Landed and repeated receipts; a repeated one stands for its own extract date."""
    return _ordered(r for r in receipts if r.status in (LANDED, REPEATED))


def append_deliveries(receipts: Iterable[Receipt]) -> tuple[Delivery, ...]:
    """Landed receipts; bytes that were landed before add nothing."""
    return _ordered(r for r in receipts if r.status == LANDED)


def _ordered(receipts: Iterable[Receipt]) -> tuple[Delivery, ...]:
    """By extract date, then as received; the same bytes once per extract date and night."""
    first: dict[Group, dict[str, tuple[str, str, str]]] = {}
    for receipt in sorted(receipts, key=lambda r: (r.received_at, r.relative_path)):
        received = (receipt.received_at, receipt.relative_path, receipt.received_run)
        for group in _groups(receipt, first):
            first.setdefault(group, {}).setdefault(receipt.delivery_id, received)
    ordered = sorted(
        (extract_date, received_on, received_at, path, delivery_id, run)
        for (extract_date, received_on), found in first.items()
        for delivery_id, (received_at, path, run) in found.items()
    )
    return tuple(
        Delivery(version, delivery_id, extract_date, received_on, run)
        for version, (extract_date, received_on, _, _, delivery_id, run) in enumerate(ordered, 1)
    )


def _groups(receipt: Receipt, known: Mapping[Group, Mapping[str, Any]]) -> list[Group]:
    """Where a delivery stands; a correction adds to the newest files of each extract date for
    which the rows that it corrects stand.
    """
    if receipt.extract_date is None:
        return []
    if not receipt.corrects:
        return [(receipt.extract_date, receipt.received_night)]
    dates = {group[0] for group, found in known.items() if found.keys() & set(receipt.corrects)}
    return [max(group for group in known if group[0] == date) for date in sorted(dates)]
