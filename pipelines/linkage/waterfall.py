"""One explained pair as a page of its own: two records side by side, sentences, a waterfall.

Plain HTML with a drawing inside: nothing is loaded from anywhere. Why the pair is as it is stands
in `explain`.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from pipelines.linkage.explain import Explained, Part

FIELDS = (
    ("mention_key", "记录 record"), ("name", "姓名 name"), ("number", "号码 number"),
    ("birth_date", "出生日期 birth date"), ("sex", "性别 sex"), ("phone", "电话 phone"),
    ("address", "地址 address"), ("region_code", "区划 region"), ("person_id", "人员编号 person"),
    ("method", "方式 method"),
)  # fmt: skip
WORDS = {"name": "姓名", "birth": "出生日期", "sex": "性别", "phone": "电话", "region": "区划",
         "group": "家庭群组", "number": "号码", "name frequency": "姓名频率",
         "prior": "起点"}  # fmt: skip
WIDTH, ROW, LABELS, NUMBERS = 760, 30, 250, 90
UP, DOWN, WHOLE = "#2f7d4f", "#b4472f", "#44546a"
PAGE = """<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 15px/1.5 sans-serif; margin: 2rem auto; max-width: 60rem; color: #222 }}
table {{ border-collapse: collapse }} td, th {{ border: 1px solid #ccc; padding: .25rem .6rem;
text-align: left }} .en {{ color: #555 }}
</style></head><body><h1>{title}</h1>
<table><tr><th></th><th>1</th><th>2</th></tr>{rows}</table>
{sentences}{chart}</body></html>
"""


def page(found: Explained) -> str:
    """The whole page."""
    rows = "".join(
        f"<tr><th>{label}</th><td>{_cell(found.left[name])}</td>"
        f"<td>{_cell(found.right[name])}</td></tr>"
        for name, label in FIELDS
    )
    sentences = "".join(
        f'<p>{escape(zh)}<br><span class="en">{escape(en)}</span></p>' for zh, en in found.sentences
    )
    return PAGE.format(
        title="两条记录的比较 Two records compared", rows=rows, sentences=sentences,
        chart=_chart(found) if found.parts else "",
    )  # fmt: skip


def _cell(value: object) -> str:
    return "" if value is None else escape(str(value))


def _chart(found: Explained) -> str:
    """Bars that start where the one before ended: bits for (green) and against (red)."""
    steps = [Part("prior", "two at random", found.prior_bits), *found.parts]
    total = sum(step.bits for step in steps)
    ends = [0.0]
    for step in steps:
        ends.append(ends[-1] + step.bits)
    low, high = min(ends), max(ends)
    scale = (WIDTH - LABELS - NUMBERS) / (high - low or 1.0)

    def x(bits: float) -> float:
        return LABELS + (bits - low) * scale

    lines = list(_bars(steps, ends, scale, low))
    lines.append(_bar(len(steps), "合计 total", total, WHOLE, x(min(0.0, total)), scale))
    height = ROW * (len(steps) + 2)
    probability = found.probability or 0.0
    return (
        f"<h2>概率 probability {probability:.6f}</h2>"
        "<p>每一项的证据（比特）：绿色支持，红色反对。<br>"
        '<span class="en">Evidence of each comparison in bits: green speaks for one person, '
        "red against.</span></p>"
        f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img" '
        f'font-family="sans-serif" font-size="13">'
        f'<line x1="{x(0.0):.1f}" x2="{x(0.0):.1f}" y1="0" y2="{height}" stroke="#999"/>'
        f"{''.join(lines)}</svg>"
    )


def _bars(steps: list[Part], ends: list[float], scale: float, low: float) -> Iterator[str]:
    for line, step in enumerate(steps):
        left = LABELS + (min(ends[line], ends[line + 1]) - low) * scale
        colour = WHOLE if line == 0 else UP if step.bits > 0 else DOWN
        label = f"{WORDS.get(step.name, '')} {step.name}: {step.level}".strip()
        yield _bar(line, label, step.bits, colour, left, scale)


def _bar(line: int, label: str, bits: float, colour: str, left: float, scale: float) -> str:
    top, width = ROW * line + 6, abs(bits) * scale
    return (
        f'<text x="{LABELS - 8}" y="{top + 13}" text-anchor="end">{escape(label)}</text>'
        f'<rect x="{left:.1f}" y="{top}" width="{max(width, 1.0):.1f}" height="18" '
        f'fill="{colour}"/>'
        f'<text x="{left + width + 5:.1f}" y="{top + 13}">{bits:+.1f}</text>'
    )
