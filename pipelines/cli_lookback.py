"""Commands that look back: why a case, past nights, and other policies; they change no night."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from pipelines.cli_options import (
    AnswerFormat,
    Format,
    HomeDir,
    Policy,
    Purpose,
    day,
    noted,
    settings,
)
from pipelines.errors import EXIT_NOT_THE_SAME, JiuzhulianError

NightOption = Annotated[
    date | None,
    typer.Option("--as-of", parser=day, metavar="YYYY-MM-DD", help="The night; default the last."),
]
Out = Annotated[
    Path | None, typer.Option(help="Write every row to this .csv or .parquet (mode 0600).")
]


def explain(
    case_id: Annotated[
        str | None, typer.Argument(help="As in hardship.case_file.", metavar="CASE_ID")
    ] = None,
    home: HomeDir = None,
    person: Annotated[
        str | None,
        typer.Option(help="A person_id instead of a case: tier, and what each rule said."),
    ] = None,
    as_of: NightOption = None,
    names: Annotated[
        bool, typer.Option(help="Show names in full, and the words of disputes.")
    ] = False,
    rows: Annotated[int, typer.Option(min=1, help="At most so many rows of each kind.")] = 12,
    purpose: Purpose = None,
    format_: AnswerFormat = Format.TEXT,
) -> None:
    """Why this case, or what of this person: rows, match, household, rule, numbers."""
    from pipelines.logs import show
    from pipelines.publish import explain as explaining
    from pipelines.publish import explain_person

    where = settings(home=home).home
    if (case_id is None) == (person is None):
        raise JiuzhulianError(
            "name a case, or a person with --person: see jiuzhulian explain --help"
        )
    whom = [str(case_id or person)]
    noted(where, "explain_names" if names else "explain", purpose, whom, needed=names)
    if format_ is Format.JSON:
        told = (
            explaining.as_json(case_id, where, names=names, as_of=as_of)
            if case_id
            else explain_person.as_json(str(person), where, as_of=as_of)
        )
        answer(told)
    elif case_id:
        show(explaining.explain(case_id, where, names=names, rows=rows, as_of=as_of))
    else:
        show(explain_person.explain(str(person), where, names=names, as_of=as_of))


def simulate(
    policy: Policy = None,
    home: HomeDir = None,
    as_of: NightOption = None,
    out: Out = None,
    format_: AnswerFormat = Format.TEXT,
) -> None:
    """Another policy on a night's data: who enters, who leaves, what it costs."""
    from pipelines.logs import show
    from pipelines.lookback import simulate as simulating
    from pipelines.lookback.files import write_table
    from pipelines.lookback.text import simulation_text

    chosen = settings(policy=policy, home=home)
    found = simulating.simulate(chosen.policy, chosen.home, as_of)
    if out:
        write_table(found.hits.filter(found.hits["change"] != simulating.SAME), out)
    if format_ is Format.JSON:
        answer(simulating.as_json(found))
    else:
        show(simulation_text(found))


def nights(home: HomeDir = None, format_: AnswerFormat = Format.TEXT) -> None:
    """The nights of a HOME: policy, code, files, and which are stale."""
    from pipelines.logs import show
    from pipelines.lookback.nights import nights as listed
    from pipelines.lookback.text import nights_text

    found = listed(settings(home=home).home)
    if format_ is Format.JSON:
        answer([night.as_json() for night in found])
    else:
        show(nights_text(found))


def replay(
    as_of: Annotated[date, typer.Option(parser=day, metavar="YYYY-MM-DD", help="The night.")],
    home: HomeDir = None,
    format_: AnswerFormat = Format.TEXT,
) -> int:
    """A past night again as it was, beside the HOME, and whether every table is the same."""
    from pipelines.logs import show, step
    from pipelines.lookback import replay as replaying
    from pipelines.lookback.text import replay_text

    def told(table: str, rows: int, seconds: float) -> None:
        step(table, rows, seconds, reused=False)

    found = replaying.replay(settings(home=home).home, as_of, told)
    if format_ is Format.JSON:
        answer(replaying.as_json(found))
    else:
        show(replay_text(found))
    return 0 if found.same else EXIT_NOT_THE_SAME


def compare(
    a: Annotated[date, typer.Argument(parser=day, metavar="NIGHT_A", help="The earlier night.")],
    b: Annotated[date, typer.Argument(parser=day, metavar="NIGHT_B", help="The later night.")],
    home: HomeDir = None,
    out: Out = None,
    format_: AnswerFormat = Format.TEXT,
) -> None:
    """The difference between two nights, and its causes: data, policy, code, time."""
    from pipelines.logs import show
    from pipelines.lookback import compare as comparing
    from pipelines.lookback.compare_json import as_json
    from pipelines.lookback.files import write_table
    from pipelines.lookback.text import comparison_text

    found = comparing.compare(settings(home=home).home, a, b)
    if out:
        write_table(found.cases, out)
    if format_ is Format.JSON:
        answer(as_json(found))
    else:
        show(comparison_text(found))


def dispute(
    case_id: Annotated[str, typer.Argument(help="As in hardship.case_file.", metavar="CASE_ID")],
    by: Annotated[str, typer.Option(help="Whose words: a role, such as 本人 or 村干部.")],
    text: Annotated[str, typer.Option(help="What is said; it never leaves restricted/.")],
    on: Annotated[
        date | None,
        typer.Option(parser=day, metavar="YYYY-MM-DD", help="Day; default today in Shanghai."),
    ] = None,
    home: HomeDir = None,
) -> None:
    """Keep that a person disputes a case; the next night shows the fact and the day."""
    from pipelines.logs import show
    from pipelines.lookback.dispute import record

    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    if on and on > today:
        raise JiuzhulianError(f"--on {on} is still to come: give the day on which it was said")
    kept = record(settings(home=home).home, case_id, by, text, on or today)
    show(
        f"kept as {kept.dispute_id}, of {kept.disputed_on}; the next night from that day on marks "
        f"the case {case_id} as disputed"
    )


def answer(told: Any) -> None:
    """An answer for programs, on stdout."""
    typer.echo(json.dumps(told, ensure_ascii=False, indent=1, default=str))


def add_to(app: typer.Typer) -> None:
    """Make these commands of ``app``."""
    for command in (explain, simulate, nights, replay, compare, dispute):
        app.command()(command)
