"""What the validation page says to people: titles of datasets, and what to do about a problem.

The words are data: ``schemas/lookups/check_advice.yaml`` and the contracts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pipelines.contracts.load import load_contracts
from pipelines.contracts.promises import load_promises
from pipelines.standard.text import lookup

TABLES = "发布表 / Published tables"


@dataclass(frozen=True)
class Subject:
    """What a suite is about: who answers for it, and what it is called."""

    owner: str
    name: str
    zh: str
    en: str


@cache
def subject(name: str) -> Subject:
    """Of a suite (``landed.<source>/<dataset>`` or a table) or of ``<source>/<dataset>``."""
    key = name.removeprefix("landed.").removeprefix("extract.")
    if contract := load_contracts().get(key):
        return Subject(contract.owner, key, contract.title_zh, contract.title_en)
    if promise := load_promises().get(key):
        return Subject(TABLES, key, promise.title_zh, promise.title_en)
    return Subject("未归属 / Nobody's yet", key, key, key)


def advice(check_name: str) -> tuple[str, str]:
    """What to do about a check that failed, in Chinese and English."""
    for entry in lookup("check_advice")["checks"]:
        if check_name.startswith(entry["name"]):
            return entry["zh"], entry["en"]
    return "", ""


def in_chinese(reason: str) -> str:
    """The Chinese of a receipt's reasons as far as they are known."""
    known = lookup("check_advice")["reasons"]
    said = [
        entry["zh"]
        for part in reason.split("; ")
        for entry in known
        if part.startswith(entry.get("begins", "\0")) or entry.get("has", "\0") in part
    ]
    return "；".join(said)


def set_aside(reason_code: str) -> str:
    return str(lookup("check_advice")["quarantine"].get(reason_code, reason_code))
