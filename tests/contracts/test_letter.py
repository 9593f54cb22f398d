"""Letter and form ask for what the contract says; a filled form can be delivered as it is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import fastexcel
import pytest
from typer.testing import CliRunner

from pipelines import cli
from pipelines.contracts.codes import fold_value
from pipelines.contracts.headers import match_headers
from pipelines.contracts.letter import header_of, letter
from pipelines.contracts.letter_form import CODES, form_header, sheet_name, write_form
from pipelines.contracts.load import load_codes, load_contracts
from pipelines.intake.discover import Found
from pipelines.intake.excel_rows import ExcelRows

CONTRACTS, LISTS = load_contracts(), load_codes()
SOURCES = sorted({contract.source for contract in CONTRACTS.values()})


@pytest.mark.parametrize("source", SOURCES)
def test_the_letter_names_every_column_and_marks_what_is_needed(source: str) -> None:
    contracts = [c for c in CONTRACTS.values() if c.source == source]
    text = letter(contracts, LISTS)
    assert text.startswith("# 关于商请提供")
    assert contracts[0].owner.split(" / ")[0] in text
    for contract in contracts:
        for column in contract.columns:
            need = "**必需**" if column.required else "可选"
            assert f"| {header_of(column)} | {column.zh} | {need}" in text
        assert f"{contract.source}/{contract.dataset}/" in text
        if contract.due_days:
            assert f"超过 {contract.due_days} 天" in text
    for blank in ("提供依据：〔", "联系人", "传输方式：〔", "保存期限：〔"):
        assert blank in text
    assert text.count("待填写〕") == 7
    assert "No " not in text and "None" not in text


@pytest.mark.parametrize("source", SOURCES)
def test_the_form_is_a_file_that_intake_reads(source: str, tmp_path: Path) -> None:
    contracts = [c for c in CONTRACTS.values() if c.source == source]
    path = tmp_path / "form_20261120.xlsx"
    write_form(contracts, LISTS, path)
    assert len({sheet_name(c, contracts) for c in contracts}) == len(contracts)
    for contract in contracts:
        found = Found(
            path, "", source, contract.dataset, "xlsx", date(2026, 11, 20), 1, 1
        )  # fmt: skip
        headers = ExcelRows(found, contract).headers
        assert list(headers) == [form_header(column) for column in contract.columns]
        matched = match_headers(contract, headers)
        assert [c.name for c in matched.columns.values()] == [c.name for c in contract.columns]
        assert not matched.unknown and not matched.scales


def test_every_choice_is_a_code_of_its_list(tmp_path: Path) -> None:
    path = tmp_path / "form.xlsx"
    write_form([CONTRACTS["public_security/household_register"]], LISTS, path)
    listed = fastexcel.read_excel(path).load_sheet(CODES, dtypes="string").to_polars()
    relation = LISTS["relation"]
    assert {relation.resolve(word) for word in listed["家庭关系"]} == set(relation.codes)
    assert all(fold_value(word) in relation.lookup for word in listed["家庭关系代码"])


def test_the_command(tmp_path: Path) -> None:
    def ask(*words: str) -> object:
        return CliRunner().invoke(cli.app, ["contract", "letter", *words]).exception

    out = tmp_path / "letter.md"
    assert ask("disabled_persons", "card_holder", "--out", str(out)) is None
    assert "残疾人证持证人" in out.read_text("utf-8")
    assert "schemas/sources has no nobody" in str(ask("nobody", "--out", str(out)))
    assert "letter.doc: end it in" in str(ask("education", "--out", str(tmp_path / "letter.doc")))
