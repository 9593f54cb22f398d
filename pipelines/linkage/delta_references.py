"""The delta of linkage.reference_mention: rows with a register's key that are looked at again.

New rows, and those whose key or number is that of a mention which changed. Rows of settlements are
known by their delivery, since a delivery never changes; those of other datasets by their table.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from pipelines.contracts.codes import load_codes
from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Contract
from pipelines.contracts.roles import Person, SpendingMedical
from pipelines.engine.sql import literal, quoted
from pipelines.lake.correction import in_force
from pipelines.lake.night import Night
from pipelines.lake.patch import Changes, in_columns, narrowed, rows_of
from pipelines.linkage import delta_mentions, references
from pipelines.linkage.delta import Delta, few, together
from pipelines.linkage.features import USABLE
from pipelines.standard.medical_spending import medical_spending_sql

MENTION, DELIVERY = "standard.mention", "standard.spending_delivery"
HELD = ["register_domain", "register_key"]
SHOWN = [*HELD, "id_number", "id_status"]
KEY = ["mention_key"]


def rests_on(night: Night) -> tuple[list[str], dict[str, Any]]:
    """Tables and values that the rows of a night follow from. Settlements are a view over files:
    how it reads them and their corrections stand for them; new deliveries are part of the delta."""
    known = _referring(night)
    reads = {MENTION, *(c.std_table for c, _ in known if not _is_spending(c))}
    corrected = {
        c.name: sorted(one.correction_id for one in in_force(night.corrections, c.name))
        for c, _ in known
        if _is_spending(c)
    }
    schemas = night.settings.schemas
    read = medical_spending_sql(load_contracts(schemas), load_codes(schemas))
    sql = references.statement(c for c, _ in known)
    return sorted(reads), {"sql": sql, "read": read, "corrected": sorted(corrected.items())}


def reference_mentions(night: Night) -> Delta | None:
    mentions = delta_mentions.mentions(night)
    fresh = _new_deliveries(night)
    if mentions is None or fresh is None:
        return None
    changed = list(_changed_keys(night))
    if any(keys is None for keys in changed):
        return None
    shown = in_columns(night, mentions, [*KEY, *SHOWN])
    touched = together(
        *_holding(night, shown.rows, _came_or_went(night, shown), fresh),
        *(keys for keys in changed if keys is not None),
    ).drop_nulls()
    rows = _rows(night, touched)
    beside = pl.concat(
        [rows_of(night, MENTION, keys.drop_nulls().unique(), SHOWN)
         for keys in (rows.select(HELD), rows.select("id_number"))]
    )  # fmt: skip
    with night.given("touched_reference", rows):
        made = narrowed(
            night,
            references.statement((), "select * from touched_reference"),
            {MENTION: beside},
        )
    return Delta(touched, made)


def _came_or_went(night: Night, shown: Changes) -> pl.Series:
    """Numbers that are somebody's since, or no longer anybody's: those of the changed mentions that
    no other mention bears."""
    was, now = (
        side.filter(pl.col("id_status").is_in(USABLE)).select("id_number").drop_nulls().unique()
        for side in (shown.was, shown.now)
    )
    either = pl.concat([was.join(now, on="id_number", how="anti"),
                        now.join(was, on="id_number", how="anti")])  # fmt: skip
    usable = ", ".join(map(literal, USABLE))
    borne = rows_of(night, MENTION, either, [*KEY, "id_number"], f"id_status in ({usable})")
    others = borne.join(shown.keys, on="mention_key", how="anti")
    return either.join(others, on="id_number", how="anti")["id_number"]


def _holding(
    night: Night, shown: pl.DataFrame, numbers: pl.Series, deliveries: pl.DataFrame
) -> Iterator[pl.DataFrame]:
    """`mention_key` of rows that hold a key of these mentions or one of the numbers, or that came
    with one of the deliveries. Each is one look at one column of a dataset."""
    for contract, role in _referring(night):
        of = references.held(contract, role)
        domain = shown.filter(pl.col("register_domain") == role.refers)
        asked = [(of.key, domain["register_key"]), (of.number, numbers)]
        if _is_spending(contract):
            asked.append(("delivery_id", deliveries["delivery_id"]))
        for column, values in asked:
            if column is not None:
                yield _with(night, contract, role, values.alias(column), "mention_key")


def _with(
    night: Night, contract: Contract, role: Person, values: pl.Series, columns: str = "*",
    among: str = "",
) -> pl.DataFrame:  # fmt: skip
    """Of a role's rows those that hold one of these values in the column that is named like them.
    They are chosen before anything is made of them, since a city's settlements are many. `among`: a
    condition on them."""
    keys = values.drop_nulls().unique().to_frame()
    if keys.is_empty():
        return night.query(f"select {columns} from ({references.NOTHING}) as reference")
    night.prepare(references.of_one(contract, role))
    chosen = references.of_one(
        contract, role, f"semi join asked_reference using ({quoted(values.name)}) {among}"
    )
    with night.given("asked_reference", keys):
        return night.engine.frame(f"select {columns} from ({chosen}) as reference")


def _rows(night: Night, touched: pl.DataFrame) -> pl.DataFrame:
    """All rows of these mention keys. Asked by record key, as the rows themselves hold it: to find
    mention keys, each of a city's settlements would have to be given one."""
    found = [night.query(references.NOTHING)]
    for contract, role in _referring(night):
        start, end = f"{contract.name}:", f"|{role.suffix}" if role.suffix else ""
        mention = pl.col("mention_key")
        of = touched.filter(mention.str.starts_with(start) & mention.str.ends_with(end))
        keys = of.select(record_key=mention.str.strip_prefix(start).str.strip_suffix(end))
        among = _deliveries(night, contract, role, keys["record_key"])
        found.append(_with(night, contract, role, keys["record_key"], among=among))
    return pl.concat(found)


def _deliveries(night: Night, contract: Contract, role: Person, keys: pl.Series) -> str:
    """The condition that a settlement is of a delivery that holds one of these record keys: whole
    rows are then read of few deliveries."""
    if not _is_spending(contract) or keys.is_empty():
        return ""
    held = _with(night, contract, role, keys, "distinct delivery_id")["delivery_id"]
    listed = ", ".join(map(literal, held.sort()))
    return f"where delivery_id in ({listed})" if listed else "where false"


def _new_deliveries(night: Night) -> pl.DataFrame | None:
    """`delivery_id` of settlements that came since; None where one of then counts no more."""
    if night.pointer(f"prev_{DELIVERY}") is None:
        return None
    now, then = (night.frame(when + DELIVERY, ["delivery_id"]) for when in ("", "prev_"))
    if then.join(now, on="delivery_id", how="anti").height:
        return None
    return now.join(then, on="delivery_id", how="anti")


def _changed_keys(night: Night) -> Iterator[pl.DataFrame | None]:
    """By dataset but settlements, `mention_key` of rows that are new, gone or others."""
    for contract, role in _referring(night):
        table = contract.std_table
        if _is_spending(contract) or night.content(table) == night.content(f"prev_{table}"):
            continue
        found = few(night, table, ["record_key"])
        end = f"|{role.suffix}" if role.suffix else ""
        yield (
            None
            if found is None
            else found.keys.select(
                mention_key=pl.lit(f"{contract.name}:") + pl.col("record_key") + end
            )
        )


def _referring(night: Night) -> list[tuple[Contract, Person]]:
    known = load_contracts(night.settings.schemas)
    return [
        (known[name], role)
        for name in sorted(known)
        for role in known[name].roles_of(Person)
        if role.refers
    ]


def _is_spending(contract: Contract) -> bool:
    return bool(contract.roles_of(SpendingMedical))
