"""Commands about what is published: which versions there are, and showing an earlier one again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipelines.cli_lookback import answer
from pipelines.cli_options import AnswerFormat, Format, HomeDir, settings
from pipelines.errors import EXIT_NOT_THE_SAME, NotFound


def versions(
    home: HomeDir = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Hash every file again; 5 if one has changed.")
    ] = False,
    format_: AnswerFormat = Format.TEXT,
) -> int:
    """What was published and is kept: night, hashes, code, and which one analysts see."""
    from pipelines.logs import show
    from pipelines.publish.restore import kept
    from pipelines.publish.version_text import versions_text

    where = settings(home=home).home
    found = kept(where, verify=verify)
    if not found:
        raise NotFound(f"nothing is published in {where} yet: run `jiuzhulian run` first")
    if format_ is Format.JSON:
        answer([asdict(one) for one in found])
    else:
        show(versions_text(found))
    return EXIT_NOT_THE_SAME if any(one.damaged for one in found) else 0


def restore(
    which: Annotated[
        str, typer.Argument(help="A version (2026-11-19.1) or a night.", metavar="VERSION")
    ],
    home: HomeDir = None,
) -> None:
    """Shows an earlier night again, at once and whole; the next night replaces it."""
    from pipelines.logs import show
    from pipelines.publish.restore import restore as restoring
    from pipelines.publish.version_text import restored_text

    show(restored_text(restoring(settings(home=home), which)))


def add_to(app: typer.Typer) -> None:
    """Make these commands of ``app``."""
    for command in (versions, restore):
        app.command()(command)
