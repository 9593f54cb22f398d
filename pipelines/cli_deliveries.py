"""Commands about deliveries: what is held back, what is set aside, what is asked for.

Words of the command line in, one call, a table out; what is done stands in the rooms.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli_options import HomeDir, Purpose, noted
from pipelines.errors import JiuzhulianError, NotFound
from pipelines.lake.home import Home
from pipelines.settings import read_settings


def accept(
    dataset: Annotated[
        str | None, typer.Argument(help="source/dataset, as --list says.", metavar="DATASET")
    ] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="Only this scope, as --list says; may be repeated.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why it is right; kept for good.")] = "",
    by: Annotated[str, typer.Option(help="Who decides; kept for good.")] = "",
    show_list: Annotated[
        bool, typer.Option("--list", help="What is held back, and what accepting would change.")
    ] = False,
    withdraw: Annotated[bool, typer.Option(help="Take earlier acceptances back.")] = False,
    home: HomeDir = None,
) -> None:
    """Lets a delivery that was held back (missing or shrunken) count from the next night on."""
    from pipelines.logs import show
    from pipelines.standard import accept as room

    place = _home(home)
    if show_list or dataset is None:
        night, held = room.held_back(place)
        show(f"held back (搁置) on the night of {night}: {held.height} scopes")
        for row in held.iter_rows(named=True):
            show(
                f"{row['source']}/{row['dataset']} --scope '{row['scope']}': "
                f"{row['held_reason']}; in force {row['rows']:,} rows of {row['newest_extract']}, "
                f"delivered {row['held_rows']:,} for {row['held_extract']}; accepting it: "
                f"{row['lost_rows']:,} rows fewer, {row['leaving_rows']:,} leave (退出)"
            )
        return
    with place.locked():
        decide = room.withdraw if withdraw else room.accept
        made = decide(place, dataset, scope, reason, by)
    show(f"{len(made)} decisions recorded (已记录); they count from the next night on")
    for one in made:
        verb = "accepted (认可)" if one.accepted else "withdrawn (撤回)"
        show(
            f"{verb}: {one.source}/{one.dataset} --scope '{one.scope}' of {one.extract_date}: "
            f"{one.rows:,} rows for {one.previous_rows:,}, {one.leaving_rows:,} leave"
        )


quarantine = typer.Typer(
    name="quarantine", help="Rows that could not be used, and their way back.", no_args_is_help=True
)
Department = Annotated[
    str | None, typer.Option(help="A source (civil_affairs) or part of its owner's name (民政).")
]


@quarantine.command("list")
def list_quarantine(department: Department = None, home: HomeDir = None) -> None:
    """How many rows wait for which department, why, and since when."""
    from pipelines.intake.quarantine_export import open_rows, waiting
    from pipelines.logs import show

    night, rows = open_rows(_home(home), department)
    show(f"open rows (待更正) on the night of {night}: {rows.height:,}")
    for one in waiting(rows):
        at = f" at {one.column_name}" if one.column_name else ""
        show(
            f"{one.source}/{one.dataset}: {one.rows:,} {one.reason_code}{at}; "
            f"oldest {(night - one.oldest).days} days; {one.owner}"
        )


@quarantine.command("export")
def export_quarantine(
    department: Department = None, purpose: Purpose = None, home: HomeDir = None
) -> None:
    """Writes a department's open rows as workbooks that it can mend and send back."""
    from pipelines.contracts.load import load_contracts
    from pipelines.intake.quarantine_export import export
    from pipelines.logs import show

    place = _home(home)
    noted(place.root, "quarantine_export", purpose)
    with place.locked():
        written = export(place, load_contracts(read_settings().schemas), department)
    for path in written:
        show(f"{path}")


contract = typer.Typer(name="contract", help="What is asked of a department.", no_args_is_help=True)


@contract.command("letter")
def letter_of(
    source: Annotated[str, typer.Argument(help="The department's folder in schemas/sources.")],
    dataset: Annotated[
        str | None, typer.Argument(help="One dataset; else all of them.", metavar="DATASET")
    ] = None,
    out: Annotated[
        Path, typer.Option(help="FILE.md: the letter; FILE.xlsx: the form that goes with it.")
    ] = Path("letter.md"),
) -> None:
    """A data-request letter (商请提供数据的函) or its form, from the same contracts."""
    from pipelines.contracts.letter import letter
    from pipelines.contracts.letter_form import write_form
    from pipelines.contracts.load import load_codes, load_contracts
    from pipelines.logs import show

    schemas = read_settings().schemas
    wanted = [
        found for found in load_contracts(schemas).values()
        if found.source == source and dataset in (None, found.dataset)
    ]  # fmt: skip
    if not wanted:
        raise NotFound(f"schemas/sources has no {source}/{dataset or '*'}: see jiuzhulian check")
    if out.suffix not in (".md", ".xlsx"):
        raise JiuzhulianError(f"--out {out.name}: end it in .md (letter) or .xlsx (form)")
    try:
        if out.suffix == ".md":
            out.write_text(letter(wanted, load_codes(schemas)), encoding="utf-8")
        else:
            write_form(wanted, load_codes(schemas), out)
    except OSError as error:
        raise JiuzhulianError(f"--out {out} cannot be written: {error.strerror}") from error
    show(f"{out}: {len(wanted)} datasets of {source}; fill in what says 待填写")


@contract.command("new")
def new_contract(
    dataset: Annotated[str, typer.Argument(help="source/dataset.", metavar="SOURCE/DATASET")],
    columns: Annotated[str, typer.Option(help="The header row, with commas; the key first.")],
    title: Annotated[str, typer.Option(help="What it is, in Chinese.")] = "",
) -> None:
    """Writes a first contract from a header row, for a person to finish; never over another."""
    from pipelines.contracts.load import load_contracts
    from pipelines.contracts.scaffold import scaffold
    from pipelines.logs import show

    schemas = read_settings().schemas
    source, _, name = dataset.partition("/")
    if not all(part.isidentifier() and part.islower() for part in (source, name)):
        raise JiuzhulianError(f"{dataset}: write <source>/<dataset>, lower-case letters and _")
    headers = [header.strip() for header in columns.replace("，", ",").split(",")]
    if "" in headers:
        raise JiuzhulianError("--columns: a header is empty; write 户号,姓名,…")
    text = scaffold(source, name, headers, title or name, load_contracts(schemas))
    path = schemas / "sources" / source / f"{name}.odcs.yaml"
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise JiuzhulianError(f"{path} cannot be written: {error.strerror}") from error
    show(f"{path}: {len(headers)} columns; finish it and run jiuzhulian check")


def _home(home: Path | None) -> Home:
    place = Home(read_settings(**({"home": home} if home else {})).home)
    if not place.restricted.is_dir():
        raise JiuzhulianError(f"{place.root} is no HOME: name one (--home) where a night was run")
    return place


def add(app: typer.Typer) -> None:
    """Hang these commands into the command ``jiuzhulian``."""
    app.command()(accept)
    app.add_typer(quarantine)
    app.add_typer(contract)
