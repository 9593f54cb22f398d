"""What ``schemas/assistance`` says: kinds of help, departments, kinds of finding.

Reads and checks the files and gives them as frames. Who may get what is policy (``entitlements``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from pipelines.assistance.fields import FIELDS
from pipelines.contracts.load import load_codes, load_contracts
from pipelines.contracts.roles import Help
from pipelines.errors import ConfigurationFault
from pipelines.hardship.policy_yaml import Faults, as_text, read_yaml, titles
from pipelines.lake import fingerprint

FOLDER = "assistance"
KINDS, DEPARTMENTS, FINDINGS = "kinds.yaml", "departments.yaml", "findings.yaml"
RECURRING = "recurring"


@dataclass(frozen=True)
class Kind:
    """A kind of special assistance, and the words that lead to it."""

    kind: str
    title_zh: str
    title_en: str
    base: str
    department: str
    words: tuple[str, ...]
    difficulties: tuple[str, ...]
    expected_in: tuple[str, ...]
    cash_tier: str | None
    cash_words: tuple[str, ...]


@dataclass(frozen=True)
class Department:
    """Who answers for kinds of help; ``outbox`` names the fields its spreadsheet may hold."""

    department: str
    title_zh: str
    title_en: str
    words: tuple[str, ...]
    sources: tuple[str, ...]
    outbox: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """A kind of gap or overlap; ``silent`` names the roles whose lateness holds it back."""

    finding: str
    is_gap: bool
    title_zh: str
    title_en: str
    department: str
    kind: str | None
    silent: tuple[str, ...]


@dataclass(frozen=True)
class Catalogue:
    kinds: tuple[Kind, ...]
    departments: tuple[Department, ...]
    findings: tuple[Finding, ...]
    hospital_services: tuple[str, ...]
    version: str

    def department(self, name: str) -> Department:
        return next(d for d in self.departments if d.department == name)


def load_catalogue(schemas: Path) -> Catalogue:
    """The catalogue below ``schemas``; raises ConfigurationFault with every fault."""
    folder = Path(schemas) / FOLDER
    return _load(folder, fingerprint.folder(folder) if folder.is_dir() else "")


@cache
def _load(folder: Path, version: str) -> Catalogue:
    faults = Faults()
    kinds_raw = read_yaml(folder / KINDS, faults, required=True) or {}
    departments = tuple(_departments(read_yaml(folder / DEPARTMENTS, faults, required=True)))
    findings = tuple(_findings(read_yaml(folder / FINDINGS, faults, required=True)))
    kinds = tuple(_kind(item) for item in _list(kinds_raw, "kinds"))
    _check(kinds, departments, findings, faults)
    if faults.found:
        raise ConfigurationFault(f"schemas/{FOLDER}/{fault}" for fault in faults.found)
    return Catalogue(kinds, departments, findings, _texts(kinds_raw, "hospital_services"), version)


def _list(raw: Any, name: str) -> list[dict[str, Any]]:
    found = raw.get(name) if isinstance(raw, dict) else None
    return [item for item in found or [] if isinstance(item, dict)]


def _texts(raw: dict[str, Any], name: str) -> tuple[str, ...]:
    return tuple(as_text(item) for item in raw.get(name) or [])


def _kind(raw: dict[str, Any]) -> Kind:
    zh, en = titles(raw.get("title"), as_text(raw.get("id")))
    cash = raw.get("cash_of") or {}
    return Kind(
        as_text(raw.get("id")), zh, en, as_text(raw.get("base")), as_text(raw.get("department")),
        _texts(raw, "words"), _texts(raw, "difficulties"), _texts(raw, "expected_in"),
        as_text(cash.get("tier")) or None, _texts(cash, "words"),
    )  # fmt: skip


def _departments(raw: Any) -> list[Department]:
    return [
        Department(
            as_text(item.get("id")), *titles(item.get("title"), as_text(item.get("id"))),
            _texts(item, "words"), _texts(item, "sources"), _texts(item, "outbox"),
        )
        for item in _list(raw, "departments")
    ]  # fmt: skip


def _findings(raw: Any) -> list[Finding]:
    return [
        Finding(
            as_text(item.get("id")), name == "gaps",
            *titles(item.get("title"), as_text(item.get("id"))),
            as_text(item.get("department")), as_text(item.get("kind")) or None,
            _texts(item, "silent"),
        )
        for name in ("gaps", "overlaps")
        for item in _list(raw, name)
    ]  # fmt: skip


def _check(
    kinds: tuple[Kind, ...], departments: tuple[Department, ...], findings: tuple[Finding, ...],
    faults: Faults,
) -> None:  # fmt: skip
    known = {department.department for department in departments}
    ids = [kind.kind for kind in kinds]
    for name in sorted({i for i in ids if ids.count(i) > 1}):
        faults.add(KINDS, name, "stands twice")
    owner: dict[str, str] = {}
    for kind in kinds:
        if kind.department not in known:
            faults.add(KINDS, kind.kind, f"{kind.department or 'nobody'} is no department")
        for word in kind.words:
            if owner.setdefault(word, kind.kind) != kind.kind:
                faults.add(KINDS, kind.kind, f"the word {word} leads to {owner[word]} already")
        for word in set(kind.cash_words) - set(kind.words):
            faults.add(KINDS, kind.kind, f"cash_of names {word}, which is none of its words")
    for department in departments:
        for name in department.outbox:
            if name not in FIELDS:
                listed = ", ".join(FIELDS)
                faults.add(DEPARTMENTS, f"{department.department}, outbox",
                           f"{name} is no field; fields are {listed}")  # fmt: skip
    for finding in findings:
        if finding.department not in known:
            faults.add(FINDINGS, finding.finding, f"{finding.department} is no department")
        if finding.kind is not None and finding.kind not in ids:
            faults.add(FINDINGS, finding.finding, f"{finding.kind} is no kind of help")


def kind_frame(catalogue: Catalogue) -> pl.DataFrame:
    """Rows of assistance.special_assistance, in the order of the file."""
    return pl.DataFrame(
        [
            {"kind": k.kind, "position": place, "title_zh": k.title_zh, "title_en": k.title_en,
             "base": k.base, "department": k.department}
            for place, k in enumerate(catalogue.kinds, 1)
        ]
    )  # fmt: skip


def word_frame(catalogue: Catalogue, schemas: Path) -> pl.DataFrame:
    """Rows of assistance.kind_word: every word, its kind, and whether it is paid monthly."""
    recurring = set(load_codes(schemas)["aid_type"].marked(RECURRING))
    return pl.DataFrame(
        [
            {"word": word, "kind": k.kind, "title_zh": k.title_zh, "title_en": k.title_en,
             "is_recurring": word in recurring,
             "cash_tier": k.cash_tier if word in k.cash_words else None}
            for k in catalogue.kinds
            for word in k.words
        ],
        schema_overrides={"cash_tier": pl.String},
    )  # fmt: skip


def difficulty_frame(catalogue: Catalogue) -> pl.DataFrame:
    """Rows of assistance.difficulty_word."""
    rows = [(word, k.kind) for k in catalogue.kinds for word in k.difficulties]
    return pl.DataFrame(rows, schema={"word": pl.String, "kind": pl.String}, orient="row")


def expected_frame(catalogue: Catalogue) -> pl.DataFrame:
    """Rows of assistance.expected_help."""
    rows = [(k.kind, tier) for k in catalogue.kinds for tier in k.expected_in]
    schema = {"special_assistance": pl.String, "tier": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def department_frame(catalogue: Catalogue) -> pl.DataFrame:
    """Rows of assistance.department_word; ``place`` lets the first of the file win."""
    rows = [
        (f"{place:03}", d.department, d.title_zh, word, by_source)
        for place, d in enumerate(catalogue.departments, 1)
        for by_source, words in ((False, d.words), (True, d.sources))
        for word in words
    ]
    schema = {"place": pl.String, "department": pl.String, "title_zh": pl.String,
              "word": pl.String, "by_source": pl.Boolean}  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def shown_words(schemas: Path) -> list[str]:
    """Words for help that name nobody: of the code lists, the catalogue and the lookups."""
    catalogue = load_catalogue(schemas)
    coded = {word for listed in load_codes(schemas).values() for word in listed.lookup}
    kinds = {word for kind in catalogue.kinds for word in kind.words}
    return sorted({*_aid_words(schemas, "words"), *coded, *kinds, *catalogue.hospital_services})


def organisation_pattern(schemas: Path) -> str:
    """What the name of an organisation ends in: such a word is no person's, and may be shown."""
    endings = sorted(map(re.escape, _aid_words(schemas, "organisations"))) or ["$^"]
    return f"^[^0-9A-Za-z]*({'|'.join(endings)})$"


def _aid_words(schemas: Path, part: str) -> list[str]:
    path = schemas / "lookups" / "aid_words.yaml"
    if not path.is_file():  # contracts kept with an old night have none
        return []
    return [str(word) for word in _words(path.read_text(encoding="utf-8"))[part]]


@lru_cache(maxsize=4)
def _words(text: str) -> dict[str, list[Any]]:
    words: dict[str, list[Any]] = yaml.safe_load(text)
    return words


def hospital_frame(catalogue: Catalogue) -> pl.DataFrame:
    """Rows of assistance.hospital_service."""
    words = list(catalogue.hospital_services)
    return pl.DataFrame({"word": words}, schema={"word": pl.String})


def finding_frame(catalogue: Catalogue, schemas: Path, late: set[str]) -> pl.DataFrame:
    """Rows of assistance.finding_kind: what each kind of finding is, and what silences it tonight.

    late: ``source/dataset`` past their due date.
    """
    playing = _roles_played(schemas)
    rows = []
    for finding in catalogue.findings:
        behind = {name for role in finding.silent for name in playing.get(role, ())}
        rows.append({
            "finding": finding.finding, "is_gap": finding.is_gap, "title_zh": finding.title_zh,
            "title_en": finding.title_en, "department": finding.department,
            "special_assistance": finding.kind, "held_back": bool(behind & late),
            "late_datasets": sorted(behind & late),
        })  # fmt: skip
    overrides: dict[str, Any] = {
        "special_assistance": pl.String, "late_datasets": pl.List(pl.String),
    }  # fmt: skip
    return pl.DataFrame(rows, schema_overrides=overrides)


def _roles_played(schemas: Path) -> dict[str, set[str]]:
    """Datasets by the roles they play; ``help:<form>`` by the form of the help they give."""
    found: dict[str, set[str]] = {}
    for name, contract in load_contracts(schemas).items():
        for role in contract.roles:
            found.setdefault(role.role, set()).add(name)
            if isinstance(role, Help):
                found.setdefault(f"help:{role.kind}", set()).add(name)
    return found
