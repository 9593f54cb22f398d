"""The bulletin says what the file says, hides what is small, and asks nobody outside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest

from pipelines.publish import bulletin
from pipelines.publish.bulletin import bulletin_of, write_bulletin
from pipelines.publish.bulletin.draw import bar, line
from pipelines.publish.bulletin.figures import Figures, figures
from pipelines.publish.small_numbers import LEAST, Hidden
from tests.publish import bulletin_world as world

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world.city(tmp_path_factory.mktemp("bulletin") / "city.duckdb")


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world.quiet(tmp_path_factory.mktemp("bulletin") / "quiet.duckdb")


@pytest.fixture(scope="module")
def page(city: Path) -> str:
    return bulletin_of(city)


def of(path: Path) -> Figures:
    with duckdb.connect(str(path), read_only=True) as con:
        return figures(con)


class Text(HTMLParser):
    """What a page shows in one language, and whether every element is closed."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.said: list[str] = []
        self.language = language

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"meta", "link", "br"}:
            return
        language = dict(attrs).get("lang")
        hidden = tag in {"style", "script", "title"} or (
            tag != "html" and language not in (None, self.language)
        )
        self.open.append((tag, hidden))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_data(self, data: str) -> None:
        if not any(hidden for _, hidden in self.open):
            self.said.append(data.strip())


def text(page: str, language: str) -> str:
    parser = Text(language)
    parser.feed(page)
    assert parser.open == []
    return " ".join(filter(None, parser.said))


def test_it_asks_nobody_outside(page: str) -> None:
    assert not re.search(r"https?:|src=|url\(|@import|//[a-z]", page)
    assert set(re.findall(r'href="([^"]*)"', page)) == {"data:,"}


def test_each_language_stands_alone(page: str) -> None:
    assert "待核查个案" in text(page, "zh-CN") and "Cases that wait" not in text(page, "zh-CN")
    english = text(page, "en")
    assert "Cases that wait" in english and "待核查个案" not in english
    assert page.count('<span lang="zh-CN">') == page.count('<span lang="en">') - len(world.TIERS)


def test_the_city_adds_up(city: Path) -> None:
    found = of(city)
    with duckdb.connect(str(city), read_only=True) as con:
        [(waiting,)] = con.execute("SELECT count(*) FROM analysis.open_case").fetchall()
    assert found.waiting["all"] == found.tonight["open_cases"] == waiting
    placed = [p.total for county in found.counties for p in county.parts]
    assert sum(n for n in placed if isinstance(n, int)) <= waiting
    assert len(found.counties) == 7  # six, and who could not be placed
    assert [p.pressing for p in found.townships] == sorted(
        (p.pressing for p in found.townships), reverse=True
    )


def test_small_numbers_are_nowhere(city: Path, page: str) -> None:
    """Where a township has one to four cases of a level, the page says so and no more."""
    for place in of(city).townships:
        for count in (*place.levels.values(), place.total):
            assert isinstance(count, Hidden) or count == 0 or count >= LEAST
    assert "&lt;5" in page and "··" in page
    people = re.sub(r"(?s)<h2><span[^>]*>数据够不够新.*?</section>", "", page)  # days are no people
    people = re.sub(r"(?s)<table class=\"many\">.*?</table>", "", people)
    shown = {int(cell.replace(",", "")) for cell in re.findall(r'"num">(?:<b>)?([\d,]+)<', people)}
    assert shown.isdisjoint(range(1, LEAST))


def test_a_share_does_not_tell_a_small_number(page: str) -> None:
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", page, re.DOTALL)
    hidden = [row for row in rows if "rule 4" in row]
    assert len(hidden) == 1 and "%" not in hidden[0]


def test_townships_beyond_the_first_fold_away(page: str, city: Path) -> None:
    assert len(of(city).townships) > 60
    assert f"其余 {len(of(city).townships) - 15} 个乡镇" in page


def test_a_first_night_with_nothing(quiet: Path) -> None:
    zh, en = text(bulletin_of(quiet), "zh-CN"), text(bulletin_of(quiet), "en")
    for said in ("今夜没有待核查的疑似个案", "这是第一夜", "第一夜，还没有趋势", "没有规则命中"):
        assert said in zh
    assert "No suspected case waits tonight" in en
    assert "<5" in zh  # one resident
    assert 'svg class="line"' not in bulletin_of(quiet)


def test_data_that_cannot_be_trusted_is_said_on_top(page: str) -> None:
    top = text(page, "en").split("What changed")[0]
    assert "2 datasets are late, 1 check failed" in top
    assert "67% of households have no usable income" in top


def test_a_change_of_policy_is_said(tmp_path: Path) -> None:
    nights = world.history(2, policy_version="b2")
    path = world.published(
        tmp_path / "changed.duckdb", meta__run=world.run(), meta__night_history=nights
    )
    assert "策略版本与上一夜不同" in bulletin_of(path)


def test_names_of_places_are_text_and_not_markup(tmp_path: Path) -> None:
    region = {"region_code": "991021000000", "name": "<b>县</b>", "level": 3}
    path = world.published(
        tmp_path / "markup.duckdb", residents={"991021001000": 30}, meta__run=world.run(),
        meta__night_history=world.history(1), meta__region=[region],
    )  # fmt: skip
    assert "&lt;b&gt;县&lt;/b&gt;" in bulletin_of(path) and "<b>县" not in bulletin_of(path)


# -- drawings


def widths(drawing: str) -> Iterator[tuple[str, float]]:
    for tone, wide in re.findall(r'class="(\w+)" x="[\d.]+" y="0" width="([\d.]+)"', drawing):
        yield tone, float(wide)


def test_a_bar_is_as_long_as_its_count() -> None:
    assert dict(widths(bar([("red", 10), ("yellow", 30)], 80))) == {"red": 125, "yellow": 375}


def test_a_hidden_part_is_what_is_left_of_a_shown_whole() -> None:
    drawn = dict(widths(bar([("red", Hidden.SMALL), ("yellow", 30)], 40, 34)))
    assert drawn == {"yellow": 750, "hidden": 100}
    alone = [
        dict(widths(bar([("red", n)], 40)))["hidden"] for n in (Hidden.SMALL, Hidden.WOULD_TELL)
    ]
    assert alone[0] == alone[1]


def test_a_line_has_a_hole_where_a_number_is_hidden() -> None:
    days = [date(2026, 11, day) for day in (1, 2, 3, 4, 5)]
    counts = [8, 9, Hidden.SMALL, 20, 10]
    drawn = line(list(zip(days, counts, strict=True)), "main", "a & b")
    assert drawn.count("<polyline") == 2 and drawn.count("<circle") == 4
    assert 'aria-label="a &amp; b"' in drawn
    only = line([(days[0], 7)], "main", "one night")
    assert "polyline" not in only and only.count("<circle") == 1


def test_a_bulletin_that_cannot_be_drawn_holds_nothing_back(tmp_path: Path) -> None:
    broken, page = tmp_path / "broken.duckdb", tmp_path / "bulletin.html"
    duckdb.connect(str(broken)).close()
    write_bulletin(broken, page, 5)
    assert not page.exists()


def test_who_stops_a_run_stops_it_at_the_bulletin_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> str:
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr(bulletin, "bulletin_of", stopped)
    with pytest.raises(RuntimeError, match="interrupted"):
        write_bulletin(tmp_path / "any.duckdb", tmp_path / "bulletin.html", 5)
