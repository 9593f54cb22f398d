"""The section of docs/benchmarks on Spark beside one machine: tables, model and plot.

    python -m benchmarks.cluster.report

What stands between its marks is replaced; the words around it are written by hand.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.cluster.model import (
    A_YEAR,
    PROVINCE,
    Fitted,
    Held,
    Line,
    Memory,
    Result,
    fitted,
    held,
    memory,
    more_settlements,
    overtakes,
    points,
    rows_of,
)
from benchmarks.plots import chart
from benchmarks.report import FOLDER
from pipelines.spark_settings import Spark

BEGIN = "<!-- figures: python -m benchmarks.cluster.report -->"
END = "<!-- end of figures of Spark -->"
NAMES = {"duckdb-1": "DuckDB, 1 core", "duckdb-2": "DuckDB, 2 cores",
         "spark-1": "Spark, 1 worker", "spark-2": "Spark, 2 workers"}  # fmt: skip
#: cores of one machine and of clusters for which the model is asked
MACHINES, CLUSTERS = (2, 32), (48, 400)
SIZES = (1_000_000, 10_000_000, PROVINCE)
GIGA, MEGA = 2**30, 2**20


def results(folder: Path) -> list[Result]:
    """All measured sizes, small to large."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    return sorted(found, key=lambda one: int(one["people"]))


def figures(found: list[Result]) -> str:
    """Everything between the marks, as Markdown."""
    parts = ["### Measured", "", *_measured(found), "", *_dearest(found[-1]), ""]
    lines = {engine: fitted(found, engine) for engine in ("duckdb", "spark")}
    duck, spark = lines["duckdb"], lines["spark"]
    if duck is None or spark is None:
        return "\n".join(parts).rstrip() + "\n"
    parts += ["### Model", "", *_model({"DuckDB": duck, "Spark": spark}), ""]
    if (of_a_task := memory(held(found))) is not None:
        parts += ["### Memory of a task", "", *_memory(held(found), of_a_task), ""]
    parts += ["### On paper", "", "![where Spark overtakes one machine](spark.svg)", ""]
    parts += [*_paper(found, duck.line, spark.line), "", *_province(found, spark.line)]
    return "\n".join(parts).rstrip() + "\n"


def _measured(found: list[Result]) -> list[str]:
    lines = [
        "| residents | settlements | engine | statements | rows read | seconds | processor | "
        "shuffled | spilled | tasks | most memory of a task | load | command |",
        "|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    for one in found:
        for name in (n for n in NAMES if n in one["runs"]):
            run = one["runs"][name]
            said = run["statements"]
            cpu = sum(s[k] for s in said for k in s if k.endswith("_cpu"))
            spark = run["engine"] == "spark"
            peak = max((s.get("peak_task_bytes", 0) for s in said), default=0)
            lines.append(
                f"| {one['people']:,} | {one['settlements']:,} | {NAMES[name]} | {len(said)} | "
                f"{sum(s['rows'] for s in said):,} | {run['seconds']:,.1f} | {cpu:,.1f} | "
                + (f"{_sum(said, 'shuffle_bytes') / MEGA:,.0f} MB | "
                   f"{_sum(said, 'spilled_bytes') / MEGA:,.0f} MB | {_sum(said, 'tasks'):,} | "
                   f"{peak / MEGA:,.0f} MB" if spark else " | | | ")
                + f" | {run['machine']['load']} | `{run['command']}` |"
            )  # fmt: skip
    return lines


def _sum(statements: Sequence[Result], name: str) -> int:
    return sum(int(s.get(name, 0)) for s in statements)


def _dearest(one: Result, most: int = 12) -> list[str]:
    """The statements of the largest size that took longest on two workers, by both engines."""
    runs = one["runs"]
    names = [name for name in ("duckdb-2", "spark-1", "spark-2") if name in runs]
    if "spark-2" not in names:
        return []
    lines = [
        f"The {most} dearest of {len(runs['spark-2']['statements'])} statements at "
        f"{one['people']:,} residents, of two workers where nothing else is said:", "",
        "| table | rows read | " + " | ".join(f"{NAMES[name]}" for name in names)
        + " | executors' processor | shuffled | tasks | most memory of a task |",
        "|---|---:|" + "---:|" * (len(names) + 4),
    ]  # fmt: skip
    by_seconds = sorted(
        range(len(runs["spark-2"]["statements"])),
        key=lambda place: -runs["spark-2"]["statements"][place]["seconds"],
    )
    for place in by_seconds[:most]:
        said = runs["spark-2"]["statements"][place]
        took = " | ".join(f"{runs[n]['statements'][place]['seconds']:.1f} s" for n in names)
        lines.append(
            f"| {said['table']} | {said['rows']:,} | {took} | "
            f"{said['executor_cpu_nanoseconds'] / 1e9:.1f} s | "
            f"{said['shuffle_bytes'] / MEGA:,.1f} MB | {said['tasks']} | "
            f"{said['peak_task_bytes'] / MEGA:,.0f} MB |"
        )
    return lines


def _model(lines: dict[str, Fitted]) -> list[str]:
    said = [
        "seconds = a · statements + b · rows read / cores, fitted to all sizes but the largest, "
        "where the workers left the driver a core of its own:",
        "",
        "| | a, seconds a statement | b, seconds of a core a million rows |",
        "|---|---:|---:|",
    ]
    said += [
        f"| {name} | {one.line.per_statement:.3f} | {one.line.per_row * 1e6:.2f} |"
        for name, one in lines.items()
    ]
    said += ["", "How far it is off, and whether the point was there when it was fitted:", "",
             "| | residents | cores | measured | modelled | off | |",
             "|---|---:|---:|---:|---:|---:|---|"]  # fmt: skip
    for name, one in lines.items():
        for kind, among in (
            ("fitted", one.fitted), ("**checked**", one.checked), ("no core left", one.crowded),
        ):  # fmt: skip
            for point in among:
                modelled = one.line.seconds(point.statements, point.rows, point.cores)
                said.append(
                    f"| {name} | {point.people:,} | {point.cores} | {point.seconds:,.1f} s | "
                    f"{modelled:,.1f} s | {one.line.off(point):+.0%} | {kind} |"
                )
    return said


def _paper(found: list[Result], duck: Line, spark: Line) -> list[str]:
    """Hours of the statements, and where a cluster becomes quicker than one machine."""
    statements = points(found, "spark")[-1].statements
    lines = [
        "Modelled hours of a whole night's statements, and from how many residents the cluster is "
        "quicker than the machine:", "",
        "| residents | " + " | ".join(f"DuckDB, {c} cores" for c in MACHINES) + " | "
        + " | ".join(f"Spark, {c} cores" for c in CLUSTERS) + " |",
        "|---:|" + "---:|" * (len(MACHINES) + len(CLUSTERS)),
    ]  # fmt: skip
    for people in SIZES:
        rows = rows_of(found, people)
        hours = [duck.seconds(statements, rows, cores) / 3600 for cores in MACHINES]
        hours += [spark.seconds(statements, rows, cores) / 3600 for cores in CLUSTERS]
        lines.append(f"| {people:,} | " + " | ".join(f"{hour:.2f}" for hour in hours) + " |")
    a_head = rows_of(found, PROVINCE) / PROVINCE
    lines.append("")
    for cores in MACHINES:
        for others in CLUSTERS:
            start = overtakes(duck, cores, spark, others, statements, a_head)
            told = "never" if start is None else f"from {_round(start):,} residents"
            lines.append(f"- DuckDB on {cores} cores, Spark on {others}: {told}")
    return lines


def _province(found: list[Result], spark: Line) -> list[str]:
    """A hundred million residents: bytes shuffled, memory a task, hours by workers."""
    measured = points(found, "spark")
    largest, smaller = measured[-1], measured[0]
    rows = rows_of(found, PROVINCE)
    a_row = [point.shuffle_bytes / point.rows for point in (smaller, largest)]
    shuffled = a_row[1] * rows
    said = [
        f"{PROVINCE:,} residents with {A_YEAR:,} settlements a year "
        f"({more_settlements(found[-1]):.2f} times the city's a head): {rows / 1e9:,.0f} billion "
        f"rows read by {largest.statements} statements; **{shuffled / GIGA:,.0f} GB shuffled** a "
        f"night ({a_row[1]:.1f} bytes a row read at {largest.people:,} residents, {a_row[0]:.1f} "
        f"at {smaller.people:,}).",
        "",
    ]
    said += _parts(found, rows / largest.rows)
    said += ["| workers of 4 cores | hours | shuffled by each |", "|---:|---:|---:|"]
    for workers in (12, 25, 50, 100):
        hours = spark.seconds(largest.statements, rows, workers * 4) / 3600
        said.append(f"| {workers} | {hours:.2f} | {shuffled / workers / GIGA:,.1f} GB |")
    return said


def _parts(found: list[Result], times: float) -> list[str]:
    """Parts of the largest shuffle, where the province's is so many times the measured one's, and
    what a task that reads one of them holds."""
    measured = held(found)
    model = memory(measured)
    if model is None:
        return []
    advised = Spark().partition_megabytes * MEGA
    most = max(measured, key=lambda one: (one.people, one.read))
    return [
        f"The largest shuffle, of `{most.table}`, was {most.read / MEGA:,.0f} MB at "
        f"{most.people:,} residents: {most.read * times / GIGA:,.0f} GB. At "
        f"{advised / MEGA:.0f} MB a part these are **{most.read * times / advised:,.0f} parts** "
        "(`shuffle_partitions`: adaptive execution joins small parts, and splits those of skewed "
        "joins alone), whatever the number of workers. A task that reads one of them holds "
        f"**{model.held(advised) / GIGA:.1f} GB**, and that is what a core of an executor must "
        "have for sorts and hash tables, or it spills.", "",
    ]  # fmt: skip


def _memory(measured: list[Held], model: Memory) -> list[str]:
    sizes = sorted({one.people for one in measured})
    lines = [
        "bytes of a task = fixed + c · bytes that it reads of a shuffle: the statements that "
        "shuffle most, again on one worker with a shuffle in one part (`python -m "
        "benchmarks.cluster --runs memory`). Fixed is the most that was "
        f"held at {sizes[0]:,} residents ({model.fixed / MEGA:,.0f} MB: pages that every sort and "
        f"hash table reserves), c the steepest growth up to {sizes[-2]:,} "
        f"({model.per_byte:.1f}).", "",
        "| | residents | read of a shuffle | held | modelled | spilled | |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]  # fmt: skip
    for one in measured:
        kind = "**checked**" if one.people == sizes[-1] else "fitted"
        lines.append(
            f"| {one.table} | {one.people:,} | {one.read / MEGA:,.1f} MB | "
            f"{one.held / MEGA:,.0f} MB | at most {model.held(one.read) / MEGA:,.0f} MB | "
            f"{one.spilled / MEGA:,.0f} MB | {kind} |"
        )
    return lines


def _round(people: float) -> int:
    """Two digits say all that a model knows."""
    return int(float(f"{people:.1e}"))


def plot(found: list[Result]) -> str:
    """Measured points, and what the model makes of them up to the province."""
    lines = {
        NAMES[name]: [
            (float(one["people"]), float(one["runs"][name]["seconds"]))
            for one in found
            if name in one["runs"]
        ]
        for name in ("duckdb-2", "spark-1", "spark-2")
    }
    lines = {name: line for name, line in lines.items() if line}
    duck, spark = fitted(found, "duckdb"), fitted(found, "spark")
    reckoned: dict[str, list[tuple[float, float]]] = {}
    if duck and spark:
        statements = points(found, "spark")[-1].statements
        for name, line, counted in (
            ("DuckDB", duck.line, MACHINES), ("Spark", spark.line, CLUSTERS),
        ):  # fmt: skip
            for cores in counted:
                reckoned[f"{name}, {cores} cores: model"] = [
                    (float(people), line.seconds(statements, rows_of(found, people), cores))
                    for people in (found[-1]["people"], *SIZES)
                ]
    title = "A night's statements: measured (dots) and modelled (dashed)"
    return chart(title, "seconds", lines | reckoned, {}, reckoned)


def write(folder: Path) -> None:
    found = results(folder / "results" / "cluster")
    if not found:
        raise SystemExit(f"no results in {folder / 'results' / 'cluster'}: measure first")
    page = folder / "README.md"
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n\n{figures(found)}\n{END}{after}", encoding="utf-8")
    (folder / "spark.svg").write_text(plot(found), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    write(parser.parse_args().folder)


if __name__ == "__main__":
    main()
