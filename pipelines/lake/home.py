"""The folders of one HOME and their modes.

Everything outside ``published/`` may identify a person; nothing inside it does.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import AlreadyRunning, JiuzhulianError


class Home:
    """Paths below HOME; ``create`` makes the folders with their modes."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root).resolve()
        self.published = self.root / "published"
        self.restricted = self.root / "restricted"
        self.lake = self.restricted / "lake"
        self.landed = self.lake / "landed"
        self.receipts = self.lake / "receipts"
        self.acceptances = self.lake / "acceptances"
        self.pulls = self.lake / "pulls"
        self.tables = self.lake / "tables"
        self.nights = self.lake / "nights"
        self.kept = self.lake / "kept"
        self.disputes = self.lake / "disputes"
        self.quarantine = self.restricted / "quarantine"
        self.inbox = self.restricted / "inbox"
        self.outbox = self.restricted / "outbox"
        self.judgements = self.lake / "judgements"
        self.corrections = self.lake / "corrections"
        self.restrictions = self.lake / "restrictions"
        self.access_log = self.restricted / "access_log"
        self.tmp = self.restricted / "tmp"
        self.dagster = self.restricted / "dagster"
        self.key_file = self.restricted / "hmac.key"
        self.lock_file = self.restricted / "run.lock"
        self.monitoring = self.published / "monitoring.duckdb"
        self.parquet = self.published / "parquet"
        self.bulletin = self.published / "bulletin.html"
        self.places = self.published / "places"
        self.history = self.published / "history"
        self.current = self.published / "current"
        self.identity = self.restricted / "identity.duckdb"

    def create(self) -> Home:
        """Make what is missing; ``restricted`` is 0700 throughout."""
        before = os.umask(0o022)  # HOME and published/ are entered by analysts too
        try:
            self.published.mkdir(parents=True, exist_ok=True)
            for folder in (
                self.restricted, self.lake, self.landed, self.receipts, self.acceptances,
                self.pulls, self.tables, self.nights, self.kept, self.disputes, self.quarantine,
                self.inbox, self.outbox, self.judgements, self.corrections,
                self.restrictions, self.access_log, self.tmp, self.dagster,
            ):  # fmt: skip
                self._moved_in(folder)
                folder.mkdir(mode=0o700, exist_ok=True)
                os.chmod(folder, 0o700)
        except OSError as error:
            raise JiuzhulianError(
                f"HOME {self.root} cannot be written ({error.strerror}): "
                "name a folder that this user may write"
            ) from error
        finally:
            os.umask(before)
        return self

    def _moved_in(self, folder: Path) -> None:
        """What people said lay beside the lake in a HOME of an earlier version."""
        before = self.restricted / folder.name
        if folder in (self.disputes, self.judgements) and before.is_dir() and not folder.exists():
            before.rename(folder)

    def key(self) -> bytes:
        """The secret from which ids are derived; made on first use, mode 0600."""
        if not self.key_file.exists():
            handle = os.open(self.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(32))
        key = self.key_file.read_bytes()
        if len(key) < 32:
            raise JiuzhulianError(
                f"{self.key_file} is too short to be a key: restore it from the backup, "
                "or every id will change"
            )
        return key

    def rotate_key(self) -> Path:
        """Keep the key beside, under the first digits of its hash, and make a new one; where the
        old one now lies. Ids in use stay as they are, since the night before says them.
        """
        old = hashlib.sha256(self.key()).hexdigest()[:12]
        kept = self.restricted / f"hmac.{old}.key"
        beside = self.restricted / "hmac.new.key"
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        if not kept.exists():
            os.link(self.key_file, kept)  # never a moment without a key
        os.replace(beside, self.key_file)
        return kept

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the HOME for one run; a second run is told so at once."""
        with open(os.open(self.lock_file, os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise AlreadyRunning(
                    f"another run is using {self.root}: wait until it has ended"
                ) from None
            yield
