"""Laid before a process: notes every connection and every file that is opened for writing."""

import ipaddress
import os
import sys
from pathlib import Path

LOG = os.open(os.environ["GUARD_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def _local(host):
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _watch(event, args):
    if event in ("socket.connect", "socket.sendto"):
        outside = isinstance(args[1], tuple) and not _local(args[1][0])
        os.write(LOG, b"outside\n" if outside else b"inside\n")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        os.write(LOG, b"inside\n" if _local(args[0]) else b"outside\n")
    elif event == "open" and isinstance(args[0], str) and (args[2] or 0) & WRITES:
        os.write(LOG, f"wrote {Path(args[0]).absolute()}\n".encode())


sys.addaudithook(_watch)
os.write(LOG, b"watching\n")
