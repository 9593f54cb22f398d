"""Which files of the landing folder are there to be taken, and which names say nothing.

Only names, dates and completeness are judged here; nothing is opened.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines.contracts.model import Contract
from pipelines.contracts.roles import Disposition

NAME = re.compile(r"^.+_(?P<day>\d{8})\.(?P<ending>csv|csv\.gz|xlsx|parquet)$", re.IGNORECASE)
#: what a person's machine makes of the name of a sheet that is sent back: x_20261118 (1).xlsx
RENAMED = re.compile(r"^.+_(?P<day>\d{8})(?!\d)[^/]*\.(?P<ending>xlsx)$", re.IGNORECASE)
PASSED_OVER = re.compile(
    r"^[.~]|^Thumbs\.db$|^desktop\.ini$|\.(done|tmp|part|partial|filepart)$", re.IGNORECASE
)
DONE = ".done"


@dataclass(frozen=True)
class Found:
    """A complete file. ``fault`` says why its place or name cannot be used (then it is refused)."""

    path: Path
    relative_path: str
    source: str
    dataset: str
    ending: str
    extract_date: date | None
    size: int
    mtime_ns: int
    fault: str | None = None

    @property
    def key(self) -> str:
        return f"{self.source}/{self.dataset}"


@dataclass(frozen=True)
class Discovered:
    """Files to look at, in a stable order, and how many are not complete or not due yet."""

    files: tuple[Found, ...]
    incomplete: int
    later: int


def discover(
    landing: Path, contracts: Mapping[str, Contract], as_of: date, settle_seconds: int
) -> Discovered:
    """Walk ``landing``. Files with an extract date after ``as_of`` wait and are only counted."""
    found: list[Found] = []
    incomplete = later = 0
    for path, place in _walk(landing):
        try:
            stat = path.stat()
        except OSError:
            incomplete += 1
            continue
        done = path.with_name(path.name + DONE).exists()
        if not done and time.time() - stat.st_mtime < settle_seconds:
            incomplete += 1
            continue
        one = _judged(path, place, contracts, stat.st_size, stat.st_mtime_ns)
        if one.extract_date is not None and one.extract_date > as_of:
            later += 1
            continue
        found.append(one)
    found.sort(key=lambda f: (f.source, f.dataset, f.extract_date or date.min, f.relative_path))
    return Discovered(tuple(found), incomplete, later)


def _walk(landing: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Files below ``landing`` with the folders they lie in; hidden and temporary ones left out."""
    folders: list[tuple[Path, tuple[str, ...]]] = [(landing, ())]
    while folders:
        folder, place = folders.pop()
        for path in sorted(folder.iterdir()):
            if PASSED_OVER.search(path.name):
                continue
            if path.is_dir():
                folders.append((path, (*place, path.name)))
            else:
                yield path, place


def _judged(
    path: Path,
    place: tuple[str, ...],
    contracts: Mapping[str, Contract],
    size: int,
    mtime_ns: int,
) -> Found:
    source, dataset = (*place, "", "")[:2]
    contract = contracts.get(f"{source}/{dataset}")
    named = NAME.match(path.name)
    if named is None and contract is not None and contract.roles_of(Disposition):
        named = RENAMED.match(path.name)
    day = _day(named["day"]) if named else None
    fault = None
    if len(place) != 2:
        fault = "not in a folder <source>/<dataset>: move it there"
    elif contract is None:
        fault = f"no contract for {source}/{dataset}: correct the folder or write the contract"
    elif named is None:
        fault = "name is not <name>_<YYYYMMDD>.csv, .csv.gz, .xlsx or .parquet: rename it"
    elif day is None:
        fault = f"{named['day']} in the name is no date: rename it"
    return Found(
        path=path,
        relative_path="/".join((*place, path.name)),
        source=source,
        dataset=dataset,
        ending=named["ending"].lower() if named else "",
        extract_date=day,
        size=size,
        mtime_ns=mtime_ns,
        fault=fault,
    )


def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
