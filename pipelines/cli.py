"""The command ``jiuzhulian``: words of the command line in, one call, an exit code out.

Exit codes: 0 done, 1 a blocking check held publication back, 2 could not run, 3 another run holds
this HOME, 4 a fault of the program, 5 a replay came out otherwise or a published file has changed,
6 the service ended by itself, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from pipelines import (
    cli_access,
    cli_deliveries,
    cli_lookback,
    cli_person,
    cli_service,
    cli_versions,
)
from pipelines.cli_options import HomeDir, Landing, Policy, Purpose, day, noted, settings
from pipelines.errors import EXIT_STOPPED, JiuzhulianError, Stopped, ended
from pipelines.lake.closed import keep_closed

app = typer.Typer(
    name="jiuzhulian",
    help="救助链: finds people in hardship before they have to ask.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def run(
    as_of: Annotated[date, typer.Option(parser=day, metavar="YYYY-MM-DD", help="The night.")],
    landing: Landing = None,
    policy: Policy = None,
    home: HomeDir = None,
    rebuild: Annotated[
        bool, typer.Option(help="Make every table anew, also those that did not change.")
    ] = False,
) -> None:
    """The nightly job, in one process."""
    from pipelines.logs import say, show
    from pipelines.run import run_night

    chosen = settings(landing, policy, home)
    say(f"night of {as_of} · policy {chosen.policy.name}")
    run_night(chosen, as_of, rebuild=rebuild)

    from pipelines.publish.summary import summarise

    show(summarise(chosen.home))


@app.command()
def sample(
    people: Annotated[int, typer.Option(min=200, help="How many residents.")],
    out: Annotated[Path, typer.Option(help="Folder to write landing/ and truth/ into.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same city.")] = 1,
    nights: Annotated[int, typer.Option(min=1, help="How many nights of deliveries.")] = 3,
    last_night: Annotated[
        date, typer.Option(parser=day, metavar="YYYY-MM-DD", help="As-of date of the last night.")
    ] = date(2026, 11, 20),
    months: Annotated[int, typer.Option(min=2, help="Months of history before it.")] = 14,
    dirt: Annotated[float, typer.Option(min=0.0, help="1.0 = usual number of faults.")] = 1.0,
) -> None:
    """A synthetic city: landing files, and its truth beside them. Nobody in it is real."""
    from pipelines.logs import say, show
    from pipelines.synthetic.city import write_city

    try:
        summary = write_city(
            people, seed, out, last_night=last_night, nights=nights, months=months, dirt=dirt,
            progress=say,
        )  # fmt: skip
    except OSError as error:
        raise JiuzhulianError(f"--out {out} cannot be written: {error.strerror}") from error
    show(str(summary))


@app.command()
def check(
    policy: Policy = None,
    schemas: Annotated[Path | None, typer.Option(help="Contracts; default: those shipped.")] = None,
) -> None:
    """Reads contracts and policy and says what is wrong, everything at once."""
    from pipelines.check import check_all
    from pipelines.logs import show

    chosen = settings(policy=policy)
    show(check_all(schemas or chosen.schemas, chosen.policy, chosen))


cli_lookback.add_to(app)
cli_versions.add_to(app)


cli_deliveries.add(app)
cli_service.add(app)


cli_access.add(app)
cli_person.add(app)


@app.command()
def review(
    home: HomeDir = None,
    most: Annotated[int, typer.Option(min=1, help="At most so many pairs.")] = 500,
    pair: Annotated[
        str | None, typer.Option(help="Explain this pair of match_review instead.", metavar="ID")
    ] = None,
    records: Annotated[
        tuple[str, str] | None,
        typer.Option(help="Explain these two records: <source>/<dataset>:<record_key>."),
    ] = None,
    purpose: Purpose = None,
) -> None:
    """Writes the sheet in which people judge pairs; or explains one pair of records."""
    from pipelines.judging import explain_pair, write_sheet
    from pipelines.logs import show

    chosen = settings(home=home).home
    noted(chosen, "review", purpose, [pair] if pair else [])
    if pair or records:
        show(explain_pair(chosen, pair, records))
    else:
        show(write_sheet(chosen, most))


@app.command()
def judge(
    file: Annotated[Path, typer.Argument(help="The sheet of `review`, filled in (xlsx or csv).")],
    by: Annotated[str, typer.Option(help="Who decided.", metavar="NAME")],
    home: HomeDir = None,
) -> None:
    """Takes in what people decided about pairs; in force from the next night on."""
    from pipelines.judging import take_in
    from pipelines.logs import show

    show(take_in(file, by, settings(home=home).home))


def main() -> None:
    """Run a command; an error is one clear line and an exit code."""
    keep_closed()
    sys.exit(ended(_command))


def _command() -> object:
    try:
        code = app(standalone_mode=False)
    except typer.TyperException as error:
        raise JiuzhulianError(_usage(error)) from None
    if code == EXIT_STOPPED:
        raise Stopped("stopped; the last published night is unchanged")
    return code


def _usage(error: typer.TyperException) -> str:
    told = error.format_message() if hasattr(error, "format_message") else str(error)
    context = getattr(error, "ctx", None)
    words = context.command_path if context else "jiuzhulian"
    return f"{told.rstrip('.')}: see {words} --help"


if __name__ == "__main__":
    main()
