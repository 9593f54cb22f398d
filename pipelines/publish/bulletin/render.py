"""Figures become the page: what each chart is drawn from, and the words around it.

What is counted stands in ``figures``; the layout in ``bulletin.html.j2`` and ``bulletin.css``.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipelines.publish.bulletin.draw import WIDE, bar, line, longest, svg_bar
from pipelines.publish.bulletin.figures import Figures, Row
from pipelines.publish.bulletin.sentences import minute
from pipelines.publish.page_words import subject
from pipelines.publish.small_numbers import Hidden, Shown
from pipelines.standard.text import lookup

HERE = Path(__file__).parent
#: townships on the page before the rest folds away
SHOWN_PLACES = 15
WEEKDAYS = "一二三四五六日"


def rendered(found: Figures) -> str:
    """The page as HTML text."""
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined,
        trim_blocks=False, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "n": partial(number, least=found.least), "day_zh": day_zh, "day_en": day_en,
        "percent": percent, "top": top,
    }  # fmt: skip
    environment.tests["hidden"] = lambda value: isinstance(value, Hidden)
    words = lookup("bulletin_words")
    return environment.get_template("bulletin.html.j2").render(
        f=found, words=words, bar=bar, line=line, minute=minute(found, words),
        css=Markup(_asset("bulletin.css")), js=Markup(_asset("bulletin.js")),
        change=changes(found), policy_changed=policy_changed(found), shown_places=SHOWN_PLACES,
        list_top=longest([row["all"] for row in found.lists]),
        county_top=longest([place.total for place in found.counties]),
        township_top=longest([place.total for place in found.townships]),
        quiet=sum(
            1 for county in found.counties for place in county.parts
            if place.name and not place.has_cases
        ),
        funnel=funnel(found), funnel_top=top(found.funnel["with_case"]), lines=lines(found),
        tier_top=longest([row["persons"] for row in found.tiers]),
        finding_top=longest([row["found"] for row in found.findings]),
        rules=[rule(row, found.least) for row in found.rules
               if any(row[name] != 0 for name in ("alerts", "flagged", "not_judged"))],
        rule_top=longest([row["flagged"] for row in found.rules]),
        fresh=[freshness(row) for row in found.freshness],
    )  # fmt: skip


def _asset(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


# -- words for single values


def number(value: Any, least: int) -> str:
    """A count with its thousands, a hidden one as such, nothing as a dash."""
    if isinstance(value, Hidden):
        return f"<{least}" if value is Hidden.SMALL else "··"
    return "–" if value is None else f"{value:,}"


def percent(share: float | None, enough: bool = True) -> str:
    return "–" if share is None or not enough else f"{share:.1%}"


def part(count: Shown, of: Shown, least: int) -> str:
    """A share of shown counts; one of too few would be told by its share."""
    if isinstance(count, Hidden) or isinstance(of, Hidden) or not of:
        return "–"
    if 0 < of - count < least:
        return "–"
    return f"{count / of:.0%}"


def top(count: Shown) -> float:
    return longest([count])


def day_zh(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日 星期{WEEKDAYS[day.weekday()]}"


def day_en(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B %Y}"


# -- what the charts are drawn from


def changes(found: Figures) -> dict[str, Shown | None]:
    """What differs from the night before, figure by figure; None where that cannot be said."""
    named = ("open_cases", "red", "overdue_rows", "confirmed_cases", "monitored_persons")
    return {name: _change(found, name) for name in named}


def _change(found: Figures, name: str) -> Shown | None:
    now, before = found.tonight[name], found.before[name] if found.before else None
    if before is None or isinstance(now, Hidden) or isinstance(before, Hidden):
        return None if found.before is None else Hidden.SMALL
    difference: int = now - before
    return Hidden.SMALL if 0 < abs(difference) < found.least else difference


def policy_changed(found: Figures) -> bool:
    before = found.before
    return before is not None and before["policy_version"] != found.tonight["policy_version"]


def funnel(found: Figures) -> list[tuple[str, str, Shown, str]]:
    """Steps from a case to help, each with its share of the one before."""
    steps = (
        ("with_case", "出现过线索", "had a case"),
        ("ordered", "已派入户核查", "given out for a visit"),
        ("visited", "已核查", "visited"),
        ("confirmed", "核查属实", "confirmed"),
        ("answered", "已救助或转介", "helped or referred"),
    )
    before: Shown | None = None
    listed = []
    for name, zh, en in steps:
        count = found.funnel[name]
        listed.append((zh, en, count, "–" if before is None else part(count, before, found.least)))
        before = count
    return listed


def lines(found: Figures) -> list[tuple[str, str, str, list[tuple[date, Shown]]]]:
    """The six lines over nights."""
    wanted = (
        ("待核查个案", "Cases that wait", "main", "open_cases"),
        ("其中红色", "Of those, red", "red", "red"),
        ("每夜新增", "New each night", "orange", "new_cases"),
        ("累计核查属实", "Confirmed so far", "good", "confirmed_cases"),
        ("监测对象（人）", "People in a tier", "main", "monitored_persons"),
        ("疑似漏助", "Help that seems to be missing", "gap", "gap_findings"),
    )
    return [
        (zh, en, tone, [(row["as_of"], row[name]) for row in found.history])
        for zh, en, tone, name in wanted
    ]


def rule(row: Row, least: int) -> Row:
    """A rule's cases in three parts, as far as the counts are shown."""
    confirmed, checked, flagged = row["confirmed"], row["checked"], row["flagged"]
    parts = [("good", confirmed), ("main", _less(checked, confirmed)),
             ("rest", _less(flagged, checked))]  # fmt: skip
    return row | {"parts": parts, "share": part(confirmed, checked, least)}


def _less(whole: Shown, inner: Shown) -> Shown:
    """What is left of a whole; of a hidden part at least a hint, never its size."""
    if isinstance(whole, Hidden):
        return 0
    return whole - (0 if isinstance(inner, Hidden) else inner)


def freshness(row: Row) -> Row:
    """A dataset with its titles and its bar: its age, and a line where it is due."""
    about = subject(row["dataset"])
    return row | {"zh": about.zh, "en": about.en, "bar": age_bar(row)}


def age_bar(row: Row) -> Markup:
    """The age in days, on a scale on which every dataset is due at two thirds."""
    if not row["due_days"] or row["age_days"] is None:
        return Markup("")
    share = min(row["age_days"] / (row["due_days"] * 1.5), 1.0)
    due = '<rect class="due" x="664" y="0" width="4" height="10"/>'
    track = f'<rect class="track" x="0" y="0" width="{WIDE}" height="10"/>'
    tone = "orange" if row["late"] else "good"
    return svg_bar([(tone, max(share, 0.004))], track, due)
