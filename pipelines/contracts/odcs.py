"""Reading an Open Data Contract Standard file: its shape, custom properties, faults with lines.

What the words in the file mean stands in `load` and `read_roles`; validation against the full ODCS
schema is done by `datacontract lint` (see tests/contracts).
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

Place = tuple[str | int, ...]
API_VERSION = "v3.1.0"
BOOLEAN = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
REQUIRED = ("version", "apiVersion", "kind", "id", "status")
OPTIONAL = """name tenant tags servers dataProduct description domain schema support price team
    roles slaDefaultElement slaProperties authoritativeDefinitions customProperties
    contractCreatedTs"""
TOP_LEVEL = frozenset((*REQUIRED, *OPTIONAL.split()))


class PlainLoader(yaml.CSafeLoader):
    """The C loader (pure Python takes seconds), with YAML 1.2's booleans: `on` is a word.

    A key that stands twice in a mapping is an error; YAML itself would keep the last in silence.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                what = f"the key `{key.value}` stands twice"
                raise yaml.constructor.ConstructorError(None, None, what, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


PlainLoader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:bool"]
    for first, pairs in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", BOOLEAN, list("tfTF"))


def load_yaml(text: str) -> Any:
    """A YAML text as plain Python values."""
    return yaml.load(text, Loader=PlainLoader)


class Faults:
    """Everything wrong with one file, each with its place; lines are looked up only when asked."""

    def __init__(self, path: Path, shown: str, text: str = "") -> None:
        self.path = path
        self.shown = shown
        self.text = text
        self._found: list[tuple[Place, str]] = []
        self._places: dict[Hashable, Place] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, place: Place, what: str) -> None:
        self._found.append((place, what))

    def remember(self, thing: Hashable, place: Place) -> None:
        """Where something that was read stands, for faults that are found later."""
        self._places[thing] = place

    def place_of(self, thing: Hashable, otherwise: Place) -> Place:
        return self._places.get(thing, otherwise)

    def lines(self) -> list[str]:
        """`file:line: place: what is wrong and what to do`, in the order of the file."""
        root = (
            yaml.compose(self.text, Loader=yaml.CSafeLoader) if self.text and self._found else None
        )
        told = []
        for place, what in self._found:
            line = _line(root, place) if root is not None else None
            at = self.shown if line is None else f"{self.shown}:{line}"
            told.append((line or 0, f"{at}: {what}"))
        return [message for _, message in sorted(told, key=lambda item: item[0])]


def _line(node: yaml.Node, place: Place) -> int:
    """The line (from 1) of the deepest part of `place` that the document has."""
    for step in place:
        if isinstance(node, yaml.MappingNode):
            found = [value for key, value in node.value if key.value == step]
            if not found:
                break
            node = found[0]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            if step >= len(node.value):
                break
            node = node.value[step]
        else:
            break
    return int(node.start_mark.line) + 1


def read_document(faults: Faults) -> dict[str, Any] | None:
    """The file as a mapping, or None with the fault noted."""
    try:
        faults.text = faults.path.read_text(encoding="utf-8")
        document = load_yaml(faults.text)
    except UnicodeDecodeError:
        faults.add((), "is not UTF-8; save it as UTF-8")
        return None
    except yaml.MarkedYAMLError as error:
        faults.text = ""
        mark = error.problem_mark
        at = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        faults.add((), f"is not YAML{at}: {error.problem}; mend it there")
        return None
    except yaml.YAMLError:
        faults.text = ""
        faults.add((), "is not YAML: it holds a character that YAML does not allow; remove it")
        return None
    if not isinstance(document, dict):
        faults.add((), "is not a mapping; write `key: value` lines")
        return None
    return document


def check_shape(document: Mapping[str, Any], faults: Faults) -> dict[str, Any] | None:
    """The one schema object of the contract, or None if this is no ODCS contract of one dataset."""
    for name in REQUIRED:
        if name not in document:
            faults.add((), f"has no `{name}`, which ODCS requires; add it")
    if document.get("kind", "DataContract") != "DataContract":
        faults.add(("kind",), "kind is not DataContract; this is no ODCS contract")
    version = str(document.get("apiVersion", API_VERSION))
    if not version.startswith("v3."):
        faults.add(("apiVersion",), f"apiVersion {version} is not ODCS v3; write {API_VERSION}")
    for name in sorted(map(str, set(document) - TOP_LEVEL)):
        faults.add((name,), f"`{name}` is not a word of ODCS; put it under customProperties")
    objects = document.get("schema")
    if not isinstance(objects, list) or len(objects) != 1 or not isinstance(objects[0], dict):
        faults.add(("schema",), "schema must hold exactly one object: the dataset; one file each")
        return None
    found: dict[str, Any] = objects[0]
    if not isinstance(found.get("properties"), list) or not found["properties"]:
        faults.add(("schema", 0), "the dataset has no properties; list its columns")
        return None
    return found


def custom_properties(
    element: Mapping[str, Any], known: Iterable[str], place: Place, faults: Faults
) -> dict[str, Any]:
    """`customProperties` as a dict; unknown and repeated ones are faults (a typo must not pass)."""
    given = element.get("customProperties", [])
    if not isinstance(given, list):
        faults.add(place, "customProperties must be a list of {property, value}")
        return {}
    wanted = frozenset(known)
    found: dict[str, Any] = {}
    for index, item in enumerate(given):
        at = (*place, "customProperties", index)
        if not isinstance(item, dict) or "property" not in item or "value" not in item:
            faults.add(at, "a custom property needs `property` and `value`")
        elif item["property"] not in wanted:
            names = ", ".join(sorted(wanted))
            faults.add(at, f"unknown custom property `{item['property']}`; known here: {names}")
        elif item["property"] in found:
            faults.add(at, f"custom property `{item['property']}` stands twice; keep one")
        else:
            found[item["property"]] = item["value"]
    return found


def two_languages(text: object) -> tuple[str, str]:
    """`中文 / English` as its two parts; a text in one language stands for both."""
    zh, _, en = str(text or "").partition(" / ")
    return zh.strip(), (en or zh).strip()
