"""A small world: the tables that the hardship room reads, given row by row; several nights.

Rows are written to a real lake through real promises, so what is tested is what runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.contracts.promises import load_promises
from pipelines.hardship import registry
from pipelines.lake.home import Home
from pipelines.lake.kept import keep_policy
from pipelines.lake.manifest import Manifest, manifest_sha256
from pipelines.lake.night import Night
from pipelines.settings import Settings
from pipelines.standard.medical_spending import COLUMNS as SPENDING

RIZHAO = Path(__file__).resolve().parents[2] / "schemas" / "policies" / "rizhao"
VILLAGE = "371102001001"
UPSTREAM = (
    "standard.spending_delivery", "standard.help", "standard.education_charge",
    "standard.field_report", "standard.disposition", "linkage.person_ref", "linkage.redirect",
    "population.person", "population.person_attribute", "population.monitored_person",
    "population.minor_care", "population.death", "population.household",
    "population.id_change", "quality.freshness",
)  # fmt: skip


@dataclass
class World:
    """Upstream tables as lists of rows; what a row does not say is NULL or a plain default."""

    root: Path
    policy: Path = RIZHAO
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, table: str, **values: Any) -> None:
        self.rows.setdefault(table, []).append(values)

    def person(self, person_id: str, household_id: str | None = None, **values: Any) -> None:
        """A living person with its own register key ``psn_no:<person_id>``."""
        home = household_id or f"H{person_id}"
        alive = values.pop("alive", True)
        age = values.pop("age", 40)
        tier = values.pop("tier", None)
        region = values.pop("region_code", VILLAGE)
        urban_rural = values.pop("urban_rural", "rural")
        self.add(
            "population.person", person_id=person_id, household_id=home, region_code=region,
            urban_rural=urban_rural, alive=alive, sources=["insured"], identity_confidence=1.0,
        )  # fmt: skip
        self.add(
            "population.person_attribute",
            **{"person_id": person_id, "age": age, "alive": alive, "present": True,
               "is_student": False, "is_orphan": False, "left_behind": False,
               "severe_chronic": False, "former_poor": False, "employee_insured": False,
               **values},
        )  # fmt: skip
        for ref in (f"psn_no:{person_id}", f"student_no:{person_id}", f"mention:{person_id}"):
            self.add("linkage.person_ref", person_ref=ref, person_id=person_id, probability=1.0)
        if tier:
            self.add(
                "population.monitored_person", person_id=person_id, household_id=home, tier=tier,
                tiers=[tier], since=date(2025, 1, 1), valid_from=date(2025, 1, 1),
            )  # fmt: skip

    def household(self, household_id: str, **values: Any) -> None:
        income = values.get("annual_income")
        plain = {
            "household_id": household_id, "region_code": VILLAGE, "urban_rural": "rural",
            "size": 1, "income_known": income is not None, "composition_evidence": "alone",
        }  # fmt: skip
        self.add("population.household", **{**plain, **values})

    def settle(self, person_id: str, number: str, on: date, cost: float, **values: Any) -> None:
        """A settlement: cost, and a burden and in-scope burden of the same amount by default."""
        delivery = values.pop("delivery_id", "d1")
        plain = {
            "source": "medical_insurance", "dataset": "settlement", "record_key": number,
            "row_ref": f"medical_insurance/settlement:{number}", "settlement_id": number,
            "register_ref": f"psn_no:{person_id}", "register_key": person_id,
            "visit_id": f"v{number}", "settled_on": on, "begin_on": on, "end_on": on,
            "care_type": "11", "total_cost": cost, "in_scope_cost": cost, "fund_total": 0,
            "personal_burden": cost, "medical_aid": 0, "delivery_id": delivery,
            "row_number": len(self.rows.get("standard.medical_spending", [])) + 1,
            "extract_date": date(2026, 11, 1), "received_order": 1,
        }  # fmt: skip
        self.add("standard.medical_spending", **{**plain, **values})
        known = {row["delivery_id"] for row in self.rows.get("standard.spending_delivery", [])}
        if delivery not in known:
            self.add(
                "standard.spending_delivery", source="medical_insurance", dataset="settlement",
                delivery_id=delivery, received_order=1,
            )  # fmt: skip

    def pay_aid(self, person_id: str, number: str, on: date, amount: float) -> None:
        """Medical assistance paid later."""
        self.add(
            "standard.help", source="civil_affairs", dataset="assistance_payment",
            record_key=number, person_ref=f"psn_no:{person_id}", kind="payment",
            aid_type="医疗救助", amount=amount, given_on=on, delivery_id="p1",
            row_number=1, extract_date=on,
        )  # fmt: skip

    @contextmanager
    def night(self, as_of: date, *, rebuild: bool = False) -> Iterator[Night]:
        """A night with the upstream tables in place."""
        home = Home(self.root / "home").create()
        settings = Settings(home=self.root / "home", policy=self.policy, memory_limit="500MB")
        night = Night(home, as_of, settings, rebuild=rebuild)
        try:
            spending = self._frame(
                [(c.name, c.type, False) for c in SPENDING],
                self.rows.get("standard.medical_spending", []),
            )
            digest = hashlib.sha256(repr(spending.rows()).encode()).hexdigest()[:12]
            file = self.root / f"spending-{digest}.parquet"
            spending.write_parquet(file)
            night.view("standard.medical_spending", f"SELECT * FROM read_parquet('{file}')")
            promises = load_promises()
            for table in UPSTREAM:
                promise = promises[table]
                columns = [
                    (c.name, c.type, not c.nullable or c.name in promise.key)
                    for c in promise.columns
                ]
                night.write(table, self._frame(columns, self.rows.get(table, [])))
            yield night
        finally:
            night.close()

    def run(self, as_of: date, *, rebuild: bool = False) -> dict[str, list[dict[str, Any]]]:
        """Build every table of the room for a night, commit it, and give their rows."""
        with self.night(as_of, rebuild=rebuild) as night:
            for table in registry.TABLES:
                registry.build(table, night)
            commit(night)
            return {table: night.frame(table).to_dicts() for table in registry.TABLES}

    @staticmethod
    def _frame(columns: list[tuple[str, str, bool]], rows: list[dict[str, Any]]) -> pl.DataFrame:
        listed = ", ".join(f'CAST("{n}" AS {t}) AS "{n}"' for n, t, _ in columns)
        names = ", ".join(f'"{name}"' for name, _, _ in columns)
        if not rows:
            empty = ", ".join(f'CAST(NULL AS {t}) AS "{n}"' for n, t, _ in columns)
            return _answer(f"SELECT {empty} WHERE false")
        body = ", ".join(
            "(" + ", ".join(_literal(row.get(n, _default(t, r))) for n, t, r in columns) + ")"
            for row in rows
        )
        return _answer(f"SELECT {listed} FROM (VALUES {body}) AS given ({names})")


def _answer(sql: str) -> pl.DataFrame:
    with duckdb.connect() as con:
        frame = pl.from_arrow(con.sql(sql).to_arrow_table())
    assert isinstance(frame, pl.DataFrame)
    return frame


def _default(type_: str, required: bool) -> Any:
    if not required:
        return None
    plain = {"VARCHAR": "x", "DATE": date(2026, 1, 1), "BOOLEAN": False, "VARCHAR[]": ["x"]}
    return plain.get(type_, 0)


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float, Decimal)):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    return "'" + str(value).replace("'", "''") + "'"


def commit(night: Night) -> None:
    """Make a night the one that the next stands on."""
    previous = night.previous
    Manifest(
        as_of=night.as_of, run_id=night.run_id, committed_at="", code_version="test",
        policy=night.policy_dir.name, policy_sha256=keep_policy(night.home, night.policy_dir),
        previous=previous,
        previous_sha256=manifest_sha256(night.home, previous) if previous else None,
        receipts=(), tables=night.pointers(),
    ).save(night.home)  # fmt: skip
