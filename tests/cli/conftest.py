"""The command as people run it: in a process of its own, on the hand-written hard cases."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.settings import ROOT

COMMAND = (sys.executable, "-m", "pipelines.cli")
SAMPLE = ROOT / "data_samples" / "hard_cases" / "landing"
NIGHT, NEXT_NIGHT = "2026-11-20", "2026-11-21"
GUARD = """
import ipaddress, os, sys

def local(host):
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

def watch(event, args):
    if event in ("socket.connect", "socket.sendto"):
        address = args[1]
        outside = isinstance(address, tuple) and not local(address[0])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        outside = not local(args[0])
    else:
        return
    with open(os.environ["GUARD_LOG"], "a") as log:
        log.write(("outside " if outside else "inside ") + event + chr(10))
    if outside:
        raise PermissionError("an outside connection was tried")

sys.addaudithook(watch)
open(os.environ["GUARD_LOG"], "a").write("watching" + chr(10))
"""


def environment(**more: str) -> dict[str, str]:
    """What a command sees: nothing of this machine's settings, files taken at once."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JIUZHULIAN_", "DAGSTER"))}
    return kept | {"JIUZHULIAN_SETTLE_SECONDS": "0", **more}


def jiuzhulian(*words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command that nobody watches: neither stream is a terminal."""
    return subprocess.run(
        [*COMMAND, *map(str, words)], cwd=ROOT, env=environment(**more),
        capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def refused(ended: subprocess.CompletedProcess[str], code: int, *says: str) -> None:
    """The exit code, nothing on stdout, and one line on stderr that says all of ``says``."""
    assert (ended.returncode, ended.stdout) == (code, ""), ended.stderr
    lines = ended.stderr.splitlines()
    assert len(lines) == 1, ended.stderr
    assert lines[0].startswith("error: ")
    assert [word for word in says if word not in lines[0]] == []


@dataclass(frozen=True)
class Ran:
    """A HOME after a night that somebody watched on a terminal, with the guard on its sockets."""

    landing: Path
    home: Path
    code: int
    stdout: str
    terminal: str
    sockets: list[str]

    @property
    def published(self) -> Path:
        return self.home / "published" / "monitoring.duckdb"


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("cli")
    landing, home, guard = folder / "landing", folder / "home", folder / "guard"
    shutil.copytree(SAMPLE, landing)
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    master, slave = pty.openpty()
    words = ["run", "--landing", landing, "--home", home, "--as-of", NIGHT]
    process = subprocess.Popen(
        [*COMMAND, *map(str, words)],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=slave,
        env=environment(PYTHONPATH=str(guard), GUARD_LOG=str(folder / "sockets")),
    )  # fmt: skip
    os.close(slave)
    told = b""
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:  # the terminal is closed: the command has ended
            break
        if not piece:
            break
        told += piece
    os.close(master)
    out = process.communicate(timeout=60)[0].decode()
    sockets = (folder / "sockets").read_text(encoding="utf-8").splitlines()
    return Ran(landing, home, process.returncode, out, told.decode(), sockets)
