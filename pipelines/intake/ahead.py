"""Files converted before their turn, one task each, on machines that see landing folder and HOME.

What has an order or a memory (receipts, repetitions, corrections, superseded rows) stays in
`land`; what a task could not do, for whatever reason, is done by this process in the file's turn.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Protocol, TypeVar

import polars as pl
import pyarrow as pa

from pipelines.errors import ConfigurationFault
from pipelines.intake.convert import Converted
from pipelines.intake.converter import Here
from pipelines.intake.discover import Found
from pipelines.intake.errors import FileChanging, Refusal, could_not_be_read, is_fault_of_reader
from pipelines.lake import fingerprint
from pipelines.lake.closed import temporary_files_in
from pipelines.lake.durable import sync_all
from pipelines.settings import SCHEMAS

T = TypeVar("T")
R = TypeVar("R")
PIPELINES = Path(__file__).resolve().parents[1]
#: what decides how a file is read, besides what is sent along with it
ROOMS = ("contracts", "standard", "intake")


class Machines(Protocol):
    """Where work can be done beside this process."""

    def take(self, size: int) -> bool:
        """Whether they are to convert files of ``size`` bytes altogether."""

    def each(
        self, work: Callable[[T], R], items: Sequence[T]
    ) -> tuple[list[R | None], list[dict[str, int]]]:
        """What the work made of each item, and what each cost; None where it could not."""


@dataclass(frozen=True)
class Due:
    """A file to convert; ``landed``: hashes of its size with which it would be a repetition."""

    found: Found
    landed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Outcome:
    """What became of a file in a task; none of the three where it is a repetition."""

    #: the `code` that read it
    code: str
    sha256: str
    converted: Converted | None = None
    refused: str | None = None
    changing: bool = False


@dataclass(frozen=True)
class Task:
    """Converts one file into a fresh folder below that of ``here``; may be repeated."""

    here: Here

    def __call__(self, due: Due) -> Outcome:
        """Raises what is no matter of the file, such as a storage that is not there."""
        sha256 = self.here.sha256(due.found)
        if sha256 in due.landed:
            return Outcome(code(), sha256)
        # not its parents: once landing has ended, an attempt that was given up must not go on
        folder = self.here.folder / f"ahead-{secrets.token_hex(8)}"
        folder.mkdir(mode=0o700)
        outcome = None
        try:
            with temporary_files_in(folder):
                outcome = self._outcome(due.found, sha256, folder)
        finally:
            if outcome is None or outcome.converted is None:
                shutil.rmtree(folder, ignore_errors=True)
        return outcome

    def _outcome(self, found: Found, sha256: str, folder: Path) -> Outcome:
        try:
            one = replace(self.here, folder=folder).convert(found, sha256)
        except FileChanging:
            return Outcome(code(), sha256, changing=True)
        except Refusal as refusal:
            return Outcome(code(), sha256, refused=str(refusal))
        except (OSError, MemoryError):
            raise
        except BaseException as error:
            if not is_fault_of_reader(error):
                raise
            return Outcome(code(), sha256, refused=could_not_be_read(error))
        sync_all(path for path in (one.landed, one.quarantine, one.extra) if path is not None)
        return Outcome(code(), sha256, one)


@dataclass
class Ahead:
    """A converter that has what tasks made; what they left it converts here."""

    here: Here
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    #: what the files cost, by dataset
    work: dict[str, dict[str, int]] = field(default_factory=dict)

    def sha256(self, found: Found) -> str:
        outcome = self._outcome(found)
        return self.here.sha256(found) if outcome is None else outcome.sha256

    def convert(self, found: Found, sha256: str) -> Converted:
        outcome = self._outcome(found)
        if outcome is not None:
            if outcome.changing:
                raise FileChanging
            if outcome.refused is not None:
                raise Refusal(outcome.refused)
            if outcome.converted is not None:
                return replace(outcome.converted, found=found)
        return self.here.convert(found, sha256)

    def _outcome(self, found: Found) -> Outcome | None:
        return self.outcomes.get(found.relative_path) if found.pulled is None else None


def converted_ahead(
    here: Here, due: Sequence[Due], machines: Machines, log: Callable[[str], None]
) -> Ahead:
    """Have files converted by ``machines``, the largest first; returns when all are.

    Raises ConfigurationFault where another version than this one read a file.
    """
    started = time.monotonic()
    ahead = Ahead(here)
    ordered = sorted(due, key=lambda one: (-one.found.size, one.found.relative_path))
    sent = [_sent(one) for one in ordered]
    outcomes, costs = machines.each(Task(_of(here, sent)), sent)
    total: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one, outcome, cost in zip(sent, outcomes, costs, strict=True):
        total[one.found.key].update(cost, left_to_driver=int(outcome is None))
        if outcome is None:
            continue
        if outcome.code != code():
            raise ConfigurationFault(
                ["the cluster has another version of jiuzhulian, Polars or PyArrow than this "
                 "machine: install the same on all of them"]
            )  # fmt: skip
        ahead.outcomes[one.found.relative_path] = outcome
    ahead.work = {key: dict(cost) for key, cost in total.items()}
    left = len(sent) - len(ahead.outcomes)
    said = f"  {len(ahead.outcomes):,} files converted on the cluster"
    said += f", {left:,} left to this machine" if left else ""
    log(f"{said}: {time.monotonic() - started:.1f} s")
    return ahead


def _sent(due: Due) -> Due:
    """By its whole path: tasks work in another folder than this process."""
    return replace(due, found=replace(due.found, path=due.found.path.absolute()))


def _of(here: Here, due: Sequence[Due]) -> Here:
    """With the contracts that the files need, and no others."""
    keys = {one.found.key for one in due}
    return replace(here, contracts={key: here.contracts[key] for key in sorted(keys)})


@cache
def code() -> str:
    """A digest of all that decides how a file is read: code, lookups, libraries."""
    return fingerprint.of(
        pl.__version__,
        pa.__version__,
        [fingerprint.code(PIPELINES / room) for room in ROOMS],
        fingerprint.folder(SCHEMAS / "lookups"),
    )
