"""What schemas/orders and a policy may say, and that every fault is told at once."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from pipelines.errors import ConfigurationFault
from pipelines.hardship.policy import load_policy
from pipelines.orders.audiences import load_configuration
from pipelines.orders.faults import order_faults
from pipelines.orders.parameters import in_force, load_parameters
from pipelines.settings import SCHEMAS
from tests.hardship.world import RIZHAO


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    shutil.copytree(SCHEMAS / "orders", tmp_path / "orders")
    return tmp_path


def test_what_is_shipped_is_without_fault() -> None:
    assert order_faults(SCHEMAS, RIZHAO) == []
    assert {a.id for a in load_configuration(SCHEMAS).audiences} == {
        "township", "village", "unplaced", "district", "social",
    }  # fmt: skip


def test_a_policy_says_another_cap_for_its_place_from_a_day_on(tmp_path: Path) -> None:
    shutil.copytree(RIZHAO, tmp_path / "policy")
    with (tmp_path / "policy" / "parameters.yaml").open("a", encoding="utf-8") as file:
        file.write(
            "\norder_open_rows:\n  unit: rows\n  values:\n"
            '    - {region: "371103", from: 2026-01-01, value: 25, source: "岚山区文件"}\n'
        )
    found = load_parameters(SCHEMAS, load_policy(tmp_path / "policy"))

    def cap(township: str, on: date) -> float:
        frame = in_force(found, [township], on)
        return float(frame.filter(frame["name"] == "order_open_rows")["value"][0])

    assert cap("371103001", date(2026, 6, 1)) == 25
    assert cap("371103001", date(2025, 6, 1)) == 10
    assert cap("371102001", date(2026, 6, 1)) == 10
    assert cap("000000000", date(2026, 6, 1)) == 10


def test_every_fault_is_told_at_once(schemas: Path) -> None:
    (schemas / "orders" / "audiences.yaml").write_text(
        "audiences:\n"
        "  - {id: ../out, title: {zh: 甲, en: a}, scope: planet, kinds: [visit], answers: true,"
        " fields: [name, salary]}\n"
        "  - {id: b, title: {zh: 乙, en: b}, scope: county, kinds: [walk], answers: maybe,"
        " fields: [name], colour: blue}\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigurationFault) as told:
        load_configuration(schemas)
    said = "\n".join(told.value.faults)
    for word in ("id of small", "scope must be", "salary", "sequence", "walk", "answers must",
                 "colour"):  # fmt: skip
        assert word in said


def test_parameters_that_are_missing_or_below_zero_are_faults(schemas: Path) -> None:
    path = schemas / "orders" / "parameters.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("order_open_rows:", "order_rows:").replace("value: 0.05", "value: -1"),
        encoding="utf-8",
    )
    with pytest.raises(ConfigurationFault) as told:
        load_parameters(schemas)
    said = "\n".join(told.value.faults)
    assert "order_open_rows is missing" in said and "-1 is below 0" in said
