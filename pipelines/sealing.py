"""Folders sealed for storage and transfer with age (age-encryption.org/v1), and opened again.

What is sealed is a tar archive that streams into the encryption: nothing lies in the clear outside
the folder it came from. Who may ask for it, and why, is noted by the command.
"""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyrage

from pipelines.errors import JiuzhulianError
from pipelines.lake.home import Home

#: what may be sealed, by word: the folders or files below HOME
PARTS = {
    "restricted": ("restricted",),
    "outbox": ("restricted/outbox",),
    "identity": ("restricted/identity.duckdb",),
}
#: never sealed: what is being written, and what only this machine needs
LEFT_OUT = ("restricted/tmp", "restricted/run.lock", "restricted/access_log/lock")
FOLDER, FILE = 0o700, 0o600


@dataclass(frozen=True)
class Sealed:
    """A sealed file, or a folder that was opened."""

    path: Path
    files: int
    size: int


def new_key(path: Path) -> str:
    """Write a new identity (the secret) to ``path``, mode 0600; gives the recipient (public)."""
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE)
    except OSError as error:
        raise JiuzhulianError(f"{path} cannot be written: {error.strerror}") from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"# public key: {recipient}\n{identity}\n")
    return recipient


def recipients_of(words: Sequence[str], file: Path | None = None) -> list[Any]:
    """Recipients (``age1…`` or ``ssh-ed25519 …``), from words and the lines of a file."""
    listed = [*words, *(_lines(file) if file else [])]
    if not listed:
        raise JiuzhulianError("nobody to seal for: give --to RECIPIENT or --recipients FILE")
    found, faults = [], []
    for number, word in enumerate(listed, start=1):
        kind = pyrage.ssh if word.startswith("ssh-") else pyrage.x25519
        try:
            found.append(kind.Recipient.from_str(word))
        except pyrage.RecipientError:
            faults.append(f"recipient {number} is none: it begins with age1 or ssh-ed25519")
    if faults:
        raise JiuzhulianError("; ".join(faults))
    return found


def identities_of(path: Path) -> list[Any]:
    """The secrets in a key file; it must be closed to others."""
    lines = _lines(path)
    if path.stat().st_mode & 0o077:
        raise JiuzhulianError(f"{path} can be read by others: chmod 600 it, or make a new key")
    try:
        return [pyrage.x25519.Identity.from_str(line) for line in lines]
    except pyrage.IdentityError:
        raise JiuzhulianError(f"{path} holds no age identity: lines AGE-SECRET-KEY-1…") from None


def seal(home: Home, part: str, out: Path, recipients: Sequence[Any]) -> Sealed:
    """Seal a part of HOME into ``out`` (mode 0600), whole or not at all; nothing is removed."""
    if part not in PARTS:
        raise JiuzhulianError(f"{part} cannot be sealed: one of {', '.join(PARTS)}")
    roots = [home.root / name for name in PARTS[part]]
    if missing := [root for root in roots if not root.exists()]:
        raise JiuzhulianError(f"{missing[0]} is not there: nothing to seal")
    if out.resolve().is_relative_to(home.published):
        raise JiuzhulianError(f"{out} lies in published/: what identifies never lies there")
    partial = out.with_name(f".{out.name}.partial")
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE), "wb") as target:
            with _piped(lambda sink: _pack(home.root, roots, sink)) as (source, counted):
                pyrage.encrypt_io(source, target, recipients)
            target.flush()
            os.fsync(target.fileno())
        files = counted[0]
        os.replace(partial, out)
    except OSError as error:
        raise JiuzhulianError(f"{out} cannot be written: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)
    return Sealed(out, files, out.stat().st_size)


def unseal(sealed: Path, into: Path, identities: Sequence[Any]) -> Sealed:
    """Open a sealed file into a new folder, modes 0700 and 0600, whole or not at all.

    Raises JiuzhulianError for a wrong key, a file that was altered or cut, and an archive that
    holds anything but folders and files below it.
    """
    if into.exists():
        raise JiuzhulianError(f"{into} is there already: name a folder that is not")
    beside = into.with_name(f".{into.name}.partial")
    counted = [0]
    try:
        beside.mkdir(mode=FOLDER, parents=True)
        with (
            sealed.open("rb") as source,
            _piped(lambda sink: pyrage.decrypt_io(source, sink, identities)) as (archive, _),
        ):
            counted[0] = _unpack(archive, beside)
        os.replace(beside, into)
    except pyrage.DecryptError:
        raise JiuzhulianError(
            f"{sealed} cannot be opened: it is not sealed for this key, or it was altered"
        ) from None
    except (tarfile.TarError, EOFError):
        raise JiuzhulianError(
            f"{sealed} cannot be opened: it was cut short, or is no sealed HOME"
        ) from None
    except OSError as error:
        raise JiuzhulianError(f"{sealed} cannot be opened: {error.strerror}") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    size = sum(path.stat().st_size for path in into.rglob("*") if path.is_file())
    return Sealed(into, counted[0], size)


@contextmanager
def _piped(write: Callable[[IO[bytes]], Any]) -> Iterator[tuple[IO[bytes], list[int]]]:
    """What ``write`` writes in a thread, to be read here; its error, if any, is raised here."""
    reading, writing = os.pipe()
    failed: list[BaseException] = []
    counted = [0]

    def work() -> None:
        with os.fdopen(writing, "wb") as sink:
            try:
                counted[0] = write(sink) or 0
            except BaseException as error:
                failed.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    source = os.fdopen(reading, "rb")
    try:
        yield source, counted
        while source.read(1 << 20):  # what stands after the archive's end is checked too
            pass
    except BaseException:
        source.close()  # ends the thread: nobody reads on
        thread.join()
        if failed and not isinstance(failed[0], BrokenPipeError):
            raise failed[0] from None
        raise
    thread.join()
    source.close()
    if failed:
        raise failed[0]


def _pack(root: Path, parts: Sequence[Path], sink: IO[bytes]) -> int:
    """A tar archive of folders and files, in order of their names; how many files."""
    files = 0
    left_out = {root / name for name in LEFT_OUT}
    with tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for part in parts:
            for path in (part, *sorted(part.rglob("*"))):
                if path in left_out or left_out & set(path.parents) or path.is_symlink():
                    continue
                name = path.relative_to(root).as_posix()
                archive.add(path, name, recursive=False, filter=_anonymous)
                files += path.is_file()
    return files


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Whose files they were is of no use elsewhere."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _unpack(archive: IO[bytes], into: Path) -> int:
    """Folders and files alone, each below ``into``; how many files."""
    files = 0
    with tarfile.open(fileobj=archive, mode="r|") as packed:
        for entry in packed:
            target = into / entry.name
            outside = not target.resolve().is_relative_to(into.resolve())
            if outside or not (entry.isfile() or entry.isdir()):
                raise tarfile.ReadError("an entry that leaves the folder")
            if entry.isdir():
                target.mkdir(mode=FOLDER, parents=True, exist_ok=True)
                continue
            target.parent.mkdir(mode=FOLDER, parents=True, exist_ok=True)
            content = packed.extractfile(entry)
            assert content is not None
            with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE), "wb") as file:
                shutil.copyfileobj(content, file)
            os.utime(target, (entry.mtime, entry.mtime))
            files += 1
    return files


def _lines(path: Path) -> list[str]:
    """Lines of a key file, without comments; an SSH key's comment is part of its line."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise JiuzhulianError(f"{path} is no file: name one with a key a line")
        text = path.read_text(encoding="ascii")
    except UnicodeDecodeError:
        raise JiuzhulianError(f"{path} is no key file: it holds more than ASCII") from None
    except OSError as error:
        raise JiuzhulianError(f"{path} cannot be read: {error.strerror}") from None
    return [line.strip() for line in text.splitlines() if line.strip() and line[0] != "#"]
