"""The project in the user interface: its groups, runs that are launched from its pages and turn
green, a check that fails and says why, a backfill of three nights."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest

from pipelines.rooms import ROOMS

if TYPE_CHECKING:
    from conftest import Interface
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.long]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 120_000
#: an asset that rests on the policy alone
SMALL = "meta/policy_parameter"


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
    for number, room in enumerate(ROOMS, 1):
        page.get_by_text(f"{number}_{room}", exact=True).first.wait_for(state="attached")
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


def test_a_failing_check_shows_why(
    ui: Interface, page: Page, night: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page.goto(f"{ui.url}/assets/intake/raw_medical_insurance__settlement?view=checks")
    page.get_by_text("great_expectations").first.click()
    page.get_by_text("cost_is_fund_and_person (20 / 194)").first.wait_for()
    page.get_by_text("[Show Markdown]").first.click()
    page.get_by_text("医疗费总额 = 基金支付总额 + 个人负担", exact=False).first.wait_for()
    shot(page, tmp_path_factory.mktemp("shots"), "failing")


def launch(page: Page, ui: Interface, nights: str | None, button: str) -> None:
    """By the button of an asset's page and the dialog behind it; ``nights`` None: the latest."""
    page.goto(f"{ui.url}/assets/{SMALL}")
    page.get_by_role("button", name="Materialize").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Latest", exact=True).click()
    dialog.get_by_role("button", name="Launch 1 run").wait_for()
    if nights is not None:
        field = dialog.locator("input").first
        field.fill(nights)
        field.press("Enter")
    page.wait_for_timeout(1000)
    dialog.get_by_role("button", name=button).click()
    dialog.wait_for(state="detached")


def test_a_run_that_is_launched_from_a_page_goes_green(
    ui: Interface, page: Page, tmp_path_factory: pytest.TempPathFactory
) -> None:
    launch(page, ui, None, "Launch 1 run")
    (run,) = ui.ended(1, lambda run: "dagster/from_ui" in run["tags"])
    assert run["status"] == "SUCCESS"
    assert run["tags"]["as_of"] == run["tags"]["dagster/partition"]
    assert run["tags"]["policy_version"].startswith("rizhao@")
    page.goto(f"{ui.url}/assets/{SMALL}")
    page.get_by_text("dagster/row_count").or_(page.get_by_text("Row count")).first.wait_for()
    shot(page, tmp_path_factory.mktemp("shots"), "asset")


def test_a_backfill_of_three_nights_runs(
    ui: Interface, page: Page, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # the dialog shows days up to that of the browser, which may not be in Shanghai
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    nights = [(today - timedelta(days=back)).isoformat() for back in (3, 2, 1)]
    launch(page, ui, f"[{nights[0]}...{nights[-1]}]", "Launch backfill")
    runs = ui.ended(3, lambda run: "dagster/backfill" in run["tags"])
    assert {run["status"] for run in runs} == {"SUCCESS"}
    in_order = sorted(runs, key=lambda run: float(run["startTime"]))
    assert [run["tags"]["dagster/partition"] for run in in_order] == nights
    page.goto(f"{ui.url}/runs/b/{runs[0]['tags']['dagster/backfill']}")
    page.get_by_text("100% completed").first.wait_for()
    shot(page, tmp_path_factory.mktemp("shots"), "backfill")


def test_the_pages_ask_nobody_outside(page: Page, asked: set[str]) -> None:
    assert asked - {"127.0.0.1", ""} == set()
