"""Notices reach a real HTTP and a real SMTP server and hold no value; a dead one stops nobody."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipelines.lake.home import Home
from pipelines.service.notices import Notice, notices_file, quotable, send
from pipelines.service_settings import Mail, Notify, notify_faults
from tests.service.conftest import free_port

NOTICE = Notice(
    "run_failed", "landing folder /x does not exist", "make it", "2026-11-20", "r1", "s"
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create()


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def webhook(status: int = 200) -> Iterator[tuple[str, list[Any]]]:
    got: list[Any] = []

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Takes) as server, serving(server):
        yield f"http://127.0.0.1:{server.server_port}/hook?key=secret-of-the-robot", got


class Smtp(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client needs that sends one message."""

    def handle(self) -> None:
        taken: list[str] = self.server.taken  # type: ignore[attr-defined]
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline().decode().strip():
            taken.append(line)
            if line.upper().startswith("DATA"):
                self.wfile.write(b"354 go on\r\n")
                while (text := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                    taken.append(text)
            if line.upper().startswith("QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 ok\r\n")


@contextmanager
def smtp() -> Iterator[tuple[int, list[str]]]:
    with socketserver.TCPServer(("127.0.0.1", 0), Smtp) as server:
        server.taken = []  # type: ignore[attr-defined]
        with serving(server):
            yield server.server_address[1], server.taken  # type: ignore[attr-defined]


def mail(port: int, **more: Any) -> Mail:
    given = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "night@example.org",
             "to": ("duty@example.org",)}  # fmt: skip
    return Mail(**(given | more))


def kept(home: Home) -> list[dict[str, Any]]:
    lines = notices_file(home).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_a_file_is_always_written_and_is_its_owners_alone(home: Home) -> None:
    assert send(home, Notify(), NOTICE) == ()
    (one,) = kept(home)
    assert (one["kind"], one["as_of"], one["not_sent"]) == ("run_failed", "2026-11-20", [])
    assert one["at"].endswith("+08:00")
    assert notices_file(home).stat().st_mode & 0o077 == 0


def test_a_webhook_gets_the_fields(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with webhook() as (url, got):
        monkeypatch.setenv("JIUZHULIAN_WEBHOOK_URL", url)
        assert send(home, Notify(), NOTICE) == ()
        assert send(home, Notify(webhook_body="msgtype"), NOTICE) == ()
    plain, robot = got
    assert (plain["what"], plain["run_id"]) == (NOTICE.what, "r1")
    assert robot["msgtype"] == "text"
    assert NOTICE.what in robot["text"]["content"]


def test_mail_is_sent(home: Home) -> None:
    with smtp() as (port, taken):
        assert send(home, Notify(mail=mail(port)), NOTICE) == ()
    assert "rcpt TO:<duty@example.org>" in taken
    assert any(line.startswith("Subject:") for line in taken)


def test_who_does_not_answer_is_written_down_without_the_secret(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook(status=500) as (url, _):
        monkeypatch.setenv("JIUZHULIAN_WEBHOOK_URL", url)
        failed = send(home, Notify(mail=mail(free_port()), seconds=2), NOTICE)
    assert [one.split(":")[0] for one in failed] == ["webhook", "mail"]
    assert "500" in failed[0]
    assert "secret-of-the-robot" not in notices_file(home).read_text(encoding="utf-8")
    assert kept(home)[0]["not_sent"] == list(failed)


def test_only_words_of_our_own_are_quoted() -> None:
    ours = quotable(
        "ConfigurationFault", "pipelines.errors.ConfigurationFault: policy is missing\n"
    )
    assert ours == "policy is missing"
    theirs = quotable("ConversionException", "Could not convert '张三 990102197804110233'")
    assert "张三" not in theirs
    assert "ConversionException" in theirs


def test_faults_are_said_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loose = tmp_path / "url"
    loose.write_text("https://example.org/x", encoding="utf-8")
    loose.chmod(0o644)
    found = list(
        notify_faults(Notify(webhook_url_file=loose, mail=mail(25, user="night", security="none")))
    )
    assert [word in fault for word, fault in zip(
        ("0600", "JIUZHULIAN_PASSWORD_SMTP", "in the clear"), found, strict=True
    )] == [True] * 3  # fmt: skip
    loose.chmod(0o600)
    monkeypatch.setenv("JIUZHULIAN_PASSWORD_SMTP", "x")
    assert list(notify_faults(Notify(webhook_url_file=loose, mail=mail(25, user="night",
                security="starttls")))) == []  # fmt: skip
