"""``jiuzhulian serve``: code location, user interface and daemon, as on a server, in one command.

It stays in the foreground. Asked to stop (SIGTERM, Ctrl-C), or when one of the three ends by
itself, everything is stopped and nothing is left; what it should do then is a service manager's
business (deploy/). What the nights do and when stands in the assets.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import signal
import socket
import stat
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from tempfile import gettempdir
from types import FrameType

import yaml

from pipelines.errors import AlreadyRunning, ConfigurationFault, ServiceEnded
from pipelines.instance import CUT_OFF, dagster_home, settle_cut_off
from pipelines.lake.home import Home
from pipelines.logs import tell
from pipelines.run import faults_before
from pipelines.service.nights import SERVING, SHANGHAI
from pipelines.service.notices import Notice, send
from pipelines.service.processes import Child, adopt_orphans, start, stop
from pipelines.service_settings import notify_faults
from pipelines.settings import ROOT, Settings

#: Linux refuses longer paths of a socket (with one byte for the end)
LONGEST_SOCKET = 107
START_SECONDS = 240
STOP_SECONDS = 60
_local = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class _Asked(Exception):
    """Somebody asked the service to stop."""


def lock_file(home: Home) -> Path:
    return home.restricted / "service.lock"


def socket_file(home: Home) -> Path:
    """Where the code location is spoken to: below HOME, or, where Linux refuses so long a path, in
    a folder of its own, closed to others, among the machine's temporary files.
    """
    below = home.dagster / "code.sock"
    if len(os.fsencode(below)) <= LONGEST_SOCKET:
        return below
    named = hashlib.sha256(os.fsencode(home.root)).hexdigest()[:16]
    return Path(gettempdir()) / f"jiuzhulian-{os.getuid()}-{named}" / "code.sock"


def _socket_fault(home: Home) -> str | None:
    """Make the socket's folder where it is not HOME's; why it cannot be used, if it cannot."""
    folder = socket_file(home).parent
    if folder == home.dagster:
        return None
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077:
        return None
    return f"{folder} is not a folder of this user alone, and the service speaks there: remove it"


def workspace(home: Home) -> Path:
    """Where the user interface and the daemon find the code location; one name for good, since
    Dagster keeps what was switched on and off under it."""
    path = home.dagster / "workspace.yaml"
    server = {
        "host": "localhost", "socket": str(socket_file(home)), "location_name": "jiuzhulian",
    }  # fmt: skip
    path.write_text(yaml.safe_dump({"load_from": [{"grpc_server": server}]}), encoding="utf-8")
    return path


def commands(home: Home, host: str, port: int) -> dict[str, list[str]]:
    """The three processes, in the order in which they start."""
    places = str(workspace(home))
    found = Path(sys.executable).parent
    return {
        "code": [
            str(found / "dagster"), "api", "grpc", "--socket", str(socket_file(home)),
            "--module-name", "pipelines.definitions", "--location-name", "jiuzhulian",
            "--working-directory", str(ROOT), "--log-level", "warning",
        ],
        "webserver": [
            str(found / "dagster-webserver"), "-w", places, "--host", host, "--port", str(port),
        ],
        "daemon": [str(found / "dagster-daemon"), "run", "-w", places],
    }  # fmt: skip


@contextmanager
def only_one(home: Home) -> Iterator[None]:
    """Hold HOME for one service; who holds it stands in the file."""
    with open(lock_file(home), "a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunning(
                f"a service is running on {home.root} already: stop it first"
            ) from None
        lock.truncate(0)
        lock.write(json.dumps({"pid": os.getpid(), "since": _now()}))
        lock.flush()
        yield


def faults(settings: Settings, home: Home, host: str, port: int) -> list[str]:
    """Everything that would keep the service from working and can be known beforehand."""
    found = faults_before(settings, datetime.now(SHANGHAI).date())
    found += notify_faults(settings.notify)
    if fault := _socket_fault(home):
        found.append(fault)
    if fault := port_fault(host, port):
        found.append(fault)
    return found


def port_fault(host: str, port: int) -> str | None:
    """Why the user interface cannot listen there, if it cannot."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return (
                f"port {port} of {host} cannot be used ({error.strerror}): stop what listens "
                "there, or choose another (--port, setting service.port)"
            )
    return None


def serve(settings: Settings, host: str | None = None, port: int | None = None) -> None:
    """Run until asked to stop; raises ServiceEnded where a process ended by itself."""
    host, port = host or settings.service.host, port or settings.service.port
    home = Home(settings.home).create()
    with only_one(home):
        if found := faults(settings, home, host, port):
            raise ConfigurationFault(found)
        adopt_orphans()
        dagster_home(home)
        _settle(home)
        with _asked_by_signals():
            _run(settings, home, host, port)


def _run(settings: Settings, home: Home, host: str, port: int) -> None:
    children: list[Child] = []
    try:
        environment = _environment(settings, home)
        folder = home.restricted / "service"
        folder.mkdir(mode=0o700, exist_ok=True)
        socket_file(home).unlink(missing_ok=True)
        for name, words in commands(home, host, port).items():
            children.append(start(name, words, folder / f"{name}.log", environment))
            if name == "code":
                _wait(lambda: socket_file(home).exists(), children)
        shown = f"[{host}]" if ":" in host else host
        _wait(lambda: _answers(f"http://{shown}:{port}/server_info"), children)
        tell(f"serving http://{shown}:{port}: nights at {settings.service.nightly_at} (Shanghai)")
        _tell_manager("READY=1")
        while True:
            _watch(children)
            time.sleep(0.5)
    except _Asked:
        tell("stopping")
    except ServiceEnded as error:
        notice = Notice("service_ended", str(error), "see its log; the service manager restarts it")
        send(home, settings.notify, notice)
        raise
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _tell_manager("STOPPING=1")
        going_on: list[str] = []
        try:
            going_on = _going_on()
        finally:  # whatever Dagster's records say or do not say
            asked = stop(children, STOP_SECONDS, first="daemon")
        socket_file(home).unlink(missing_ok=True)
        if socket_file(home).parent != home.dagster:
            with suppress(OSError):
                socket_file(home).parent.rmdir()
        _settle(home, going_on)
        tell("stopped; nothing is left running" if asked else "stopped; some had to be killed")


def _environment(settings: Settings, home: Home) -> Mapping[str, str]:
    """What the children see; the command line's folders stand in it."""
    return os.environ | {
        "JIUZHULIAN_HOME": str(home.root),
        "JIUZHULIAN_LANDING": str(settings.landing.resolve()),
        "JIUZHULIAN_POLICY": str(settings.policy.resolve()),
        SERVING: "1",
    }


def _watch(children: list[Child]) -> None:
    for child in children:
        if (code := child.process.poll()) is not None:
            raise ServiceEnded(
                f"the {child.name} of the service ended by itself (exit {code}): "
                f"see {child.log}; everything was stopped"
            )


def _wait(ready: Callable[[], bool], children: list[Child]) -> None:
    until = time.monotonic() + START_SECONDS
    while not ready():
        _watch(children)
        if time.monotonic() > until:
            raise ServiceEnded(
                f"the {children[-1].name} of the service was not ready within {START_SECONDS} s: "
                f"see {children[-1].log}; everything was stopped"
            )
        time.sleep(0.2)


def _answers(url: str) -> bool:
    with suppress(OSError, urllib.error.URLError), _local.open(url, timeout=5) as answer:
        return bool(answer.status == 200)
    return False


@contextmanager
def _asked_by_signals() -> Iterator[None]:
    def asked(number: int, frame: FrameType | None) -> None:
        raise _Asked

    kept = {one: signal.signal(one, asked) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for one, handler in kept.items():
            signal.signal(one, handler)


def _going_on() -> list[str]:
    """Runs that the stop will cut off."""
    import dagster as dg

    alive = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    with dg.DagsterInstance.get() as instance:
        return [run.run_id for run in instance.get_runs(alive)]


def _settle(home: Home, stopped: Sequence[str] = ()) -> None:
    """Runs that were cut off hold the queue up no longer, and their nights count as missed; left
    alone while a command is using HOME."""
    import dagster as dg

    with suppress(AlreadyRunning), home.locked(), dg.DagsterInstance.get() as instance:
        settle_cut_off(instance, starting=True)
        for run_id in stopped:
            run = instance.get_run_by_id(run_id)
            if run is not None and run.status is not dg.DagsterRunStatus.SUCCESS:
                instance.add_run_tags(run_id, {CUT_OFF: "yes"})


def _tell_manager(state: str) -> None:
    """systemd's notification (sd_notify), where it asked for it."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.sendto(state.encode(), address)


def _now() -> str:
    return datetime.now(SHANGHAI).isoformat(timespec="seconds")
