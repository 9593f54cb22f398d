"""Loading the contracts, `schemas/sources/<source>/<dataset>.odcs.yaml`: all, or all faults.

Each file becomes a `Contract`; what it must satisfy, alone and with the others, is in `check`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipelines.contracts.check import check_contract, check_together
from pipelines.contracts.codes import load_codes, read_codes, stamps
from pipelines.contracts.model import (
    CHECK_KINDS,
    KIND_TYPES,
    Believable,
    Check,
    Column,
    Contract,
    Scope,
    Through,
)
from pipelines.contracts.odcs import (
    Faults,
    Place,
    check_shape,
    custom_properties,
    read_document,
    two_languages,
)
from pipelines.contracts.read_roles import RoleReader
from pipelines.errors import ConfigurationFault
from pipelines.settings import SCHEMAS

__all__ = ["load_codes", "load_contracts", "read_contracts"]

SUFFIX = ".odcs.yaml"
OBJECT = ("schema", 0)
OBJECT_PROPERTIES = (
    "mode", "scope", "believable", "optional", "owner", "quarantine_owner", "roles", "checks",
)  # fmt: skip
COLUMN_PROPERTIES = ("kind", "aliases", "codes")
CHECK_KEYS = {"check", "description"} | {f.name for f in fields(Check)} - {"kind", "zh", "en"}


def load_contracts(root: Path | None = None) -> dict[str, Contract]:
    """All contracts by `<source>/<dataset>`, in order of name. `root` is the folder `schemas`.

    Raises ConfigurationFault with every fault of every contract and code list.
    """
    folder = root or SCHEMAS
    contracts, faults = _read_once(folder, _stamps(folder))
    if faults:
        raise ConfigurationFault(faults)
    return dict(contracts)


def _stamps(root: Path) -> tuple[tuple[Path, int, int], ...]:
    """What changes when a contract or a code list is edited."""
    return stamps(sorted([*root.glob(f"sources/*/*{SUFFIX}"), *root.glob("codes/*.yaml")]))


@lru_cache(maxsize=4)
def _read_once(
    root: Path, _files: tuple[tuple[Path, int, int], ...]
) -> tuple[dict[str, Contract], list[str]]:
    """Every room asks for the contracts, and parsing them takes a quarter of a second."""
    return read_contracts(root)


def read_contracts(root: Path) -> tuple[dict[str, Contract], list[str]]:
    """The contracts that can be read, and what is wrong with contracts and code lists."""
    lists, told = read_codes(root)
    contracts: dict[str, Contract] = {}
    books: dict[str, Faults] = {}
    paths = sorted((root / "sources").glob(f"*/*{SUFFIX}"))
    if not paths:
        told.append(f"sources: no contract stands here; write sources/<source>/<dataset>{SUFFIX}")
    for path in paths:
        faults = Faults(path, path.relative_to(root).as_posix())
        contract = _read(path, faults)
        if contract is not None:
            check_contract(contract, lists, faults)
            contracts[contract.name] = contract
            books[contract.name] = faults
        else:
            told.extend(faults.lines())
    check_together(contracts, books)
    told.extend(line for faults in books.values() for line in faults.lines())
    return contracts, told


def _read(path: Path, faults: Faults) -> Contract | None:
    """One contract as far as it can be read; None if there is too little to go on with."""
    document = read_document(faults)
    found = check_shape(document, faults) if document is not None else None
    if document is None or found is None:
        return None
    source, dataset = path.parent.name, path.name.removesuffix(SUFFIX)
    if found.get("name") != dataset:
        faults.add((*OBJECT, "name"), f"the dataset must be named `{dataset}`, like the file")
    if document.get("domain", source) != source:
        faults.add(("domain",), f"domain must be `{source}`, like the folder")
    custom = custom_properties(found, OBJECT_PROPERTIES, OBJECT, faults)
    columns = _columns(found["properties"], faults)
    key = sorted((c.key_position, c.name) for c in columns if c.key_position is not None)
    zh, en = two_languages((document.get("description") or {}).get("purpose"))
    title_zh, title_en = two_languages(document.get("name"))
    sla = _sla(document.get("slaProperties"), faults)
    scope = _scope(custom.get("scope", []), _place_of(found, "scope"), faults)
    faults.remember(scope, _place_of(found, "scope"))
    optional = custom.get("optional", False)
    if not isinstance(optional, bool):
        faults.add(_place_of(found, "optional"), "optional must be true or false")
    place = _place_of(found, "roles")
    return Contract(
        source=source,
        dataset=dataset,
        mode=str(custom.get("mode", "")),
        key=tuple(name for _, name in key),
        columns=columns,
        roles=RoleReader((c.name for c in columns), faults).read(custom.get("roles"), place),
        zh=zh,
        en=en,
        title_zh=title_zh,
        title_en=title_en,
        version=str(document.get("version", "")),
        owner=str(custom.get("owner", "")),
        quarantine_owner=str(custom.get("quarantine_owner", custom.get("owner", ""))),
        scope=scope,
        believable=_believable(
            custom.get("believable", {}), _place_of(found, "believable"), faults
        ),
        due_days=sla[0],
        optional=optional is True,
        frequency=sla[1],
        checks=_checks(custom.get("checks", []), _place_of(found, "checks"), faults),
        path=path,
    )


def _place_of(found: Mapping[str, Any], name: str) -> Place:
    """Where the value of a custom property of the dataset stands."""
    given = found.get("customProperties")
    for index, item in enumerate(given if isinstance(given, list) else []):
        if isinstance(item, dict) and item.get("property") == name:
            return (*OBJECT, "customProperties", index, "value")
    return OBJECT


def _columns(given: list[Any], faults: Faults) -> tuple[Column, ...]:
    made = (
        _column(item, (*OBJECT, "properties", index), faults) for index, item in enumerate(given)
    )
    return tuple(column for column in made if column is not None)


def _column(item: Any, place: Place, faults: Faults) -> Column | None:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        faults.add(place, "a column needs a name")
        return None
    name = item["name"]
    custom = custom_properties(item, COLUMN_PROPERTIES, place, faults)
    kind = custom.get("kind")
    if kind not in KIND_TYPES:
        known = ", ".join(KIND_TYPES)
        faults.add(place, f"column {name}: kind `{kind}` is not known; write one of: {known}")
        kind = "text"
    elif item.get("physicalType", KIND_TYPES[kind]) != KIND_TYPES[kind]:
        faults.add(
            (*place, "physicalType"),
            f"column {name}: a {kind} lands as {KIND_TYPES[kind]}; write that as physicalType",
        )
    aliases = custom.get("aliases", [])
    if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
        faults.add(place, f"column {name}: aliases must be a list of texts; quote numbers")
        aliases = []
    for word in ("required", "primaryKey"):
        if not isinstance(item.get(word, False), bool):
            faults.add((*place, word), f"column {name}: {word} must be true or false")
    position = item.get("primaryKeyPosition")
    if item.get("primaryKey") is True and type(position) is not int:
        faults.add(place, f"column {name}: a part of the key needs a primaryKeyPosition (1, 2, …)")
        position = 0
    if position is not None and item.get("primaryKey") is not True:
        faults.add(place, f"column {name}: has a primaryKeyPosition but no `primaryKey: true`")
    zh, en = two_languages(item.get("description"))
    return Column(
        name=name,
        kind=kind,
        type=KIND_TYPES[kind],
        required=item.get("required") is True,
        classification=str(item.get("classification", "")),
        zh=zh,
        en=en,
        aliases=tuple(aliases),
        codes=custom.get("codes"),
        key_position=position if item.get("primaryKey") is True else None,
    )


def _scope(given: Any, place: Place, faults: Faults) -> Scope:
    if isinstance(given, list) and all(isinstance(name, str) for name in given):
        return Scope(columns=tuple(given))
    through = (
        given.get("through") if isinstance(given, dict) and set(given) == {"through"} else None
    )
    if isinstance(through, dict) and set(through) == {"dataset", "key"}:
        return Scope(through=Through(str(through["dataset"]), str(through["key"])))
    faults.add(place, "scope must be [columns] or {through: {dataset: ..., key: ...}}")
    return Scope()


def _believable(given: Any, place: Place, faults: Faults) -> Believable:
    if not isinstance(given, dict) or set(given) - {"lost_share", "lost_rows"}:
        faults.add(place, "believable must be {lost_share: 0.1, lost_rows: 10}")
        return Believable()
    share, rows = given.get("lost_share", 0.1), given.get("lost_rows", 10)
    if type(share) not in (int, float) or not 0 <= share <= 1 or type(rows) is not int or rows < 0:
        faults.add(place, "lost_share must lie between 0 and 1, lost_rows be a count of rows")
        return Believable()
    return Believable(float(share), rows)


def _sla(given: Any, faults: Faults) -> tuple[int | None, str | None]:
    """(days after which the source is late, how often it is expected)."""
    due: int | None = None
    frequency: str | None = None
    for index, item in enumerate(given if isinstance(given, list) else []):
        if not isinstance(item, dict):
            continue
        value = item.get("value")
        if item.get("property") == "dueDays":
            if type(value) is int and value > 0 and item.get("unit", "d") == "d":
                due = value
            else:
                faults.add(("slaProperties", index), "dueDays must be a number of days, unit d")
        elif item.get("property") == "frequency":
            frequency = f"{value} {item.get('unit', '')}".strip()
    return due, frequency


def _checks(given: Any, place: Place, faults: Faults) -> tuple[Check, ...]:
    if not isinstance(given, list):
        faults.add(place, "checks must be a list")
        return ()
    made = (_check(item, (*place, index), faults) for index, item in enumerate(given))
    return tuple(check for check in made if check is not None)


def _check(item: Any, place: Place, faults: Faults) -> Check | None:
    if not isinstance(item, dict) or not {"name", "check", "column"} <= set(item):
        faults.add(place, "a check needs name, check and column")
        return None
    for key in sorted(map(str, set(item) - CHECK_KEYS)):
        faults.add(place, f"check: unknown key `{key}`; known: {', '.join(sorted(CHECK_KEYS))}")
    if item["check"] not in CHECK_KINDS:
        faults.add((*place, "check"), f"check must be one of: {', '.join(CHECK_KINDS)}")
        return None
    mostly = item.get("mostly", 1.0)
    if type(mostly) not in (int, float) or not 0 <= mostly <= 1:
        faults.add((*place, "mostly"), "mostly must lie between 0 and 1")
        return None
    bounds = {name: _bound(item.get(name), (*place, name), faults) for name in ("low", "high")}
    zh, en = two_languages(item.get("description"))
    parts = item.get("parts", [])
    check = Check(
        name=str(item["name"]),
        kind=item["check"],
        column=str(item["column"]),
        zh=zh,
        en=en,
        parts=tuple(map(str, parts)) if isinstance(parts, list) else (),
        other=item.get("other"),
        pattern=item.get("pattern"),
        low=bounds["low"],
        high=bounds["high"],
        tolerance=Decimal(str(item.get("tolerance", "0.01"))),
        mostly=float(mostly),
        blocking=item.get("blocking") is True,
    )
    faults.remember(check, place)
    return check


def _bound(given: Any, place: Place, faults: Faults) -> Decimal | date | None:
    if given is None or isinstance(given, date):
        return given
    try:
        text = str(given)
        return date.fromisoformat(text) if text[4:5] == "-" else Decimal(text)
    except (InvalidOperation, ValueError):
        faults.add(place, "a bound must be a number or a date such as 1900-01-01")
        return None
