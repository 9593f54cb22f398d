"""Nights for the tests of this room: the role tables are written as the tests say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import polars as pl

from pipelines import linkage
from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Contract
from pipelines.contracts.roles import Person, SpendingMedical
from pipelines.lake.home import Home
from pipelines.lake.manifest import Manifest
from pipelines.lake.night import Night
from pipelines.settings import Settings
from pipelines.standard.promises import contract_promise

ROLE_TABLES = ("death_claim", "tier_claim", "tier_grant", "field_report", "help", "region")
CLAIM = ["person_ref", "attribute", "value", "source", "dataset", "record_key", "delivery_id",
         "row_number", "extract_date", "is_current"]  # fmt: skip
SPENDING = {
    "row_ref": pl.String, "record_key": pl.String, "register_ref": pl.String,
    "register_key": pl.String, "id_number": pl.String, "id_number_status": pl.String,
    "name": pl.String, "delivery_id": pl.String, "row_number": pl.Int64, "extract_date": pl.Date,
}  # fmt: skip


def night(
    root: Path,
    as_of: date,
    mentions: pl.DataFrame,
    pupils: Iterable[str] = (),
    /,
    **references: pl.DataFrame,
) -> Night:
    """A night whose standard.mention is `mentions`; `pupils`: who is said to be on a school roll;
    `references`: rows of datasets, by name."""
    made = Night(
        Home(root).create(),
        as_of,
        Settings(home=root, threads=2),
        contract_promises=contract_promise,
    )
    made.write("standard.mention", mentions, made_from="read as ever")
    for name in ROLE_TABLES:
        _write(made, f"standard.{name}", pl.DataFrame())
    claims = [
        (ref, "student_stage", "3", "education", "student", ref, "d", 1, as_of, True)
        for ref in pupils
    ]
    _write(made, "standard.attribute_claim", pl.DataFrame(claims, CLAIM, orient="row"))
    for contract in load_contracts().values():
        people = contract.roles_of(Person)
        if contract.roles_of(SpendingMedical):
            _settlements(made, references.get(contract.dataset))
        elif any(role.refers for role in people):
            _write(made, contract.std_table, references.get(contract.dataset, pl.DataFrame()))
        elif people:
            _write(made, contract.std_table, _rows_behind(mentions, contract))
    return made


def _rows_behind(mentions: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Rows that differ where the mentions of a dataset do: linkage reads no value of them."""
    said = mentions.filter(source=contract.source, dataset=contract.dataset)
    return said.select(
        "delivery_id", "extract_date", record_key="mention_key", first_seen_on="extract_date",
        row_number=pl.struct(said.columns).hash(0) // 2,
    )  # fmt: skip


def _write(night: Night, table: str, rows: pl.DataFrame) -> None:
    """A table of which `rows` gives some columns; the others are NULL."""
    columns = night.promise(table).columns
    listed = ", ".join(
        c.name if c.name in rows.columns else f"cast(null as {c.type}) as {c.name}" for c in columns
    )
    if rows.is_empty():
        listed = ", ".join(f"cast(null as {c.type}) as {c.name}" for c in columns)
        night.write(table, night.engine.frame(f"select {listed} where false"))
        return
    with night.given("given_rows", rows):
        found = night.engine.frame(f"select {listed} from given_rows")
    night.write(table, found)


def _settlements(night: Night, rows: pl.DataFrame | None) -> None:
    """The view of settlements, and which deliveries it is of."""
    there = pl.DataFrame(schema=SPENDING) if rows is None else rows
    path = night.temp / "settlement.parquet"
    there.write_parquet(path)
    listed = ", ".join(SPENDING)
    night.view("standard.medical_spending", f"select {listed} from read_parquet('{path}')")
    deliveries = there["delivery_id"].unique().sort()
    _write(night, "standard.spending_delivery", pl.DataFrame(
        [("medical_insurance", "settlement", one, place) for place, one in enumerate(deliveries)],
        ["source", "dataset", "delivery_id", "received_order"], orient="row",
    ))  # fmt: skip


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
