"""The bulletin in a real browser: drawn, switched, printed; silent, and asking nobody outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.publish.bulletin import bulletin_of
from tests.publish import bulletin_world as world

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.long]
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
WORLDS = {"city": world.city, "quiet": world.quiet}


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def bulletins(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("bulletins")
    made = {}
    for name, make in WORLDS.items():
        made[name] = folder / f"{name}.html"
        made[name].write_text(bulletin_of(make(folder / f"{name}.duckdb")), encoding="utf-8")
    return made


class Opened:
    """A page, and what it said and asked for."""

    def __init__(self, context: BrowserContext, path: Path, anchor: str = "") -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(f"{path.as_uri()}{anchor}")

    def nothing_wrong(self) -> None:
        assert self.said == []
        assert [url for url in self.asked if not url.startswith(("file:", "data:"))] == []
        assert sum(url.startswith("file:") for url in self.asked) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1100, 380])
@pytest.mark.parametrize("name", sorted(WORLDS))
def test_it_opens_and_fits(
    browser: Browser, bulletins: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    with browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme  # type: ignore[arg-type]
    ) as context:  # fmt: skip
        opened = Opened(context, bulletins[name])
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
        back = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (back == "rgb(244, 245, 247)") is (scheme == "light")
        opened.nothing_wrong()


def test_charts_are_drawn(browser: Browser, bulletins: dict[str, Path]) -> None:
    with browser.new_context(viewport={"width": 1100, "height": 900}) as context:
        opened = Opened(context, bulletins["city"])
        lines = opened.page.locator("svg.line")
        assert lines.count() == 6
        for drawn in lines.all():
            boxes = [piece.bounding_box() for piece in drawn.locator("polyline").all()]
            assert sum(box["width"] for box in boxes if box) > 50
        bars = opened.page.locator("section td.chart svg.bar rect.red:visible")
        assert bars.count() > 10
        colours = bars.evaluate_all("all => [...new Set(all.map(r => getComputedStyle(r).fill))]")
        assert colours == ["rgb(200, 51, 43)"]
        widths = bars.evaluate_all("all => all.map(r => r.getBoundingClientRect().width)")
        assert min(widths) > 0
        opened.nothing_wrong()


def test_the_switch(browser: Browser, bulletins: dict[str, Path]) -> None:
    with browser.new_context() as context:
        opened = Opened(context, bulletins["city"])
        page = opened.page
        assert page.get_by_role("heading", name="一分钟看懂").is_visible()
        assert page.get_by_role("heading", name="In one minute").count() == 0
        page.locator("#switch").click()
        assert page.get_by_role("heading", name="In one minute").is_visible()
        assert page.get_by_role("heading", name="一分钟看懂").count() == 0
        assert page.evaluate("document.documentElement.lang") == "en"
        assert page.url.endswith("#en")
        page.locator("#switch").click()
        assert page.get_by_role("heading", name="一分钟看懂").is_visible()
        again = Opened(context, bulletins["city"], "#en")
        assert again.page.get_by_role("heading", name="In one minute").is_visible()
        opened.nothing_wrong()
        again.nothing_wrong()


def test_it_is_read_without_seeing(browser: Browser, bulletins: dict[str, Path]) -> None:
    """Tables have heads for rows and columns; a line is named; bars are not read out."""
    with browser.new_context() as context:
        page = Opened(context, bulletins["city"]).page
        assert page.get_by_role("row", name="无法落到区县").count() >= 1
        assert page.get_by_role("img", name="待核查个案").count() == 1
        assert page.locator("table").count() == page.locator("table:has(th[scope=col])").count()
        assert page.locator("svg.bar:not([aria-hidden=true])").count() == 0


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_on_paper(browser: Browser, bulletins: dict[str, Path], name: str) -> None:
    """White, every table unfolded, no button, nothing wider than the sheet."""
    with browser.new_context(
        color_scheme="dark", viewport={"width": 702, "height": 1000}
    ) as context:
        opened = Opened(context, bulletins[name])
        page = opened.page
        page.emulate_media(media="print")
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(255, 255, 255)"
        )
        assert not page.locator("#switch").is_visible()
        assert page.locator("table:visible").count() == page.locator("table").count()
        assert page.evaluate("document.documentElement.scrollWidth") <= 702
        assert len(page.pdf(prefer_css_page_size=True)) > 10_000
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        opened.nothing_wrong()
