"""Landing: every complete file of the landing folder becomes rows, or a receipt that says why not.

Files of one dataset and extract date are landed together, with what was pulled for them. Receipts
are written last: a run that is cut off leaves files that were never taken. One bad file never
stops the others.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from pathlib import Path

from pipelines.contracts.codes import CodeList
from pipelines.contracts.model import Contract
from pipelines.engine.duck import DuckEngine
from pipelines.intake import corrections
from pipelines.intake.ahead import Due, Machines, converted_ahead
from pipelines.intake.convert import Converted
from pipelines.intake.converter import Converter, Here
from pipelines.intake.discover import Found, discover, in_order
from pipelines.intake.errors import FileChanging, Refusal, could_not_be_read, is_fault_of_reader
from pipelines.intake.file_names import FileNames
from pipelines.intake.limits import DEFAULT, Limits
from pipelines.intake.receipts import (
    LANDED,
    REFUSED,
    REPEATED,
    Ledger,
    Receipt,
)
from pipelines.intake.supersede import drop_superseded
from pipelines.lake.home import Home

Log = Callable[[str], None]


@dataclass
class LandingSummary:
    """What one run found in the landing folder."""

    receipts: list[Receipt] = field(default_factory=list)
    unchanged: int = 0
    incomplete: int = 0
    later: int = 0
    #: what files that other machines converted cost, by dataset
    work: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def count(self, status: str) -> int:
        return sum(receipt.status == status for receipt in self.receipts)

    @property
    def rows_landed(self) -> int:
        return sum(receipt.rows_landed or 0 for receipt in self.receipts)

    @property
    def rows_quarantined(self) -> int:
        return sum(receipt.rows_quarantined or 0 for receipt in self.receipts)


def land(
    home: Home,
    landing: Path,
    contracts: Mapping[str, Contract],
    codes: Mapping[str, CodeList],
    as_of: date,
    run_id: str,
    settle_seconds: int,
    memory_limit: str,
    log: Log,
    limits: Limits = DEFAULT,
    pulled: Sequence[Found] = (),
    source: str = "",
    machines: Machines | None = None,
) -> LandingSummary:
    """Take in every complete file with an extract date up to ``as_of``, each once.

    ``pulled``: deliveries that did not come as a file of the landing folder. ``source``: only
    deliveries of this one; the others wait as if they had not come. ``machines`` convert files
    before their turn, if they take so many.
    """
    names = FileNames(contracts, codes)
    discovered = discover(landing, contracts, as_of, settle_seconds, names)
    summary = LandingSummary(incomplete=discovered.incomplete, later=discovered.later)
    deliveries = sorted(
        (one for one in (*discovered.files, *pulled) if source in ("", one.source)), key=in_order
    )
    ledger = Ledger(home, as_of, run_id)
    temp = home.tmp / f"landing-{run_id}"
    temp.mkdir(mode=0o700, parents=True, exist_ok=True)
    here = Here(contracts, codes, temp, limits, as_of)
    try:
        with closing(DuckEngine(temp, memory_limit)) as engine:
            run = _Landing(home, engine, ledger, summary, log, here)
            due = [
                Due(found, ledger.of_its_size(found))
                for found in deliveries
                if found.pulled is None and not found.fault and run.due(found)
            ]
            if machines and due and machines.take(sum(one.found.size for one in due)):
                run.converter = ahead = converted_ahead(here, due, machines, log)
                summary.work = ahead.work
            for _, group in groupby(deliveries, key=lambda f: (f.key, f.extract_date)):
                run.group(list(group))
    finally:
        shutil.rmtree(temp, ignore_errors=True)
    return summary


def waiting_files(
    home: Home,
    landing: Path,
    contracts: Mapping[str, Contract],
    as_of: date,
    settle_seconds: int,
) -> list[str]:
    """Complete files that a night of ``as_of`` has not looked at yet, by relative path.

    Paths, sizes and times are compared with the receipts; nothing is opened.
    """
    ledger = Ledger(home, as_of, "")
    discovered = discover(landing, contracts, as_of, settle_seconds)
    return [f.relative_path for f in discovered.files if ledger.unchanged(f) is None]


@dataclass
class _Landing:
    home: Home
    engine: DuckEngine
    ledger: Ledger
    summary: LandingSummary
    log: Log
    converter: Converter

    def group(self, files: Iterable[Found]) -> None:
        """The files of one dataset and extract date."""
        started = time.monotonic()
        converted: list[Converted] = []
        repeated: list[tuple[Found, str]] = []
        for found in sorted(files, key=lambda f: (f.path.name, f.relative_path)):
            if not self.due(found):
                self.summary.unchanged += 1
                continue
            try:
                sha256 = self.converter.sha256(found)
            except OSError as error:
                self.log(f"  {found.shown_path}: cannot be read ({error.strerror}); left")
                self.summary.incomplete += 1
                continue
            known = self.ledger.known(found, sha256)
            if known is not None and known.status != REFUSED:
                self.ledger.touched(known, found)
                self.summary.unchanged += 1
            elif found.fault is not None:
                self._refused(found, sha256, found.fault, known)
            elif self.ledger.landed_before(found, sha256) or any(
                one.sha256 == sha256 for one in converted
            ):
                repeated.append((found, sha256))
            else:
                self._converted(found, sha256, known, converted)
        if converted:
            self._landed(converted, started)
        for found, sha256 in repeated:
            self._repeated(found, sha256)

    def due(self, found: Found) -> bool:
        """Whether a file is to be looked at: it is new or changed, or was refused (the contract or
        the program may have changed since).
        """
        seen = self.ledger.unchanged(found)
        if seen is None:
            return True
        return seen.status == REFUSED and found.said(found.fault) != seen.reason

    def _converted(
        self, found: Found, sha256: str, known: Receipt | None, converted: list[Converted]
    ) -> None:
        try:
            one = self.converter.convert(found, sha256)
            corrections.settle(one, self.ledger.of(found.key))
            converted.append(one)
        except FileChanging:
            self.summary.incomplete += 1
            self.log(f"  {found.shown_path}: is still being written; left")
        except Refusal as refusal:
            self._refused(found, sha256, str(refusal), known)
        except BaseException as error:
            if not is_fault_of_reader(error):
                raise
            self._refused(found, sha256, could_not_be_read(error), known)

    def _landed(self, group: list[Converted], started: float) -> None:
        """Move a group's files into the lake, then write its receipts."""
        drop_superseded(group, self.engine)
        receipts = []
        for one in group:
            found = one.found
            if one.rows_read != one.rows_landed + one.rows_quarantined + one.rows_superseded:
                raise AssertionError(f"rows of {found.shown_path} do not add up")
            name = f"{found.extract_date:%Y%m%d}_{one.delivery_id}"
            landed = self.home.landed / found.source / found.dataset / f"{name}.parquet"
            _move(one.landed, landed)
            if one.extra is not None:
                _move(one.extra, landed.with_name(f"{name}_extra.parquet"))
            aside = self.home.quarantine / found.source / found.dataset / f"{name}.parquet"
            if one.quarantine is not None:
                _move(one.quarantine, aside)
            notes = "; ".join((*one.notes, *corrections.told(one)))
            new = self.ledger.new(found, one.sha256, LANDED, notes or None)
            receipts.append(
                replace(
                    new,
                    rows_read=one.rows_read,
                    rows_landed=one.rows_landed,
                    rows_quarantined=one.rows_quarantined,
                    rows_superseded=one.rows_superseded,
                    corrects=one.corrects,
                    parquet=str(landed.relative_to(self.home.lake)),
                    quarantine=str(aside.relative_to(self.home.quarantine))
                    if one.quarantine else None,
                    unknown_headers=one.unknown_headers,
                    repairs=one.repairs,
                    pull=self._pull(found, new.receipt_id),
                )
            )  # fmt: skip
        self.ledger.save(receipts)
        self.summary.receipts += receipts
        for receipt in receipts:
            parts = [f"{receipt.rows_landed:,} rows"]
            if receipt.rows_quarantined:
                parts.append(f"{receipt.rows_quarantined:,} set aside")
            if receipt.rows_superseded:
                parts.append(f"{receipt.rows_superseded:,} superseded")
            if receipt.corrects:
                parts.append("a correction")
            self.log(f"  {receipt.shown_path}: {', '.join(parts)}")
        self.log(f"  {group[0].found.key}: {time.monotonic() - started:.1f} s")

    def _pull(self, found: Found, receipt_id: str) -> Mapping[str, str | None]:
        return found.pulled.receipt(self.home, receipt_id) if found.pulled else {}

    def _repeated(self, found: Found, sha256: str) -> None:
        first = self.ledger.landed_before(found, sha256)
        if first is None:  # the first of two equal files could not be landed
            return
        same = "rows" if found.pulled else "bytes"
        new = self.ledger.new(found, sha256, REPEATED, f"same {same} as {first.shown_path}")
        receipt = replace(
            new,
            parquet=first.parquet,
            pull=self._pull(found, new.receipt_id),
        )
        self.ledger.save([receipt])
        self.summary.receipts.append(receipt)
        self.log(f"  {found.shown_path}: {receipt.reason}")

    def _refused(self, found: Found, sha256: str, reason: str, known: Receipt | None) -> None:
        if known is not None and known.status == REFUSED and known.reason == found.said(reason):
            self.summary.unchanged += 1
            if known.mtime_ns != found.mtime_ns:
                self.ledger.touched(known, found)
            return
        receipt = self.ledger.new(found, sha256, REFUSED, reason)
        self.ledger.save([receipt])
        self.summary.receipts.append(receipt)
        self.log(f"  {found.shown_path}: refused: {reason}")


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with source.open("rb") as file:
        os.fsync(file.fileno())
    os.chmod(source, 0o600)
    os.replace(source, target)
