"""HOME/restricted/outbox: tonight's sheets, answers to what came back, and the monthly reports.

Written after the night was published; the same night gives the same bytes. Folders are 0700 and
files 0600: everything here names people.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipelines.contracts.load import load_codes, load_contracts
from pipelines.intake.order_form import role_of
from pipelines.lake.night import Night
from pipelines.orders import marked, monthly, rows, sheets
from pipelines.orders.audiences import Configuration, load_configuration
from pipelines.orders.marked import replies
from pipelines.orders.workbook import FormWords, write_order

#: tables whose rows go into the files
READS = tuple(
    sorted({*sheets.READS, *rows.READS, *monthly.READS, "orders.order_sheet", "quality.receipt"})
)


@dataclass(frozen=True)
class WrittenOut:
    """What was laid into the outbox tonight, in numbers."""

    orders: int
    rows: int
    replies: int
    reports: int


def write_outbox(night: Night) -> WrittenOut:
    """Lay tonight's files into the outbox; files of this night that no longer hold are removed."""
    configuration = load_configuration(night.settings.schemas)
    forms = list(form_words(night))
    written: set[Path] = set()
    outgoing = sheets.sheets_of(night)
    rows.filled(night, outgoing)
    for sheet in outgoing if forms else ():
        write = partial(write_order, sheet=sheet, configuration=configuration, words=forms[0])
        folder = f"{sheet.audience.id}/{sheet.region_code}"
        written.add(_put(night, folder, sheet.file_name, write))
    answered = [(words, reply) for words in forms for reply in replies(night, words)]
    for words, reply in answered:
        write = partial(marked.write_reply, reply=reply, configuration=configuration, words=words)
        folder = marked.folder_of(reply, configuration)
        written.add(_put(night, folder, reply.file_name, write))
    _withdraw(night, configuration, written)
    reports = monthly.reports_of(night, configuration)
    for report in reports:
        _put(night, f"district/{report.county_code}", report.file_name, report.write)
    (night.folder / sheets.SENT).touch(mode=0o600)
    return WrittenOut(
        len(outgoing), sum(len(sheet.lines) for sheet in outgoing), len(answered), len(reports)
    )


def form_words(night: Night) -> Iterator[FormWords]:
    """The contracts by which results of visits come in."""
    codes = load_codes(night.settings.schemas)
    for _, contract in sorted(load_contracts(night.settings.schemas).items()):
        if role_of(contract) is not None:
            yield FormWords(contract, codes)


def _put(night: Night, folder: str, name: str, write: Callable[[Path], None]) -> Path:
    """Write a file beside and move it into its place below the outbox."""
    target = night.home.outbox
    for part in folder.split("/"):
        target = target / part
        target.mkdir(mode=0o700, exist_ok=True)
        os.chmod(target, 0o700)
    beside = night.temp / "outgoing.xlsx"
    write(beside)
    os.chmod(beside, 0o600)
    os.replace(beside, target / name)
    return target / name


def _withdraw(night: Night, configuration: Configuration, written: set[Path]) -> None:
    """A night that is made anew may give other sheets: those it gave before go."""
    known = {audience.id: audience.title_zh for audience in configuration.audiences}
    for audience, title in known.items():
        for path in sorted((night.home.outbox / audience).glob(f"*/*_{night.as_of:%Y%m%d}.xlsx")):
            ours = path.name.startswith((f"{title}_", "退回_"))
            if ours and path not in written:
                path.unlink()
