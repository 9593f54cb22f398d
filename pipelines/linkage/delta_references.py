"""The delta of linkage.reference_mention: rows with a register's key that are looked at again.

New rows, and those whose key or number is that of a mention which changed. Rows of settlements are
known by their delivery, since a delivery never changes; those of other datasets by their table.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import polars as pl

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Contract
from pipelines.contracts.roles import Person, SpendingMedical
from pipelines.lake.correction import in_force
from pipelines.lake.night import Night
from pipelines.lake.patch import in_columns, narrowed, rows_of
from pipelines.linkage import delta_mentions, references
from pipelines.linkage.delta import Delta, few, together
from pipelines.linkage.features import USABLE

MENTION, DELIVERY = "standard.mention", "standard.spending_delivery"
HELD = ["register_domain", "register_key"]
SHOWN = [*HELD, "id_number", "id_status"]
KEY = ["mention_key"]


def rests_on(night: Night) -> tuple[list[str], dict[str, Any]]:
    """Tables and values that the rows of a night follow from. Settlements are a view over files:
    their corrections stand for them, and new deliveries are part of the delta."""
    known = _referring(night)
    reads = {MENTION, *(c.std_table for c, _ in known if not _is_spending(c))}
    corrected = {
        c.name: sorted(one.correction_id for one in in_force(night.corrections, c.name))
        for c, _ in known
        if _is_spending(c)
    }
    sql = references.statement(c for c, _ in known)
    return sorted(reads), {"sql": sql, "corrected": sorted(corrected.items())}


def reference_mentions(night: Night) -> Delta | None:
    mentions = delta_mentions.mentions(night)
    fresh = _new_deliveries(night)
    if mentions is None or fresh is None:
        return None
    changed = list(_changed_keys(night))
    if any(keys is None for keys in changed):
        return None
    shown = in_columns(night, mentions, [*KEY, *SHOWN]).rows
    known = references.every_reference(contract for contract, _ in _referring(night))
    usable = shown.filter(pl.col("id_status").is_in(USABLE))
    touched = together(
        _with_any(
            night,
            known,
            fresh,
            shown.select(HELD).drop_nulls().unique(),
            usable.select("id_number").drop_nulls().unique(),
        ),
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


def _with_any(night: Night, sql: str, *asked: pl.DataFrame) -> pl.DataFrame:
    """Mention keys of a statement's rows that hold a key of one of these frames: the rows, which
    are a city's settlements, are read once."""
    night.prepare(sql)
    with ExitStack() as given:
        held = []
        for number, keys in enumerate(asked):
            given.enter_context(night.given(f"asked_{number}", keys))
            same = " and ".join(f"asked.{name} = reference.{name}" for name in keys.columns)
            held.append(f"exists (select 1 from asked_{number} as asked where {same})")
        return night.engine.frame(
            f"select mention_key from ({sql}) as reference where {' or '.join(held)}"
        )


def _with(night: Night, sql: str, keys: pl.DataFrame) -> pl.DataFrame:
    """What of a statement's rows holds one of these keys."""
    night.prepare(sql)
    with night.given("asked_reference", keys):
        return night.engine.frame(
            f"select * from ({sql}) as reference "
            f"semi join asked_reference using ({', '.join(keys.columns)})"
        )


def _rows(night: Night, touched: pl.DataFrame) -> pl.DataFrame:
    """All rows of these mention keys. Asked by record key, as the rows themselves hold it: to find
    mention keys, each of a city's settlements would have to be given one."""
    found: list[pl.DataFrame] = []
    for contract, role in _referring(night):
        start, end = f"{contract.name}:", f"|{role.suffix}" if role.suffix else ""
        of = touched.filter(pl.col("mention_key").str.starts_with(start)).select(
            record_key=pl.col("mention_key").str.slice(len(start))
        )
        if not of.is_empty() or not found:
            only = references.of_one(contract, role)
            found.append(_with(night, only, of.filter(pl.col("record_key").str.ends_with(end))))
    return pl.concat(found) if found else _with(night, references.NOTHING, touched)


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
