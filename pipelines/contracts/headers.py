"""Headers of delivered files: folding them, and finding the contract's columns among them.

Which units and notes may stand in brackets is data: `schemas/lookups/header_marks.yaml`.
Header texts of a file without a header row may be values of people: callers keep them restricted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from pipelines.contracts.model import Column, Contract
from pipelines.contracts.odcs import Faults, read_document
from pipelines.errors import ConfigurationFault
from pipelines.settings import SCHEMAS

BRACKETS = re.compile(r"[(\[【]([^()\[\]【】]*)[)\]】]")
DATE_FORMAT = re.compile(r"[ymdhs年月日:/.\-]*y{2,4}[ymdhs年月日:/.\-]*")
LENGTH = re.compile(r"\d+(-\d+)?(位|字符|个字)")
DROPPED = frozenset("*")
#: beneath _plain, which has taken spaces away: 单位:万元, 制表单位:民政局单位:元
TITLE_UNIT = re.compile(r"单位:?((?:人民币)?[\u4e00-\u9fff]{0,2}元|元|分|角)")


@dataclass(frozen=True)
class HeaderMarks:
    """What a bracket in a header may hold: money units with their worth in yuan, and notes."""

    money: Mapping[str, Decimal]
    units: frozenset[str]
    per: frozenset[str]
    prefixes: tuple[str, ...]
    notes: frozenset[str]

    def money_unit(self, inside: str) -> Decimal | None:
        """What an amount under this unit is multiplied by; None if it is no unit of money."""
        unit, _, per = self._bare(inside).partition("/")
        return self.money[unit] if unit in self.money and (not per or per in self.per) else None

    def _bare(self, inside: str) -> str:
        bare = inside
        for prefix in self.prefixes:
            bare = bare.removeprefix(prefix).lstrip(":")
        return bare

    def scale(self, inside: str) -> Decimal | None:
        """The worth in yuan of a unit of money, 1 for a note or another unit; else None."""
        if (worth := self.money_unit(inside)) is not None:
            return worth
        bare = self._bare(inside)
        if bare in self.units or bare in self.notes or inside in self.notes:
            return Decimal(1)
        if DATE_FORMAT.fullmatch(bare) or LENGTH.fullmatch(bare):
            return Decimal(1)
        return None


@cache
def header_marks(root: Path | None = None) -> HeaderMarks:
    """The bracket words of `lookups/header_marks.yaml`. Raises ConfigurationFault."""
    faults = Faults(
        (root or SCHEMAS) / "lookups" / "header_marks.yaml", "lookups/header_marks.yaml"
    )
    if not faults.path.is_file():
        faults.add((), "is missing; restore it (it says which units a header may carry)")
    document: Mapping[str, Any] = (not faults and read_document(faults)) or {}
    wanted = {"money": dict, "units": list, "per": list, "prefixes": list, "notes": list}
    if not faults:
        for name, shape in wanted.items():
            if not isinstance(document.get(name), shape):
                faults.add((name,), f"`{name}` must be a {shape.__name__}")
    if faults:
        raise ConfigurationFault(faults.lines())
    return HeaderMarks(
        money={_plain(str(word)): Decimal(str(worth)) for word, worth in document["money"].items()},
        units=frozenset(_plain(str(word)) for word in document["units"]),
        per=frozenset(_plain(str(word)) for word in document["per"]),
        prefixes=tuple(_plain(str(word)) for word in document["prefixes"]),
        notes=frozenset(_plain(str(word)) for word in document["notes"]),
    )


@lru_cache(maxsize=65536)
def _plain(text: str) -> str:
    """NFKC, casefold, without spaces, line breaks, invisible characters, stars and end colons."""
    kept = (
        character
        for character in unicodedata.normalize("NFKC", text)
        if not character.isspace()
        and character not in DROPPED
        and unicodedata.category(character) not in ("Cf", "Cc")
    )
    return "".join(kept).casefold().rstrip(":")


@lru_cache(maxsize=65536)
def _fold(text: str) -> tuple[str, Decimal | None]:
    """The folded header and the unit of money that it names, in yuan."""
    marks = header_marks()
    plain = _plain(text)
    unit: Decimal | None = None
    position = 0
    while found := BRACKETS.search(plain, position):
        worth = marks.scale(found[1])
        if worth is None:
            position = found.start() + 1
            continue
        plain = (plain[: found.start()] + plain[found.end() :]).rstrip(":")
        named = marks.money_unit(found[1])
        unit = unit if named is None else named
        position = 0
    return plain, unit


def fold_header(text: str) -> str:
    """A header as it is compared: folded, its bracketed units and notes removed.

    A bracket that is part of the name, as in 低保（特困）证号, stays.
    """
    return _fold(text)[0]


def header_scale(text: str) -> Decimal:
    """What the amounts below a header are multiplied by to be yuan: 10000 for 万元, mostly 1."""
    return _fold(text)[1] or Decimal(1)


def names_unit(text: str) -> bool:
    """Whether a header says in brackets in which unit of money the amounts below it are."""
    return _fold(text)[1] is not None


@lru_cache(maxsize=65536)
def is_mark(text: str) -> bool:
    """Whether a cell holds nothing but a unit or a note, in brackets or not: （万元）, 必填."""
    plain = _plain(text)
    bare = plain[1:-1] if BRACKETS.fullmatch(plain) else plain
    return bool(bare) and header_marks().scale(bare) is not None


def title_units(text: str) -> set[Decimal]:
    """Units of money that a line above the header names, as 单位：万元 does."""
    found = (header_marks().money_unit(unit) for unit in TITLE_UNIT.findall(_plain(text)))
    return {worth for worth in found if worth is not None}


@dataclass(frozen=True)
class Matched:
    """Which header is which column. Indexes count the headers given, from 0.

    `ambiguous`: column → all headers that name it; `columns` holds the one whose alias stands first
    in the contract. `scales`: header index → factor to yuan, only where it is not 1.
    """

    columns: dict[int, Column] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    missing_required: list[str] = field(default_factory=list)
    ambiguous: dict[str, tuple[str, ...]] = field(default_factory=dict)
    scales: dict[int, Decimal] = field(default_factory=dict)


#: by identity, since a contract is read once and asked for every line that may be a header
_INDEXES: dict[int, tuple[Contract, dict[str, tuple[Column, int]]]] = {}


def header_index(contract: Contract) -> dict[str, tuple[Column, int]]:
    """Folded header → (column, place among its aliases); the column's own name comes first."""
    held = _INDEXES.get(id(contract))
    if held is None or held[0] is not contract:
        held = (contract, _header_index(contract))
        _INDEXES[id(contract)] = held
    return held[1]


def _header_index(contract: Contract) -> dict[str, tuple[Column, int]]:
    index: dict[str, tuple[Column, int]] = {}
    for column in contract.columns:
        for place, alias in enumerate((column.name, *column.aliases)):
            for folded in (_plain(alias), fold_header(alias)):
                index.setdefault(folded, (column, place))
    return index


def column_named(contract: Contract, header: str) -> tuple[Column, int] | None:
    """The column that a header names, and the place among its aliases; None for no column's."""
    index = header_index(contract)
    return index.get(_plain(header)) or index.get(fold_header(header))


def match_headers(contract: Contract, headers: Sequence[str | None]) -> Matched:
    """Find the contract's columns among a file's headers; empty headers are passed over."""
    matched = Matched()
    claims: dict[str, list[tuple[int, int]]] = {}
    for position, header in enumerate(headers):
        if header is None or not _plain(header):
            continue
        found = column_named(contract, header)
        if found is None:
            matched.unknown.append(header)
        else:
            claims.setdefault(found[0].name, []).append((found[1], position))
    for name, found_at in claims.items():
        position = min(found_at)[1]
        matched.columns[position] = contract.column(name)
        scale = header_scale(str(headers[position]))
        if scale != 1:
            matched.scales[position] = scale
        if len(found_at) > 1:
            named = sorted(place for _, place in found_at)
            matched.ambiguous[name] = tuple(str(headers[place]) for place in named)
    found_names = set(claims)
    matched.missing_required.extend(n for n in contract.required if n not in found_names)
    return matched
