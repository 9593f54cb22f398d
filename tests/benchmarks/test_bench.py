"""Tables and plots come out of results; the small benchmark itself runs where CI asks for it."""

from __future__ import annotations

import csv
import json
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from benchmarks import bench, report
from benchmarks.arrival import HEADERS
from benchmarks.floor.columns import DATASETS
from benchmarks.floor.files import aliases, fold
from benchmarks.measure import jiuzhulian, measure
from benchmarks.plots import chart
from pipelines.settings import SCHEMAS

PAGE = f"# Benchmarks\n\nwords before\n\n{report.BEGIN}\nold\n{report.END}\n\nwords after\n"


def result(people: int, cold: float, floor: float) -> dict[str, Any]:
    """A size as `bench` leaves it, with figures that are easy to look through."""

    def part(seconds: float, **more: Any) -> dict[str, Any]:
        versions = ("duckdb", "polars", "dagster", "great_expectations", "splink", "pandas",
                    "pyspark", "python", "system", "processor")  # fmt: skip
        return {
            "wall_seconds": seconds, "cpu_seconds": seconds, "peak_megabytes": people / 100,
            "read_megabytes": 1, "written_megabytes": 2, "measured_at": "2026-11-26T05:00",
            "machine": dict.fromkeys(versions, "1") | {
                "cores": 2, "memory_gigabytes": 24, "load": 0.1, "version": "0.1.0",
                "commit": "abc",
            },
        } | more  # fmt: skip

    steps = {"landing": {"wall_seconds": 1.0, "cpu_seconds": 1.0},
             "work": {"wall_seconds": 7.0, "cpu_seconds": 6.0}}  # fmt: skip
    return {
        "people": people, "rows": people * 12, "settlements": people * 8,
        "landing_megabytes": people // 300,
        "parts": {
            "cold": part(cold, rows_landed=people * 12, steps=steps),
            "floor": part(floor), "spark": part(cold * 3),
            "warm": part(31.0, rows_landed=10, steps=steps),
            "arrival": part(9.0, rows_landed=1000, steps=steps),
        },
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "benchmarks"
    (made / "results").mkdir(parents=True)
    (made / "README.md").write_text(PAGE, encoding="utf-8")
    for people, cold, floor in ((30_000, 50.0, 10.0), (3_000_000, 2_000.0, 1_000.0)):
        text = json.dumps(result(people, cold, floor))
        (made / "results" / f"{people}.json").write_text(text, encoding="utf-8")
    return made


def test_the_page_says_what_was_measured_and_keeps_its_words(folder: Path) -> None:
    report.write(folder, release=False)
    report.write(folder, release=False)
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert page.startswith("# Benchmarks\n\nwords before\n") and page.endswith("\nwords after\n")
    assert page.count("### 3,000,000 residents") == 2 and "old" not in page.split()
    floor = "2.0 × by processor, 2.0 × by the clock"
    assert f"| cold night ≤ 2.5 × the floor | 3,000,000 | {floor} | met |" in page
    assert "| 31 s (31 s of processor) | **not met** |" in page
    # a step that takes 1 s at either size is there anyway
    assert "| landing | 1.0 | 0 |" in page
    assert "| 100.0 × the rows, 40.0 × the processor time | met from" in page


def test_a_target_is_not_called_met_at_a_smaller_size(folder: Path) -> None:
    (folder / "results" / "3000000.json").unlink()
    report.write(folder, release=False)
    page = (folder / "README.md").read_text(encoding="utf-8")
    floor = "5.0 × by processor, 5.0 × by the clock"
    assert f"| 30,000 | {floor} | **not met** at this size |" in page


def test_a_release_replaces_its_own_line_only(folder: Path) -> None:
    path = folder / "releases.csv"
    older = dict.fromkeys(report.RELEASE, "") | {"version": "0.0.9", "people": "30000"}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, report.RELEASE)
        writer.writeheader()
        writer.writerow(older)
    report.write(folder, release=True)
    report.write(folder, release=True)
    with path.open(encoding="utf-8", newline="") as file:
        lines = [(x["version"], x["people"], x["ratio_processor"]) for x in csv.DictReader(file)]
    assert lines == [("0.0.9", "30000", ""), ("0.1.0", "30000", "5.0"),
                     ("0.1.0", "3000000", "2.0")]  # fmt: skip


def test_a_chart_is_xml_with_a_dark_side() -> None:
    drawn = chart("Peak <memory>", "MB", {"a": [(3e4, 800.0), (3e5, 2_000.0)], "b": [(3e4, 90.0)]},
                  {"limit": 3_000.0})  # fmt: skip
    root = ET.fromstring(drawn)
    words = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"a", "b", "Peak <memory>", "limit", "30k", "300k"} <= set(words)
    assert "prefers-color-scheme:dark" in drawn


def test_a_measured_process_says_what_it_took(tmp_path: Path) -> None:
    code = (
        "import time; b = bytearray(60_000_000); open('/dev/null', 'wb').write(b); time.sleep(.5)"
    )
    found = measure(["python3", "-c", code], str(tmp_path / "log"))
    assert found.exit_code == 0 and found.peak_megabytes >= 57 and found.wall_seconds >= 0.5
    assert found.written_megabytes >= 57 and found.timeline


def test_children_count_too(tmp_path: Path) -> None:
    child = "bytearray(120_000_000); import time; time.sleep(1)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '''b = {child}'''])"
    found = measure(["python3", "-c", code], str(tmp_path / "log"))
    assert found.exit_code == 0 and found.peak_megabytes >= 115


def test_every_column_of_the_floor_is_one_of_its_contract() -> None:
    for name, dataset in DATASETS.items():
        assert set(aliases(SCHEMAS, name).values()) == set(dataset.columns), name
    known = aliases(SCHEMAS, "settlement")
    # the floor reads no kind of care and no insurance, a night does
    assert [h for h in HEADERS if fold(h) not in known] == ["险种类型", "医疗类别", "结束日期"]


@pytest.mark.soak(minutes=3)
def test_the_benchmark_of_a_small_city(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make bench` with 1,000 people, but for Spark, which has a test of its own."""
    monkeypatch.delenv("JIUZHULIAN_RECORD_RUNS", raising=False)  # the steps are read from it
    shutil.rmtree(folder / "results")
    small = bench.Bench(1_000, tmp_path / "work", folder / "results", seed=3)
    for part in ("city", "cold", "floor", "pandas", "splink", "warm", "arrival"):
        small.part(part)
    parts = small.found["parts"]
    assert parts["floor"]["agreement"]["agree"] > 40
    assert parts["floor"]["agreement"]["differ"] <= 1
    assert parts["pandas"]["against_floor"]["tier"]["floor_only"] == 0
    assert parts["splink"]["said"]["mentions"] > 2_000
    assert parts["arrival"]["cases"] == {"asked": 20, "before": 0, "after": 20}
    assert {"landing", "linkage", "publish", "work"} <= parts["warm"]["steps"].keys()
    assert str(tmp_path.anchor) not in jiuzhulian("run")[-1]
    report.write(folder, release=True)
    assert "### 1,000 residents" in (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parity
@pytest.mark.spark
def test_spark_does_the_work_of_the_floor(tmp_path: Path) -> None:
    """The same tiers and alerts from the same files of a very small town."""
    from datetime import date

    from benchmarks.floor.duck import run as floor
    from benchmarks.rivals import spark_floor
    from benchmarks.rivals.same import same
    from pipelines.synthetic.arrivals import stage
    from pipelines.synthetic.city import write_city

    night = date(2026, 11, 18)
    write_city(400, 5, tmp_path / "city", months=13)
    stage(tmp_path / "city", tmp_path / "landing", night)
    policy = SCHEMAS / "policies" / "rizhao"
    floor(tmp_path / "landing", SCHEMAS, policy, night, tmp_path / "floor")
    spark_floor.run(tmp_path / "landing", policy, night, tmp_path / "spark", "1g")
    for table, counted in same(tmp_path / "floor", tmp_path / "spark").items():
        assert (counted["floor_only"], counted["rival_only"]) == (0, 0), table
        assert counted["both"] > 0
