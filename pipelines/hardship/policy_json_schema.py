"""JSON Schemas by which editors complete and check a policy's parameters.yaml and rules.yaml.

Made from the words that the policy is read by; what expressions mean is said by the check.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.contracts.json_schema import FOLDER, TEXT, TEXTS, Schema, document, record
from pipelines.hardship.indicators import indicators
from pipelines.hardship.policy import FIELDS
from pipelines.hardship.policy_model import COLOURS, GRAINS, LISTS
from pipelines.hardship.policy_parameters import VALUE_FIELDS
from pipelines.settings import SCHEMAS

DAY: Schema = {"type": "string", "format": "date"}
TITLE: Schema = {"anyOf": [TEXT, record({"zh": TEXT, "en": TEXT})]}
FREE: Schema = {}


def files(root: Path | None = None) -> dict[Path, str]:
    """What each schema file of this room says, by path."""
    folder = (root or SCHEMAS) / FOLDER
    return {
        folder / "rules.schema.json": document("政策规则 / Rules of a policy", rules()),
        folder / "parameters.schema.json": document(
            "政策参数 / Parameters of a policy", parameters()
        ),
    }


def rules() -> Schema:
    """rules.yaml: a list of rules."""
    known = ", ".join(sorted({name for grain in GRAINS for name in indicators(grain)}))
    expression: Schema = {
        "type": ["string", "number", "boolean"],
        "description": f"over parameters and the indicators of its grain: {known}",
    }
    levels = record({colour: {"type": "number"} for colour in COLOURS}, (), "measure at or above")
    shapes: dict[str, Schema] = {
        "id": TEXT,
        "title": TITLE,
        "grain": {"enum": list(GRAINS)},
        "who": expression,
        "when": expression,
        "measure": expression,
        "pays": expression,
        "threshold": {"type": "number"},
        "level": levels,
        "case": {"enum": list(LISTS)},
        "suggest": TEXTS,
        "effective": record({"from": DAY, "to": DAY}, ("from",)),
        "source": TEXT,
        "note": FREE, "example": FREE, "examples": FREE, "description": FREE,
    }  # fmt: skip
    if set(shapes) != set(FIELDS):
        raise ValueError(f"no schema for {sorted(set(FIELDS) ^ set(shapes))}")
    needed = ("id", "grain", "when", "case", "effective")
    return {"type": "array", "items": record(shapes, needed)}


def parameters() -> Schema:
    """parameters.yaml: dated values by name, each with region and source."""
    shapes: dict[str, Schema] = {
        "region": {"type": "string", "pattern": "^[0-9]*$", "description": "digits in quotes"},
        "urban_rural": {"enum": ["urban", "rural"]},
        "from": DAY,
        "value": {"type": ["number", "null"], "description": "null ends the parameter"},
        "source": TEXT,
        "assumption": {"type": "boolean"},
        "note": FREE,
    }
    if set(shapes) != set(VALUE_FIELDS):
        raise ValueError(f"no schema for {sorted(set(VALUE_FIELDS) ^ set(shapes))}")
    value = record(shapes, ("from", "value"))
    parameter: Schema = {
        "type": "object",
        "properties": {
            "unit": TEXT, "title": TITLE,
            "values": {"type": "array", "minItems": 1, "items": value},
        },
        "required": ["values"],
    }  # fmt: skip
    covers: Schema = {"type": "array", "items": {"type": "string", "pattern": "^[0-9]+$"}}
    return {
        "type": "object",
        "properties": {"covers": covers},
        "patternProperties": {"^(?!covers$)[A-Za-z_][A-Za-z0-9_]*$": parameter},
        "additionalProperties": False,
    }
