"""Which exchange databases and remote folders are pulled, and where their secrets come from.

Only what a site writes into ``settings.toml`` is described here; no connection is made. Secrets
stand in the environment or in files that nobody else may read, never in these settings.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

#: servers by the scheme of an URL written as SQLAlchemy writes them
POSTGRESQL, MYSQL = "postgresql", "mysql"
SCHEMES = {
    "postgresql": POSTGRESQL, "postgresql+psycopg": POSTGRESQL,
    "mysql": MYSQL, "mysql+pymysql": MYSQL, "mariadb": MYSQL, "mariadb+pymysql": MYSQL,
}  # fmt: skip
#: what may stand behind the ``?`` of an URL
QUERY = {
    POSTGRESQL: {"host", "sslmode", "sslrootcert", "sslcert", "sslkey", "channel_binding"},
    MYSQL: {"unix_socket", "ssl_ca", "ssl_cert", "ssl_key"},
    "sftp": set(),
}  # fmt: skip
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_IDENTIFIER = r"[^\W\d][\w$]{0,62}"
Identifier = Annotated[str, StringConstraints(pattern=rf"^{_IDENTIFIER}$")]
TableName = Annotated[str, StringConstraints(pattern=rf"^({_IDENTIFIER}\.)?{_IDENTIFIER}$")]
Dataset = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+/[a-z0-9_]+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Table(_Strict):
    """A table that holds a dataset."""

    dataset: Dataset
    table: TableName
    #: column whose value only grows (time of change, ascending id); needed for append datasets
    cursor: Identifier | None = None
    #: how far behind the newest cursor value rows may still appear: seconds, or a count of ids
    overlap: Annotated[int, Field(ge=0)] | None = None


class Place(_Strict):
    """Something that is reached over the network with a name and a secret."""

    url: str
    password_file: Path | None = None
    #: seconds until a connection must stand
    connect_seconds: Annotated[int, Field(ge=1)] = 10
    #: seconds of silence after which a connection counts as lost
    quiet_seconds: Annotated[int, Field(ge=1)] = 300
    #: how often it is tried in one night, and the first pause between, which doubles
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    pause_seconds: Annotated[float, Field(ge=0)] = 5

    @field_validator("url")
    @classmethod
    def _without_secret(cls, url: str) -> str:
        parts = urlsplit(url)
        named = {key.lower() for key, _ in parse_qsl(parts.query)}
        if parts.password is not None or any("pass" in key or "pwd" in key for key in named):
            raise ValueError(
                "the url holds a password: take it out and give it in the environment "
                "(JIUZHULIAN_PASSWORD_<NAME>) or in a file of mode 0600 (password_file)"
            )
        kind = SCHEMES.get(parts.scheme, parts.scheme)
        if kind not in QUERY:
            raise ValueError(f"scheme {parts.scheme or '?'} is not known: {', '.join(SCHEMES)}")
        if unknown := named - QUERY[kind]:
            raise ValueError(
                f"{', '.join(sorted(unknown))} cannot stand in the url; "
                f"known: {', '.join(sorted(QUERY[kind])) or 'nothing'}"
            )
        try:
            _ = parts.port
        except ValueError:
            raise ValueError("the port in the url is no number") from None
        return url

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def user(self) -> str | None:
        return unquote(self.parts.username) if self.parts.username else None

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.parts.query))


class Database(Place):
    """An exchange database (前置库): all its tables are read in one consistent snapshot."""

    tables: tuple[Table, ...] = ()
    #: seconds that reading one table may take
    table_seconds: Annotated[int, Field(ge=1)] = 3600

    @field_validator("url")
    @classmethod
    def _is_database(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES:
            raise ValueError(f"scheme {parts.scheme} is no database: {', '.join(SCHEMES)}")
        if not parts.path.strip("/"):
            raise ValueError("the url names no database: …://user@host:port/database")
        return url

    @property
    def kind(self) -> str:
        return SCHEMES[self.parts.scheme]

    @property
    def name(self) -> str:
        return unquote(self.parts.path.strip("/"))


class Folder(_Strict):
    """A folder of a remote server whose files belong to one dataset."""

    dataset: Dataset
    path: str


class Remote(Place):
    """A server with folders that are fetched over SFTP. Its host key must be known."""

    folders: tuple[Folder, ...] = ()
    #: the server's public key, as ssh-keyscan prints it without the host: "ssh-ed25519 AAAA…"
    host_key: str | None = None
    known_hosts: Path | None = None
    #: private key to log in with; the password, if there is one, opens it
    key_file: Path | None = None

    @field_validator("url")
    @classmethod
    def _is_sftp(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "sftp" or not parts.hostname or not parts.username:
            raise ValueError("a remote folder's url is sftp://user@host or sftp://user@host:port")
        return url


def secret(name: str, place: Place) -> str | None:
    """The password of a database or remote server, if it has one. Raises ValueError."""
    given = os.environ.get(variable(name))
    if given is not None:
        return given
    if place.password_file is None:
        return None
    if fault := loose(place.password_file):
        raise ValueError(fault)
    return place.password_file.read_text(encoding="utf-8").rstrip("\r\n")


def variable(name: str) -> str:
    """The environment variable that may hold the password."""
    return f"JIUZHULIAN_PASSWORD_{name.upper()}"


def loose(path: Path) -> str | None:
    """Why a file with a secret cannot be used, if it cannot."""
    try:
        status = path.stat()
    except OSError as error:
        return f"{path} cannot be read ({error.strerror}): make it, with mode 0600"
    if not stat.S_ISREG(status.st_mode):
        return f"{path} is no file"
    if stat.S_IMODE(status.st_mode) & 0o077:
        return (
            f"{path} holds a secret and has mode {stat.S_IMODE(status.st_mode):04o}: "
            f"chmod 0600 {path}"
        )
    if not os.access(path, os.R_OK):
        return f"{path} cannot be read by this user"
    return None


def secret_faults(name: str, place: Place) -> Iterator[str]:
    """What is wrong with the files of secrets that a place names."""
    if place.password_file is not None and variable(name) not in os.environ:
        yield from filter(None, [loose(place.password_file)])
    if isinstance(place, Remote) and place.key_file is not None:
        yield from filter(None, [loose(place.key_file)])
