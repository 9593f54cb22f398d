"""Landing in tasks of Spark gives what one process gives: receipts, rows, what is set aside."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.intake import ahead
from pipelines.intake.land import LandingSummary
from pipelines.lake.home import Home
from pipelines.lake.receipt import load_receipts
from pipelines.nightly import land_arrivals, open_night
from pipelines.settings import ROOT, SCHEMAS, Settings
from pipelines.synthetic.arrivals import stage
from pipelines.synthetic.city import write_city
from tests.engine.quiet import QUIET
from tests.faults.same import OF_THE_RECEIPT
from tests.intake.dying import ALWAYS, ONCE, Dying

SETTLEMENT, INSURED = "medical_insurance/settlement", "medical_insurance/insured_person"
#: what of the city is delivered: every kind of file, with few of each
DELIVERED = ("medical_insurance/*", "education/*", "civil_affairs/disposition",
             "civil_affairs/assistance_household")  # fmt: skip
NIGHTS = (date(2026, 11, 19), date(2026, 11, 20))
#: a task is repeated, as on a cluster
LOCAL = QUIET.model_copy(update={"master": "local[2,4]", "land_from_megabytes": 0})


@dataclass
class Landed:
    home: Home
    nights: list[LandingSummary]
    said: list[str]


@pytest.fixture(scope="module")
def arrived(tmp_path_factory: pytest.TempPathFactory) -> dict[date, Path]:
    """The landing folder of two nights: a city, and in the second night all that can go wrong."""
    folder = tmp_path_factory.mktemp("city")
    write_city(200, 5, folder / "city")
    first, second = (folder / night.isoformat() for night in NIGHTS)
    for night in NIGHTS:
        everything = folder / f"all-{night}"
        stage(folder / "city", everything, night)
        for dataset in (place for kind in DELIVERED for place in everything.glob(kind)):
            shutil.copytree(dataset, folder / night.isoformat() / dataset.relative_to(everything))
    assert (first / SETTLEMENT / ONCE).exists() and (first / INSURED / ALWAYS).exists()
    shutil.copytree(ROOT / "data_samples" / "broken" / "landing", second, dirs_exist_ok=True)
    settlements = second / SETTLEMENT
    # the same bytes under other names, old and new; one sent again under its own
    shutil.copy(settlements / "ybj_settlement_20261117.csv", settlements / "again_20261117.csv")
    shutil.copy(settlements / "ybj_settlement_20261120.csv", settlements / "again_20261120.csv")
    os.utime(settlements / "ybj_settlement_20261118.csv", (1_700_000_000, 1_700_000_000))
    # the same names with other rows: a delivery that is replaced
    replaced = settlements / "ybj_settlement_20261005.csv.gz"
    shutil.copy(settlements / "ybj_settlement_20260305.csv.gz", replaced)
    return {NIGHTS[0]: first, NIGHTS[1]: second}


def landed(home: Path, arrived: dict[date, Path], **given: Any) -> Landed:
    made = Landed(Home(home), [], [])
    for as_of, landing in arrived.items():
        settings = Settings(
            landing=landing, home=home, policy=SCHEMAS / "policies" / "rizhao",
            settle_seconds=0, **given,
        )  # fmt: skip
        night = open_night(settings, as_of)
        try:
            made.nights.append(land_arrivals(night, made.said.append))
        finally:
            night.close()
    return made


@pytest.fixture(scope="module")
def here(arrived: dict[date, Path], tmp_path_factory: pytest.TempPathFactory) -> Landed:
    return landed(tmp_path_factory.mktemp("here") / "home", arrived)


@pytest.fixture(scope="module")
def there(arrived: dict[date, Path], tmp_path_factory: pytest.TempPathFactory) -> Landed:
    """By tasks, of which some die."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ahead, "Task", Dying)
        home = tmp_path_factory.mktemp("there") / "home"
        return landed(home, arrived, engine="spark", spark=LOCAL)


def receipts(of: Landed) -> list[dict[str, Any]]:
    found = [asdict(one) for one in load_receipts(of.home)]
    return [{k: v for k, v in one.items() if k not in OF_THE_RECEIPT} for one in found]


def files(folder: Path) -> dict[str, Path]:
    return {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*.parquet"))}


@pytest.mark.spark
def test_receipts_are_the_same(here: Landed, there: Landed) -> None:
    assert receipts(there) == receipts(here)
    for one, other in zip(here.nights, there.nights, strict=True):
        in_order = [receipt.relative_path for receipt in one.receipts]
        assert [receipt.relative_path for receipt in other.receipts] == in_order
        counts = (one.unchanged, one.incomplete, one.later)
        assert (other.unchanged, other.incomplete, other.later) == counts
    statuses = {receipt.status for receipt in here.nights[1].receipts}
    assert statuses == {"landed", "refused", "repeated"}
    assert any(receipt.rows_superseded for receipt in there.nights[1].receipts)


@pytest.mark.spark
def test_every_row_is_the_same(here: Landed, there: Landed) -> None:
    for of_home in ("landed", "quarantine"):
        one, other = files(getattr(here.home, of_home)), files(getattr(there.home, of_home))
        assert len(one) > 10 and list(one) == list(other)
        for name, path in one.items():
            rows = pl.read_parquet(path)
            assert rows.schema == pl.read_parquet_schema(other[name]), name
            assert rows.equals(pl.read_parquet(other[name])), name
            assert other[name].stat().st_mode & 0o777 == 0o600


@pytest.mark.spark
def test_a_task_that_dies_is_repeated_and_one_that_kills_is_left(there: Landed) -> None:
    first = there.nights[0].work
    assert first[SETTLEMENT]["failed_tasks"] == 1 and first[SETTLEMENT]["left_to_driver"] == 0
    assert first[INSURED]["failed_tasks"] == 3 and first[INSURED]["left_to_driver"] == 1
    converted = sum(work["tasks"] for work in first.values())
    assert converted == len(there.nights[0].receipts)
    assert all(work["executor_milliseconds"] > 0 for work in first.values())
    assert any("1 left to this machine" in line for line in there.said)
    assert list(there.home.tmp.glob("landing-*")) == []


ONE_MACHINE = """
import json, sys
from datetime import date
from pathlib import Path
from pipelines.nightly import land_arrivals, open_night
from pipelines.settings import Settings

landing, home, policy = map(Path, sys.argv[1:])
night = open_night(Settings(landing=landing, home=home, policy=policy, settle_seconds=0),
                   date(2026, 11, 20))
landed = land_arrivals(night).rows_landed
night.close()
print(json.dumps([landed, sorted({name.split(".")[0] for name in sys.modules})]))
"""


def test_one_machine_needs_no_spark(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    shutil.copytree(ROOT / "data_samples" / "hard_cases" / "landing" / "reference",
                    landing / "reference")  # fmt: skip
    words = [sys.executable, "-c", ONE_MACHINE, str(landing), str(tmp_path / "home"),
             str(SCHEMAS / "policies" / "rizhao")]  # fmt: skip
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    rows, modules = json.loads(ended.stdout)
    assert rows > 0 and "polars" in modules
    assert "pyspark" not in modules and "py4j" not in modules
