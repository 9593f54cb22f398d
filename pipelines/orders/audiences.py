"""Who gets which rows and which fields, and the words on the sheets: data under schemas/orders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipelines.errors import ConfigurationFault
from pipelines.orders.fields import FIELDS

SCOPES = ("township", "village", "county", "unplaced")
KINDS = ("visit", "follow_up")
#: an audience's id is the name of its folder below the outbox
_NAMES = frozenset("abcdefghijklmnopqrstuvwxyz_0123456789")
_KEYS = {"id", "title", "scope", "kinds", "answers", "suggest", "fields"}
_REPORTS = ("tiers", "amounts", "temporary")
_WORDS = ("level", "list", "kind", "report", "mistake")


@dataclass(frozen=True)
class Audience:
    """One kind of reader: the region that one sheet of theirs covers, its rows and fields."""

    id: str
    title_zh: str
    title_en: str
    scope: str
    kinds: tuple[str, ...]
    suggest: tuple[str, ...]
    answers: bool
    fields: tuple[str, ...]

    def region_of(self, county: str, township: str, village: str) -> str | None:
        """The region whose sheet a row stands on, or None where it stands on none."""
        placed = not township.endswith("000")
        if self.scope == "county":
            return county
        if self.scope == "unplaced":
            return None if placed else county
        if self.scope == "township":
            return township if placed else None
        return village if placed and not village.endswith("000") else None


@dataclass(frozen=True)
class Configuration:
    """What schemas/orders says beside parameters."""

    audiences: tuple[Audience, ...]
    reports: dict[str, tuple[str, ...]]
    words: dict[str, dict[str, str]]

    def audience(self, name: str) -> Audience | None:
        return next((found for found in self.audiences if found.id == name), None)


def load_configuration(schemas: Path) -> Configuration:
    """Audiences, reports and words; raises ConfigurationFault with every fault found."""
    faults: list[str] = []
    raw = _read(schemas, "audiences.yaml", faults)
    listed = raw.get("audiences")
    if not isinstance(listed, list) or not listed:
        faults.append("schemas/orders/audiences.yaml: needs a list of audiences")
        listed = []
    audiences = [_audience(item, number, faults) for number, item in enumerate(listed, 1)]
    names = [audience.id for audience in audiences]
    faults += [
        f"schemas/orders/audiences.yaml: audience {name} stands twice"
        for name in sorted(set(names)) if names.count(name) > 1
    ]  # fmt: skip
    reports = _read(schemas, "reports.yaml", faults)
    words = _read(schemas, "words.yaml", faults)
    for name in _REPORTS:
        if not isinstance(reports.get(name), list):
            faults.append(f"schemas/orders/reports.yaml: {name} must be a list")
    for name in _WORDS:
        if not isinstance(words.get(name), dict):
            faults.append(f"schemas/orders/words.yaml: {name} must be a map of codes to words")
    if faults:
        raise ConfigurationFault(faults)
    return Configuration(
        tuple(audiences),
        {name: tuple(map(str, reports[name])) for name in _REPORTS},
        {name: {str(k): str(v) for k, v in words[name].items()} for name in _WORDS},
    )


def _read(schemas: Path, name: str, faults: list[str]) -> dict[str, Any]:
    path = schemas / "orders" / name
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        faults.append(f"schemas/orders/{name}: not readable ({type(error).__name__})")
        return {}
    if not isinstance(raw, dict):
        faults.append(f"schemas/orders/{name}: must be a map")
        return {}
    return raw


def _audience(raw: Any, number: int, faults: list[str]) -> Audience:
    place = f"schemas/orders/audiences.yaml: audience {number}"
    raw = raw if isinstance(raw, dict) else {}
    name = str(raw.get("id") or "")
    if not name or set(name) - _NAMES:
        faults.append(f"{place}: needs an id of small Latin letters, digits and _")
    title = raw.get("title") if isinstance(raw.get("title"), dict) else {}
    if not title or not {"zh", "en"} <= set(title):
        faults.append(f"{place}: needs a title in zh and en")
    faults += [f"{place}: {key} is not a field of it" for key in sorted(set(map(str, raw)) - _KEYS)]
    if raw.get("scope") not in SCOPES:
        faults.append(f"{place}: scope must be one of {', '.join(SCOPES)}")
    if not isinstance(raw.get("answers"), bool):
        faults.append(f"{place}: answers must be true or false")
    lists = {key: _texts(raw, key, place, faults) for key in ("kinds", "suggest", "fields")}
    for key, known in (("kinds", KINDS), ("fields", tuple(FIELDS))):
        if not lists[key]:
            faults.append(f"{place}: needs {key}")
        faults += [
            f"{place}: {word} is none of the {key}: {', '.join(known)}"
            for word in lists[key] if word not in known
        ]  # fmt: skip
    if raw.get("answers") is True and "sequence" not in lists["fields"]:
        faults.append(f"{place}: a sheet that comes back needs the field sequence")
    return Audience(
        name, str((title or {}).get("zh", "")), str((title or {}).get("en", "")),
        str(raw.get("scope")), lists["kinds"], lists["suggest"], raw.get("answers") is True,
        lists["fields"],
    )  # fmt: skip


def _texts(raw: dict[str, Any], key: str, place: str, faults: list[str]) -> tuple[str, ...]:
    given = raw.get(key) or []
    if not isinstance(given, list):
        faults.append(f"{place}: {key} must be a list")
        return ()
    return tuple(map(str, given))
