"""Charts as inline SVG: bars of parts, and a line over nights. What they show is not decided here.

A bar stands in the row of its table, so its numbers are read there and the drawing is hidden from
screen readers. Colours are classes of ``bulletin.css``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup, escape

from pipelines.publish.small_numbers import Hidden, Shown

#: width of a bar in drawing units; the page stretches it
WIDE = 1000
#: what a hidden count is drawn as, in shares of the bar: something, and always the same
SPECK = 0.012
LINE_WIDE, LINE_HIGH = 320, 112
LEFT, RIGHT, TOP, BOTTOM = 4, 58, 14, 18


def bar(parts: Sequence[tuple[str, Shown]], longest: float, whole: Shown | None = None) -> Markup:
    """Parts (class, count) one after the other; ``longest`` is what fills the bar.

    With a shown ``whole`` the hidden parts are drawn together, as what is left of it.
    """
    shown_parts = [(name, count) for name, count in parts if not isinstance(count, Hidden)]
    pieces = [(name, _share(count, longest)) for name, count in shown_parts]
    if len(shown_parts) < len(parts):
        known = isinstance(whole, int)
        left = (whole if isinstance(whole, int) else 0) - sum(count for _, count in shown_parts)
        pieces.append(("hidden", _share(left, longest) if known else SPECK))
    return svg_bar(pieces)


def svg_bar(pieces: Sequence[tuple[str, float]], under: str = "", over: str = "") -> Markup:
    """Shares (class, share of the width) one after the other, with drawings under and over."""
    drawn, at = [], 0.0
    for name, share in pieces:
        if share <= 0:
            continue
        wide = max(share * WIDE, 3.0)
        drawn.append(f'<rect class="{name}" x="{at:.1f}" y="0" width="{wide:.1f}" height="10"/>')
        at += wide
    return Markup(
        f'<svg class="bar" viewBox="0 0 {WIDE} 10" preserveAspectRatio="none" aria-hidden="true" '
        f'focusable="false">{under}{"".join(drawn)}{over}</svg>'
    )


def _share(count: int, longest: float) -> float:
    return min(count / longest, 1.0) if longest > 0 else 0.0


def longest(counts: Sequence[Shown]) -> float:
    """The greatest count that may be drawn; 1 where there is none."""
    return float(max([count for count in counts if not isinstance(count, Hidden)] or [1]) or 1)


def line(points: Sequence[tuple[date, Shown]], tone: str, label: str) -> Markup:
    """A line from zero over nights, each at its date; hidden numbers leave a hole."""
    known = [(day, count) for day, count in points if not isinstance(count, Hidden)]
    top = longest([count for _, count in known])
    first, last = points[0][0], points[-1][0]
    days = max((last - first).days, 1)
    wide, high = LINE_WIDE - LEFT - RIGHT, LINE_HIGH - TOP - BOTTOM

    def x(day: date) -> float:
        return LEFT + wide * ((day - first).days / days if last > first else 1.0)

    def y(count: float) -> float:
        return TOP + high * (1 - count / top)

    pieces: list[list[str]] = [[]]
    dots = []
    for day, count in points:
        if isinstance(count, Hidden):
            pieces.append([])
            continue
        pieces[-1].append(f"{x(day):.1f},{y(count):.1f}")
        radius = 3.5 if day == last else 2 if len(points) <= 31 else 0
        if radius:
            dots.append(
                f'<circle class="{tone}" cx="{x(day):.1f}" cy="{y(count):.1f}" r="{radius}">'
                f"<title>{day}: {count:,}</title></circle>"
            )
    lines = "".join(
        f'<polyline class="{tone}" points="{" ".join(piece)}"/>' for piece in pieces if piece[1:]
    )
    end = ""
    if known and known[-1][0] == last:
        end = (
            f'<text class="end" x="{x(last) + 7:.1f}" y="{y(known[-1][1]) + 4:.1f}">'
            f"{known[-1][1]:,}</text>"
        )
    dates = f'<text x="{LEFT}" y="{LINE_HIGH - 4}">{first:%m-%d}</text>' if last > first else ""
    base = TOP + high
    return Markup(
        f'<svg class="line" viewBox="0 0 {LINE_WIDE} {LINE_HIGH}" role="img" '
        f'aria-label="{escape(label)}">'
        f'<line class="axis" x1="{LEFT}" x2="{LEFT + wide}" y1="{base}" y2="{base}"/>'
        f'<line class="grid" x1="{LEFT}" x2="{LEFT + wide}" y1="{TOP}" y2="{TOP}"/>'
        f'<text class="top" x="{LEFT}" y="{TOP - 3}">{top:,.0f}</text>{lines}{"".join(dots)}{end}'
        f'{dates}<text class="last" x="{LEFT + wide}" y="{LINE_HIGH - 4}">{last:%m-%d}</text></svg>'
    )
