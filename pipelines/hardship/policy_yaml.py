"""YAML with line numbers and without silent surprises (double keys), and small conversions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml


@dataclass
class Faults:
    """Faults as "file: place: what is wrong"."""

    found: list[str] = field(default_factory=list)

    def add(self, file: str, place: str, message: str) -> None:
        self.found.append(": ".join(part for part in (file, place, message) if part))


class _Loader(yaml.SafeLoader):
    """Safe loading that keeps the line of every map and refuses a key that stands twice."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    values: dict[Any, Any] = {"__line__": node.start_mark.line + 1}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in values:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key} stands twice", key_node.start_mark
            )
        values[key] = loader.construct_object(value_node, deep=True)
    return values


def _timestamp(loader: _Loader, node: yaml.ScalarNode) -> Any:
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError:
        raise yaml.constructor.ConstructorError(
            None, None, f"{node.value} is no day of the calendar", node.start_mark
        ) from None


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _timestamp)
_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_yaml(path: Path, faults: Faults, *, required: bool) -> Any:
    """The content of a file, or None with a fault."""
    if not path.exists():
        if required:
            faults.add(path.name, "", "is missing from the policy folder")
        return None
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        faults.add(path.name, place, f"not readable as YAML: {_plain(str(error.problem))}")
    except (yaml.YAMLError, UnicodeDecodeError, ValueError):
        faults.add(path.name, "", "not readable as YAML: it is not UTF-8, or holds a character "
                   "that no text has; save it again as UTF-8")  # fmt: skip
    except RecursionError:
        faults.add(path.name, "", "not readable as YAML: it is nested too deeply")
    return None


def _plain(problem: str) -> str:
    """What is wrong, in words of a reader who does not know YAML's own."""
    if "could not determine a constructor for the tag" in problem:
        return "a tag (a word that begins with !) is not allowed; write the plain value"
    if "cannot start any token" in problem and "\\t" in problem:
        return "a line begins with a tab; use spaces"
    return problem


def as_text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def as_date(value: Any) -> date | None:
    """A date, from YAML's own or ISO text; None where it is neither."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def as_number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if value == value and abs(value) != float("inf") else None


def titles(raw: Any, default: str) -> tuple[str, str]:
    """Title in Chinese and English; a plain text serves as both."""
    if isinstance(raw, dict):
        chinese, english = as_text(raw.get("zh")), as_text(raw.get("en"))
        return chinese or english or default, english or chinese or default
    text = as_text(raw) or default
    return text, text
