"""What of the machine and of the configuration keeps nights from running.

Python, libraries, clock, settings and policy, the folders, their modes, the disk, locks. What ran
is looked at in ``doctor_nights``.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from datetime import date
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from packaging.requirements import Requirement

from pipelines.lake.home import Home
from pipelines.lake.manifest import committed_nights
from pipelines.service.findings import Finding, Look, good, look, wrong
from pipelines.service_settings import notify_faults

OLDEST = (3, 11)
#: their versions must be those the project was tried with; others follow from them
PINNED = ("dagster", "dagster-webserver", "duckdb", "great-expectations", "sqlalchemy", "polars",
          "splink")  # fmt: skip
#: a night needs room for new tables beside the old ones
LEAST_FREE = 2 * 1024**3
#: no night is older
FIRST_NIGHT = date(2024, 1, 1)
DISTRIBUTION = "jiuzhulian"


def without_settings() -> Iterator[Finding]:
    """What can be said of the machine alone."""
    yield from _python()
    yield from _libraries()


def python(at: Look) -> Iterator[Finding]:
    yield from _python()


def libraries(at: Look) -> Iterator[Finding]:
    yield from _libraries()


def _python() -> Iterator[Finding]:
    here = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST:
        yield wrong("python", f"Python {here} is too old", "install Python 3.11 or newer")
    else:
        yield good("python", f"Python {here}")


def _libraries() -> Iterator[Finding]:
    told = []
    for requirement in wanted():
        try:
            there = version(requirement.name)
        except PackageNotFoundError:
            yield wrong("libraries", f"{requirement.name} is not installed", "run: make setup")
            continue
        told.append(f"{requirement.name} {there}")
        if not requirement.specifier.contains(there, prereleases=True):
            yield wrong(
                "libraries", f"{requirement.name} {there} is not {requirement.specifier}",
                "run: make setup",
            )  # fmt: skip
    yield good("libraries", ", ".join(told))


def wanted() -> list[Requirement]:
    """What the package itself asks for, of the libraries whose version decides."""
    try:
        listed = [Requirement(text) for text in requires(DISTRIBUTION) or ()]
    except PackageNotFoundError:
        return [Requirement(name) for name in PINNED]
    return [one for one in listed if one.name.lower() in PINNED and one.marker is None]


def clock(at: Look) -> Iterator[Finding]:
    """The night's date is Shanghai's whatever the machine's zone; its clock must be right."""
    try:
        here = at.now.astimezone(ZoneInfo("Asia/Shanghai"))
    except ZoneInfoNotFoundError:
        yield wrong(
            "clock", "the time zone Asia/Shanghai is not known", "install the package tzdata"
        )
        return
    committed = committed_nights(at.home) if at.home.nights.is_dir() else []
    last = max([FIRST_NIGHT, *committed[-1:]])
    if here.date() < last:
        yield wrong(
            "clock", f"the clock says {here:%Y-%m-%d}, before the night of {last}",
            "set the clock and keep it set (timedatectl set-ntp true)",
        )  # fmt: skip
        return
    local = time.strftime("%Z")
    yield good("clock", f"{here:%Y-%m-%d %H:%M} in Shanghai; the machine's zone is {local}")


def configuration(at: Look) -> Iterator[Finding]:
    """Contracts, policy, databases and notices, as a night would read them."""
    from pipelines.run import faults_before

    here = at.now.astimezone(ZoneInfo("Asia/Shanghai"))
    faults = [one for one in faults_before(at.settings, here.date())
              if not one.startswith("landing folder")]  # fmt: skip
    for fault in [*faults, *notify_faults(at.settings.notify)]:
        what, _, step = fault.rpartition(": ")
        yield wrong("configuration", what or fault, step if what else "run: jiuzhulian check")
    if not faults:
        yield good("configuration", f"policy {at.settings.policy.name} and contracts can be read")


def landing(at: Look) -> Iterator[Finding]:
    folder = at.settings.landing
    if not folder.is_dir():
        yield wrong(
            "landing", f"{folder} does not exist", "make it, or name another (setting landing)"
        )
    elif not os.access(folder, os.R_OK | os.X_OK):
        yield wrong("landing", f"{folder} cannot be read", f"let this user read {folder}")
    elif folder.resolve().is_relative_to(at.home.root):
        yield wrong(
            "landing", f"{folder} lies inside HOME", "let departments write outside of HOME"
        )
    else:
        open_to_all = stat.S_IMODE(folder.stat().st_mode) & 0o007
        if open_to_all:
            yield look(
                "landing", f"everybody on this machine can reach {folder}", f"chmod o-rwx {folder}"
            )
        yield good("landing", f"{folder} can be read")


def home(at: Look) -> Iterator[Finding]:
    """HOME is there, writable, and what identifies people is open to nobody else."""
    if not at.home.root.is_dir():
        yield look(
            "home",
            f"{at.home.root} does not exist yet",
            "the first night makes it, or name another",
        )
        return
    for folder in (at.home.root, at.home.published, at.home.restricted):
        if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
            yield wrong("home", f"{folder} cannot be written", f"chown it to {_user()}")
    open_ones = list(_open(at.home))
    for path in open_ones[:3]:
        yield wrong("home", f"{path} can be read by others", f"chmod go-rwx {path}")
    if len(open_ones) > 3:
        yield wrong(
            "home", f"{len(open_ones) - 3} more below restricted can be read by others",
            f"chmod -R go-rwx {at.home.restricted}",
        )  # fmt: skip
    if not open_ones:
        yield good("home", f"{at.home.root}; restricted/ is open to its owner alone")


def _open(place: Home) -> Iterator[Path]:
    """Folders and key files below restricted that others can enter or read."""
    if not place.restricted.is_dir():
        return
    named = (place.identity, place.key_file)
    inside = (one for one in place.restricted.iterdir() if one.is_dir() and not one.is_symlink())
    for path in (place.restricted, *inside, *named):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield path


def key(at: Look) -> Iterator[Finding]:
    path = at.home.key_file
    if not path.exists():
        if list(at.home.nights.glob("*/manifest.json")):
            yield wrong(
                "key", f"{path} is missing although nights were made: every id would change",
                "put it back from the backup before anything runs",
            )  # fmt: skip
        return
    if path.stat().st_size < 32:
        yield wrong("key", f"{path} is too short to be a key", "put it back from the backup")
    else:
        yield good("key", "the key of ids is there; does the backup hold it too?")


def disk(at: Look) -> Iterator[Finding]:
    place = at.home.root
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    held = at.home.monitoring.stat().st_size if at.home.monitoring.exists() else 0
    least = max(LEAST_FREE, 3 * held)
    told = f"{free / 1024**3:,.1f} GB free for {at.home.root}"
    if free < least:
        yield wrong(
            "disk", f"{told}; a night wants {least / 1024**3:,.1f}", "make room or move HOME"
        )
    else:
        yield good("disk", told)


def lock(at: Look) -> Iterator[Finding]:
    """Whether a run holds HOME, and for how long; the kernel frees a dead one's lock by itself."""
    if not at.home.lock_file.exists():
        return
    if free(at.home.lock_file):
        yield good("lock", "no run holds HOME")
        return
    holders = who_holds(at.home.lock_file)
    told = ", ".join(f"process {pid} since {hours:.1f} h" for pid, hours in holders)
    longest = max((hours for _, hours in holders), default=0.0)
    if not holders:
        yield wrong(
            "lock", "HOME is held by a process that cannot be seen from here: of another user, "
            "container or machine", f"find it where HOME is mounted (fuser {at.home.lock_file})",
        )  # fmt: skip
    elif longest > at.settings.service.night_hours:
        yield wrong(
            "lock", f"{told} holds HOME for longer than a night may take",
            f"see what it does; end it: kill {holders[0][0]}",
        )  # fmt: skip
    else:
        yield good("lock", f"{told} holds HOME: a run is going on")


def free(path: Path) -> bool:
    """Whether nobody holds the lock of a file."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True


def who_holds(path: Path) -> list[tuple[int, float]]:
    """Processes that hold a file's lock, and for how many hours they have lived."""
    held = path.stat()
    inode = f"{os.major(held.st_dev):02x}:{os.minor(held.st_dev):02x}:{held.st_ino}"
    locks = Path("/proc/locks")
    if not locks.exists():
        return []
    pids = {
        int(line.split()[4])
        for line in locks.read_text().splitlines()
        if "FLOCK" in line and line.split()[5] == inode and int(line.split()[4]) > 0
    }
    return [(pid, _age_hours(pid)) for pid in sorted(pids)]


def _age_hours(pid: int) -> float:
    try:
        began = Path(f"/proc/{pid}").stat().st_mtime
    except OSError:
        return 0.0
    return (time.time() - began) / 3600


def _user() -> str:
    import getpass

    return getpass.getuser()
