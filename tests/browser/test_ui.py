"""The project in the user interface: its groups, a night turning green, its checks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from pipelines.rooms import ROOMS

if TYPE_CHECKING:
    from conftest import Interface
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 60_000


@pytest.fixture(scope="module")
def asked() -> set[str]:
    """Hosts that any page asked for anything."""
    return set()


@pytest.fixture(scope="module")
def page(asked: set[str], chromium_path: str) -> Iterator[Page]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        opened = browser.new_page(viewport={"width": 1600, "height": 1000})
        opened.on("request", lambda request: asked.add(urlsplit(request.url).hostname or ""))
        opened.set_default_timeout(PATIENCE)
        yield opened
        browser.close()


def shot(page: Page, folder: Path, name: str) -> None:
    page.wait_for_timeout(1500)
    page.screenshot(path=folder / f"{name}.png")


def test_the_graph_shows_the_rooms_as_groups(
    ui: Interface, page: Page, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page.goto(f"{ui.url}/asset-groups")
    for room in ROOMS:
        page.get_by_text(room, exact=True).first.wait_for(state="attached")
    shot(page, tmp_path_factory.mktemp("shots"), "groups")


def test_a_night_turns_green(
    ui: Interface, page: Page, night: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page.goto(f"{ui.url}/runs/{night}")
    page.get_by_text("Success", exact=True).first.wait_for()
    shot(page, tmp_path_factory.mktemp("shots"), "run")
    assert (ui.home / "published" / "monitoring.duckdb").exists()


def test_checks_are_shown(
    ui: Interface, page: Page, night: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page.goto(f"{ui.url}/assets/quality/expectation?view=checks")
    page.get_by_text("nothing_blocks").first.wait_for()
    page.get_by_text("Passed").first.wait_for()
    shot(page, tmp_path_factory.mktemp("shots"), "checks")
    page.goto(f"{ui.url}/assets/hardship/alert?view=checks")
    page.get_by_text("great_expectations").first.wait_for()


def test_the_pages_ask_nobody_outside(page: Page, asked: set[str]) -> None:
    assert asked - {"127.0.0.1", ""} == set()
