"""Reading parameters.yaml: dated values by region and urban or rural, each with its source."""

from __future__ import annotations

from datetime import date
from typing import Any

from pipelines.hardship.expressions import is_name
from pipelines.hardship.policy_model import Parameter, ParameterValue
from pipelines.hardship.policy_yaml import Faults, as_date, as_number, as_text, titles

FILE = "parameters.yaml"
VALUE_FIELDS = {"region", "urban_rural", "from", "value", "source", "assumption", "note"}
_REGION = "2, 4, 6, 9 or 12 digits in quotes"
_RESERVED = {"covers", "__line__"}


def read_parameters(raw: Any, faults: Faults) -> tuple[tuple[str, ...], dict[str, Parameter]]:
    """The covered regions and every parameter by name."""
    if raw is None:
        return (), {}
    if not isinstance(raw, dict):
        faults.add(FILE, "", "must be a map of parameter names")
        return (), {}
    covers = _covers(raw.get("covers"), faults)
    parameters = {
        str(name): _parameter(str(name), item, faults)
        for name, item in raw.items()
        if name not in _RESERVED
    }
    return covers, parameters


def _is_region(code: str) -> bool:
    """Province, city, county, township or village; an empty one is everywhere."""
    return code == "" or (code.isascii() and code.isdigit() and len(code) in (2, 4, 6, 9, 12))


def _covers(raw: Any, faults: Faults) -> tuple[str, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list):
        faults.add(FILE, "covers", "must be a list of region codes")
        return ()
    codes = tuple(as_text(code) for code in raw)
    for code in codes:
        if not code or not _is_region(code):
            faults.add(FILE, "covers", f"{code!r} is no region code ({_REGION})")
    return codes


def _parameter(name: str, raw: Any, faults: Faults) -> Parameter:
    if not name.isidentifier() or not name.isascii():
        faults.add(FILE, name, "a parameter's name is made of Latin letters, digits and _")
    elif not is_name(name):
        faults.add(FILE, name, "is a word of the language of rules; choose another name")
    if not isinstance(raw, dict) or not isinstance(raw.get("values"), list) or not raw["values"]:
        faults.add(FILE, name, "needs a list of dated 'values'")
        return Parameter(name, "", name, name, ())
    title_zh, title_en = titles(raw.get("title"), name.replace("_", " "))
    values = [_value(name, number, item, faults) for number, item in enumerate(raw["values"], 1)]
    seen: dict[tuple[str, str | None, date], int] = {}
    for number, value in enumerate(values, 1):
        if value is None:
            continue
        key = (value.region, value.urban_rural, value.valid_from)
        if key in seen:
            faults.add(
                FILE, f"{name}, value {number}",
                f"overlaps value {seen[key]}: the same region, kind and date",
            )  # fmt: skip
        seen[key] = number
    return Parameter(
        name, as_text(raw.get("unit")), title_zh, title_en,
        tuple(value for value in values if value is not None),
    )  # fmt: skip


def _value(name: str, number: int, raw: Any, faults: Faults) -> ParameterValue | None:
    place = f"{name}, value {number}"
    if not isinstance(raw, dict):
        faults.add(FILE, place, "must be a map with region, from, value and source")
        return None
    place = f"{place} (line {raw['__line__']})" if "__line__" in raw else place
    before = len(faults.found)
    for unknown in sorted(set(raw) - VALUE_FIELDS - {"__line__"}, key=str):
        faults.add(FILE, place, f"{unknown} is not a field of a value")
    region = as_text(raw.get("region"))
    if "region" not in raw:
        faults.add(FILE, place, "needs 'region', a code in quotes (\"\" is everywhere)")
    elif not _is_region(region):
        faults.add(FILE, place, f"{region!r} is no region code ({_REGION})")
    urban_rural = raw.get("urban_rural")
    if urban_rural not in (None, "urban", "rural"):
        faults.add(FILE, place, "urban_rural must be urban or rural")
    start = as_date(raw.get("from"))
    if start is None:
        faults.add(FILE, place, "needs 'from', a date like 2024-02-10")
    value = as_number(raw.get("value"))
    if "value" not in raw or (raw["value"] is not None and value is None):
        faults.add(FILE, place, "needs 'value', a number (null ends the parameter)")
    assumption = raw.get("assumption", False)
    if not isinstance(assumption, bool):
        faults.add(FILE, place, "assumption must be true or false")
    if len(faults.found) > before or start is None:
        return None
    return ParameterValue(region, urban_rural, start, value, as_text(raw.get("source")), assumption)
