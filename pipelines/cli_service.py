"""Commands of a running installation: the service, and what is wrong with it."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli_options import AnswerFormat, Format, HomeDir, Landing, Policy, settings


def serve(
    landing: Landing = None,
    policy: Policy = None,
    home: HomeDir = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the user interface.")] = None,
) -> None:
    """The service: user interface, schedule and daemon, until it is asked to stop."""
    from pipelines.service.serve import serve as run_service

    run_service(settings(landing, policy, home), host, port)


def doctor(
    landing: Landing = None,
    policy: Policy = None,
    home: HomeDir = None,
    answer: AnswerFormat = Format.TEXT,
    notify: Annotated[
        bool, typer.Option(help="Send what is wrong as a notice, as a failed night is.")
    ] = False,
) -> int:
    """What is wrong with this installation, in order, each with the next step."""
    from pipelines.logs import show
    from pipelines.service.doctor import examine, exit_code, report, tell_people

    given = {"landing": landing, "policy": policy, "home": home}
    findings = examine({name: value for name, value in given.items() if value is not None})
    show(report(findings, json=answer is Format.JSON))
    if notify:
        tell_people(findings, home)
    return exit_code(findings)


def add(app: typer.Typer) -> None:
    """Hang these commands into the command ``jiuzhulian``."""
    app.command()(serve)
    app.command()(doctor)
