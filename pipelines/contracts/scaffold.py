"""A first contract from the header row of a department's file, for a person to finish.

A header that some contract knows brings its kind, codes and class with it; any other is text of
class sensitive, until a person has looked. Whether the result is sound is said by ``check``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipelines.contracts.headers import fold_header, header_index
from pipelines.contracts.model import KIND_TYPES, Column, Contract
from pipelines.contracts.odcs import API_VERSION

MODELINE = "# yaml-language-server: $schema=../../editor/contract.schema.json"
LOGICAL = {
    "date": "date", "month": "date", "timestamp": "timestamp", "money": "number",
    "count": "integer", "boolean": "boolean", "codes": "array",
}  # fmt: skip
PERSON = {"person_name": "name", "identity_number": "id_number"}


@dataclass(frozen=True)
class Guess:
    """A column as far as the other contracts know its header."""

    name: str
    header: str
    kind: str
    codes: str | None
    classification: str
    zh: str
    en: str


def scaffold(
    source: str, dataset: str, headers: Iterable[str], title: str, contracts: Mapping[str, Contract]
) -> str:
    """The text of a contract with these columns; the first is taken for the key."""
    guesses: list[Guess] = []
    for header in headers:
        guesses.append(_guess(header, contracts, {one.name for one in guesses}))
    lines = [
        MODELINE,
        f"apiVersion: {API_VERSION}",
        "kind: DataContract",
        f"id: urn:jiuzhulian:contract:{source}:{dataset}",
        f"name: {_text(f'{title} / {dataset}')}",
        "version: 0.1.0",
        "status: draft",
        f"domain: {source}",
        f"dataProduct: {source}",
        "description:",
        f"  purpose: {_text(f'{title} / {dataset}')}",
        "schema:",
        f"  - name: {dataset}",
        "    logicalType: object",
        "    physicalType: file",
        "    customProperties:",
        "      # snapshot: each delivery is the whole truth of its date; append: it adds rows",
        "      - {property: mode, value: snapshot}",
        "      - {property: scope, value: []}",
        "      - {property: believable, value: {lost_share: 0.1, lost_rows: 10}}",
        "      - {property: optional, value: true}",
        f"      - {{property: owner, value: {_text(source)}}}",
        f"      - {{property: quarantine_owner, value: {_text(source)}}}",
        "      # what the rows tell: see schemas/sources/README.md",
        "      - property: roles",
        "        value:",
        *_roles(guesses),
        "    properties:",
        *(line for place, one in enumerate(guesses) for line in _column(one, is_key=place == 0)),
        "slaProperties:",
        "  - {property: frequency, value: 1, unit: month}",
        "  - {property: dueDays, value: 35, unit: d}",
    ]
    return "\n".join(lines) + "\n"


def _guess(header: str, contracts: Mapping[str, Contract], taken: set[str]) -> Guess:
    known = _known(header, contracts)
    name = known.name if known else f"column_{len(taken) + 1}"
    if name in taken:
        name = f"{name}_{len(taken) + 1}"
    if known is None:
        return Guess(name, header, "text", None, "sensitive", header, name)
    return Guess(
        name, header, known.kind, known.codes, known.classification, known.zh, known.en
    )  # fmt: skip


def _known(header: str, contracts: Mapping[str, Contract]) -> Column | None:
    """The column that most contracts read this header as."""
    found = [
        index[fold_header(header)][0]
        for contract in contracts.values()
        if fold_header(header) in (index := header_index(contract))
    ]
    votes = [column.name for column in found]
    return max(found, key=lambda column: votes.count(column.name), default=None)


def _roles(guesses: Iterable[Guess]) -> list[str]:
    person = {PERSON[one.kind]: one.name for one in reversed(list(guesses)) if one.kind in PERSON}
    lines = ["          - role: person"]
    return lines + [f"            {field}: {name}" for field, name in sorted(person.items())]


def _column(one: Guess, *, is_key: bool) -> list[str]:
    key = ["        primaryKey: true", "        primaryKeyPosition: 1"] if is_key else []
    codes = [f"          - {{property: codes, value: {one.codes}}}"] if one.codes else []
    return [
        f"      - name: {one.name}",
        f"        description: {_text(f'{one.zh} / {one.en}')}",
        f"        logicalType: {LOGICAL.get(one.kind, 'string')}",
        f"        physicalType: {_text(KIND_TYPES[one.kind])}",
        f"        required: {'true' if is_key else 'false'}",
        *key,
        f"        classification: {one.classification}",
        "        customProperties:",
        f"          - {{property: kind, value: {one.kind}}}",
        f"          - {{property: aliases, value: [{_text(one.header)}]}}",
        *codes,
    ]


def _text(text: str) -> str:
    """A text as YAML reads it back, whatever it holds."""
    return json.dumps(text, ensure_ascii=False)
