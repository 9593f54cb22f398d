"""Every generated statement says the same on Spark, and a warm night makes nothing anew."""

from __future__ import annotations

from typing import Any

from pipelines.contracts.load import load_codes, load_contracts
from pipelines.engine.sql import to_spark
from pipelines.standard import build, reads, tables
from pipelines.standard.medical_spending import medical_spending_sql
from pipelines.standard.registry import ROLE_TABLES, sql_of

CERTIFICATE = "civil_affairs/assistance_household"
MEMBER = "civil_affairs/assistance_member"


def test_statements_translate_to_spark(lake: Any) -> None:
    lake.land(CERTIFICATE, "2026-11-01", [{"certificate_no": "c1", "category": "低保"}])
    lake.land(MEMBER, "2026-11-01", [{"certificate_no": "c1", "name": "甲"}])
    night = lake.night("2026-11-15", "standard.scope")
    std = [table for table in tables() if table.startswith("standard.std_")]
    for table in (*std, *ROLE_TABLES):
        to_spark(sql_of(table, night))
    to_spark(medical_spending_sql(load_contracts(), load_codes()))


def test_tables_come_after_what_they_read() -> None:
    order, upstream = tables(), reads()
    assert set(order) == set(upstream)
    for place, table in enumerate(order):
        for read in upstream[table]:
            assert read.startswith("intake.") or read in order[:place]


def test_all_tables_can_be_made_of_nothing(lake: Any) -> None:
    night = lake.night("2026-11-15", *tables())
    assert all(night.exists(table) for table in tables())


def test_a_table_is_taken_over_while_nothing_new_was_delivered(lake: Any) -> None:
    lake.land(CERTIFICATE, "2026-11-01", [{"certificate_no": "c1", "category": "低保"}])
    night = lake.night("2026-11-15", *tables())
    for table in tables():
        if not table.startswith("quality."):  # how old things are is another every night
            assert build(table, night).reused, table
