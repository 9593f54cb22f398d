"""Commands about who sees whom: the access log, sealing, and the key of ids."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli_options import AnswerFormat, Format, HomeDir, Purpose, home_of, noted
from pipelines.errors import JiuzhulianError

audit = typer.Typer(name="audit", help="Who saw whom, and why.", no_args_is_help=True)
keys = typer.Typer(name="key", help="Keys: for sealing, and for ids.", no_args_is_help=True)


@audit.command("verify")
def verify_log(
    home: HomeDir = None,
    head: Annotated[
        list[str] | None,
        typer.Option(help="A head noted elsewhere earlier; may be repeated.", metavar="N:HASH"),
    ] = None,
) -> None:
    """Checks the chain of the access log: nothing altered, taken out, moved or cut off."""
    from pipelines.lake import access_log
    from pipelines.logs import show

    known = [access_log.Head.read(text) for text in head or ()]
    found, faults = access_log.verify(home_of(home), known)
    if faults:
        raise JiuzhulianError("the access log does not hold: " + "; ".join(faults))
    show(f"{found.entries} entries hold; head {found}")


@audit.command("head")
def head_of_log(home: HomeDir = None) -> None:
    """Where the access log ends: note it where its writer cannot write, for a later `verify`."""
    from pipelines.lake import access_log
    from pipelines.logs import show

    found, faults = access_log.verify(home_of(home))
    if faults:
        raise JiuzhulianError("the access log does not hold: " + "; ".join(faults))
    show(str(found))


@audit.command("show")
def show_log(
    home: HomeDir = None,
    subject: Annotated[
        str | None, typer.Option(help="Only readings of this person_id, case_id or pair.")
    ] = None,
    last: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 100,
    format_: AnswerFormat = Format.TEXT,
) -> None:
    """The entries of the access log, oldest first."""
    import json

    from pipelines.lake import access_log
    from pipelines.logs import show

    found = [
        entry for entry in access_log.entries(home_of(home))
        if subject is None or subject in entry.subjects
    ][-last:]  # fmt: skip
    if format_ is Format.JSON:
        typer.echo(json.dumps([vars(entry) for entry in found], ensure_ascii=False, indent=1))
        return
    for one in found:
        whom = " ".join(one.subjects[:3]) + (" …" if len(one.subjects) > 3 else "")
        show(f"{one.sequence:>6}  {one.at}  {one.user}  {one.action}  {whom}  {one.purpose}")


def seal(
    out: Annotated[Path, typer.Argument(help="The sealed file to write.", metavar="FILE.age")],
    to: Annotated[
        list[str] | None, typer.Option(help="For whom: age1… or ssh-ed25519 …; may be repeated.")
    ] = None,
    recipients: Annotated[
        Path | None, typer.Option(help="A file with a recipient on each line.")
    ] = None,
    part: Annotated[str, typer.Option(help="restricted, outbox or identity.")] = "restricted",
    purpose: Purpose = None,
    home: HomeDir = None,
) -> None:
    """Seals what identifies, for storage or transfer, in the age format; nothing is removed."""
    from pipelines import sealing
    from pipelines.logs import show

    place = home_of(home)
    whom = sealing.recipients_of(to or (), recipients)
    noted(place.root, "seal", purpose, counts={"recipients": len(whom)}, detail=part)
    with place.locked():
        made = sealing.seal(place, part, out, whom)
    show(f"{made.path}: {made.files:,} files sealed for {len(whom)}, {made.size:,} bytes")


def unseal(
    sealed: Annotated[Path, typer.Argument(help="What `seal` wrote.", metavar="FILE.age")],
    into: Annotated[Path, typer.Option(help="A folder that is not there yet.")],
    identity: Annotated[Path, typer.Option(help="The key file (mode 0600).")],
    purpose: Purpose = None,
    home: HomeDir = None,
) -> None:
    """Opens what `seal` wrote, whole or not at all, into a new folder closed to others."""
    from pipelines import sealing
    from pipelines.logs import show

    place = home_of(home)
    secrets = sealing.identities_of(identity)
    noted(place.root, "unseal", purpose)
    made = sealing.unseal(sealed, into, secrets)
    show(f"{made.path}: {made.files:,} files opened, {made.size:,} bytes")


@keys.command("new")
def new_key(
    file: Annotated[Path, typer.Argument(help="The key file to write (mode 0600).")],
) -> None:
    """Makes a key for `unseal`; what is said is the recipient for `seal --to`."""
    from pipelines import sealing
    from pipelines.logs import show

    show(sealing.new_key(file))


@keys.command("rotate")
def rotate_key(home: HomeDir = None, purpose: Purpose = None) -> None:
    """Ids that are new from now on come from a new key; those in use stay, the old key is kept."""
    from pipelines.logs import show

    place = home_of(home)
    noted(place.root, "rotate_key", purpose)
    with place.locked():
        kept = place.rotate_key()
    show(f"a new key from the next night on; the old one lies in {kept}: back both up")


def add(app: typer.Typer) -> None:
    """Hang these commands into the command ``jiuzhulian``."""
    app.add_typer(audit)
    app.command()(seal)
    app.command()(unseal)
    app.add_typer(keys)
