"""Landing under the user interface: one department alone, faults that pass, a HOME in use."""

from __future__ import annotations

import errno
import shutil
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from assets import intake, resources
from assets.factory import asset_key
from assets.intake import landing
from assets.resources import NightResource
from pipelines.contracts.load import load_contracts
from pipelines.errors import AlreadyRunning, ConfigurationFault
from pipelines.lake.home import Home
from pipelines.lake.receipt import load_receipts
from pipelines.nightly import close_nights
from pipelines.settings import ROOT, SCHEMAS

SAMPLE = ROOT / "data_samples" / "hard_cases" / "landing"
SENT = ("civil_affairs/field_report", "reference/region")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JIUZHULIAN_SETTLE_SECONDS", "0")
    for dataset in SENT:
        shutil.copytree(SAMPLE / dataset, tmp_path / "landing" / dataset)
    return tmp_path


def land(place: Path, tags: dict[str, str] | None = None, **config: Any) -> set[str]:
    """Run the step as a run of the user interface would; the datasets that are there then."""
    night = NightResource(
        landing=str(place / "landing"), home=str(place / "home"),
        policy=str(SCHEMAS / "policies" / "rizhao"), **config,
    )  # fmt: skip
    try:
        dg.materialize(
            [landing], resources={"night": night}, partition_key="2026-11-20", tags=tags or {}
        )
    finally:
        close_nights()
    return {receipt.key for receipt in load_receipts(Home(place / "home"))}


def test_one_department_alone(place: Path) -> None:
    assert land(place, department="reference") == {"reference/region"}
    assert land(place) == set(SENT)


def test_a_department_that_sends_nothing(place: Path) -> None:
    with pytest.raises(ConfigurationFault, match="civil_affairs"):
        land(place, department="nobody")


def test_a_fault_that_passes_is_tried_again_where_nobody_watches(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []
    real = intake.land_arrivals

    def shaky(*words: Any, **more: Any) -> Any:
        tried.append(1)
        if len(tried) < 3:
            raise OSError(errno.ENETUNREACH, "the network went away")
        return real(*words, **more)

    monkeypatch.setattr(intake, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(intake, "land_arrivals", shaky)
    assert land(place, {"trigger": "schedule"}) == set(SENT)
    assert len(tried) == 3
    tried.clear()
    with pytest.raises(OSError, match="went away"):
        land(place)  # somebody watches: told at once
    assert len(tried) == 1


def test_what_a_cluster_did_stands_beside_the_dataset(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = intake.land_arrivals

    def on_a_cluster(*words: Any, **more: Any) -> Any:
        summary = real(*words, **more)
        summary.work = {"reference/region": {"tasks": 3, "failed_tasks": 1}}
        return summary

    monkeypatch.setattr(intake, "land_arrivals", on_a_cluster)
    night = NightResource(
        landing=str(place / "landing"), home=str(place / "home"),
        policy=str(SCHEMAS / "policies" / "rizhao"),
    )  # fmt: skip
    try:
        ended = dg.materialize([landing], resources={"night": night}, partition_key="2026-11-20")
    finally:
        close_nights()
    said = {
        event.step_materialization_data.materialization.asset_key: {
            name: value.value
            for name, value in event.step_materialization_data.materialization.metadata.items()
            if name.startswith("spark/")
        }
        for event in ended.get_asset_materialization_events()
    }
    region = asset_key(load_contracts()["reference/region"].raw_table)
    assert said.pop(region) == {"spark/tasks": 3, "spark/failed_tasks": 1}
    assert said and not any(said.values())


def test_a_run_of_the_service_waits_for_a_command(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "POLL", 0.05)
    home = Home(place / "home").create()
    held = threading.Event()

    def command() -> None:
        with home.locked():
            held.set()
            time.sleep(1)

    with home.locked(), pytest.raises(AlreadyRunning):
        land(place)
    other = threading.Thread(target=command)
    other.start()
    held.wait()
    assert land(place, {"trigger": "arrivals"}) == set(SENT)
    other.join()


def test_a_run_without_a_night_is_told_so() -> None:
    context: Any = SimpleNamespace(run=SimpleNamespace(run_id="r", tags={}))
    with pytest.raises(ConfigurationFault, match="names no night"):
        NightResource().of(context)
