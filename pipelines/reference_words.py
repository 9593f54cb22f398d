"""Headings, tables and sentences of the generated pages. What a page says does not belong here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

NOTICE = "<!-- Written by `make generated`; change what it is made from, not this page. -->"


def page(title: str, intro: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", NOTICE, intro, *parts]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [_row(head), _row(["---"] * len(head)), *(_row(row) for row in rows)]
    return "\n".join(lines)


def _row(cells: Sequence[object]) -> str:
    texts = ("" if cell is None else str(cell) for cell in cells)
    return "| " + " | ".join(map(_escaped, texts)) + " |"


def _escaped(text: str) -> str:
    """A table cell: no line break or bar, and ``<`` outside code begins no tag."""
    parts = text.replace("|", r"\|").replace("\n", " ").split("`")
    return "`".join(part if n % 2 else part.replace("<", r"\<") for n, part in enumerate(parts))


def code(names: Iterable[object]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
