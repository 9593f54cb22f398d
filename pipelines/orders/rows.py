"""What a row of a sheet is filled from: the case, the household, who it is and what was given.

The only place where names, numbers, phones and addresses meet a case; nothing of it is kept.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.lake.night import Night
from pipelines.orders.sheets import Sheet, region_names

READS = (
    "hardship.case_file", "hardship.household_indicator", "linkage.person_identity",
    "orders.recent_help",
)  # fmt: skip


def filled(night: Night, sheets: list[Sheet]) -> None:
    """Give every line of the sheets what its fields may show."""
    wanted = sorted({line["case_id"] for sheet in sheets for line in sheet.lines})
    if not wanted:
        return
    facts = _facts(night, wanted)
    names = region_names(night)
    for sheet in sheets:
        sheet.lines = [
            line | facts[line["case_id"]] | {
                "as_of": night.as_of,
                "township_name": names.get(line["township_code"] + "000", ""),
                "village_name": names.get(line["region_code"], "")
                if not line["region_code"].endswith("000") else "",
            }
            for line in sheet.lines
        ]  # fmt: skip


def _facts(night: Night, wanted: list[str]) -> dict[str, dict[str, Any]]:
    cases = night.frame(
        "hardship.case_file",
        columns=["case_id", "person_id", "household_id", "reason_zh", "confirmed_on"],
    ).filter(pl.col("case_id").is_in(wanted))
    homes = night.frame(
        "hardship.household_indicator",
        columns=["household_id", "size", "minors", "elders", "disabled_members", "severe_members"],
    )
    people = night.frame(
        "linkage.person_identity", columns=["person_id", "name", "id_number", "phone", "address"]
    )
    households = cases.get_column("household_id").drop_nulls().to_list()
    help_given = _help(night, households)
    joined = cases.join(homes, on="household_id", how="left").join(
        people, on="person_id", how="left"
    )
    return {
        row["case_id"]: row | {"given": help_given.get(row["household_id"], [])}
        for row in joined.to_dicts()
    }


def _help(night: Night, households: list[str]) -> dict[str, list[str]]:
    """In words, the kind with the latest payment first."""
    rows = night.frame("orders.recent_help").filter(pl.col("household_id").is_in(households))
    found: dict[str, list[str]] = defaultdict(list)
    order = rows.sort(["last_on", "aid_type"], descending=[True, False])
    for row in order.to_dicts():
        found[row["household_id"]].append(_said(row))
    return found


def _said(row: dict[str, Any]) -> str:
    amount: Decimal | None = row["amount"]
    money = f"共{amount:,.0f}元" if amount else ""
    return f"{row['aid_type']}{row['times']}次{money}（最近{row['last_on']}）"
