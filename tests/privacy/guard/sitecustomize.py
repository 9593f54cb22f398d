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


def _reached(args):
    outside = isinstance(args[1], tuple) and not _local(args[1][0])
    os.write(LOG, b"outside\n" if outside else b"inside\n")


def _named(args):
    os.write(LOG, b"inside\n" if _local(args[0]) else b"outside\n")


def _opened(args):
    if isinstance(args[0], str) and (args[2] or 0) & WRITES:
        os.write(LOG, f"wrote {Path(args[0]).absolute()}\n".encode())


WATCHED = {
    "socket.connect": _reached,
    "socket.sendto": _reached,
    "socket.getaddrinfo": _named,
    "socket.gethostbyname": _named,
    "open": _opened,
}


def _watch(event, args, known=WATCHED.get):
    seen = known(event)
    if seen is not None:
        seen(args)


sys.addaudithook(_watch)
os.write(LOG, b"watching\n")
