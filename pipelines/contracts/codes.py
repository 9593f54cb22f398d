"""Code lists, `schemas/codes/*.yaml`: codes, their words in both languages, aliases, dates, marks.

A value that no list knows is data, not an error: it is kept as it is (that is intake's work).
A code that ends in `*` is a pattern: it names every code that begins so, and carries marks only.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from pipelines.contracts.odcs import Faults, read_document
from pipelines.errors import ConfigurationFault
from pipelines.settings import SCHEMAS

VALUE_KEYS = frozenset(
    {"code", "zh", "en", "aliases", "from", "to", "marks", "assumption", "source"}
)
LIST_KEYS = frozenset({"name", "title", "source", "values"})


def fold_value(text: str) -> str:
    """A coded value as it is compared: NFKC, no spaces or invisible characters, case folded."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(
        character
        for character in plain
        if not character.isspace() and unicodedata.category(character) not in ("Cf", "Cc")
    ).casefold()


@dataclass(frozen=True)
class CodeValue:
    """One code; `from_`/`to` bound its validity (half-open, None: open)."""

    code: str
    zh: str
    en: str
    aliases: tuple[str, ...] = ()
    from_: date | None = None
    to: date | None = None
    marks: tuple[str, ...] = ()
    assumption: bool = False
    source: str = ""

    @property
    def is_pattern(self) -> bool:
        return self.code.endswith("*")

    def matches(self, code: str) -> bool:
        return code.startswith(self.code[:-1]) if self.is_pattern else code == self.code


@dataclass(frozen=True)
class CodeList:
    """A named list of codes."""

    name: str
    zh: str
    en: str
    values: tuple[CodeValue, ...]
    source: str = ""

    @cached_property
    def lookup(self) -> dict[str, str]:
        """Folded text (code, Chinese word or alias) → code. Patterns take no part."""
        return {
            fold_value(word): value.code
            for value in self.values
            if not value.is_pattern
            for word in (value.code, value.zh, *value.aliases)
        }

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(value.code for value in self.values if not value.is_pattern)

    def resolve(self, text: str) -> str | None:
        """The code that a word of a file stands for, or None if the list does not know it."""
        return self.lookup.get(fold_value(text))

    def value(self, code: str) -> CodeValue | None:
        return next((value for value in self.values if value.code == code), None)

    def marked(self, mark: str) -> tuple[str, ...]:
        """The codes and patterns (`M078*`) that carry a mark, in the order of the list."""
        return tuple(value.code for value in self.values if mark in value.marks)

    def has_mark(self, code: str, mark: str) -> bool:
        return any(mark in value.marks and value.matches(code) for value in self.values)


def load_codes(root: Path | None = None) -> dict[str, CodeList]:
    """All code lists by name. Raises ConfigurationFault with every fault of every file."""
    lists, faults = read_codes(root or SCHEMAS)
    if faults:
        raise ConfigurationFault(faults)
    return lists


def read_codes(root: Path) -> tuple[dict[str, CodeList], list[str]]:
    """The code lists that can be read, and what is wrong with the others."""
    paths = sorted((root / "codes").glob("*.yaml"))
    lists, told = _read_once(stamps(paths))
    return dict(lists), list(told)


def stamps(paths: Iterable[Path]) -> tuple[tuple[Path, int, int], ...]:
    """What changes when one of the files is edited: names, times and sizes."""
    stats = ((path, path.stat()) for path in paths)
    return tuple((path, stat.st_mtime_ns, stat.st_size) for path, stat in stats)


@lru_cache(maxsize=4)
def _read_once(
    files: tuple[tuple[Path, int, int], ...],
) -> tuple[dict[str, CodeList], list[str]]:
    """Every room asks for the lists, and parsing them takes a fifth of a second."""
    lists: dict[str, CodeList] = {}
    told: list[str] = []
    for path, _, _ in files:
        faults = Faults(path, f"codes/{path.name}")
        document = read_document(faults)
        if document is not None:
            made = _code_list(document, path.stem, faults)
            lists[path.stem] = made
        told.extend(faults.lines())
    return lists, told


def _code_list(document: Mapping[str, Any], stem: str, faults: Faults) -> CodeList:
    if document.get("name") != stem:
        faults.add(("name",), f"name must be `{stem}`, like the file")
    for key in sorted(map(str, set(document) - LIST_KEYS)):
        faults.add((key,), f"unknown key `{key}`; known: {', '.join(sorted(LIST_KEYS))}")
    title = document.get("title") or {}
    given = document.get("values")
    if not isinstance(given, list) or not given:
        faults.add(("values",), "has no values; list them as {code, zh, en}")
        given = []
    values = tuple(
        value
        for index, item in enumerate(given)
        if (value := _code_value(item, ("values", index), faults)) is not None
    )
    _check_words(values, faults)
    return CodeList(
        name=stem,
        zh=str(title.get("zh", stem)) if isinstance(title, dict) else stem,
        en=str(title.get("en", stem)) if isinstance(title, dict) else stem,
        values=values,
        source=str(document.get("source", "")),
    )


def _code_value(item: Any, place: tuple[str | int, ...], faults: Faults) -> CodeValue | None:
    if not isinstance(item, dict) or not {"code", "zh", "en"} <= set(item):
        faults.add(place, "a value needs code, zh and en")
        return None
    for key in sorted(map(str, set(item) - VALUE_KEYS)):
        faults.add(place, f"unknown key `{key}`; known: {', '.join(sorted(VALUE_KEYS))}")
    if not isinstance(item["code"], str):
        faults.add((*place, "code"), "a code is text; put it in quotes")
        return None
    dates = {name: item.get(name) for name in ("from", "to")}
    for name, given in dates.items():
        if given is not None and not isinstance(given, date):
            faults.add((*place, name), f"`{name}` must be a date such as 2024-01-01")
            dates[name] = None
    return CodeValue(
        code=item["code"],
        zh=str(item["zh"]),
        en=str(item["en"]),
        aliases=tuple(map(str, item.get("aliases", ()))),
        from_=dates["from"],
        to=dates["to"],
        marks=tuple(map(str, item.get("marks", ()))),
        assumption=item.get("assumption") is True,
        source=str(item.get("source", "")),
    )


def _check_words(values: tuple[CodeValue, ...], faults: Faults) -> None:
    """Every word leads to one code only."""
    owner: dict[str, str] = {}
    for index, value in enumerate(values):
        if value.is_pattern:
            continue
        if value.code in [earlier.code for earlier in values[:index]]:
            faults.add(("values", index), f"code `{value.code}` stands twice; keep one")
        for word in (value.code, value.zh, *value.aliases):
            other = owner.setdefault(fold_value(word), value.code)
            if other != value.code:
                what = f"`{word}` stands for both {other} and {value.code}; keep one"
                faults.add(("values", index), what)
