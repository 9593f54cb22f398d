"""Commands about one person: who it is, what is held, what was wrong, who may not look."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli_options import HomeDir, Purpose, home_of, noted
from pipelines.errors import JiuzhulianError

person = typer.Typer(
    name="person", help="One person's data: PIPL art. 44 to 48.", no_args_is_help=True
)
PersonId = Annotated[str, typer.Argument(help="As in population.person.", metavar="PERSON_ID")]
Despite = Annotated[
    bool, typer.Option("--despite-restriction", help="The law demands it all the same.")
]
Reason = Annotated[str, typer.Option(help="Why; kept for good.")]
By = Annotated[str, typer.Option(help="Who decides; kept for good.")]


@person.command("find")
def find_person(purpose: Purpose = None, home: HomeDir = None) -> None:
    """The ids behind an identity number, which is asked for (or read from stdin), never a word
    of the command line."""
    from pipelines import subject
    from pipelines.logs import show

    where = home_of(home)
    number = _asked("身份证号 identity number")
    found = subject.find(where.root, number)
    noted(where.root, "find", purpose, found)
    for one in found:
        show(one)
    if not found:
        raise JiuzhulianError("nobody is known by that number on the last night")


@person.command("reidentify")
def reidentify(
    people: Annotated[list[str], typer.Argument(help="Ids, as in population.person.")],
    purpose: Purpose = None,
    despite: Despite = False,
    home: HomeDir = None,
) -> None:
    """Who is behind an id: name, number, phone, address, as JSON lines."""
    from pipelines import subject
    from pipelines.lake.restriction import refuse_restricted

    where = home_of(home)
    refuse_restricted(where, people, despite)
    noted(where.root, "reidentify", purpose, people, detail="despite" if despite else "")
    for row in subject.identities(where.root, people):
        typer.echo(json.dumps(row, ensure_ascii=False, default=str))


@person.command("show")
def show_person(
    person_id: PersonId,
    purpose: Purpose = None,
    out: Annotated[
        Path | None, typer.Option(help="Write it to this .json (mode 0600) instead.")
    ] = None,
    despite: Despite = False,
    home: HomeDir = None,
) -> None:
    """Everything held on a person (art. 45): registers, tables, corrections, who looked."""
    from pipelines import subject
    from pipelines.lake import access_log
    from pipelines.lake.restriction import refuse_restricted
    from pipelines.logs import show

    where = home_of(home)
    refuse_restricted(where, [person_id], despite)
    noted(where.root, "held", purpose, [person_id], detail="despite" if despite else "")
    told: dict[str, Any] = subject.held(where.root, person_id)
    told["looked_at"] = [
        {"at": one.at, "user": one.user, "action": one.action, "purpose": one.purpose}
        for one in access_log.entries(where) if person_id in one.subjects
    ]  # fmt: skip
    text = json.dumps(told, ensure_ascii=False, indent=1, default=str)
    if out is None:
        typer.echo(text)
        return
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise JiuzhulianError(f"--out {out} cannot be written: {error.strerror}") from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    show(f"{out}: {sum(map(len, told['tables'].values())):,} rows of {len(told['tables'])} tables")


@person.command("correct")
def correct(
    person_id: PersonId,
    record: Annotated[str, typer.Option(help="<source>/<dataset>:<record_key>, as `show` says.")],
    column: Annotated[str, typer.Option(help="What is wrong, by its name in the contract.")],
    reason: Reason,
    by: By,
    home: HomeDir = None,
) -> None:
    """Keeps that a register is wrong (art. 46): nights from now on read the value that is asked
    for (or read from stdin), until the department mends its own."""
    from pipelines import subject
    from pipelines.logs import show

    where = home_of(home)
    value = _asked("正确的值，空为不详 right value, empty if unknown")
    noted(where.root, "correct", f"更正 {column}", [person_id])
    with where.locked():
        made = subject.correct(where, person_id, record, column, value, reason, by)
    show(f"kept as {made.correction_id}; it holds from the next night on: tell the department too")


@person.command("restrict")
def restrict(
    person_id: PersonId,
    reason: Reason,
    by: By,
    lift: Annotated[bool, typer.Option(help="Take a restriction back.")] = False,
    home: HomeDir = None,
) -> None:
    """Shows this person's identity to nobody through commands (art. 44, 47) until it is lifted."""
    from pipelines.lake import restriction
    from pipelines.logs import show

    where = home_of(home)
    if not reason.strip() or not by.strip():
        raise JiuzhulianError("--reason and --by are needed: they are kept for good")
    noted(where.root, "lift_restriction" if lift else "restrict", "限制处理", [person_id])
    made = restriction.record(where, person_id, lift, reason, by)
    show(f"kept as {made.restriction_id}")


def _asked(what: str) -> str:
    """A value that must not stand in a shell's history or a list of processes."""
    if sys.stdin.isatty():
        return str(typer.prompt(what, default="", show_default=False, err=True))
    return sys.stdin.readline().strip()


def add(app: typer.Typer) -> None:
    """Hang these commands into the command ``jiuzhulian``."""
    app.add_typer(person)
