"""The tables and plots of docs/benchmarks, made of the results that `benchmarks.bench` left there.

    python -m benchmarks.report             # figures of the page, and the plots
    python -m benchmarks.report --release   # also a line for this version in releases.csv

What stands between the marks of the page is replaced; the words around it are written by hand.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.plots import chart
from pipelines.settings import ROOT

FOLDER = ROOT / "docs" / "benchmarks"
BEGIN, END = "<!-- figures: python -m benchmarks.report -->", "<!-- end of figures -->"
NAMES = {
    "cold": "cold night", "warm": "warm night", "arrival": "arrival",
    "floor": "floor (DuckDB script)", "spark": "floor's work, PySpark",
    "pandas": "floor's work, pandas", "splink": "linkage only, Splink",
}  # fmt: skip
GRANTED = 3_000_000
RELEASE = ("version", "commit", "measured_on", "people", "cold_seconds", "floor_seconds",
           "ratio_clock", "ratio_processor", "warm_seconds", "arrival_work_seconds")  # fmt: skip
Result = dict[str, Any]


def results(folder: Path) -> list[Result]:
    """All measured sizes, small to large."""
    found = [json.loads(p.read_text(encoding="utf-8")) for p in folder.glob("results/*.json")]
    return sorted(found, key=lambda one: int(one["people"]))


def ratio(one: Result, what: str, of: str = "floor", measure: str = "cpu_seconds") -> float | None:
    parts = one["parts"]
    if what not in parts or of not in parts or not parts[of][measure]:
        return None
    return float(parts[what][measure]) / float(parts[of][measure])


def figures(found: list[Result]) -> str:
    """Everything between the marks, as Markdown."""
    parts = ["## Sizes and machine", "", *_sizes(found), "", "## Time and memory", ""]
    parts += ["![seconds on the clock](clock.svg)", "", "![processor seconds](processor.svg)", "",
              "![peak memory](memory.svg)", ""]  # fmt: skip
    for one in found:
        parts += _size_table(one)
    parts += ["## Targets", "", *_targets(found), "", "## Seconds per room", ""]
    for one in found:
        parts += _rooms(one)
    parts += _split(found)
    parts += ["## Does the floor find the same", "", *_agreement(found)]
    return "\n".join(parts).rstrip() + "\n"


def summary(one: Result) -> str:
    """One size, for a terminal."""
    return "\n".join([*_size_table(one), *_rooms(one), *_agreement([one])])


def _sizes(found: list[Result]) -> list[str]:
    lines = ["| residents | rows | of them settlements | raw files of the first night |",
             "|---:|---:|---:|---:|"]  # fmt: skip
    lines += [
        f"| {one['people']:,} | {one['rows']:,} | {one['settlements']:,} | "
        f"{one['landing_megabytes']:,} MB |"
        for one in found
    ]
    lines.append("")
    seen = set()
    for one in found:
        for part in one["parts"].values():
            m = part["machine"]
            text = (
                f"{m['cores']} cores ({m['processor']}), {m['memory_gigabytes']} GB, "
                f"{m['system']}; Python {m['python']}, DuckDB {m['duckdb']}, Polars {m['polars']}, "
                f"Dagster {m['dagster']}, Great Expectations {m['great_expectations']}, Splink "
                f"{m['splink']}, pandas {m['pandas']}, PySpark {m['pyspark']}"
            )
            if text not in seen:
                seen.add(text)
                lines.append(f"- {text}")
    return lines


def _size_table(one: Result) -> list[str]:
    lines = [
        f"### {one['people']:,} residents", "",
        "| | clock | processor | of the floor's processor time | peak memory | read | written "
        "| rows/s of processor | load | command |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---|",
    ]  # fmt: skip
    for name in NAMES:
        if name not in one["parts"]:
            continue
        part = one["parts"][name]
        times = ratio(one, name)
        rows = one["rows"] if name in ("floor", "spark", "pandas") else part.get("rows_landed")
        if name == "splink":
            rows = part.get("said", {}).get("mentions")
        if name == "arrival":
            rows = 1_000
        speed = f"{rows / part['cpu_seconds']:,.0f}" if rows else ""
        if name == "warm":
            speed = ""
        lines.append(
            f"| {NAMES[name]} | {part['wall_seconds']:,.1f} s | {part['cpu_seconds']:,.1f} s | "
            f"{f'{times:.1f}' if times else ''} | {part['peak_megabytes'] / 1024:.1f} GB | "
            f"{part['read_megabytes']:,.0f} MB | {part['written_megabytes']:,.0f} MB | {speed} | "
            f"{part['machine']['load']} | "
            f"`python -m benchmarks.bench --people {one['people']} --parts {name}` |"
        )
    return [*lines, ""]


def _targets(found: list[Result]) -> list[str]:
    """Each target with what was measured at the largest size that has it."""
    lines = ["| target at 3,000,000 residents | residents | measured | |", "|---|---:|---|---|"]

    def line(target: str, needs: tuple[str, ...], said: Callable[[Result], tuple[str, bool]]
             ) -> None:  # fmt: skip
        measured = [one for one in found if set(needs) <= one["parts"].keys()]
        if not measured:
            lines.append(f"| {target} | | | not measured |")
            return
        text, met = said(measured[-1])
        people = measured[-1]["people"]
        verdict = "met" if met else "**not met**"
        if people < GRANTED:
            verdict += " at this size"
        lines.append(f"| {target} | {people:,} | {text} | {verdict} |")

    def against_floor(one: Result) -> tuple[str, bool]:
        clock, cpu = ratio(one, "cold", measure="wall_seconds"), ratio(one, "cold")
        assert clock is not None and cpu is not None
        return f"{cpu:.1f} × by processor, {clock:.1f} × by the clock", cpu <= 2.5

    def warm(one: Result) -> tuple[str, bool]:
        part = one["parts"]["warm"]
        seconds = part["wall_seconds"]
        return f"{seconds:.0f} s ({part['cpu_seconds']:.0f} s of processor)", seconds <= 30

    def memory(one: Result) -> tuple[str, bool]:
        peak = one["parts"]["warm"]["peak_megabytes"]
        return f"{peak / 1024:.1f} GB", peak <= 3072

    def arrival(one: Result) -> tuple[str, bool]:
        work = one["parts"]["arrival"]["steps"]["work"]
        seconds = work["wall_seconds"]
        return f"{seconds:.0f} s ({work['cpu_seconds']:.0f} s of processor)", seconds <= 10

    def spark(one: Result) -> tuple[str, bool]:
        ours, theirs = (one["parts"][name]["cpu_seconds"] for name in ("cold", "spark"))
        return f"{ours:.0f} against {theirs:.0f} s of processor", ours < theirs

    line("cold night ≤ 2.5 × the floor", ("cold", "floor"), against_floor)
    line("warm night of one day's delta ≤ 30 s, start-up included", ("warm",), warm)
    line("… and ≤ 3 GB", ("warm",), memory)
    line("arrival of 1,000 settlements → case visible, ≤ 10 s of work", ("arrival",), arrival)
    line("faster than PySpark doing only the floor's work", ("cold", "spark"), spark)
    if grown := _growth(found):
        lines.append(f"| time grows no faster than the data | | {grown[0]} | {grown[1]} |")
    return lines


def _growth(found: list[Result]) -> tuple[str, str] | None:
    """Of the cold night from the smallest to the largest size."""
    measured = [one for one in found if "cold" in one["parts"]]
    if len(measured) < 2:
        return None
    first, last = measured[0], measured[-1]
    data = last["rows"] / first["rows"]
    time = last["parts"]["cold"]["cpu_seconds"] / first["parts"]["cold"]["cpu_seconds"]
    span = f"from {first['people']:,} to {last['people']:,}"
    met = "met" if time <= data else "**not met**"
    return f"{data:.1f} × the rows, {time:.1f} × the processor time", f"{met} {span}"


def _rooms(one: Result) -> list[str]:
    nights = [n for n in ("cold", "warm", "arrival") if one["parts"].get(n, {}).get("steps")]
    if not nights:
        return []
    steps = list(dict.fromkeys(s for n in nights for s in one["parts"][n]["steps"]))
    lines = [f"### {one['people']:,} residents", "",
             "| step | " + " | ".join(f"{NAMES[n]}: clock | processor" for n in nights) + " |",
             "|---|" + "---:|---:|" * len(nights)]  # fmt: skip
    for step in [*(s for s in steps if s != "work"), "work"]:
        cells = []
        for night in nights:
            took = one["parts"][night]["steps"].get(step)
            cells += [f"{took['wall_seconds']:.1f}", f"{took['cpu_seconds']:.1f}"] if took else [
                "", ""]  # fmt: skip
        label = "all steps" if step == "work" else step
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    rest = []
    for night in nights:
        part = one["parts"][night]
        took = part["steps"]["work"]
        rest += [f"{part['wall_seconds'] - took['wall_seconds']:.1f}",
                 f"{part['cpu_seconds'] - took['cpu_seconds']:.1f}"]  # fmt: skip
    lines += [f"| start-up and end | {' | '.join(rest)} |", ""]
    for night in nights:
        dear = list(one["parts"][night].get("tables", {}).items())[:12]
        if dear:
            told = ", ".join(f"{name} {seconds:g}" for name, seconds in dear)
            lines += [f"Dearest of the {NAMES[night]}, seconds on the clock: {told}.", ""]
    return [*lines, *_linkage(one)]


def _linkage(one: Result) -> list[str]:
    """Linkage of the first night beside that of the next, where both were measured."""
    steps = [one["parts"].get(n, {}).get("steps", {}).get("linkage") for n in ("cold", "warm")]
    if not all(steps):
        return []
    first, following = steps
    share = following["cpu_seconds"] / first["cpu_seconds"]
    told = f"Linkage of the next night takes {share:.0%} of the first one's processor time"
    peaks = [step.get("peak_megabytes") for step in steps]
    if all(peaks):
        told += "; resident memory while it runs: " + " and ".join(
            f"{peak / 1024:.1f} GB" for peak in reversed(peaks)
        )
    return [f"{told}.", ""]


def _split(found: list[Result]) -> list[str]:
    """Of a cold night's processor time what is there anyway and what comes with the residents: a
    straight line through the smallest and the largest size."""
    measured = [one for one in found if one["parts"].get("cold", {}).get("steps")]
    if len(measured) < 2:
        return []
    first, last = measured[0], measured[-1]
    small, large = (one["parts"]["cold"]["steps"] for one in (first, last))
    lines = [
        "### What grows",
        "",
        f"A straight line through the cold nights of {first['people']:,} and {last['people']:,} "
        "residents, processor seconds. It is arithmetic on two measurements, no measurement.",
        "",
        "| step | there anyway | per million residents |",
        "|---|---:|---:|",
    ]
    for step in small:
        if step not in large:
            continue
        least, most = small[step]["cpu_seconds"], large[step]["cpu_seconds"]
        slope = max(0.0, (most - least) / (last["people"] - first["people"]))
        label = "all steps" if step == "work" else step
        anyway = max(0.0, least - slope * first["people"])
        lines.append(f"| {label} | {anyway:.1f} | {slope * 1e6:.0f} |")
    if all("floor" in one["parts"] for one in (first, last)):
        least, most = (one["parts"]["floor"]["cpu_seconds"] for one in (first, last))
        slope = (most - least) / (last["people"] - first["people"])
        anyway = max(0.0, least - slope * first["people"])
        lines.append(f"| the floor, whole process | {anyway:.1f} | {slope * 1e6:.0f} |")
    return [*lines, ""]


def _agreement(found: list[Result]) -> list[str]:
    lines = [
        "| residents | persons alike | households alike | findings that agree | that differ | "
        "not comparable (night, floor) |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for one in found:
        said = one["parts"].get("floor", {}).get("agreement")
        if not said:
            continue
        alike, apart = said["alike"], said["not_comparable"]
        lines.append(
            f"| {one['people']:,} | {alike['persons']:,} of {alike['of_persons']:,} | "
            f"{alike['households']:,} of {alike['of_households']:,} | {said['agree']:,} | "
            f"{said['differ']:,} | {apart['night']:,}, {apart['floor']:,} |"
        )
    lines.append("")
    for one in found:
        for rival in ("spark", "pandas"):
            said = one["parts"].get(rival, {}).get("against_floor")
            if said:
                tiers, alerts = said["tier"], said["alert"]
                others = sum(x[k] for x in (tiers, alerts) for k in ("floor_only", "rival_only"))
                lines.append(
                    f"- {NAMES[rival]}, {one['people']:,}: {tiers['both']:,} tiers and "
                    f"{alerts['both']:,} alerts as the floor's, {others:,} others"
                )
    return lines


def plots(found: list[Result]) -> dict[str, str]:
    """File name → SVG."""
    made = {}
    for file, title, unit, measure, scale, limits in (
        ("clock.svg", "Seconds on the clock, whole processes", "seconds", "wall_seconds", 1.0,
         {"warm night: 30 s": 30.0}),
        ("processor.svg", "Processor seconds, whole processes", "seconds", "cpu_seconds", 1.0, {}),
        ("memory.svg", "Peak memory", "megabytes", "peak_megabytes", 1.0,
         {"warm night: 3 GB": 3072.0}),
    ):  # fmt: skip
        lines = {
            NAMES[name]: [
                (float(one["people"]), float(one["parts"][name][measure]) * scale)
                for one in found
                if one["parts"].get(name, {}).get(measure)
            ]
            for name in NAMES
        }
        made[file] = chart(title, unit, {n: line for n, line in lines.items() if line}, limits)
    return made


def release_line(one: Result) -> dict[str, Any]:
    parts = one["parts"]
    work = parts.get("arrival", {}).get("steps", {}).get("work", {}).get("wall_seconds", "")
    clock, cpu = ratio(one, "cold", measure="wall_seconds"), ratio(one, "cold")
    return {
        "version": parts["cold"]["machine"]["version"],
        "commit": parts["cold"]["machine"]["commit"],
        "measured_on": parts["cold"]["measured_at"][:10],
        "people": one["people"],
        "cold_seconds": parts["cold"]["wall_seconds"],
        "floor_seconds": parts["floor"]["wall_seconds"],
        "ratio_clock": round(clock, 2) if clock else "",
        "ratio_processor": round(cpu, 2) if cpu else "",
        "warm_seconds": parts.get("warm", {}).get("wall_seconds", ""),
        "arrival_work_seconds": work,
    }


def record(found: list[Result], path: Path) -> None:
    """The sizes with a cold night and a floor, one line each; a version's older line goes."""
    fresh = [release_line(one) for one in found if {"cold", "floor"} <= one["parts"].keys()]
    kept: list[dict[str, Any]] = []
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            kept = list(csv.DictReader(file))
    new = {(str(line["version"]), str(line["people"])) for line in fresh}
    kept = [line for line in kept if (line["version"], line["people"]) not in new]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, RELEASE, lineterminator="\n")
        writer.writeheader()
        writer.writerows([*kept, *fresh])


def write(folder: Path, release: bool) -> None:
    found = results(folder)
    if not found:
        raise SystemExit(f"no results in {folder / 'results'}: run python -m benchmarks.bench")
    page = folder / "README.md"
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n\n{figures(found)}\n{END}{after}", encoding="utf-8")
    for name, drawing in plots(found).items():
        (folder / name).write_text(drawing, encoding="utf-8")
    if release:
        record(found, folder / "releases.csv")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--release", action="store_true")
    given = parser.parse_args()
    write(given.folder, given.release)


if __name__ == "__main__":
    main()
