"""A remote folder: new complete files come once, whole, from the server whose key is known."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from pipelines.intake.pull import sftp
from tests.intake.conftest import PAYMENT, Csv, payment
from tests.intake.places import TODAY, Nights

USER, PASSWORD = "jiuzhulian", "not-to-be-told"


class Outbox(asyncssh.SFTPServer):
    """Serves one folder; ``cut_after`` bytes it hangs up, once."""

    root: Path
    cut_after: int | None = None

    def __init__(self, channel: Any) -> None:
        self._channel, self._sent = channel, 0
        super().__init__(channel, chroot=os.fsencode(self.root))

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        data = super().read(file_obj, offset, size)
        if asyncio.iscoroutine(data):
            data = await data
        self._sent += len(data)
        if Outbox.cut_after is not None and self._sent > Outbox.cut_after:
            Outbox.cut_after = None
            self._channel.get_connection().abort()
        return bytes(data)


class Login(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


class Server:
    """An SFTP server on loopback, in a thread of its own."""

    def __init__(self, root: Path, client_key: asyncssh.SSHKey) -> None:
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        Outbox.root = root
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        authorised = asyncssh.import_authorized_keys(client_key.export_public_key().decode())
        self._acceptor: Any = self._do(
            asyncssh.listen(
                "127.0.0.1", 0, server_factory=Login, server_host_keys=[self.key],
                authorized_client_keys=authorised, sftp_factory=Outbox, allow_scp=False,
            )
        )  # fmt: skip
        self.port: int = self._acceptor.get_port()

    def _do(self, work: Any) -> Any:
        async def done() -> Any:
            return await work

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(30)

    @property
    def host_key(self) -> str:
        return " ".join(self.key.export_public_key().decode().split()[:2])

    def stop(self) -> None:
        async def close() -> None:
            self._acceptor.close()
            await self._acceptor.wait_closed()

        self._do(close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@pytest.fixture(scope="module")
def client_key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, client_key: asyncssh.SSHKey
) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("remote"), client_key)
    yield started
    started.stop()


@pytest.fixture
def outbox(server: Server, tmp_path: Path) -> Path:
    Outbox.root, Outbox.cut_after = tmp_path / "remote", None
    folder = Outbox.root / "out" / "pay"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def pulls(nights: Nights, server: Server, outbox: Path, monkeypatch: pytest.MonkeyPatch) -> Nights:
    monkeypatch.setenv("JIUZHULIAN_PASSWORD_BUREAU", PASSWORD)
    nights.remotes = {
        "bureau": {
            "url": f"sftp://{USER}@127.0.0.1:{server.port}", "host_key": server.host_key,
            "folders": [{"dataset": PAYMENT, "path": "/out/pay"}],
            "pause_seconds": 0, "attempts": 2, "connect_seconds": 5,
        }
    }  # fmt: skip
    return nights


def sends(folder: Path, name: str | bytes, content: bytes, age: float = 600) -> None:
    path = os.fsencode(folder) + b"/" + os.fsencode(name)
    with open(path, "wb") as file:
        file.write(content)
    os.utime(path, (time.time() - age,) * 2)


def outcomes(nights: Nights) -> list[tuple[str, str, int | None]]:
    return [(r.file_name, r.status, r.rows_landed) for r in nights.receipts()]


def inbox(nights: Nights) -> list[str]:
    return sorted(path.name for path in (nights.office.home.inbox / PAYMENT).glob("*"))


def test_new_complete_files_come_once(pulls: Nights, outbox: Path, csv: Csv) -> None:
    sends(outbox, "a_20261118.csv", csv(payment(1)))
    sends(outbox, "发放_20261118.csv".encode("gb18030"), csv(payment(2)))
    sends(outbox, "growing_20261118.csv", csv(payment(3)), age=1)
    sends(outbox, "sealed_20261118.csv", csv(payment(4)), age=1)
    sends(outbox, "sealed_20261118.csv.done", b"")
    sends(outbox, "half_20261118.csv.part", csv(payment(5)))
    sends(outbox, "no date.txt", b"?")
    pulls.night()
    assert sorted(outcomes(pulls)) == [
        ("a_20261118.csv", "landed", 1),
        ("no date.txt", "refused", None),
        ("sealed_20261118.csv", "landed", 1),
        ("发放_20261118.csv", "landed", 1),
    ]
    assert "1 files of remote bureau are not complete" in pulls.warned[0]
    for path in (pulls.office.home.inbox / PAYMENT).iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        if path.name.startswith("a_"):
            path.unlink()
    pulls.said.clear()
    pulls.night(TODAY + timedelta(days=1))
    assert not any("fetched" in said for said in pulls.said)
    assert len(pulls.receipts()) == 4
    sends(outbox, "a_20261118.csv", csv(payment(1), payment(9)), age=500)
    pulls.night(TODAY + timedelta(days=2))
    assert outcomes(pulls)[-1] == ("a_20261118.csv", "landed", 2)


def test_a_file_that_was_cut_off_goes_on_where_it_was(
    pulls: Nights, outbox: Path, csv: Csv, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = csv(*(payment(at) for at in range(60_000)))
    sends(outbox, "big_20261118.csv", content)
    monkeypatch.setattr(sftp, "_BLOCK", 1 << 16)
    Outbox.cut_after = len(content) // 2
    pulls.remotes["bureau"] |= {"attempts": 1}
    pulls.night()
    (part,) = (pulls.office.home.inbox / ".part").iterdir()
    assert 0 < part.stat().st_size < len(content)
    assert outcomes(pulls) == [("bureau.sftp@2026-11-20", "refused", None)]
    assert not list((pulls.office.home.inbox / PAYMENT).glob("*"))
    begun = part.stat().st_size
    Outbox.cut_after = len(content) - begun + (1 << 17)  # enough for the rest, not for the whole
    pulls.night(TODAY + timedelta(days=1))
    assert outcomes(pulls)[-1] == ("big_20261118.csv", "landed", 60_000)
    assert Outbox.cut_after is not None


def test_a_file_that_changes_meanwhile_is_left(
    pulls: Nights, outbox: Path, csv: Csv, monkeypatch: pytest.MonkeyPatch
) -> None:
    sends(outbox, "a_20261118.csv", csv(payment(1)))
    heard = Outbox.read

    async def read(self: Outbox, file_obj: object, offset: int, size: int) -> bytes:
        sends(outbox, "a_20261118.csv", csv(payment(1), payment(2)), age=300)
        return await heard(self, file_obj, offset, size)

    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "read", read)
        pulls.night()
    assert inbox(pulls) == [] and "not complete" in pulls.warned[0]
    pulls.night(TODAY + timedelta(days=1))
    assert outcomes(pulls) == [("a_20261118.csv", "landed", 2)]


def test_names_that_lead_elsewhere_are_refused(pulls: Nights, outbox: Path, csv: Csv) -> None:
    for name in ("..\\evil_20261118.csv", "C:evil_20261118.csv", "line\nend_20261118.csv"):
        sends(outbox, name, csv(payment(1)))
    secret = outbox.parent / "secret_20261118.csv"
    secret.write_bytes(csv(payment(7)))
    (outbox / "link_20261118.csv").symlink_to(secret)
    (outbox / "folder_20261118.csv").mkdir()
    sends(outbox, "a_20261118.csv", csv(payment(1)))
    pulls.night()
    assert outcomes(pulls)[0] == ("a_20261118.csv", "landed", 1)
    assert inbox(pulls) == ["a_20261118.csv"]
    (refused,) = [r for r in pulls.receipts() if r.status == "refused"]
    assert "3 files in /out/pay have names" in str(refused.reason)


def test_the_same_name_in_two_folders(pulls: Nights, outbox: Path, csv: Csv) -> None:
    other = outbox.parent / "more"
    other.mkdir()
    sends(outbox, "a_20261118.csv", csv(payment(1)))
    sends(other, "a_20261118.csv", csv(payment(2)))
    pulls.remotes["bureau"]["folders"].append({"dataset": PAYMENT, "path": "/out/more/"})
    pulls.night()
    assert [(status, rows) for _, status, rows in outcomes(pulls)] == [("landed", 1)] * 2
    assert len(inbox(pulls)) == 2


def test_another_host_key_is_an_error_and_no_login_is_tried(
    pulls: Nights, outbox: Path, csv: Csv, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    monkeypatch.setattr(Login, "begin_auth", lambda self, name: tried.append(name) or True)
    sends(outbox, "a_20261118.csv", csv(payment(1)))
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    pulls.remotes["bureau"] |= {"host_key": " ".join(other.split()[:2])}
    pulls.night()
    (refused,) = pulls.receipts()
    assert "host key is not the one in the settings" in str(refused.reason)
    assert "tried 1 times" in str(refused.reason) and tried == []


def test_known_hosts_and_a_private_key(
    pulls: Nights, server: Server, outbox: Path, csv: Csv, tmp_path: Path,
    client_key: asyncssh.SSHKey, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("JIUZHULIAN_PASSWORD_BUREAU", "opens the key")
    sends(outbox, "a_20261118.csv", csv(payment(1)))
    known, key = tmp_path / "known_hosts", tmp_path / "key"
    known.write_text(f"[127.0.0.1]:{server.port} {server.host_key}\n")
    key.write_bytes(client_key.export_private_key("openssh", "opens the key", rounds=50))
    key.chmod(0o600)
    pulls.remotes["bureau"] |= {
        "host_key": None, "known_hosts": str(known), "key_file": str(key)
    }  # fmt: skip
    pulls.night()
    assert outcomes(pulls) == [("a_20261118.csv", "landed", 1)]


def test_what_is_wrong_is_said_without_secrets(
    pulls: Nights, outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.rmdir()
    pulls.night()
    assert "folder /out/pay is not there" in str(pulls.receipts()[-1].reason)
    monkeypatch.setenv("JIUZHULIAN_PASSWORD_BUREAU", "wrong-one")
    pulls.night(TODAY + timedelta(days=1))
    assert str(pulls.receipts()[-1].reason) == "the server refused the login; tried 1 times"
    pulls.remotes["bureau"] |= {"url": f"sftp://{USER}@127.0.0.1:1"}
    pulls.night(TODAY + timedelta(days=2))
    assert "could not be reached" in str(pulls.receipts()[-1].reason)
    assert "wrong-one" not in pulls.all_text() and PASSWORD not in pulls.all_text()
