"""What a delivered file may be called in published tables and in logs.

A clerk may name a file after a person. Digits that may identify and Chinese words that are no word
of a contract or of ``schemas/lookups/file_name_words.yaml`` are shown as □; the name as it was
stands in the receipt under ``restricted/`` alone. Latin words are shown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

import yaml

from pipelines.contracts.codes import CodeList, load_codes
from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Contract
from pipelines.lake.receipt import Receipt
from pipelines.settings import SCHEMAS

MASK = "□"
#: what is said in the receipt of a file whose name is not shown as it is
REMARK = (
    f"the file's name is shown with {MASK} where it may name a person: ask the department to name "
    "files after the dataset alone"
)
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+(?:[·•・.][\u3400-\u9fff]+)*")
#: digits in a row, also when a stroke, a space or a dot stands between them
_DIGITS = re.compile(r"\d(?:[\d _.\-]*\d)?[Xx]?")
_TIMES = ("%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y%m%d%H%M%S%f")
_ENDING = re.compile(r"([ _]\d{8})(\.[A-Za-z]+(?:\.[A-Za-z]+)?)$")
_LONGEST = 120
#: digits of an old identity number; and from how many on digits stand alone for somebody
_IDENTITY, _LONG = 15, 9


class FileNames:
    """Knows the words that a file's name may show."""

    def __init__(
        self,
        contracts: Mapping[str, Contract],
        codes: Mapping[str, CodeList],
        schemas: Path = SCHEMAS,
    ) -> None:
        words = set(_listed(schemas / "lookups" / "file_name_words.yaml"))
        for contract in contracts.values():
            said = (contract.title_zh, contract.owner, *(c.zh for c in contract.columns))
            words.update(w for text in said for w in _HAN.findall(text))
            words.update(w for c in contract.columns for a in c.aliases for w in _HAN.findall(a))
        for listed in codes.values():
            words.update(w for word in listed.lookup for w in _HAN.findall(word))
        longest_first = sorted(words, key=lambda word: (-len(word), word))
        self._known = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def shown(self, name: str) -> str:
        """The name of a file or folder without what may identify somebody."""
        plain = "".join(
            character if unicodedata.category(character)[0] not in "CZ" else " "
            for character in unicodedata.normalize("NFKC", name)
        )
        stem, day, ending = plain, "", ""
        if found := _ENDING.search(plain):
            stem, day, ending = plain[: found.start()], found[1], found[2]
        stem = _HAN.sub(lambda run: self._words(run[0]), without_numbers(stem))
        stem = stem if len(stem) <= _LONGEST else stem[:_LONGEST] + "…"
        return stem + day + ending

    def shown_of(self, receipt: Receipt) -> tuple[str, str, str]:
        """Source, dataset and file name of a receipt, as they may be shown."""
        return (
            self.shown(receipt.source),
            self.shown(receipt.dataset),
            self.shown(receipt.file_name),
        )

    def _words(self, text: str) -> str:
        """A run of Chinese: known words stay, all that stands between them becomes one □.

        Words of one character stay only where all of the run is known: 张三 is not 三 after 张.
        """
        known = list(self._known.finditer(text))
        if sum(len(found[0]) for found in known) < len(text):
            known = [found for found in known if len(found[0]) > 1]
        parts, at = [], 0
        for found in known:
            parts += [MASK] * (found.start() > at) + [found[0]]
            at = found.end()
        return "".join([*parts, *[MASK] * (len(text) > at)])


@cache
def file_names(schemas: Path = SCHEMAS) -> FileNames:
    """Those of the contracts and code lists below ``schemas``."""
    return FileNames(load_contracts(schemas), load_codes(schemas), schemas)


def without_numbers(text: str) -> str:
    """A text in which long digits are □, but for days and times."""
    return _DIGITS.sub(lambda found: _shown_digits(found[0]), text)


def _shown_digits(text: str) -> str:
    parts = re.split(r"([ _.\-]+)", text)
    whole = "".join(parts[::2])
    if len(whole) >= _IDENTITY and not all(_is_day(p) or _is_time(p) for p in parts[::2]):
        return MASK
    return "".join(
        part if len(part) < _LONG or _is_time(part) or _is_region(part) else MASK for part in parts
    )


def _is_region(digits: str) -> bool:
    return len(digits) == 12 and digits.endswith("000")


def _is_day(digits: str) -> bool:
    return (
        re.fullmatch(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", digits) is not None
    )


def _is_time(digits: str) -> bool:
    """Whether digits are a time of our days to the minute or finer."""
    for form in _TIMES:
        try:
            if 2000 <= datetime.strptime(digits, form).year < 2100:
                return len(digits) in (12, 14, 17)
        except ValueError:
            continue
    return False


def _listed(path: Path) -> Iterable[str]:
    if not path.is_file():
        return ()
    return map(str, yaml.safe_load(path.read_text(encoding="utf-8"))["words"])
