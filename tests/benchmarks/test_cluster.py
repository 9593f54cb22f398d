"""The model of Spark beside one machine finds what was put in; its page says what was measured."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cluster import model, report
from benchmarks.cluster.__main__ import RUNS, Size
from tests.benchmarks.test_bench import result

#: seconds a statement and a row, as a machine could have them
DUCK, SPARK = model.Line(0.01, 4e-6), model.Line(0.9, 16e-6)
A_CITY = 50
PAGE = f"# Page\n\nbefore\n\n{report.BEGIN}\nold\n{report.END}\n\nafter\n"


def measured(people: int, off: float = 1.0, machine_cores: int = 3) -> dict[str, Any]:
    """A size as `benchmarks.cluster` leaves it, where both engines keep to their lines."""
    machine = result(people, 1.0, 1.0)["parts"]["cold"]["machine"] | {"cores": machine_cores}
    runs = {}
    for name in RUNS:
        engine, cores = name.split("-")
        line = DUCK if engine == "duckdb" else SPARK
        seconds = line.seconds(A_CITY, 100 * people, int(cores)) * off
        one = {"table": "a.b", "rows": people * 2, "seconds": seconds / A_CITY}
        if engine == "spark":
            one |= {
                "shuffle_bytes": people * 400, "spilled_bytes": 0, "tasks": 4, "driver_cpu": 0.2,
                "executors_cpu": 0.5, "executor_cpu_nanoseconds": 3 * 10**8,
                "peak_task_bytes": people * 200,
            }  # fmt: skip
        runs[name] = {
            "engine": engine, "cores": int(cores), "seconds": seconds, "command": "python -m it",
            "machine": machine, "statements": [one] * A_CITY,
        }  # fmt: skip
    # a page of 64 MB, and three times what is read of a shuffle
    most = {
        "table": "a.b", "peak_task_shuffle_bytes": people * 400, "spilled_bytes": 0,
        "peak_task_bytes": 2**26 + 1200 * people,
    }  # fmt: skip
    return {
        "people": people, "months": 12, "settlements": people * 10, "runs": runs,
        "memory": {"statements": [most]},
    }  # fmt: skip


def test_the_line_is_found_again_and_held_against_the_largest() -> None:
    found = [measured(people) for people in (3_000, 30_000, 300_000)]
    fitted = model.fitted(found, "spark")
    assert fitted is not None
    assert fitted.line.per_statement == pytest.approx(SPARK.per_statement)
    assert fitted.line.per_row == pytest.approx(SPARK.per_row)
    assert {point.people for point in fitted.fitted} == {3_000, 30_000}
    assert [(p.people, p.cores) for p in fitted.checked] == [(300_000, 1), (300_000, 2)]
    assert all(abs(fitted.line.off(point)) < 1e-9 for point in fitted.checked)


def test_a_size_that_keeps_to_no_line_is_seen() -> None:
    found = [measured(3_000), measured(30_000), measured(300_000, off=2.0)]
    fitted = model.fitted(found, "duckdb")
    assert fitted is not None
    assert [round(fitted.line.off(point), 3) for point in fitted.checked] == [-0.5, -0.5]


def test_workers_that_leave_the_driver_no_core_are_not_fitted() -> None:
    found = [measured(people, machine_cores=2) for people in (3_000, 30_000, 300_000)]
    for one in found:
        one["runs"]["spark-2"]["seconds"] *= 3
    fitted = model.fitted(found, "spark")
    assert fitted is not None
    assert fitted.line.per_row == pytest.approx(SPARK.per_row)
    assert [(p.people, p.cores) for p in fitted.checked] == [(300_000, 1)]
    assert [(p.people, p.cores) for p in fitted.crowded] == [
        (3_000, 2), (30_000, 2), (300_000, 2),
    ]  # fmt: skip
    duck = model.fitted(found, "duckdb")
    assert duck is not None and len(duck.checked) == 2 and not duck.crowded


def test_memory_of_a_task_is_a_fixed_part_and_a_slope() -> None:
    found = model.held([measured(people) for people in (3_000, 30_000, 300_000)])
    memory = model.memory(found)
    assert memory is not None
    assert memory.per_byte == pytest.approx(3.0)
    assert memory.fixed == 2**26 + 1200 * 3_000
    assert found[-1].held <= memory.held(found[-1].read)
    # two sizes leave none to hold it against
    assert model.memory(found[:2]) is None


def test_one_size_alone_is_no_model() -> None:
    assert model.fitted([measured(3_000)], "spark") is None
    assert "### Model" not in report.figures([measured(3_000)])


def test_nothing_costs_less_than_nothing() -> None:
    points = [model.Point(n, 1, 50, rows, s) for n, rows, s in ((1, 10, 9.0), (2, 1_000, 3.0))]
    line = model.fit(points)
    assert line.per_row == 0.0 and line.per_statement > 0


def test_where_a_cluster_overtakes() -> None:
    start = model.overtakes(DUCK, 2, SPARK, 48, A_CITY, rows_a_head=100)
    assert start is not None
    both = [line.seconds(A_CITY, start * 100, cores) for line, cores in ((DUCK, 2), (SPARK, 48))]
    assert both[0] == pytest.approx(both[1])
    assert model.overtakes(DUCK, 16, SPARK, 48, A_CITY, rows_a_head=100) is None


def test_the_province_has_its_settlements() -> None:
    found = [measured(people) for people in (3_000, 30_000)]
    assert model.rows_of(found, model.PROVINCE) == pytest.approx(100 * model.PROVINCE)
    for one in found:
        one["settlements"] = one["people"] * 5
    assert model.rows_of(found, model.PROVINCE) == pytest.approx(200 * model.PROVINCE)


def test_the_page_says_what_is_measured_and_what_is_reckoned(tmp_path: Path) -> None:
    (tmp_path / "results" / "cluster").mkdir(parents=True)
    (tmp_path / "README.md").write_text(PAGE, encoding="utf-8")
    for people in (3_000, 30_000, 100_000):
        text = json.dumps(measured(people))
        (tmp_path / "results" / "cluster" / f"{people}.json").write_text(text, encoding="utf-8")
    report.write(tmp_path)
    report.write(tmp_path)
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert page.startswith("# Page\n\nbefore\n") and page.endswith("\nafter\n")
    assert page.count("### Model") == 1 and "old" not in page.split()
    assert "| Spark | 0.900 | 16.00 |" in page and "| DuckDB | 0.010 | 4.00 |" in page
    assert page.count("| +0% | **checked** |") == 4
    assert f"**{400 * A_CITY * model.PROVINCE / 2**30:,.0f} GB shuffled**" in page
    # at 64 MB a part: the page, what is held at 3,000 residents, three times what is read
    assert f"**{400 * model.PROVINCE / 2**26:,.0f} parts**" in page and "**0.3 GB**" in page
    assert "| a.b | 100,000 | 38.1 MB | 178 MB | at most 182 MB | 0 MB | **checked** |" in page
    assert "- DuckDB on 32 cores, Spark on 48: never" in page
    drawn = (tmp_path / "spark.svg").read_text(encoding="utf-8")
    words = [text.text for text in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]
    assert {"DuckDB, 2 cores", "Spark, 400 cores: model", "100M"} <= set(words)
    # nothing is dashed that was measured, and no dot stands where nothing was
    assert drawn.count('stroke-dasharray="4 4"') == 4
    assert drawn.count("<circle") == 3 * 3


@pytest.mark.parity
@pytest.mark.spark
def test_the_statements_of_a_small_city(tmp_path: Path) -> None:
    """`python -m benchmarks.cluster` with 200 people."""
    small = Size(200, tmp_path / "work", tmp_path / "results", seed=5, months=2)
    small.prepare()
    for name in ("duckdb-2", "spark-1"):
        small.run(name)
    (one,) = report.results(tmp_path / "results")
    duck, spark = one["runs"]["duckdb-2"], one["runs"]["spark-1"]
    assert len(duck["statements"]) > 100
    assert [s["table"] for s in duck["statements"]] == [s["table"] for s in spark["statements"]]
    assert all(s["tasks"] > 0 and s["seconds"] > 0 for s in spark["statements"])
    assert sum(s["shuffle_bytes"] for s in spark["statements"]) > 0
    assert sum(s["executors_cpu"] for s in spark["statements"]) > 1
    assert spark["peak_megabytes"]["executors"] > 100
    assert "| 200 |" in report.figures([one])
