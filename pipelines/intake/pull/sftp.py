"""One visit to an SFTP server: new complete files of its folders come into the inbox.

The server must show the host key that is known. A file grows under a temporary name, goes on
where it was cut off, and is taken only if the server still says the same of it at the end.
"""

from __future__ import annotations

import asyncio
import shutil
import stat
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import asyncssh

from pipelines.delivery_settings import Folder, Remote
from pipelines.intake.discover import DONE
from pipelines.intake.pull.fetched import Fetched, passed_over, readable_name
from pipelines.intake.pull.session import Interrupted

_BLOCK = 1 << 20
_ALIVE_SECONDS = 15
T = TypeVar("T")


@dataclass
class Visit:
    """What a visit found: files taken by dataset, those not complete yet, folders with faults."""

    taken: list[str] = field(default_factory=list)
    incomplete: int = 0
    faults: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _File:
    path: bytes
    name: str
    size: int
    mtime: int

    @property
    def key(self) -> str:
        return self.path.decode("utf-8", "backslashreplace")


async def visit(
    remote: Remote, password: str | None, fetched: Fetched, settle_seconds: int,
    log: Callable[[str], None],
) -> Visit:  # fmt: skip
    """Fetch what is new. Raises Interrupted where the server cannot be used."""
    found = Visit()
    try:
        async with (
            await _connected(remote, password) as connection,
            connection.start_sftp_client(path_encoding=None) as sftp,
        ):
            for folder in remote.folders:
                await _Folder(sftp, folder, remote, fetched, settle_seconds, log, found).fetch()
    except asyncssh.HostKeyNotVerifiable:
        raise Interrupted(
            "the server's host key is not the one in the settings: somebody may pose as it, or it "
            "was set up anew; ask the department and correct host_key or known_hosts", again=False,
        ) from None  # fmt: skip
    except asyncssh.PermissionDenied:
        raise Interrupted("the server refused the login", again=False) from None
    except (asyncssh.Error, OSError, TimeoutError) as error:
        raise Interrupted(
            f"the server could not be reached, or the connection was lost ({type(error).__name__})",
            again=True,
        ) from None
    return found


async def _connected(remote: Remote, password: str | None) -> asyncssh.SSHClientConnection:
    host, port = remote.parts.hostname or "", remote.parts.port or 22
    if remote.host_key is not None:
        shown = host if port == 22 else f"[{host}]:{port}"
        trusted = asyncssh.import_known_hosts(f"{shown} {remote.host_key}\n")
    else:
        assert remote.known_hosts is not None
        try:
            trusted = asyncssh.read_known_hosts(str(remote.known_hosts))
        except (OSError, ValueError) as error:
            raise Interrupted(
                f"known_hosts cannot be read ({type(error).__name__}): correct it", again=False
            ) from None
    keys = []
    if remote.key_file is not None:
        try:
            keys = [asyncssh.read_private_key(remote.key_file, password)]
        except asyncssh.KeyImportError as error:
            raise Interrupted(
                f"{remote.key_file.name} is no private key that can be opened: {error}", again=False
            ) from None
    return await asyncssh.connect(
        host, port, username=remote.user, known_hosts=trusted, config=None,
        client_keys=keys or None, agent_path=None,
        password=password if not keys else None,
        connect_timeout=remote.connect_seconds, login_timeout=remote.connect_seconds * 3,
        keepalive_interval=_ALIVE_SECONDS,
        keepalive_count_max=max(2, remote.quiet_seconds // _ALIVE_SECONDS),
    )  # fmt: skip


@dataclass
class _Folder:
    sftp: asyncssh.SFTPClient
    folder: Folder
    remote: Remote
    fetched: Fetched
    settle_seconds: int
    log: Callable[[str], None]
    found: Visit

    async def fetch(self) -> None:
        """Every new complete file of the folder; what is wrong with the folder is kept."""
        try:
            files, done = await self._soon(self._listed())
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, asyncssh.SFTPPermissionDenied):
            self._fault(f"folder {self.folder.path} is not there or may not be read: correct it")
            return
        for file in files:
            marked = file.path + DONE.encode() in done
            if not marked and time.time() - file.mtime < self.settle_seconds:
                self.found.incomplete += 1
            elif not self.fetched.known(file.key, file.size, file.mtime):
                await self._take(file)

    async def _listed(self) -> tuple[list[_File], set[bytes]]:
        """Regular files that can be taken, and the paths of the ``.done`` marks."""
        place = self.folder.path.rstrip("/").encode() or b"/"
        files: list[_File] = []
        done: set[bytes] = set()
        unusable = 0
        async for entry in self.sftp.scandir(place):
            raw = entry.filename if isinstance(entry.filename, bytes) else entry.filename.encode()
            attributes = entry.attrs
            if raw in (b".", b"..") or not _is_file(attributes):
                continue
            path = place.rstrip(b"/") + b"/" + raw
            name = readable_name(raw)
            if name is None:
                unusable += 1
            elif name.endswith(DONE):
                done.add(path)
            elif not passed_over(name):
                files.append(_File(path, name, attributes.size or 0, int(attributes.mtime or 0)))
        if unusable:
            self._fault(
                f"{unusable} files in {self.folder.path} have names with path signs or control "
                "characters: have them renamed"
            )
        return sorted(files, key=lambda file: file.path), done

    async def _take(self, file: _File) -> None:
        part = self.fetched.part(file.key, file.size, file.mtime)
        at = part.stat().st_size if part.exists() else 0
        if shutil.disk_usage(part.parent).free < file.size - at:
            self._fault(f"no room for a file of {file.size:,} bytes: clear the disk of HOME")
            return
        async with self.sftp.open(file.path, "rb") as source:
            part.touch(0o600)
            with part.open("ab") as target:
                while at < file.size:
                    block = await self._soon(source.read(min(_BLOCK, file.size - at), at))
                    if not block:
                        break
                    assert isinstance(block, bytes)
                    target.write(block)
                    at += len(block)
        now = await self._soon(self.sftp.stat(file.path))
        if at != file.size or (now.size, int(now.mtime or 0)) != (file.size, file.mtime):
            part.unlink()
            self.found.incomplete += 1
            return
        self.fetched.keep(part, file.key, self.folder.dataset, file.name, file.size, file.mtime)
        self.found.taken.append(self.folder.dataset)
        self.log(f"  {self.folder.dataset}/{file.name}: fetched, {file.size:,} bytes")

    async def _soon(self, work: Awaitable[T]) -> T:
        return await asyncio.wait_for(work, self.remote.quiet_seconds)

    def _fault(self, fault: str) -> None:
        told = self.found.faults.get(self.folder.dataset)
        self.found.faults[self.folder.dataset] = f"{told}; {fault}" if told else fault


def _is_file(attributes: asyncssh.SFTPAttrs) -> bool:
    """A regular file; never a link, which could lead out of the folder."""
    if attributes.permissions is not None and stat.S_IFMT(attributes.permissions):
        return stat.S_ISREG(attributes.permissions)
    return attributes.type == asyncssh.FILEXFER_TYPE_REGULAR
