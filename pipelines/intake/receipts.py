"""Receipts: which files were seen before, and new ones for those that are taken or refused."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from pipelines.intake.discover import Found
from pipelines.lake.home import Home
from pipelines.lake.receipt import LANDED, REFUSED, REPEATED, Receipt, load_receipts

__all__ = [
    "LANDED",
    "NO_BYTES",
    "REFUSED",
    "REPEATED",
    "Ledger",
    "Receipt",
    "load_receipts",
    "sha256_of",
]


#: of what is not read at all: a link, a pipe, a folder that cannot be opened
NO_BYTES = hashlib.sha256().hexdigest()


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def receipt_id(relative_path: str, sha256: str) -> str:
    return hashlib.sha256(f"{relative_path}\0{sha256}".encode()).hexdigest()[:16]


class Ledger:
    """All receipts of a HOME, and what they say about a file that lies in the landing folder."""

    def __init__(self, home: Home, as_of: date, run_id: str) -> None:
        self.home, self.as_of, self.run_id = home, as_of, run_id
        self._by_id: dict[str, Receipt] = {}
        self._by_place: dict[tuple[str, int, int], Receipt] = {}
        self._landed: dict[tuple[str, str], Receipt] = {}
        self._sized: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
        for receipt in load_receipts(home):
            self._remember(receipt)

    def _remember(self, receipt: Receipt) -> None:
        self._by_id[receipt.receipt_id] = receipt
        self._by_place[receipt.relative_path, receipt.size, receipt.mtime_ns] = receipt
        if receipt.status == LANDED:
            self._landed.setdefault((receipt.key, receipt.sha256), receipt)
            self._sized[receipt.key, receipt.size].add(receipt.sha256)

    def unchanged(self, found: Found) -> Receipt | None:
        """The receipt of a file of the same path, size and time: it need not be read again."""
        return self._by_place.get((found.relative_path, found.size, found.mtime_ns))

    def known(self, found: Found, sha256: str) -> Receipt | None:
        """The receipt of the same bytes at the same path."""
        return self._by_id.get(receipt_id(found.relative_path, sha256))

    def landed_before(self, found: Found, sha256: str) -> Receipt | None:
        """The receipt of the same bytes of this dataset under whatever name."""
        return self._landed.get((found.key, sha256))

    def of_its_size(self, found: Found) -> frozenset[str]:
        """Hashes of what landed of this dataset with as many bytes: those it may repeat."""
        return frozenset(self._sized.get((found.key, found.size), ()))

    def of(self, key: str) -> list[Receipt]:
        """The receipts of a dataset."""
        return [receipt for receipt in self._by_id.values() if receipt.key == key]

    def touched(self, receipt: Receipt, found: Found) -> None:
        """Remember a new time of a file whose bytes are the same, so that it is not read again."""
        self.save([replace(receipt, mtime_ns=found.mtime_ns)])

    def new(self, found: Found, sha256: str, status: str, reason: str | None = None) -> Receipt:
        """A receipt of this run, not yet saved; ``found.remark`` is added to its reason."""
        return Receipt(
            receipt_id=receipt_id(found.relative_path, sha256),
            delivery_id=sha256[:16],
            source=found.source,
            dataset=found.dataset,
            file_name=found.relative_path.rsplit("/", 1)[-1],
            relative_path=found.relative_path,
            sha256=sha256,
            size=found.size,
            mtime_ns=found.mtime_ns,
            extract_date=found.extract_date,
            status=status,
            received_at=datetime.now(UTC).isoformat(timespec="microseconds"),
            received_night=self.as_of,
            received_run=self.run_id,
            reason=found.said(reason),
            shown=found.shown,
        )

    def save(self, receipts: Iterable[Receipt]) -> None:
        """Write receipts: from now on their files are taken."""
        for receipt in receipts:
            receipt.save(self.home)
            self._remember(receipt)
