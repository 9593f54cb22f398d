"""Options that several commands share, and the settings that follow from them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.settings import Settings, read_settings

Landing = Annotated[Path | None, typer.Option(help="Folder with <source>/<dataset>/ files.")]
Policy = Annotated[Path | None, typer.Option(help="Folder with parameters.yaml and rules.yaml.")]
HomeDir = Annotated[Path | None, typer.Option("--home", help="Where state and results lie.")]


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


class Format(StrEnum):
    """How a command answers."""

    TEXT = "text"
    JSON = "json"


AnswerFormat = Annotated[
    Format, typer.Option("--format", help="text for people, json for programs.")
]
