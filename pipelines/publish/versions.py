"""published/: every publication is a folder of its own, and one link says which is in force.

``history/<as-of>.<n>/`` holds the database, the same tables as Parquet, the bulletin, the places'
own files, and their origin. ``current`` points at one of them and is replaced in one step;
``monitoring.duckdb``, ``parquet``, ``bulletin.html`` and ``places`` lead through it, so that all of
a night appears at once. How a publication is made does not belong here.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.errors import JiuzhulianError, NotFound
from pipelines.lake.durable import sync, sync_tree
from pipelines.lake.home import Home
from pipelines.lake.pointer import write_json

DATABASE, PARQUET, MANIFEST = "monitoring.duckdb", "parquet", "manifest.json"
BULLETIN = "bulletin.html"
DICTIONARY = "dictionary.json"
PLACES, PLACE_LIST = "places", "places.json"
NAME = re.compile(r"(?P<as_of>\d{4}-\d{2}-\d{2})\.(?P<number>[1-9]\d*)")


@dataclass(frozen=True, order=True)
class Version:
    """The ``number``-th publication of a night; the newest night, and its last one, sort last."""

    as_of: date
    number: int

    @property
    def name(self) -> str:
        return f"{self.as_of}.{self.number}"

    @classmethod
    def named(cls, text: str) -> Version | None:
        if not (found := NAME.fullmatch(text)):
            return None
        try:
            return cls(date.fromisoformat(found["as_of"]), int(found["number"]))
        except ValueError:
            return None


def folder_of(home: Home, version: Version) -> Path:
    return home.history / version.name


def versions(home: Home) -> list[Version]:
    """Every publication that is kept, the oldest night first."""
    if not home.history.is_dir():
        return []
    return sorted(filter(None, (Version.named(path.name) for path in home.history.iterdir())))


def shown(home: Home) -> Version | None:
    """The publication that analysts see; None where there is none (yet)."""
    try:
        return Version.named(home.current.readlink().name)
    except OSError:
        return None


def find(home: Home, which: str) -> Version | None:
    """A publication by its name, or the last one of a date."""
    if version := Version.named(which):
        return version if version in versions(home) else None
    of_date = [one for one in versions(home) if one.as_of.isoformat() == which]
    return of_date[-1] if of_date else None


@contextmanager
def draft(home: Home, as_of: date) -> Iterator[Path]:
    """A folder to build a publication in; what runs that were cut off left is wiped."""
    home.history.mkdir(exist_ok=True)
    home.history.chmod(0o755)
    wipe_drafts(home)
    folder = home.history / f".{as_of}.partial"
    folder.mkdir()
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wipe_drafts(home: Home) -> None:
    """To be called while the HOME is locked: nobody can be building one."""
    for leftover in home.history.glob(".*.partial"):
        shutil.rmtree(leftover, ignore_errors=True)


def seal(home: Home, folder: Path, as_of: date) -> Version:
    """Make a finished draft a version, on disk before it has its name."""
    before = [one.number for one in versions(home) if one.as_of == as_of]
    version = Version(as_of, max(before, default=0) + 1)
    sync_tree(folder)
    os.replace(folder, folder_of(home, version))
    sync(home.history)
    return version


def show(home: Home, version: Version) -> None:
    """Let analysts see a version from now on: one rename, then forced to disk.

    The links that lead through ``current`` are there before it is: nothing is shown by halves.
    Where copies lie in their place, ``current`` comes first, and they are read until then.
    """
    _clear(home.current)
    there: list[tuple[Path, str]] = []
    gone: list[tuple[Path, str]] = []
    for place, target in (
        (home.monitoring, DATABASE), (home.parquet, PARQUET), (home.bulletin, BULLETIN),
        (home.places, PLACES),
    ):  # fmt: skip
        # a bulletin may not have been drawn, and places are a choice
        held = (folder_of(home, version) / target).exists()
        (there if held else gone).append((place, f"{home.current.name}/{target}"))
    copied = any(place.exists() and not place.is_symlink() for place, _ in there)
    in_force = f"{home.history.name}/{version.name}"
    if copied:
        _link(home.current, in_force)
    for place, through in there:
        if not place.is_symlink() or str(place.readlink()) != through:
            _clear(place)
            _link(place, through)
    if not copied:
        _link(home.current, in_force)
    for place, _ in gone:
        place.unlink(missing_ok=True)
    sync(home.published)


def _clear(place: Path) -> None:
    """Take away a folder where a link should be: a HOME that was copied with links followed has
    copies of a version there. A folder that holds something else is left, with an error."""
    if place.is_symlink() or not place.is_dir():
        return
    if not any((place / name).is_file() for name in (MANIFEST, DICTIONARY, PLACE_LIST)):
        raise JiuzhulianError(f"{place} is a folder of somebody else: move it away")
    doomed = place.with_name(f".{place.name}.partial")
    shutil.rmtree(doomed, ignore_errors=True)
    os.replace(place, doomed)
    shutil.rmtree(doomed)


def _link(place: Path, target: str) -> None:
    partial = place.with_name(f".{place.name}.partial")
    partial.unlink(missing_ok=True)
    partial.symlink_to(target)
    os.replace(partial, place)


def manifest_of(home: Home, version: Version) -> dict[str, Any]:
    """What a version says of itself; an error names the file where it cannot be read."""
    path = folder_of(home, version) / MANIFEST
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise JiuzhulianError(
            f"{path} cannot be read ({type(error).__name__}): choose another version, or run the "
            "night again"
        ) from error
    return told


def write_manifest(folder: Path, told: dict[str, Any]) -> None:
    """Write what a draft was made from, and the size and hash of each of its files."""
    files = {
        str(path.relative_to(folder)): {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    write_json(folder / MANIFEST, {**told, "files": files})
    (folder / MANIFEST).chmod(0o644)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def damaged(home: Home, version: Version) -> list[str]:
    """Files of a version that are missing or have other bytes than when they were published."""
    folder = folder_of(home, version)
    wrong = []
    for name, said in manifest_of(home, version)["files"].items():
        path = folder / name
        if not path.is_file() or sha256_of(path) != said["sha256"]:
            wrong.append(name)
    return wrong


def prune(home: Home, nights: int, also: Version | None = None) -> list[Version]:
    """Delete publications beyond the last one of each of the newest ``nights`` nights.

    What is shown, and ``also`` (what was shown before it, for those who still read it), stays.
    """
    last = {one.as_of: one for one in versions(home)}
    kept = {last[as_of] for as_of in sorted(last)[-max(nights, 1) :]} | {shown(home), also}
    gone = [one for one in versions(home) if one not in kept]
    for version in gone:
        # renamed first: half a version is never seen under its name
        doomed = home.history / f".{version.name}.partial"
        os.replace(folder_of(home, version), doomed)
        shutil.rmtree(doomed, ignore_errors=True)
    return gone


def needed(home: Home, which: str) -> Version:
    """A publication by name or date; NotFound says which there are."""
    if version := find(home, which):
        return version
    there = ", ".join(one.name for one in versions(home)) or "none"
    raise NotFound(f"no publication {which} is kept in {home.history}: there are {there}")
