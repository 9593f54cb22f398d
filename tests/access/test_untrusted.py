"""What comes from outside is never run, never leaves its place and never fills the machine.

Broken files of every kind stand in data_samples/broken, policies in tests/hardship; here is what
concerns all doors at once: cells that are written, YAML that is read, files that unpack.
"""

from __future__ import annotations

import csv
import re
import shutil
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contracts.cells import CUT, FORMULA, HOLDS, safe
from pipelines.contracts.load import load_codes, load_contracts
from pipelines.contracts.promises import load_promises
from pipelines.errors import ConfigurationFault
from pipelines.intake.discover import Found
from pipelines.intake.errors import Refusal
from pipelines.intake.land import land
from pipelines.intake.limits import Limits
from pipelines.intake.parquet_rows import ParquetRows
from pipelines.lake.home import Home
from pipelines.lookback.files import write_table
from pipelines.orders.audiences import load_configuration
from pipelines.publish.audience import audience
from pipelines.publish.places.cuts import load_cuts
from pipelines.settings import ROOT, SCHEMAS

PIPELINES = ROOT / "pipelines"
#: every module that writes a spreadsheet or CSV → the test that opens what it wrote
WRITERS = {
    "assistance/outbox.py": "tests/assistance/test_chain.py::test_no_cell_is_a_formula",
    "intake/quarantine_export.py": "tests/intake/test_quarantine_round_trip.py"
    "::test_nothing_is_a_formula_and_only_its_owner_can_read_it",
    "linkage/review_sheet.py": "tests/access/test_untrusted.py::test_a_sheet_of_pairs",
    "lookback/files.py": "tests/access/test_untrusted.py::test_a_csv_that_was_asked_for",
    "orders/marked.py": "tests/orders/test_sheets.py::test_nothing_in_a_cell_is_a_formula",
    "orders/monthly.py": "tests/orders/test_sheets.py::test_nothing_in_a_cell_is_a_formula",
    "orders/workbook.py": "tests/orders/test_sheets.py::test_nothing_in_a_cell_is_a_formula",
}
#: these write what the program itself invents, for the synthetic city
INVENTED = {"synthetic/files.py", "synthetic/truth.py"}
#: these write the words of contracts and promises alone, none of a file
OF_CONTRACTS = {"contracts/letter_form.py", "publish/parquet.py"}


def test_every_writer_of_cells_is_known_and_makes_them_safe() -> None:
    writing = re.compile(r"xlsxwriter|write_csv|write_excel|csv\.writer|DictWriter|openpyxl")
    found = {
        path.relative_to(PIPELINES).as_posix(): path.read_text(encoding="utf-8")
        for path in PIPELINES.rglob("*.py") if writing.search(path.read_text(encoding="utf-8"))
    }  # fmt: skip
    assert set(found) - INVENTED - OF_CONTRACTS == set(WRITERS)
    for name in WRITERS:
        assert "from pipelines.contracts.cells import safe" in found[name], name
    for name, test in WRITERS.items():
        file, _, function = test.partition("::")
        assert f"def {function}" in (ROOT / file).read_text(encoding="utf-8"), name


@given(st.text() | st.from_regex(r"[=+\-@＝＋－＠]cmd\|.*", fullmatch=True))
def test_no_text_begins_like_a_formula(text: str) -> None:
    shown = safe(text)
    assert shown.lstrip("\n")[:1] not in FORMULA
    assert safe(shown) == shown
    assert shown.removeprefix(" ") == "".join(
        c for c in text if c >= " " or c == "\n"
    ).removeprefix(" ")


def test_what_no_cell_holds_is_cut_and_says_so() -> None:
    shown = safe("长" * 100_000)
    assert len(shown) == HOLDS and shown.endswith(CUT)


def test_a_csv_that_was_asked_for(tmp_path: Path) -> None:
    texts = ["=1+1", "@SUM(A1)", "＝1", "\t=1", "平常", None]
    write_table(pl.DataFrame({"reason": texts, "n": [-1] * 6}), tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(encoding="utf-8-sig", newline="") as file:
        found = [row[0] for row in csv.reader(file)][1:]
    assert [text.strip()[:1] not in FORMULA or text[:1] == " " for text in found] == [True] * 6
    assert found[4] == "平常"


def test_a_sheet_of_pairs(tmp_path: Path) -> None:
    from pipelines.linkage import review_sheet

    row = dict.fromkeys(review_sheet.HEADERS, "=HYPERLINK(1)")
    path = tmp_path / "pairs.xlsx"
    review_sheet.write(pl.DataFrame([row]), path)
    with zipfile.ZipFile(path) as parts:
        cells = parts.read("xl/worksheets/sheet1.xml").decode()
        texts = parts.read("xl/sharedStrings.xml").decode()
    assert "<f>" not in cells
    assert "> =HYPERLINK" in texts and ">=HYPERLINK" not in texts


def parquet(path: Path, rows: int) -> Found:
    one = pa.array(["甲"]).dictionary_encode()
    column = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int8()), one.dictionary)
    pq.write_table(pa.table({"a": column, "b": column}), path, compression="zstd")
    size = path.stat().st_size
    return Found(path, path.name, "a", "b", "parquet", date(2026, 11, 20), size, 0)


def test_a_parquet_file_that_unpacks_into_far_too_much_is_refused(tmp_path: Path) -> None:
    """A value that repeats is stored once: the file is small, and its rows would fill a disk."""
    found = parquet(tmp_path / "bomb.parquet", 3_000_000)
    assert found.path.stat().st_size < 20_000
    with pytest.raises(Refusal, match="times its size"):
        ParquetRows(found, Limits(small=1))
    with pytest.raises(Refusal, match="more than 1 MB"):
        ParquetRows(found, Limits(unpacked=1))
    honest = parquet(tmp_path / "honest.parquet", 1000)
    assert sum(block.frame.height for block in ParquetRows(honest).blocks()) == 1000


def test_cells_of_any_size_come_through(tmp_path: Path) -> None:
    """A note of two million characters lands whole, and a row set aside is kept whole."""
    reports = tmp_path / "landing" / "civil_affairs" / "field_report"
    reports.mkdir(parents=True)
    long = "长" * 2_000_000
    (reports / "a_20261120.csv").write_text(
        "线索编号,上报日期,区划代码,情况说明\n"
        f"X1,2026-11-18,371121901201,{long}\nX2,{long},371121901201,=1+1\n",
        encoding="utf-8",
    )
    home = Home(tmp_path / "home").create()
    summary = land(home, tmp_path / "landing", load_contracts(), load_codes(), date(2026, 11, 20),
                   "run-1", 0, "500MB", lambda _: None)  # fmt: skip
    (receipt,) = summary.receipts
    assert (receipt.rows_landed, receipt.rows_quarantined) == (1, 1)
    landed = pl.read_parquet(home.lake / str(receipt.parquet))
    assert landed["note"].to_list() == [long]
    aside = pl.read_parquet(home.quarantine / str(receipt.quarantine))
    assert long in aside["raw"][0]


TAG = "!!python/object/apply:os.system ['touch OWNED']"
DOORS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "promises": ("tables/meta/run.yml", load_promises),
    "contracts": ("sources/civil_affairs/field_report.odcs.yaml", load_contracts),
    "codes": ("codes/sex.yaml", load_codes),
    "audiences of published/": ("publish/audiences.yaml", audience),
    "places of published/": ("publish/places.yaml", load_cuts),
    "audiences of orders": ("orders/audiences.yaml", load_configuration),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_yaml_tag_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    name, load = DOORS[door]
    schemas = tmp_path / "schemas"
    shutil.copytree(SCHEMAS, schemas)
    path = schemas / name
    path.write_text(path.read_text(encoding="utf-8") + f"\nevil: {TAG}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationFault):
        load(schemas)
    assert not (tmp_path / "OWNED").exists()


def test_yaml_is_read_by_loaders_without_tags_alone() -> None:
    loads = re.compile(
        r"yaml\.(?!safe_load|safe_dump|YAMLError|SafeLoader|CSafeLoader)\w*load\w*\("
    )
    using = [
        (path.name, line.strip())
        for path in PIPELINES.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines() if loads.search(line)
    ]  # fmt: skip
    named = ("Loader=PlainLoader", "Loader=_Loader", "yaml.SafeLoader)")
    assert [one for one in using if not any(loader in one[1] for loader in named)] == []
    assert len(using) == 3


def test_dependencies_are_pinned_with_hashes() -> None:
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    packages = lock.split("[[package]]")[1:]
    without = [
        re.search(r'name = "([^"]+)"', package)[1]  # type: ignore[index]
        for package in packages
        if re.search(r"^source = \{ (\w+)", package, re.M)[1] == "registry"  # type: ignore[index]
        and 'hash = "sha256:' not in package
    ]
    files = re.findall(r"\{ url = [^}]*\}", lock)
    assert len(packages) > 100 and len(files) > 1000
    assert without == []
    assert [one for one in files if 'hash = "sha256:' not in one] == []
