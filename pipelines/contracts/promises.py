"""Promises of tables: their columns, order, types, key and meaning, from ``schemas/tables``.

The promise of a ``raw_``/``std_`` table is derived from its dataset's contract, not written here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from pipelines.errors import ConfigurationFault
from pipelines.settings import SCHEMAS

CLASSES = frozenset({"identifying", "pseudonym", "quasi", "sensitive", "public"})
COLUMN_KEYS = ("name", "type", "nullable", "class", "zh", "en")
Published = Literal[True, False, "restricted"]


#: columns that differ between two runs that made the same tables
OF_THE_RUN = frozenset({"recorded_at", "received_at", "run_id"})


@dataclass(frozen=True)
class PromisedColumn:
    """One column: its type in DuckDB's words, whether it may be NULL, its class and meaning."""

    name: str
    type: str
    nullable: bool = True
    class_: str = "public"
    zh: str = ""
    en: str = ""


@dataclass(frozen=True)
class Promise:
    """What a table holds, row by row and column by column."""

    table: str
    room: str
    published: Published
    title_zh: str
    title_en: str
    zh: str
    en: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[PromisedColumn, ...]

    @property
    def schema(self) -> str:
        return self.table.split(".", 1)[0]

    @property
    def name(self) -> str:
        return self.table.split(".", 1)[1]

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def load_promises(schemas: Path | None = None) -> dict[str, Promise]:
    """Every promise file below ``schemas/tables``, by table name; all faults at once."""
    return dict(_load((schemas or SCHEMAS) / "tables"))


def load_views(schemas: Path | None = None) -> dict[str, Promise]:
    """The same for views, below ``schemas/views``: questions that the published file answers."""
    return dict(_load((schemas or SCHEMAS) / "views"))


def load_macros(schemas: Path | None = None) -> dict[str, Promise]:
    """The same for macros, below ``schemas/macros``; their columns are their arguments."""
    return dict(_load((schemas or SCHEMAS) / "macros"))


@cache
def _load(root: Path) -> tuple[tuple[str, Promise], ...]:
    promises: dict[str, Promise] = {}
    faults: list[str] = []
    for path in sorted(root.glob("*/*.yml")):
        place = f"{path.parent.name}/{path.name}"
        try:
            with path.open(encoding="utf-8") as file:
                raw = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            promise = _promise(raw)
            faults.extend(f"schemas/{root.name}/{place}: {fault}" for fault in _unknown(raw))
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f":{mark.line + 1}" if mark else ""
            told = getattr(error, "problem", None) or "a character that YAML does not allow"
            faults.append(f"schemas/{root.name}/{place}{line}: not readable as YAML: {told}")
            continue
        except KeyError as error:
            faults.append(
                f"schemas/{root.name}/{place}: a key `{error.args[0]}` is missing; add it"
            )
            continue
        except (TypeError, AttributeError, ValueError) as error:
            faults.append(f"schemas/{root.name}/{place}: {type(error).__name__}: {error}")
            continue
        faults.extend(f"schemas/{root.name}/{place}: {fault}" for fault in _faults(promise, path))
        promises[promise.table] = promise
    if faults:
        raise ConfigurationFault(faults)
    return tuple(promises.items())


def _unknown(raw: dict[str, Any]) -> list[str]:
    """Keys that nobody reads: a typo, or a text with a comma that is not in quotes."""
    return [
        f"column {column['name']}: unknown key `{key}`; known: {', '.join(COLUMN_KEYS)}; "
        "a text with a comma stands in quotes"
        for column in raw["columns"]
        for key in column
        if key not in COLUMN_KEYS
    ]


def _promise(raw: dict[str, Any]) -> Promise:
    return Promise(
        table=raw["table"],
        room=raw["room"],
        published=raw.get("published", False),
        title_zh=raw["title"]["zh"],
        title_en=raw["title"]["en"],
        zh=raw["description"]["zh"],
        en=raw["description"]["en"],
        grain=raw["grain"],
        key=tuple(raw.get("key") or ()),
        columns=tuple(
            PromisedColumn(
                name=column["name"],
                type=column["type"],
                nullable=column.get("nullable", True),
                class_=column["class"],
                zh=column["zh"],
                en=column["en"],
            )
            for column in raw["columns"]
        ),
    )


def _faults(promise: Promise, path: Path) -> list[str]:
    faults = []
    if promise.table != f"{path.parent.name}.{path.stem}":
        faults.append(f"names table {promise.table}, which does not match the file's place")
    names = promise.column_names
    faults += [
        f"column {name} stands twice" for name in sorted(set(names)) if names.count(name) > 1
    ]
    faults += [f"key column {name} is not a column" for name in promise.key if name not in names]
    for column in promise.columns:
        if column.class_ not in CLASSES:
            faults.append(
                f"column {column.name}: class {column.class_} is none of {sorted(CLASSES)}"
            )
        if promise.published is True and column.class_ == "identifying":
            faults.append(f"column {column.name} identifies a person in a published table")
    return faults
