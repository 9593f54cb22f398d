"""Nights for the tests of this room: the role tables are written as the tests say."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from pipelines import linkage
from pipelines.contracts.load import load_contracts
from pipelines.contracts.roles import Person, SpendingMedical
from pipelines.lake.home import Home
from pipelines.lake.manifest import Manifest
from pipelines.lake.night import Night
from pipelines.settings import Settings

ROLE_TABLES = ("death_claim", "tier_claim", "tier_grant", "field_report", "help", "attribute_claim",
               "region")  # fmt: skip
SPENDING = (
    "row_ref VARCHAR, record_key VARCHAR, register_ref VARCHAR, register_key VARCHAR, "
    "id_number VARCHAR, id_number_status VARCHAR, name VARCHAR, delivery_id VARCHAR, "
    "row_number BIGINT, extract_date DATE"
)


def night(root: Path, as_of: date, mentions: pl.DataFrame, **references: pl.DataFrame) -> Night:
    """A night whose standard.mention is `mention`; `references`: rows of datasets, by name."""
    made = Night(Home(root).create(), as_of, Settings(home=root, threads=2))
    made.write("standard.mention", mentions)
    for name in ROLE_TABLES:
        promise = made.promise(f"standard.{name}")
        columns = ", ".join(f"cast(null as {c.type}) as {c.name}" for c in promise.columns)
        made.write(promise.table, made.query(f"select {columns} where false"))
    for contract in load_contracts().values():
        if any(role.refers for role in contract.roles_of(Person)):
            _reference(made, contract, references.get(contract.dataset))
    return made


def _reference(night: Night, contract: object, rows: pl.DataFrame | None) -> None:
    spending = bool(contract.roles_of(SpendingMedical))  # type: ignore[attr-defined]
    table = "standard.medical_spending" if spending else contract.std_table  # type: ignore[attr-defined]
    if rows is None:
        columns = SPENDING if spending else ", ".join(
            f"{name} {type_}" for name, type_ in
            {"record_key": "VARCHAR", "delivery_id": "VARCHAR", "row_number": "BIGINT",
             "extract_date": "DATE", **contract.types()}.items()  # type: ignore[attr-defined]
        )  # fmt: skip
        listed = ", ".join(
            f"cast(null as {c.rsplit(' ', 1)[1]}) as {c.strip().split(' ', 1)[0]}"
            for c in columns.split(", ")
        )
        night.view(table, f"select {listed} where false")
        return
    path = night.temp / f"{contract.dataset}.parquet"  # type: ignore[attr-defined]
    rows.write_parquet(path)
    night.view(table, f"select * from read_parquet('{path}')")


def linked(made: Night) -> Night:
    """All tables of the room."""
    for table in linkage.TABLES:
        linkage.build(table, made)
    return made


def commit(made: Night) -> None:
    Manifest(
        as_of=made.as_of, run_id=made.run_id, committed_at="", code_version="", policy="",
        policy_sha256="", previous=made.previous, previous_sha256=None, receipts=(),
        tables=made.pointers(),
    ).save(made.home)  # fmt: skip
    made.close()


def persons(made: Night) -> dict[str, str]:
    links = made.frame("linkage.mention_link", ["mention_key", "person_id"])
    return dict(links.iter_rows())
