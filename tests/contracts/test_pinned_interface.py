"""The contracts say what the pinned interface says: datasets, order, keys, headers, bold."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipelines.contracts.headers import match_headers
from pipelines.contracts.load import load_contracts

CONTRACTS = load_contracts()


@dataclass
class Pinned:
    name: str
    mode: str
    key: tuple[str, ...]
    columns: dict[str, tuple[bool, tuple[str, ...]]] = field(default_factory=dict)


def pinned() -> list[Pinned]:
    found: list[Pinned] = []
    text = Path(__file__).with_name("pinned.txt").read_text(encoding="utf-8")
    for line in text.splitlines()[1:]:
        if line.startswith("["):
            name, _, rest = line[1:].partition("] ")
            mode, _, key = rest.partition(": ")
            found.append(Pinned(name, mode, tuple(key.split())))
        else:
            column, _, headers = line.partition(" = ")
            bold = column.endswith("!")
            found[-1].columns[column.rstrip("!")] = (bold, tuple(headers.split()))
    return found


PINNED = pinned()


def test_every_dataset_has_its_contract() -> None:
    needed = {name for name, contract in CONTRACTS.items() if not contract.optional}
    assert needed == {dataset.name for dataset in PINNED}


@pytest.mark.parametrize("dataset", PINNED, ids=lambda dataset: dataset.name)
def test_columns_keys_and_headers(dataset: Pinned) -> None:
    contract = CONTRACTS[dataset.name]
    assert contract.mode == dataset.mode
    assert contract.key == dataset.key
    assert [column.name for column in contract.columns] == list(dataset.columns)
    for name, (bold, headers) in dataset.columns.items():
        assert contract.column(name).required is bold, name
        for header in (name, *headers):
            assert [c.name for c in match_headers(contract, [header]).columns.values()] == [name]


@pytest.mark.parametrize("name", sorted(CONTRACTS))
def test_every_dataset_plays_a_role_and_has_an_owner(name: str) -> None:
    contract = CONTRACTS[name]
    assert contract.roles
    assert contract.owner
    assert contract.quarantine_owner
    assert all(column.zh and column.en for column in contract.columns)


def test_snapshots_say_what_is_believable_and_most_sources_when_they_are_late() -> None:
    for contract in CONTRACTS.values():
        assert (contract.believable.lost_share, contract.believable.lost_rows) == (0.1, 10)
        if contract.mode == "snapshot":
            assert contract.due_days is not None


def test_scopes() -> None:
    assert CONTRACTS["civil_affairs/assistance_household"].scope.columns == (
        "category",
        "region_code",
    )
    through = CONTRACTS["civil_affairs/assistance_member"].scope.through
    assert through is not None
    assert (through.dataset, through.key) == ("assistance_household", "certificate_no")
