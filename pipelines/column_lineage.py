"""From which columns each column of each table is made, back to what departments deliver.

Worked out from the statements themselves and kept in ``column_lineage.json`` beside this file
(`make generated`), since it takes seconds; the user interface shows it. In a table that is made in
Python a column follows from the columns of the same name in what the table reads.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.errors import SqlglotError

from pipelines.contracts.load import load_codes, load_contracts
from pipelines.contracts.promises import load_promises
from pipelines.engine.sql import DIALECT, parsed, read_sql, tables_read
from pipelines.lake import fingerprint
from pipelines.lake.night import PIPELINES
from pipelines.lake.reading import PREVIOUS
from pipelines.rooms import Room, rooms
from pipelines.standard.medical_spending import COLUMNS, VIEW, medical_spending_sql
from pipelines.standard.promises import contract_promise
from pipelines.standard.registry import statement

if TYPE_CHECKING:
    from sqlglot.lineage import Node

FILE = Path(__file__).with_name("column_lineage.json")
#: table → column → (table, column) that it is made from
Lineage = dict[str, dict[str, list[tuple[str, str]]]]


@cache
def load() -> Lineage:
    """What is kept, by table and column."""
    kept = json.loads(FILE.read_text(encoding="utf-8"))["tables"]
    return {
        table: {
            column: [(of, name) for of, name in (text.rsplit(".", 1) for text in sources)]
            for column, sources in columns.items()
        }
        for table, columns in kept.items()
    }


def text() -> str:
    """The file as `make generated` writes it; worked out only where what it rests on changed."""
    if FILE.exists():
        kept = FILE.read_text(encoding="utf-8")
        if json.loads(kept)["of"] == rests_on():
            return kept
    made = {
        table: {column: [".".join(one) for one in sources] for column, sources in columns.items()}
        for table, columns in sorted(compute().items())
    }
    lines = [f"  {json.dumps(table)}: {json.dumps(made[table], sort_keys=True)}" for table in made]
    return f'{{"of": "{rests_on()}", "tables": {{\n' + ",\n".join(lines) + "\n}}\n"


def rests_on() -> str:
    """A digest of the statements, of the code that writes statements, and of all columns."""
    written = sorted((*PIPELINES.glob("*/*.sql"), *(PIPELINES / "standard").glob("*.py")))
    columns = [(table, known_columns(table)) for room in rooms() for table in room.tables]
    reads = [sorted(room.reads.items()) for room in rooms()]
    raw = [(c.raw_table, known_columns(c.raw_table)) for c in load_contracts().values()]
    return fingerprint.of(
        [(path.name, path.read_text(encoding="utf-8")) for path in written], columns, reads, raw
    )


def compute() -> Lineage:
    """Worked out anew from every room's statements."""
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    found: Lineage = {}
    for room in rooms():
        for table in room.tables:
            columns = known_columns(table)
            sql = statement_of(room, table)
            traced = _traced(sql) if sql else {}
            reads = set(tables_read(sql)) if sql else set()
            reads |= set(room.reads.get(table, ()))
            by_name = _by_name(table, columns, reads)
            found[table] = {
                column: [
                    one for one in traced.get(column, by_name.get(column, [])) if one[0] != table
                ]
                for column in columns
            }
    return {
        table: {column: sources for column, sources in columns.items() if sources}
        for table, columns in found.items()
    }


def statement_of(room: Room, table: str) -> str | None:
    """The statement that makes a table, where one alone does."""
    if room.name == "standard":
        return statement(table)
    path = PIPELINES / room.name / f"{table.split('.', 1)[1]}.sql"
    return read_sql(path) if path.exists() else None


def known_columns(table: str) -> tuple[str, ...]:
    if table == VIEW:
        return tuple(column.name for column in COLUMNS)
    name = table.removeprefix(PREVIOUS)
    promise = load_promises().get(name) or contract_promise(name)
    return promise.column_names if promise else ()


def _traced(sql: str) -> dict[str, list[tuple[str, str]]]:
    """Column by column, what the statement takes it from; nothing where that cannot be read."""
    from sqlglot.lineage import lineage  # whoever only reads what is kept does not wait for it

    schema: dict[str, dict[str, dict[str, str]]] = {}
    for table in tables_read(sql):
        db, name = table.split(".", 1)
        schema.setdefault(db, {})[name] = dict.fromkeys(known_columns(table), "VARCHAR")
    try:
        nodes = lineage(None, parsed(sql).copy(), schema=schema, dialect=DIALECT)
    except (SqlglotError, ValueError, KeyError):
        return {}
    assert isinstance(nodes, dict)
    return {column: _leaves(node) for column, node in nodes.items()}


def _leaves(node: Node) -> list[tuple[str, str]]:
    """The columns of real tables below a node; views stand for what they read."""
    found: set[tuple[str, str]] = set()
    for one in node.walk():
        if one.downstream or not isinstance(one.source, exp.Table):
            continue
        source = one.source
        table, column = f"{source.db}.{source.name}", one.name.rsplit(".", 1)[-1].strip('"')
        if table == VIEW:
            found.update(_spending().get(column, ()))
        elif not table.startswith(PREVIOUS) and column in known_columns(table):
            found.add((table, column))
    return sorted(found)


@cache
def _spending() -> Mapping[str, list[tuple[str, str]]]:
    return _traced(medical_spending_sql(load_contracts(), load_codes()))


def _by_name(
    table: str, columns: Iterable[str], reads: Iterable[str]
) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for read in sorted(reads):
        if read == table or read.startswith(PREVIOUS):
            continue
        there = set(known_columns(read))
        for column in columns:
            if column in there:
                more = _spending().get(column, []) if read == VIEW else [(read, column)]
                found.setdefault(column, []).extend(more)
    return found
