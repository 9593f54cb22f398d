"""Every broken sample file gets the receipt, and its rows the fate, that expected.yaml states."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.lake.home import Home
from pipelines.lake.receipt import Receipt
from pipelines.nightly import land_arrivals, open_night
from pipelines.settings import Settings
from tests.acceptance.conftest import POLICY, SAMPLES, expected

EXPECTED = expected("broken")
FILES: dict[str, dict[str, Any]] = EXPECTED["files"]


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, dict[str, Receipt]]:
    folder = tmp_path_factory.mktemp("broken")
    shutil.copytree(SAMPLES / "broken" / "landing", folder / "landing")
    settings = Settings(
        landing=folder / "landing", home=folder / "home", policy=POLICY, settle_seconds=0
    )
    night = open_night(settings, EXPECTED["as_of"])
    try:
        summary = land_arrivals(night)
    finally:
        night.close()
    return night.home, {receipt.relative_path: receipt for receipt in summary.receipts}


def test_every_file_has_an_expectation_and_a_receipt(
    landed: tuple[Home, dict[str, Receipt]],
) -> None:
    below = SAMPLES / "broken" / "landing"
    there = {str(p.relative_to(below)) for p in below.rglob("*") if p.is_file()}
    assert there == set(FILES) == set(landed[1])


@pytest.mark.parametrize("name", sorted(FILES))
def test_receipt(name: str, landed: tuple[Home, dict[str, Receipt]]) -> None:
    receipt, wanted = landed[1][name], FILES[name]
    assert receipt.status == wanted["status"]
    if wanted["status"] == "refused":
        assert wanted["reason"] in (receipt.reason or "")
        assert receipt.rows_read is None
        return
    rows = {
        "read": receipt.rows_read,
        "landed": receipt.rows_landed,
        "quarantined": receipt.rows_quarantined,
        "superseded": receipt.rows_superseded,
    }
    assert rows == wanted["rows"]
    assert list(receipt.unknown_headers) == wanted.get("unknown_headers", [])
    assert [note for note in wanted.get("notes", []) if note not in (receipt.reason or "")] == []
    assert receipt.shown_path.endswith(wanted.get("shown", receipt.file_name))


@pytest.mark.parametrize("name", sorted(n for n, w in FILES.items() if "quarantine" in w))
def test_quarantined_rows(name: str, landed: tuple[Home, dict[str, Receipt]]) -> None:
    home, receipts = landed
    receipt = receipts[name]
    assert receipt.quarantine
    columns = ["row_number", "reason_code", "column_name"]
    rows = pl.read_parquet(home.quarantine / receipt.quarantine, columns=columns)
    assert rows.to_dicts() == FILES[name]["quarantine"]


@pytest.mark.parametrize("name", sorted(n for n, w in FILES.items() if "landed" in w))
def test_landed_values(name: str, landed: tuple[Home, dict[str, Receipt]]) -> None:
    home, receipts = landed
    path = receipts[name].parquet
    assert path
    rows = {r["record_key"]: r for r in _rows(home.lake / path)}
    for wanted in FILES[name]["landed"]:
        row = rows[wanted["record_key"]]
        assert row["settled_at"].date() == wanted["settled_at"]
        assert float(row["total_cost"]) == wanted["total_cost"]
        assert float(row["personal_burden"]) == wanted["personal_burden"]


def _rows(path: Path) -> list[dict[str, Any]]:
    return pl.read_parquet(path).to_dicts()
