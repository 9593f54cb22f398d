"""Options that several commands share, and the settings that follow from them."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.errors import JiuzhulianError
from pipelines.settings import Settings, read_settings

if TYPE_CHECKING:
    from pipelines.lake.home import Home

Landing = Annotated[Path | None, typer.Option(help="Folder with <source>/<dataset>/ files.")]
Policy = Annotated[Path | None, typer.Option(help="Folder with parameters.yaml and rules.yaml.")]
HomeDir = Annotated[Path | None, typer.Option("--home", help="Where state and results lie.")]
Purpose = Annotated[
    str | None,
    typer.Option(
        help="Why people are looked at; no name in it. Kept in the access log.",
        envvar="JIUZHULIAN_PURPOSE",
    ),
]
LONGEST_PURPOSE = 200


def day(text: str | date) -> date:
    if isinstance(text, date):
        return text
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise typer.BadParameter("a date is written YYYY-MM-DD") from None


def settings(
    landing: Path | None = None, policy: Path | None = None, home: Path | None = None
) -> Settings:
    given: dict[str, Any] = {"landing": landing, "policy": policy, "home": home}
    return read_settings(**{name: value for name, value in given.items() if value is not None})


def home_of(given: Path | None) -> Home:
    """The HOME that is meant; JiuzhulianError where no night was ever run."""
    from pipelines.lake.home import Home

    place = Home(settings(home=given).home)
    if not place.restricted.is_dir():
        raise JiuzhulianError(f"{place.root} is no HOME: name one (--home) where a night was run")
    return place


def noted(
    home: Path,
    action: str,
    purpose: str | None,
    subjects: Sequence[str] = (),
    *,
    counts: dict[str, int] | None = None,
    detail: str = "",
    needed: bool = True,
) -> None:
    """Note in the access log that people are looked at; to be called before anything is shown.

    Where a purpose is ``needed`` and none is given, a person at a terminal is asked for it, and
    everybody else is refused. A HOME that is not there is left to whoever reads it.
    """
    from pipelines.lake import access_log
    from pipelines.lake.home import Home

    place = Home(home)
    if not place.restricted.is_dir():
        return
    why = _purpose(purpose, needed)
    what = f"{action}:{detail}" if detail else action
    access_log.record(place, what, why, subjects, counts)


def _purpose(given: str | None, needed: bool) -> str:
    """A purpose as it is kept: one line, not too long, nothing that reads like a number of a
    person."""
    from pipelines.contracts.gx_tables import IDENTIFIER

    if given is None and needed and sys.stdin.isatty() and sys.stderr.isatty():
        given = typer.prompt("用途 purpose", err=True)
    why = " ".join((given or "").split())
    if not why and needed:
        raise JiuzhulianError(
            "--purpose is missing: say why people are looked at; it is kept in the access log"
        )
    if len(why) > LONGEST_PURPOSE:
        raise JiuzhulianError(f"--purpose is longer than {LONGEST_PURPOSE} characters")
    if re.search(IDENTIFIER, why):
        raise JiuzhulianError("--purpose holds an identity, phone or roll number: leave it out")
    return why


class Format(StrEnum):
    """How a command answers."""

    TEXT = "text"
    JSON = "json"


AnswerFormat = Annotated[
    Format, typer.Option("--format", help="text for people, json for programs.")
]
