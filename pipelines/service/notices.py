"""Telling people that something failed: a file always, a webhook and e-mail where configured.

A notice says which night, which step, which kind of fault and what to do. It never carries a value
of a person: only errors of our own, whose words are written without one, are quoted.
"""

from __future__ import annotations

import json
import os
import smtplib
import ssl
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines import errors
from pipelines.lake.home import Home
from pipelines.service_settings import Mail, Notify, mail_password, webhook_url

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: errors whose words may be passed on
QUOTABLE = frozenset(
    name for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.JiuzhulianError)
)  # fmt: skip


@dataclass(frozen=True)
class Notice:
    """What happened, to which night, and what to do next."""

    kind: str
    what: str
    next_step: str
    as_of: str | None = None
    run_id: str | None = None
    step: str | None = None
    at: str = ""

    @property
    def title(self) -> str:
        night = f" {self.as_of}" if self.as_of else ""
        return f"救助链 jiuzhulian{night}: {self.kind.replace('_', ' ')}"

    @property
    def text(self) -> str:
        lines = [self.what, f"下一步 · next: {self.next_step}"]
        if self.step:
            lines.append(f"步骤 · step: {self.step}")
        if self.run_id:
            lines.append(f"运行 · run: {self.run_id}")
        return "\n".join([*lines, self.at])


def notices_file(home: Home) -> Path:
    return home.restricted / "notices.jsonl"


def quotable(kind: str | None, message: str) -> str:
    """The words of an error if it is one of ours, else only its kind."""
    if kind in QUOTABLE:
        told = message.strip()
        return told.removeprefix(f"pipelines.errors.{kind}: ").removeprefix(f"{kind}: ")
    return f"a fault of the program, {kind or 'unknown'}; its words are withheld"


def send(home: Home, notify: Notify, notice: Notice) -> tuple[str, ...]:
    """Write the notice down and pass it on; returns what could not be passed on, and why.

    Never raises for a webhook or a mail server that does not answer: the fault is written down.
    """
    now = datetime.now(SHANGHAI).isoformat(timespec="seconds")
    stamped = Notice(**(asdict(notice) | {"at": notice.at or now}))
    failed = tuple(_passed_on(notify, stamped))
    handle = os.open(notices_file(home), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8") as file:
        kept = asdict(stamped) | {"not_sent": list(failed)}
        file.write(json.dumps(kept, ensure_ascii=False) + "\n")
    return failed


def _passed_on(notify: Notify, notice: Notice) -> Iterator[str]:
    try:
        url = webhook_url(notify)
        if url is not None:
            _post(url, notify, notice)
    except (OSError, ValueError) as error:
        yield f"webhook: {_said(error)}"
    if notify.mail is not None:
        try:
            _mail(notify.mail, notify.seconds, notice)
        except (OSError, ValueError, smtplib.SMTPException) as error:
            yield f"mail: {_said(error)}"


def _said(error: Exception) -> str:
    """The kind of a fault and its code; its words could hold the webhook's secret address."""
    code = getattr(error, "code", None) or getattr(error, "smtp_code", None)
    told = str(error) if type(error) is ValueError else ""
    return " ".join(str(part) for part in (type(error).__name__, code, told) if part)


def _post(url: str, notify: Notify, notice: Notice) -> None:
    body: dict[str, object] = asdict(notice) | {"title": notice.title, "text": notice.text}
    if notify.webhook_body == "msgtype":
        body = {"msgtype": "text", "text": {"content": f"{notice.title}\n{notice.text}"}}
    request = urllib.request.Request(
        url, json.dumps(body, ensure_ascii=False).encode(),
        {"Content-Type": "application/json; charset=utf-8"}, method="POST",
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=notify.seconds) as answer:
        answer.read(65536)


def _mail(mail: Mail, seconds: float, notice: Notice) -> None:
    message = EmailMessage()
    message["Subject"] = notice.title
    message["From"] = mail.sender
    message["To"] = ", ".join(mail.to)
    message["Date"] = formatdate(localtime=True)
    message.set_content(notice.text)
    password = mail_password(mail)
    trusted = ssl.create_default_context()
    if mail.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            mail.host, mail.port, timeout=seconds, context=trusted
        )
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=seconds)
    with server:
        if mail.security == "starttls":
            server.starttls(context=trusted)
        if mail.user and password is not None:
            server.login(mail.user, password)
        server.send_message(message)
