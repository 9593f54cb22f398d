"""A line chart with two logarithmic axes as SVG, readable on a light and on a dark page."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from html import escape

WIDE, HIGH, LEFT, RIGHT, TOP, BOTTOM = 760, 420, 70, 170, 46, 46
#: light and dark of each line, told apart by the colour-blind too (Okabe and Ito)
COLOURS = (
    ("#0072b2", "#56b4e9"), ("#d55e00", "#ff8c42"), ("#009e73", "#2fd3a6"),
    ("#cc79a7", "#f0a6cf"), ("#7a5c00", "#f0e442"), ("#5b5b5b", "#c8c8c8"),
    ("#5e3c99", "#b8a1e3"),
)  # fmt: skip
DASHES = ("", "6 3", "2 3", "8 3 2 3", "10 4", "3 2", "1 4")

Line = Sequence[tuple[float, float]]


def chart(
    title: str,
    unit: str,
    lines: Mapping[str, Line],
    limits: Mapping[str, float],
    reckoned: Collection[str] = (),
) -> str:
    """Lines over the number of residents; `limits` are horizontal lines with a name. Those named in
    `reckoned` were not measured: they are thin and dashed and have no dots, all others are whole.
    """
    points = [point for line in lines.values() for point in line]
    xs = [x for x, _ in points]
    ys = [y for _, y in points] + list(limits.values())
    low, high = _decades(xs), _decades(ys)

    def at(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - low[0]) / (low[1] - low[0])
        up = (math.log10(max(y, 10 ** high[0])) - high[0]) / (high[1] - high[0])
        return LEFT + across * (WIDE - LEFT - RIGHT), HIGH - BOTTOM - up * (HIGH - TOP - BOTTOM)

    drawn = [_grid(low, high, at, unit)]
    for name, y in limits.items():
        (x1, top), (x2, _) = at(10 ** low[0], y), at(10 ** low[1], y)
        drawn.append(
            f'<line class="limit" x1="{x1:.1f}" x2="{x2:.1f}" y1="{top:.1f}" y2="{top:.1f}"/>'
            f'<text class="small" x="{x1 + 4:.1f}" y="{top - 4:.1f}">{escape(name)}</text>'
        )
    ends = []
    for place, (name, line) in enumerate(lines.items()):
        spots = [at(x, y) for x, y in sorted(line)]
        if reckoned:
            drawn.append(_line(place, spots, "4 4" if name in reckoned else "", name in reckoned))
        else:
            drawn.append(_line(place, spots, DASHES[place % len(DASHES)]))
        ends.append((spots[-1][1], spots[-1][0], name, place))
    drawn += _labels(ends)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" role="img" '
        f'aria-label="{escape(title)}" font-family="sans-serif" font-size="13">'
        f"<style>{_style(len(lines))}</style>"
        f'<rect class="page" width="{WIDE}" height="{HIGH}"/>'
        f'<text x="{LEFT}" y="24" font-size="16">{escape(title)}</text>{"".join(drawn)}</svg>\n'
    )


def _decades(values: Sequence[float]) -> tuple[float, float]:
    least = math.floor(math.log10(min(values)) * 2) / 2
    most = math.ceil(math.log10(max(values)) * 2) / 2
    return least, max(most, least + 0.5)


def _style(lines: int) -> str:
    light = "".join(f".l{n}{{stroke:{c}}}.f{n}{{fill:{c}}}" for n, (c, _) in _colours(lines))
    dark = "".join(f".l{n}{{stroke:{c}}}.f{n}{{fill:{c}}}" for n, (_, c) in _colours(lines))
    return (
        ".page{fill:#fff}text{fill:#222}.grid{stroke:#ddd}.limit{stroke:#b00;stroke-dasharray:4 4}"
        f".small{{font-size:11px}}.line{{fill:none;stroke-width:2}}{light}"
        "@media(prefers-color-scheme:dark){.page{fill:#0d1117}text{fill:#e6edf3}"
        f".grid{{stroke:#30363d}}.limit{{stroke:#ff7b72}}{dark}}}"
    )


def _colours(lines: int) -> list[tuple[int, tuple[str, str]]]:
    return [(place, COLOURS[place % len(COLOURS)]) for place in range(lines)]


def _grid(low: tuple[float, float], high: tuple[float, float], at: object, unit: str) -> str:
    assert callable(at)
    parts = []
    for decade in range(math.ceil(low[0]), math.floor(low[1]) + 1):
        for times in (1, 3):
            if not low[0] <= math.log10(times * 10**decade) <= low[1]:
                continue
            x, bottom = at(times * 10**decade, 10 ** high[0])
            parts.append(
                f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom:.1f}"/>'
                f'<text x="{x:.1f}" y="{bottom + 18:.1f}" text-anchor="middle">'
                f"{_short(times * 10**decade)}</text>"
            )
    for decade in range(math.ceil(high[0]), math.floor(high[1]) + 1):
        x, y = at(10 ** low[0], 10**decade)
        parts.append(
            f'<line class="grid" x1="{x:.1f}" x2="{WIDE - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text x="{x - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{_short(10**decade)}</text>'
        )
    parts.append(
        f'<text class="small" x="{LEFT}" y="{TOP - 6}">{escape(unit)}</text>'
        f'<text class="small" x="{WIDE - RIGHT}" y="{HIGH - 8}" text-anchor="end">residents</text>'
    )
    return "".join(parts)


def _line(
    place: int, spots: Sequence[tuple[float, float]], dash: str, reckoned: bool = False
) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    dots = "".join(
        f'<circle class="f{place}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'
        for x, y in (() if reckoned else spots)
    )
    return (
        f'<polyline class="line l{place}" points="{path}"'
        + (' style="stroke-width:1.3"' if reckoned else "")
        + (f' stroke-dasharray="{dash}"' if dash else "")
        + f"/>{dots}"
    )


def _labels(ends: Sequence[tuple[float, float, str, int]]) -> list[str]:
    """Names at the ends of their lines, moved apart where they would lie on each other."""
    made, above = [], 0.0
    for y, x, name, place in sorted(ends):
        y = max(y + 4, above + 15)
        above = y
        made.append(f'<text class="f{place}" x="{x + 9:.1f}" y="{y:.1f}">{escape(name)}</text>')
    return made


def _short(value: float) -> str:
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{sign}"
    return f"{value:g}"
