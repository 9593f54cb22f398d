"""A small world of help: the tables that the room reads, given row by row, for several nights.

People are called by a word; each lives in the household ``H<word>`` unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pipelines import assistance
from pipelines.contracts.promises import load_promises
from pipelines.lake.home import Home
from pipelines.lake.night import Night
from pipelines.settings import Settings
from tests.hardship.world import RIZHAO, VILLAGE, World, commit

ON = date(2026, 11, 20)
INPUTS = sorted(
    {name for names in assistance.reads().values() for name in names}
    - set(assistance.TABLES)
    - {"prev_assistance.gap"}
)
LINEAGE = {"source": "civil_affairs", "dataset": "assistance_payment", "delivery_id": "d",
           "extract_date": ON}  # fmt: skip


def ago(days: int) -> date:
    """So many days before the night."""
    return ON - timedelta(days=days)


class Helped:
    """Rows by table; ``night`` writes them and builds the room."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.homes: set[str] = set()
        self._number = 0

    def add(self, table: str, **values: Any) -> None:
        assert table in INPUTS, table
        self.rows.setdefault(table, []).append(values)

    def person(
        self, word: str, home: str | None = None, *, alive: bool = True, died: date | None = None,
        doubtful: bool = False, link: float = 1.0, tier: str | None = None,
        since: date = date(2025, 1, 1), **facts: Any,
    ) -> str:  # fmt: skip
        """Somebody known; ``facts`` are columns of the indicators and attributes."""
        living = alive and (died is None or doubtful)
        household = home or f"H{word}"
        self.add("population.person", person_id=word, household_id=household, alive=living,
                 region_code=VILLAGE, urban_rural="rural", sources=["x"],
                 identity_confidence=link)  # fmt: skip
        self.add("population.household_member", household_id=household, person_id=word,
                 relation=facts.pop("relation", None), alive=living)  # fmt: skip
        self.add("linkage.person_ref", person_ref=f"ref:{word}", person_id=word, probability=link)
        self.add("households.life", person_id=word, alive=living, present=living,
                 died_on=None if doubtful else died)  # fmt: skip
        self.add("linkage.person_identity", person_id=word, **facts.pop("identity", {}))
        if died is not None:
            self.add("population.death", person_id=word, died_on=died, doubtful=doubtful)
        if household not in self.homes:
            self.homes.add(household)
            self.add("population.household", household_id=household, region_code=VILLAGE,
                     urban_rural="rural", size=1, any_tier=tier or "none",
                     tier=tier or "none")  # fmt: skip
            self.add("hardship.household_indicator", household_id=household, region_code=VILLAGE,
                     urban_rural="rural", tier=tier or "none", any_tier=tier or "none",
                     size=1)  # fmt: skip
        attribute = {n: facts[n] for n in ("is_student", "stage") if n in facts}
        self.add("population.person_attribute", person_id=word, alive=living, **attribute)
        if tier is not None:
            self.add("population.tier_history", person_id=word, tier=tier, valid_from=since)
            self.add("population.monitored_person", person_id=word, household_id=household,
                     tier=tier, tiers=[tier], since=since, valid_from=since)  # fmt: skip
        if living:
            self.add("hardship.person_indicator", person_id=word, household_id=household,
                     region_code=VILLAGE, urban_rural="rural", tier=tier or "none",
                     **({"medical_aid_12m": 0, "burden_in_scope_12m": 0} | facts))  # fmt: skip
        return word

    def paid(
        self, word: str | None, aid: str, on: date, amount: float | None = 100, *,
        month: date | None = None, subtype: str | None = None, certificate: str | None = None,
        department: str | None = "县民政局", kind: str = "payment", hours: float | None = None,
    ) -> str:  # fmt: skip
        """A piece of help; gives the key of its row."""
        self._number += 1
        key = f"P{self._number}"
        self.add(
            "standard.help", **LINEAGE, record_key=key, row_number=self._number,
            person_ref=f"ref:{word}" if word else None, kind=kind, aid_type=aid, subtype=subtype,
            amount=amount, hours=hours, given_on=on, benefit_month=month, department=department,
            group_key=f"certificate:{certificate}" if certificate else None,
        )  # fmt: skip
        return key

    def served(self, word: str, on: date, service: str = "生活服务") -> None:
        self.paid(word, "社会服务", on, None, subtype=service, department="政府购买服务",
                  kind="service", hours=2)  # fmt: skip

    def certificate(
        self, number: str, words: str, tier: str = "低保", start: date = date(2025, 1, 1),
        end: date | None = None, region: str = VILLAGE, not_covered: str = "",
    ) -> None:  # fmt: skip
        """A certificate; people by comma, the first is its head; ``end`` is exclusive."""
        people = words.split(",")
        self.add("standard.tier_grant", **LINEAGE, record_key=number, row_number=1,
                 group_key=f"certificate:{number}", tier=tier, valid_from=start, valid_to=end,
                 region_code=region, head_ref=f"ref:{people[0]}", is_current=True)  # fmt: skip
        for word in people:
            self.add("standard.tier_claim", **LINEAGE, record_key=f"{number}|{word}", row_number=1,
                     person_ref=f"ref:{word}", group_key=f"certificate:{number}",
                     covered=word not in not_covered.split(","), evidence="certificate",
                     is_current=True)  # fmt: skip

    def settled(self, word: str, key: str, on: date, aid: float) -> None:
        """A settlement with medical aid of its own."""
        row = {k: v for k, v in LINEAGE.items() if k != "source"} | {"dataset": "settlement"}
        self.add("hardship.settlement_aid", **row, source="medical_insurance", row_number=1,
                 row_ref=f"medical_insurance/settlement:{key}", person_ref=f"ref:{word}",
                 settled_on=on, amount=aid)  # fmt: skip

    def spent(self, word: str, on: date, burden: float, **values: Any) -> None:
        """A day of treatment; ``stay`` days make it a stay in hospital."""
        stay = values.pop("stay", None)
        self.add("hardship.medical_day", person_ref=f"ref:{word}", settled_on=on,
                 visit_id=f"v{word}{on}", care_class="inpatient" if stay else "other",
                 settlements=1, total_cost=burden, personal_burden=burden, in_scope_burden=burden,
                 medical_aid=0, first_begin_on=on - timedelta(days=stay or 0),
                 last_end_on=on, **values)  # fmt: skip

    def case(self, word: str, case_id: str, **values: Any) -> None:
        plain = {"list": "suspected_illness_poverty", "status": "open", "level": "red",
                 "household_id": f"H{word}", "person_id": word, "suggest": [], "rule_ids": [],
                 "rule_ids_ever": [], "identity_confidence": 1.0, "ordinal": 1,
                 "first_flagged_on": ago(200), "last_flagged_on": ON}  # fmt: skip
        self.add("hardship.case_file", case_id=case_id, **(plain | values))

    @contextmanager
    def open(self, on: date = ON, **settings: Any) -> Iterator[Night]:
        """A night with the inputs in place."""
        home = Home(self.root / "home").create()
        night = Night(home, on, Settings(home=self.root / "home", policy=RIZHAO,
                                         memory_limit="500MB", **settings))  # fmt: skip
        promises = load_promises()
        try:
            for table in INPUTS:
                promise = promises[table]
                columns = [
                    (c.name, c.type, not c.nullable or c.name in promise.key)
                    for c in promise.columns
                ]
                night.write(table, World._frame(columns, self.rows.get(table, [])))
            yield night
        finally:
            night.close()

    def run(self, on: date = ON, **settings: Any) -> dict[str, list[dict[str, Any]]]:
        """Build every table of the room for a night, commit it, and give their rows."""
        with self.open(on, **settings) as night:
            for table in assistance.TABLES:
                assistance.build(table, night)
            commit(night)
            return {t.split(".")[1]: night.frame(t).to_dicts() for t in assistance.TABLES}
