"""Who saw whom, and why: one line per reading of identity, each holding the hash of the one before.

A line that is altered, taken out or moved breaks the chain. That lines at the end are missing is
seen against the head, which lies in a file of its own; who can write both can cut both, so note the
head elsewhere (``jiuzhulian audit head``) and give it to ``verify``. No name stands in the log:
people are named by their keyed ids.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pwd
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.errors import JiuzhulianError
from pipelines.lake.home import Home
from pipelines.lake.pointer import write_json

FIRST = "0" * 64
#: bytes of a line and ids in it, at most; what is more is counted
LONGEST, MOST = 1 << 16, 200
#: the program's own readings carry this instead of a user's purpose
NIGHTLY = "每夜任务 the nightly run"


@dataclass(frozen=True)
class Entry:
    """One reading. ``subjects``: ids of persons, cases or pairs, as many as were named; ``counts``
    says the rest. ``hash`` is the SHA-256 of all other fields, ``before`` the hash of the entry
    before (zeros for the first)."""

    sequence: int
    at: str
    user: str
    action: str
    purpose: str
    subjects: tuple[str, ...]
    counts: dict[str, int]
    before: str
    hash: str = ""

    def hashed(self) -> str:
        fields = {name: value for name, value in asdict(self).items() if name != "hash"}
        text = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def line(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True) + "\n"


@dataclass(frozen=True)
class Head:
    """Where the log ends: the number of entries and the hash of the last."""

    entries: int
    hash: str

    def __str__(self) -> str:
        return f"{self.entries}:{self.hash}"

    @classmethod
    def read(cls, text: str) -> Head:
        entries, _, digest = text.strip().partition(":")
        if not entries.isdigit() or len(digest) != len(FIRST):
            raise JiuzhulianError(
                "a head is written ENTRIES:HASH, as `jiuzhulian audit head` says it"
            )
        return cls(int(entries), digest)


def log_file(home: Home) -> Path:
    return home.access_log / "log.jsonl"


def _head_file(home: Home) -> Path:
    return home.access_log / "head.json"


def record(
    home: Home,
    action: str,
    purpose: str,
    subjects: Sequence[str] = (),
    counts: dict[str, int] | None = None,
) -> Entry:
    """Append one entry; to be called before anything is shown. Safe beside other processes.

    Raises JiuzhulianError where the log cannot be written, or does not end as its head says:
    nothing may be shown then.
    """
    try:
        home.access_log.mkdir(mode=0o700, exist_ok=True)
        with _locked(home), open(
            os.open(log_file(home), os.O_RDWR | os.O_CREAT, 0o600), "r+b"
        ) as file:  # fmt: skip
            last = _last(home, file)
            unhashed = Entry(
                last.entries + 1, datetime.now(UTC).isoformat(timespec="milliseconds"),
                _user(), action, purpose, tuple(subjects[:MOST]),
                {**(counts or {}), "subjects": len(subjects)}, last.hash,
            )  # fmt: skip
            made = Entry(**{**unhashed.__dict__, "hash": unhashed.hashed()})
            file.seek(0, os.SEEK_END)
            file.write(made.line().encode())
            file.flush()
            os.fsync(file.fileno())
            _keep_head(home, Head(made.sequence, made.hash))
    except OSError as error:
        raise JiuzhulianError(
            f"the access log in {home.access_log} cannot be written ({error.strerror}): nothing is "
            "shown that is not noted there"
        ) from None
    return made


def entries(home: Home) -> Iterator[Entry]:
    """Every entry, in the order of the file; raises JiuzhulianError at a line that is none."""
    path = log_file(home)
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            yield _entry(line, number)


def verify(home: Home, noted: Sequence[Head] = ()) -> tuple[Head, list[str]]:
    """The head that the log comes to, and what is wrong with it (nothing, where all is well).

    ``noted``: heads that were written down elsewhere; the log must have passed through each.
    """
    faults: list[str] = []
    head = Head(0, FIRST)
    passed = {head.entries: head.hash}
    try:
        for entry in entries(home):
            if entry.sequence != head.entries + 1:
                faults.append(
                    f"line {head.entries + 1} holds entry {entry.sequence}: lines are missing, "
                    "moved or added"
                )
            if entry.before != head.hash:
                faults.append(f"entry {entry.sequence} does not follow the entry before it")
            if entry.hashed() != entry.hash:
                faults.append(f"entry {entry.sequence} was altered")
            head = Head(head.entries + 1, entry.hash)
            passed[head.entries] = head.hash
    except JiuzhulianError as error:
        faults.append(str(error))
    for known in (*_kept_head(home, faults), *noted):
        if passed.get(known.entries) != known.hash:
            faults.append(
                f"the log does not hold entry {known.entries} as it was once: lines at the end "
                "are missing, or the log was written anew"
            )
    return head, faults


def _last(home: Home, file: Any) -> Head:
    """Where the log ends now; half a line of a crash is taken off, since nothing was shown for it.

    After a crash between line and head, the head lags by one entry; a head that is ahead means
    that lines are missing.
    """
    size = file.seek(0, os.SEEK_END)
    begin = max(0, size - LONGEST)
    file.seek(begin)
    data: bytes = file.read()
    whole = data[: data.rfind(b"\n") + 1]
    if whole != data:
        file.truncate(begin + len(whole))
    head = Head(0, FIRST)
    if lines := whole.splitlines():
        last = _entry(lines[-1].decode(errors="replace"), None)
        head = Head(last.sequence, last.hash)
    faults: list[str] = []
    kept = _kept_head(home, faults)
    if faults or any(
        known.entries not in (head.entries, head.entries - 1)
        or (known.entries == head.entries and known != head)
        for known in kept
    ):
        raise JiuzhulianError(
            f"the access log in {home.access_log} does not end as its head says: run `jiuzhulian "
            "audit verify` and find out why before anything is shown"
        )
    return head


def _entry(line: str, number: int | None) -> Entry:
    try:
        raw = json.loads(line)
        return Entry(**{**raw, "subjects": tuple(raw["subjects"])})
    except (ValueError, TypeError, KeyError):
        place = "the last line" if number is None else f"line {number}"
        raise JiuzhulianError(f"{place} of the access log is not readable") from None


def _kept_head(home: Home, faults: list[str]) -> list[Head]:
    """The head that was kept; a log with lines and no head has lost it."""
    path = _head_file(home)
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return [Head(int(raw["entries"]), str(raw["hash"]))]
    except FileNotFoundError:
        log = log_file(home)
        lines = log.read_bytes().count(b"\n") if log.is_file() else 0
        if lines > 1:  # one line without a head is a crash at the very first entry
            faults.append("the head of the log is missing")
        return []
    except (ValueError, TypeError, KeyError):
        faults.append("the head of the log is not readable")
        return []


def _keep_head(home: Home, head: Head) -> None:
    write_json(_head_file(home), asdict(head))
    _head_file(home).chmod(0o600)


@contextmanager
def _locked(home: Home) -> Iterator[None]:
    """One writer at a time; others wait."""
    path = home.access_log / "lock"
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _user() -> str:
    """Whose process this is; with sudo, also who called it."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"uid {os.getuid()}"
    called = os.environ.get("SUDO_USER")
    return f"{name} (sudo: {called})" if called else name
