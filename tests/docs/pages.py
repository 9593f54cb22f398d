"""The manual as data: its pages, their links and their code samples."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.settings import ROOT

FENCE = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
WORD = re.compile(r'(\w+)(?:="([^"]*)")?')


@dataclass(frozen=True)
class Sample:
    """A fenced block: its language, the words behind it, and its text."""

    page: str
    language: str
    words: dict[str, str]
    text: str


def pages() -> list[Path]:
    """Every page that a person reads."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "schemas").rglob("*.md")]
    return sorted([*found, *(ROOT / "data_samples").glob("*.md")])


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def samples(language: str) -> list[Sample]:
    return [
        Sample(name(page), found[1], dict(WORD.findall(found[2])), found[3])
        for page in pages()
        for found in FENCE.finditer(page.read_text(encoding="utf-8"))
        if found[1] == language
    ]


def links(page: Path) -> Iterator[str]:
    """Targets of links and pictures outside of code."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    yield from LINK.findall(re.sub(r"`[^`\n]*`", "`", text))


def anchors(page: Path) -> set[str]:
    """Anchors as GitHub makes them of headings."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = (heading.replace("`", "").strip().lower() for heading in HEADING.findall(text))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}


def commands(sample: Sample) -> list[list[str]]:
    """The command lines of a shell sample, without comments and values set for one command; a
    quoted text may span lines, and a line may go on after a backslash."""
    text = re.sub(r" +# .*$", "", sample.text, flags=re.MULTILINE).replace("\\\n", " ")
    text = re.sub(r"^(?:[A-Z_]+=\S+ +)+", "", text, flags=re.MULTILINE)
    lexer = shlex.shlex(text, posix=True, punctuation_chars="\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " ", True, ""
    found: list[list[str]] = [[]]
    for word in lexer:
        if word.strip("\n"):
            found[-1].append(word)
        else:
            found.append([])
    return [words for words in found if words]
