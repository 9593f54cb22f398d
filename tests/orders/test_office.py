"""A sheet in LibreOffice: printed as a visitor would see it, and saved by it on the way back."""

from __future__ import annotations

import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from tests.orders.town import DATASET, Form, Town

FIRST, SECOND = date(2026, 11, 18), date(2026, 11, 19)
pytestmark = pytest.mark.office


def office(path: Path, kind: str, folder: Path) -> Path:
    """The file converted by LibreOffice, with a profile of its own."""
    folder.mkdir(exist_ok=True)
    subprocess.run(
        ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless",
         "--convert-to", kind, "--outdir", str(folder), str(path)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return folder / f"{path.stem}.{kind}"


def test_printed_and_saved_by_libreoffice_it_still_comes_back(tmp_path: Path) -> None:
    town = Town(tmp_path)
    for number in range(10):
        town.poor(f"p{number}", income=1000 + number)
    town.run(FIRST)
    sheet = town.sheet(FIRST)

    pdf = office(sheet, "pdf", tmp_path / "office")
    printed = subprocess.run(
        ["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True, text=True
    ).stdout
    info = subprocess.run(["pdfinfo", str(pdf)], check=True, capture_output=True, text=True).stdout
    size = next(line for line in info.splitlines() if line.startswith("Page size"))
    width, height = (float(size.split()[at]) for at in (2, 4))
    assert (round(width), round(height)) == (842, 595)  # A4, lying
    for word in ("秦楼街道入户核查工单", "核查结果", "完成期限", "甲p0", "第 1 页"):
        assert word in printed.replace("\f", ""), word
    assert town.case_of("p0")["case_id"] not in printed

    form = Form.open(sheet)
    first, second = (town.case_of(word)["case_id"] for word in ("p0", "p1"))
    form.write(form.row_of(first), result="属实", day=FIRST, who="村干部")
    form.write(form.row_of(second), result="不清楚", day=FIRST)
    filled = tmp_path / "filled" / sheet.name
    filled.parent.mkdir()
    form.book.save(filled)
    saved = office(filled, "xlsx", tmp_path / "office")
    folder = town.landing / DATASET
    folder.mkdir(parents=True)
    shutil.copy(saved, folder / sheet.name)
    town.run(SECOND)
    assert (town.case_of("p0")["status"], town.case_of("p1")["status"]) == (
        "confirmed", "checking",
    )  # fmt: skip
    assert [(r.rows_landed, r.rows_quarantined) for r in town.receipts] == [(1, 1)]
    assert len(town.answers()) == 1
