"""How the service runs by itself, and whom it tells when a night fails.

Only what a site writes into ``settings.toml`` is described here; nothing is started and nothing
sent. Secrets stand in the environment or in files that nobody else may read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipelines.delivery_settings import loose

WEBHOOK_VARIABLE = "JIUZHULIAN_WEBHOOK_URL"
SMTP_VARIABLE = "JIUZHULIAN_PASSWORD_SMTP"
ADDRESS = re.compile(r"^[^@\s<>,;]+@[^@\s<>,;]+$")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Service(_Strict):
    """The running installation: where it listens and when its nights start."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 3000
    #: when the night starts, in Shanghai
    nightly_at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "02:00"
    #: when the night must be published, in Shanghai; later it shows as overdue
    published_by: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "07:00"
    #: how often the landing folder is looked at, in seconds
    arrivals_every_seconds: Annotated[int, Field(ge=5, le=3600)] = 5
    #: at most so many missed nights are caught up, the newest ones
    catch_up_nights: Annotated[int, Field(ge=0, le=366)] = 14
    #: a night that takes longer is stopped and reported
    night_hours: Annotated[float, Field(gt=0, le=48)] = 6
    #: where published/ is served by a web server, for links from the user interface to its pages
    pages_url: str | None = None

    @field_validator("pages_url")
    @classmethod
    def _is_page(cls, url: str | None) -> str | None:
        if url is not None and urlsplit(url).scheme not in ("http", "https"):
            raise ValueError("write http://… or https://…")
        return url.rstrip("/") if url else None

    @property
    def cron(self) -> str:
        """The start of the night as cron writes it."""
        hour, minute = self.nightly_at.split(":")
        return f"{int(minute)} {int(hour)} * * *"

    @property
    def hours_for_a_night(self) -> float:
        """From the start of the night to the hour by which it must be published."""
        begin, end = (
            int(text[:2]) * 60 + int(text[3:]) for text in (self.nightly_at, self.published_by)
        )
        return ((end - begin) % 1440 or 1440) / 60

    @property
    def published_cron(self) -> str:
        hour, minute = self.published_by.split(":")
        return f"{int(minute)} {int(hour)} * * *"


class Mail(_Strict):
    """A mail server that takes notices in."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 25
    security: Literal["none", "starttls", "tls"] = "starttls"
    user: str | None = None
    #: else the environment variable JIUZHULIAN_PASSWORD_SMTP
    password_file: Path | None = None
    sender: str
    to: Annotated[tuple[str, ...], Field(min_length=1)]

    @field_validator("sender", "to")
    @classmethod
    def _is_address(cls, given: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for one in (given,) if isinstance(given, str) else given:
            if not ADDRESS.fullmatch(one):
                raise ValueError("a mail address is written name@host")
        return given


class Notify(_Strict):
    """Who is told. HOME/restricted/notices.jsonl is always written."""

    #: the address of a webhook may hold its secret, so it stands in a file of mode 0600,
    #: or in the environment variable JIUZHULIAN_WEBHOOK_URL
    webhook_url_file: Path | None = None
    #: plain: our own fields; msgtype: the text message of 企业微信 and 钉钉 robots
    webhook_body: Literal["plain", "msgtype"] = "plain"
    mail: Mail | None = None
    #: seconds until a webhook or mail server must have answered
    seconds: Annotated[float, Field(gt=0, le=120)] = 10


def webhook_url(notify: Notify) -> str | None:
    """Where to post, if anywhere. Raises ValueError."""
    given = _secret(WEBHOOK_VARIABLE, notify.webhook_url_file)
    if given is not None and urlsplit(given).scheme not in ("http", "https"):
        raise ValueError("the webhook's address does not begin with http:// or https://")
    return given


def mail_password(mail: Mail) -> str | None:
    """The mail server's password, if it wants one. Raises ValueError."""
    return _secret(SMTP_VARIABLE, mail.password_file)


def notify_faults(notify: Notify) -> Iterator[str]:
    """What is wrong with how notices would be sent; nothing is sent."""
    try:
        webhook_url(notify)
    except ValueError as error:
        yield f"notify: {error}"
    if notify.mail is None:
        return
    try:
        password = mail_password(notify.mail)
    except ValueError as error:
        yield f"notify.mail: {error}"
        return
    if notify.mail.user and password is None:
        yield (
            f"notify.mail: {notify.mail.host} is to be asked with a user and no password: give "
            f"{SMTP_VARIABLE} or password_file, or take user away"
        )
    if notify.mail.user and notify.mail.security == "none":
        yield "notify.mail: a password would go in the clear: set security to starttls or tls"


def _secret(variable: str, file: Path | None) -> str | None:
    if given := os.environ.get(variable):
        return given
    if file is None:
        return None
    if fault := loose(file):
        raise ValueError(fault)
    return file.read_text(encoding="utf-8").strip()
