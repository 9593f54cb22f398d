"""Every link of the manual leads somewhere, its anchor included; every page can be reached."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import pytest

from pipelines.settings import ROOT
from tests.docs.pages import anchors, links, name, pages

ALL = [pytest.param(page, id=name(page)) for page in pages()]


def target_of(page: Path, link: str) -> tuple[Path, str]:
    path, _, anchor = unquote(link).partition("#")
    return (page if not path else (page.parent / path).resolve()), anchor


@pytest.mark.parametrize("page", ALL)
def test_links_resolve(page: Path) -> None:
    wrong = []
    for link in links(page):
        if link.startswith(("http://", "https://")):
            continue
        target, anchor = target_of(page, link)
        found = target.exists() and target.is_relative_to(ROOT)
        if not found or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            wrong.append(link)
    assert wrong == []


def test_every_page_of_the_manual_can_be_reached() -> None:
    reached = {ROOT / "README.md"}
    waiting = list(reached)
    while waiting:
        page = waiting.pop()
        for link in links(page):
            target, _ = target_of(page, link)
            if target.suffix == ".md" and target.exists() and target not in reached:
                reached.add(target)
                waiting.append(target)
    manual = {page for page in pages() if page.is_relative_to(ROOT / "docs")}
    assert sorted(name(page) for page in manual - reached) == []
