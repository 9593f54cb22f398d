"""Promise → what is expected of a table that is published.

From the promise: filled columns, the key, nothing that reads like an identity number, a phone or
a roll number. From ``schemas/tables/checks.yml``: value sets, foreign keys, ranges, conditions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.contracts.gx_run import Expected, all_filled, literal, quoted
from pipelines.contracts.promises import Promise, PromisedColumn
from pipelines.errors import ConfigurationFault
from pipelines.settings import SCHEMAS

VOLUME = "rows_against_night_before"
PARTS = ("value_sets", "foreign_keys", "ranges", "conditions", "volume")
EDGE_BEFORE, EDGE_AFTER = "(^|[^0-9A-Za-z])", "([^0-9A-Za-z]|$)"
#: what an identity number, a mobile phone and a school roll number look like inside a text
IDENTIFIER = (
    f"{EDGE_BEFORE}([Gg]?[1-9][0-9]{{5}}(18|19|20)[0-9]{{2}}(0[1-9]|1[0-2])"
    f"(0[1-9]|[12][0-9]|3[01])[0-9]{{3}}[0-9Xx]|1[3-9][0-9]{{9}}){EDGE_AFTER}"
)


@dataclass(frozen=True)
class TableChecks:
    """``checks.yml`` as it stands."""

    value_sets: Mapping[str, Any]
    foreign_keys: Mapping[str, Any]
    ranges: Mapping[str, Any]
    conditions: Mapping[str, Any]
    volume: Mapping[str, Any]

    def of_column(self, part: str, table: str, column: str) -> Any:
        """What ``part`` says of a column: the entry of this very column, else of its name."""
        entries: Mapping[str, Any] = getattr(self, part)
        full = f"{table}.{column}"
        return entries[full] if full in entries else entries.get(column)


@cache
def load_table_checks(schemas: Path | None = None) -> TableChecks:
    path = (schemas or SCHEMAS) / "tables" / "checks.yml"
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    except yaml.YAMLError as error:
        raise ConfigurationFault([f"{path.name}: not readable as YAML: {error}"]) from error
    if unknown := sorted(set(raw) - set(PARTS)):
        raise ConfigurationFault([f"{path.name}: unknown part {name}" for name in unknown])
    return TableChecks(**{part: raw.get(part) or {} for part in PARTS})


def expected_of_table(
    promise: Promise,
    checks: TableChecks,
    present: frozenset[str],
    rows_before: int | None = None,
    *,
    counts_accepted: bool = False,
) -> tuple[Expected, ...]:
    """Everything expected of a table; ``present``: tables that a foreign key can refer to.

    ``counts_accepted``: somebody has looked at tonight's row counts; they hold nothing back.
    """
    return tuple(
        replace(one, blocking=False) if counts_accepted and one.name == VOLUME else one
        for one in _expected(promise, checks, present, rows_before)
    )  # fmt: skip


def _expected(
    promise: Promise, checks: TableChecks, present: frozenset[str], rows_before: int | None
) -> Iterator[Expected]:
    if promise.key:
        yield Expected(
            "key_once", "unique" if len(promise.key) == 1 else "unique_together", promise.key,
            blocking=True, zh="主键不重复", en="the key stands once",
        )  # fmt: skip
    if filled := tuple(column.name for column in promise.columns if not column.nullable):
        yield Expected(
            "filled", "condition", filled, blocking=True, sql=all_filled(filled),
            zh="必填各列不为空", en="columns that are always filled are filled",
        )  # fmt: skip
    plain = {c.name: c.type for c in promise.columns if "STRUCT" not in c.type}
    yield Expected(
        "types_as_promised", "condition", blocking=True,
        sql=" AND ".join(f"typeof({quoted(n)}) = {literal(t)}" for n, t in plain.items()),
        zh="各列类型与约定一致", en="every column has its promised type",
    )  # fmt: skip
    for column in promise.columns:
        yield from _of_column(promise, column, checks, present)
    yield from _without_identifiers(promise)
    for given in checks.conditions.get(promise.table, ()):
        yield Expected(
            given["name"], "condition", tuple(given["columns"]), sql=given["sql"],
            mostly=float(given.get("mostly", 1.0)), blocking=bool(given.get("blocking", False)),
            zh=given["zh"], en=given["en"],
        )  # fmt: skip
    if rows_before and (volume := checks.volume.get(promise.table)):
        yield Expected(
            VOLUME, "row_count", values=believed_rows(rows_before, volume),
            blocking=bool(volume.get("blocking", False)),
            zh="行数与上一夜相比没有异常增减",
            en="neither suspiciously fewer nor more rows than the night before",
        )  # fmt: skip


def believed_rows(rows_before: int, volume: Mapping[str, Any]) -> tuple[int, int | None]:
    """Fewest and most rows that are believed after a night with ``rows_before``: a change within
    the share, or below the number of rows, is usual. Without ``gained_share`` there is no most.
    """
    lost = max(int(rows_before * volume["lost_share"]), volume["lost_rows"] - 1)
    most = None
    if "gained_share" in volume:
        most = rows_before + max(
            int(rows_before * volume["gained_share"]), volume["gained_rows"] - 1
        )
    return max(rows_before - lost, 0), most


def _of_column(
    promise: Promise, column: PromisedColumn, checks: TableChecks, present: frozenset[str]
) -> Iterator[Expected]:
    name, quoted_name = column.name, quoted(column.name)
    if allowed := checks.of_column("value_sets", promise.table, name):
        if column.type.endswith("[]"):
            listed = ", ".join(literal(str(value)) for value in allowed)
            yield Expected(
                f"known_{name}", "condition", (name,), blocking=True,
                sql=f"list_has_all([{listed}], {quoted_name})",
                zh=f"{column.zh}的取值在约定之内", en=f"every {name} is a known value",
            )  # fmt: skip
        else:
            yield Expected(
                f"known_{name}", "in_set", (name,), tuple(allowed), blocking=True,
                zh=f"{column.zh}的取值在约定之内", en=f"{name} is a known value",
            )  # fmt: skip
    referred = checks.of_column("foreign_keys", promise.table, name) or {}
    target = referred.get("table")
    if target and target != promise.table and target in present:
        yield Expected(
            f"known_{name}_in_{target}", "condition", (name,),
            blocking=bool(referred.get("blocking", False)),
            sql=f"{quoted_name} IN (SELECT referred.{quoted_name} FROM {target} AS referred)",
            zh=f"{column.zh}存在于 {target}", en=f"{name} stands in {target}",
        )  # fmt: skip
    if span := checks.of_column("ranges", promise.table, name):
        yield Expected(
            f"range_{name}", "between", (name,), (span.get("low"), span.get("high")),
            blocking=bool(span.get("blocking", False)),
            zh=f"{column.zh}在取值范围内", en=f"{name} lies within its range",
        )  # fmt: skip


def _without_identifiers(promise: Promise) -> Iterator[Expected]:
    """No text of the table holds what looks like a number that identifies somebody."""
    if promise.published is not True:
        return
    texts = [c for c in promise.columns if c.type == "VARCHAR" or c.type.endswith("[]")]
    if not texts:
        return
    joined = ", ".join(f"CAST({quoted(column.name)} AS VARCHAR)" for column in texts)
    yield Expected(
        "no_identifier_in_the_clear", "condition", blocking=True,
        sql=f"NOT regexp_matches(concat_ws('|', {joined}), {literal(IDENTIFIER)})",
        zh="文本中没有身份证号、电话或学籍号", en="no text holds an identity, phone or roll number",
    )  # fmt: skip
