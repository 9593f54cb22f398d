"""JSON Schemas by which editors complete and check contracts, code lists and table promises.

Made from the classes that read those files, so that they cannot drift. An editor's schema knows
the shape; what columns, codes and datasets ask of each other is said by ``jiuzhulian check``.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from pipelines.contracts import roles
from pipelines.contracts.codes import LIST_KEYS, VALUE_KEYS
from pipelines.contracts.load import CHECK_KEYS, COLUMN_PROPERTIES, OBJECT_PROPERTIES
from pipelines.contracts.model import CHECK_KINDS, CLASSES, KIND_TYPES, MODES
from pipelines.contracts.odcs import API_VERSION, OPTIONAL, REQUIRED
from pipelines.contracts.promises import CLASSES as TABLE_CLASSES
from pipelines.contracts.roles import ROLES, WORDS, ColumnName, Value, Word
from pipelines.settings import SCHEMAS

Schema = dict[str, Any]
DRAFT = "http://json-schema.org/draft-07/schema#"
FOLDER = "editor"
TEXT: Schema = {"type": "string", "minLength": 1}
TEXTS: Schema = {"type": "array", "items": TEXT, "minItems": 1}
COLUMN: Schema = {**TEXT, "description": "a column of this dataset / 本数据集的列"}
BOTH: Schema = {**TEXT, "description": "中文 / English"}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
CONDITION: Schema = {
    "type": "object",
    "description": "true where every column holds one of its values",
    "additionalProperties": TEXTS,
    "minProperties": 1,
}
VALUE: Schema = {
    "description": "a column, or {value: fixed text, when: {column: [values]}}",
    "anyOf": [
        COLUMN,
        {
            "type": "object",
            "properties": {"value": {"type": "string"}, "when": CONDITION},
            "required": ["value"],
            "additionalProperties": False,
        },
    ],
}


def record(properties: Mapping[str, Any], required: Iterable[str] = (), told: str = "") -> Schema:
    """An object with these properties and no others."""
    made: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    if required:
        made["required"] = list(required)
    if told:
        made["description"] = told
    return made


def document(title: str, schema: Schema) -> str:
    """A schema as a file's text."""
    whole = {"$schema": DRAFT, "title": title, **schema}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def files(root: Path | None = None) -> dict[Path, str]:
    """What each schema file of this room says, by path."""
    folder = (root or SCHEMAS) / FOLDER
    return {
        folder / "contract.schema.json": document("数据集契约 / Contract of a dataset", contract()),
        folder / "code_list.schema.json": document("代码表 / Code list", code_list()),
        folder / "table.schema.json": document("表的约定 / Promise of a table", table()),
    }


def contract() -> Schema:
    """An ODCS file with our custom properties."""
    named: dict[str, Schema] = {name: {} for name in (*REQUIRED, *OPTIONAL.split())}
    named |= {
        "apiVersion": {"type": "string", "pattern": "^v3\\.", "default": API_VERSION},
        "kind": {"const": "DataContract"},
        "name": BOTH,
        "status": TEXT,
        "domain": {**TEXT, "description": "the folder: schemas/sources/<domain>"},
        "description": {"type": "object", "properties": {"purpose": BOTH}},
        "schema": {"type": "array", "minItems": 1, "maxItems": 1, "items": _dataset()},
        "slaProperties": {"type": "array", "items": _sla()},
    }
    return record(named, (*REQUIRED, "schema"))


def _dataset() -> Schema:
    return {
        "type": "object",
        "required": ["name", "properties"],
        "properties": {
            "name": {**TEXT, "description": "as the file: <name>.odcs.yaml"},
            "properties": {"type": "array", "minItems": 1, "items": _column()},
            "customProperties": _custom(
                {
                    "mode": {"enum": list(MODES)},
                    "scope": _scope(),
                    "believable": record(
                        {"lost_share": SHARE, "lost_rows": {"type": "integer", "minimum": 0}}
                    ),
                    "optional": {
                        "type": "boolean",
                        "description": "true: not every site has it; late only once delivered",
                    },
                    "owner": BOTH,
                    "quarantine_owner": BOTH,
                    "roles": {"type": "array", "minItems": 1, "items": _role()},
                    "checks": {"type": "array", "items": _check()},
                },
                OBJECT_PROPERTIES,
            ),
        },
    }


def _custom(values: Mapping[str, Schema], known: Iterable[str]) -> Schema:
    """A list of {property, value} of which each value has the shape of its property."""
    if set(values) != set(known):
        raise ValueError(f"no schema for {sorted(set(known) ^ set(values))}")
    return {
        "type": "array",
        "items": {
            **record({"property": {"enum": list(values)}, "value": {}}, ("property", "value")),
            "allOf": [
                {
                    "if": {"properties": {"property": {"const": name}}},
                    "then": {"properties": {"value": value}},
                }
                for name, value in values.items()
            ],
        },
    }


def _column() -> Schema:
    kinds = {
        "enum": list(KIND_TYPES),
        "description": "; ".join(f"{kind}: {type_}" for kind, type_ in KIND_TYPES.items()),
    }
    return {
        "type": "object",
        "required": ["name", "description", "classification", "customProperties"],
        "properties": {
            "name": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
            "description": BOTH,
            "physicalType": {"enum": sorted(set(KIND_TYPES.values()))},
            "required": {
                "type": "boolean",
                "description": "true: a file without the column is refused",
            },
            "primaryKey": {"type": "boolean"},
            "primaryKeyPosition": {"type": "integer", "minimum": 1},
            "classification": {"enum": list(CLASSES)},
            "customProperties": _custom(
                {"kind": kinds, "aliases": {"type": "array", "items": TEXT}, "codes": TEXT},
                COLUMN_PROPERTIES,
            ),
        },
        "dependencies": {"primaryKeyPosition": ["primaryKey"]},
    }


def _scope() -> Schema:
    through = record({"dataset": TEXT, "key": COLUMN}, ("dataset", "key"))
    return {
        "description": "what is judged and replaced together",
        "anyOf": [
            {"type": "array", "items": COLUMN},
            record({"through": through}, ("through",)),
        ],
    }


def _sla() -> Schema:
    return {
        "type": "object",
        "required": ["property", "value"],
        "allOf": [
            {
                "if": {"properties": {"property": {"const": "dueDays"}}},
                "then": {
                    "properties": {
                        "value": {"type": "integer", "minimum": 1},
                        "unit": {"const": "d"},
                    }
                },
            }
        ],
    }


def _check() -> Schema:
    bound = {"type": ["number", "string"]}
    shapes: dict[str, Schema] = {
        "name": TEXT, "check": {"enum": list(CHECK_KINDS)}, "column": COLUMN,
        "description": BOTH, "parts": TEXTS, "other": COLUMN, "low": bound, "high": bound,
        "pattern": TEXT,
        "tolerance": {"type": "number"}, "mostly": SHARE, "blocking": {"type": "boolean"},
    }  # fmt: skip
    if set(shapes) != CHECK_KEYS:
        raise ValueError(f"no schema for {sorted(CHECK_KEYS ^ set(shapes))}")
    return record(shapes, ("name", "check", "column"))


def _role() -> Schema:
    """A role by its word; the fields of each are those of its class."""
    return {
        "type": "object",
        "required": ["role"],
        "properties": {"role": {"enum": list(ROLES)}},
        "allOf": [
            {
                "if": {"properties": {"role": {"const": name}}},
                "then": _of_class(made, {"role": {"const": name}}),
            }
            for name, made in ROLES.items()
        ],
    }


def _of_class(made: type, more: Mapping[str, Schema] | None = None) -> Schema:
    hints = get_type_hints(made, vars(roles))
    listed = fields(made)
    needed = [
        f.name.rstrip("_")
        for f in listed
        if f.default is MISSING and f.default_factory is MISSING
    ]  # fmt: skip
    shapes = {f.name.rstrip("_"): _of_type(hints[f.name], made, f.name) for f in listed}
    told = " ".join((inspect.getdoc(made) or "").split())
    return record({**(more or {}), **shapes}, needed, told)


def _of_type(hint: Any, made: type, name: str) -> Schema:
    """The shape of a field, as `read_roles` reads it."""
    options = [option for option in get_args(hint) if option is not type(None)]
    wanted = options[0] if type(None) in get_args(hint) else hint
    if wanted is ColumnName:
        return COLUMN
    if wanted is Word:
        return {"enum": sorted(WORDS.get(f"{made.__name__}.{name}") or WORDS[name])}
    if wanted is Value:
        return VALUE
    if get_origin(wanted) is dict:
        return CONDITION
    if get_origin(wanted) is tuple:
        inner = _of_type(get_args(wanted)[0], made, name)
        return {"type": "array", "minItems": 1, "items": inner}
    plain = {str: "string", int: "integer", bool: "boolean"}
    return {"type": plain[wanted]} if wanted in plain else _of_class(wanted)


def code_list() -> Schema:
    """A code list."""
    day = {"type": "string", "format": "date"}
    shapes: dict[str, Schema] = {
        "code": {"type": "string", "description": "in quotes; one that ends in * names all that "
                 "begin so"},
        "zh": TEXT, "en": TEXT, "aliases": TEXTS, "from": day, "to": day, "marks": TEXTS,
        "assumption": {"type": "boolean"}, "source": TEXT,
    }  # fmt: skip
    lists: dict[str, Schema] = {
        "name": {**TEXT, "description": "as the file"},
        "title": record({"zh": TEXT, "en": TEXT}, ("zh", "en")),
        "source": TEXT,
        "values": {
            "type": "array",
            "minItems": 1,
            "items": record(shapes, ("code", "zh", "en")),
        },
    }
    if set(shapes) != VALUE_KEYS or set(lists) != LIST_KEYS:
        raise ValueError("the schema of code lists does not have the keys that are read")
    return record(lists, ("name", "values"))


def table() -> Schema:
    """The promise of a table."""
    words = record({"zh": TEXT, "en": TEXT}, ("zh", "en"))
    column = record(
        {
            "name": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}, "type": TEXT,
            "nullable": {"type": "boolean"}, "class": {"enum": sorted(TABLE_CLASSES)},
            "zh": TEXT, "en": TEXT,
        },
        ("name", "type", "zh", "en"),
    )  # fmt: skip
    return record(
        {
            "table": {"type": "string", "pattern": "^[a-z_]+\\.[a-z0-9_]+$"},
            "room": TEXT, "published": {"enum": [True, False, "restricted"]},
            "title": words, "description": words, "grain": TEXT,
            "key": {"type": "array", "items": TEXT},
            "columns": {"type": "array", "minItems": 1, "items": column},
        },
        ("table", "room", "title", "description", "grain", "columns"),
    )  # fmt: skip
