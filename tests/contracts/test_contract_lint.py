"""Other tools read the contracts too: `datacontract lint` passes on every file, offline."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import yaml

from pipelines.settings import SCHEMAS

PATHS = sorted((SCHEMAS / "sources").glob("*/*.odcs.yaml"))


@pytest.fixture(autouse=True)
def closed_site(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_datacontract_lint(path: Path) -> None:
    data_contract = pytest.importorskip("datacontract.data_contract")
    run = data_contract.DataContract(data_contract_file=str(path)).lint()
    told = [f"{check.name}: {check.reason}" for check in run.checks]
    assert run.result == "passed", told
    assert any("ODCS v3.1.0" in check.name for check in run.checks)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_standard_model_reads_it_without_loss(path: Path) -> None:
    from open_data_contract_standard.model import OpenDataContractStandard

    document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    contract = OpenDataContractStandard(**document)
    assert contract.schema_ is not None
    custom = {p.property: p.value for p in contract.schema_[0].customProperties or []}
    words = [key for role in custom["roles"] or () for key in role]
    assert all(isinstance(key, str) for key in words), "quote `on`: YAML 1.1 reads it as true"
