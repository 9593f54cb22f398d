"""Which files of the landing folder are there to be taken, and which names say nothing.

Only names, dates and completeness are judged here; nothing is opened.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from pipelines.contracts.model import Contract
from pipelines.contracts.roles import Disposition
from pipelines.intake.file_names import MASK, REMARK, FileNames
from pipelines.intake.pulled import Pulled

NAME = re.compile(r"(?s)^.+_(?P<day>\d{8})\.(?P<ending>csv|csv\.gz|xlsx|parquet)$", re.IGNORECASE)
#: what a person's machine makes of the name of a sheet that is sent back: x_20261118 (1).xlsx
RENAMED = re.compile(r"(?s)^.+_(?P<day>\d{8})(?!\d)[^/]*\.(?P<ending>xlsx)$", re.IGNORECASE)
PASSED_OVER = re.compile(
    r"^[.~]|^Thumbs\.db$|^desktop\.ini$|\.(done|tmp|part|partial|filepart)$", re.IGNORECASE
)
DONE = ".done"


@dataclass(frozen=True)
class Found:
    """A complete file. ``fault`` says why its place or name cannot be used (then it is refused).

    ``shown``: source, dataset and name as they may be published; ``regular``: a file whose bytes
    can be read, no link, pipe or folder.
    """

    path: Path
    relative_path: str
    source: str
    dataset: str
    ending: str
    extract_date: date | None
    size: int
    mtime_ns: int
    fault: str | None = None
    shown: tuple[str, str, str] | None = None
    regular: bool = True
    #: set where the rows were pulled and not sent as a file
    pulled: Pulled | None = None

    @property
    def key(self) -> str:
        return f"{self.source}/{self.dataset}"

    @property
    def shown_path(self) -> str:
        """The path as it may stand in a log."""
        return "/".join(part for part in self.shown or () if part) or self.relative_path

    def said(self, reason: str | None) -> str | None:
        """A reason, with the remark that the name is not shown as it is."""
        hidden = self.shown is not None and any(MASK in part for part in self.shown)
        return "; ".join(part for part in (reason, REMARK if hidden else None) if part) or None


def in_order(found: Found) -> tuple[str, str, date, str]:
    """Deliveries of one dataset and extract date stand together, and always in the same order."""
    return found.source, found.dataset, found.extract_date or date.min, found.relative_path


@dataclass(frozen=True)
class Discovered:
    """Files to look at, in a stable order, and how many are not complete or not due yet."""

    files: tuple[Found, ...]
    incomplete: int
    later: int


def discover(
    landing: Path,
    contracts: Mapping[str, Contract],
    as_of: date,
    settle_seconds: int,
    names: FileNames | None = None,
) -> Discovered:
    """Walk ``landing``. Files with an extract date after ``as_of`` wait and are only counted."""
    found: list[Found] = []
    incomplete = later = 0
    for path, place, fault in _walk(landing):
        try:
            held = path.lstat() if fault else path.stat()
        except OSError:
            incomplete += 1
            continue
        done = path.with_name(path.name + DONE).exists()
        if not done and time.time() - held.st_mtime < settle_seconds:
            incomplete += 1
            continue
        one = _judged(path, place, contracts, names)
        one = replace(one, size=held.st_size, mtime_ns=held.st_mtime_ns)
        if fault:
            one = replace(one, fault=fault, regular=False)
        if one.extract_date is not None and one.extract_date > as_of:
            later += 1
            continue
        found.append(one)
    found.sort(key=in_order)
    return Discovered(tuple(found), incomplete, later)


def _walk(landing: Path) -> Iterator[tuple[Path, tuple[str, ...], str | None]]:
    """What lies below ``landing``, the folders it lies in, and why it cannot be opened at all.

    Hidden and temporary files are left out. A folder of a department may be a link to a place
    outside; any other link might be a loop, or lead to what was never delivered.
    """
    folders: list[tuple[Path, tuple[str, ...]]] = [(landing, ())]
    while folders:
        folder, place = folders.pop()
        try:
            inside = sorted(folder.iterdir())
        except OSError:
            if not place:
                raise
            yield folder, place[:-1], "a folder that cannot be opened: let this program read it"
            continue
        for path in inside:
            if PASSED_OVER.search(path.name):
                continue
            if path.is_symlink() and not (len(place) < 2 and _leads_outside(path, landing)):
                yield path, place, "a link: deliver the file itself"
            elif path.is_dir():
                folders.append((path, (*place, path.name)))
            elif path.is_file():
                yield path, place, None
            else:
                yield path, place, "neither a file nor a folder: remove it"


def _leads_outside(link: Path, landing: Path) -> bool:
    """Whether a link is a folder that neither lies in the landing folder nor holds it."""
    try:
        target, root = link.resolve(strict=True), landing.resolve()
    except (OSError, RuntimeError):
        return False
    apart = not target.is_relative_to(root) and not root.is_relative_to(target)
    return target.is_dir() and apart


def _text(name: str) -> str:
    """A name as text; bytes that are no UTF-8 are read as GB18030, or written out."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raw = os.fsencode(name)
        try:
            return raw.decode("gb18030")
        except UnicodeDecodeError:
            return raw.decode("utf-8", errors="backslashreplace")
    return name


def _judged(
    path: Path, place: tuple[str, ...], contracts: Mapping[str, Contract], names: FileNames | None
) -> Found:
    file_name, place = _text(path.name), tuple(map(_text, place))
    source, dataset = (*place, "", "")[:2]
    shown = tuple(names.shown(part) if names else part for part in (source, dataset, file_name))
    contract = contracts.get(f"{source}/{dataset}")
    named = NAME.match(file_name)
    if named is None and contract is not None and contract.roles_of(Disposition):
        named = RENAMED.match(file_name)
    day = _day(named["day"]) if named else None
    fault = None
    if len(place) != 2:
        fault = "not in a folder <source>/<dataset>: move it there"
    elif contract is None:
        where = "/".join(shown[:2])
        fault = f"no contract for {where}: correct the folder or write the contract"
    elif named is None:
        fault = "name is not <name>_<YYYYMMDD>.csv, .csv.gz, .xlsx or .parquet: rename it"
    elif day is None:
        fault = f"{named['day']} in the name is no date: rename it"
    return Found(
        path=path,
        relative_path="/".join((*place, file_name)),
        source=source,
        dataset=dataset,
        ending=named["ending"].lower() if named else "",
        extract_date=day,
        size=0,
        mtime_ns=0,
        fault=fault,
        shown=(shown[0], shown[1], shown[2]),
    )


def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
