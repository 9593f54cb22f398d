"""A night whose inputs are small tables written as a test says; people are called by a word.

A claim's person_ref is ``<source>/<dataset>:<word>``; every word is a person of its own.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl

from pipelines import households, population
from pipelines.lake.home import Home
from pipelines.lake.manifest import Manifest
from pipelines.lake.night import Night
from pipelines.settings import Settings
from pipelines.standard.medical_spending import COLUMNS as SPENDING
from pipelines.standard.promises import contract_promise

FIRST, SECOND, THIRD = date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)
LONG_AGO = date(2025, 1, 10)
BOTH = (households, population)
INPUTS = (
    "standard.household_claim", "standard.guardianship", "standard.death_claim",
    "standard.tier_grant", "standard.tier_claim", "standard.income_check",
    "standard.attribute_claim", "standard.mention", "standard.region", "standard.disposition",
    "linkage.mention_link", "linkage.person_ref", "linkage.redirect", "linkage.person_identity",
    "linkage.person_id_change",
)  # fmt: skip


def day(text: str | date | None) -> date | None:
    return date.fromisoformat(text) if isinstance(text, str) else text


class Tiny:
    """Rows by table, gathered one call at a time; ``night`` writes them and builds the rooms."""

    def __init__(self, root: Path, rooms: tuple[ModuleType, ...] = (households,)) -> None:
        self.root = root
        self.rooms = rooms
        self.rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.links: dict[str, tuple[str, str, float]] = {}
        self.born: dict[str, tuple[date | None, str | None]] = {}

    # -- who

    def ref(self, word: str, dataset: str, method: str = "id_exact", p: float = 1.0) -> str:
        key = f"{dataset}:{word}"
        self.links.setdefault(key, (word, method, p))
        return key

    def person(self, word: str, born: str | None = None, sex: str | None = None) -> None:
        self.ref(word, "medical_insurance/insured_person")
        self.born[word] = (day(born), sex)

    def people(self, words: str) -> None:
        for word in words.split():
            self.person(word)

    # -- what rows say

    def row(self, table: str, dataset: str, key: str, **values: Any) -> None:
        source, name = dataset.split("/")
        lineage = {
            "source": source, "dataset": name, "record_key": key, "delivery_id": "d",
            "row_number": len(self.rows[table]) + 1, "extract_date": FIRST,
        }  # fmt: skip
        self.rows[table].append(lineage | values)

    def group(self, evidence: str, number: str, words: str, dataset: str, **values: Any) -> None:
        """``words``: people, each perhaps with ``/relation``; ``since`` is the first extract."""
        seen = day(values.pop("since", LONG_AGO))
        for said in words.split():
            word, _, relation = said.partition("/")
            self.row(
                "standard.household_claim", dataset, f"{number}|{word}",
                **({
                    "person_ref": self.ref(word, dataset), "evidence": evidence,
                    "group_key": f"{evidence}:{number}", "relation": relation or None,
                    "is_head": relation in ("户主", "本人"), "since": seen, "first_seen_on": seen,
                    "is_current": values.get("until") is None,
                } | {k: day(v) if k == "until" else v for k, v in values.items()}),
            )  # fmt: skip

    def family(self, number: str, words: str, **values: Any) -> None:
        self.group("family", number, words, "medical_insurance/insured_person", **values)

    def register(self, number: str, words: str, **values: Any) -> None:
        self.group("register", number, words, "public_security/household_register", **values)

    def roster(self, number: str, words: str, start: str, end: str | None = None) -> None:
        dataset = "rural_affairs/prevention_roster"
        self.group("roster", number, words, dataset)
        for said in words.split():
            word = said.partition("/")[0]
            self.row(
                "standard.tier_claim", dataset, f"{number}|{word}",
                person_ref=self.ref(word, dataset), tier="防止返贫监测", covered=True,
                valid_from=day(start), valid_to=day(end), evidence="roster", is_current=True,
            )  # fmt: skip

    def certificate(
        self, number: str, words: str, tier: str = "低保", start: str = "2025-01-01",
        end: str | None = None, income: float | None = None, not_covered: str = "",
        region: str | None = None, **values: Any,
    ) -> None:  # fmt: skip
        dataset = "civil_affairs/assistance_member"
        self.group("certificate", number, words, dataset, **values)
        grant = "civil_affairs/assistance_household"
        self.row(
            "standard.tier_grant", grant, number, group_key=f"certificate:{number}", tier=tier,
            valid_from=day(start), valid_to=day(end), annual_income=income, region_code=region,
            address=values.get("address"), is_current=True,
        )  # fmt: skip
        for said in words.split():
            word = said.partition("/")[0]
            self.row(
                "standard.tier_claim", dataset, f"{number}|{word}",
                person_ref=self.ref(word, dataset), group_key=f"certificate:{number}",
                covered=word not in not_covered.split(), evidence="certificate",
                valid_to=day(values.get("until")), is_current=values.get("until") is None,
            )  # fmt: skip

    def pupil(self, word: str, guardians: str = "", orphan: bool = False) -> None:
        """``guardians``: words with ``/relation``, in their order."""
        dataset = "education/student"
        ref = self.ref(word, dataset, "register_key")
        self.row(
            "standard.mention", dataset, word, mention_key=ref, suffix="",
            register_domain="student_no", register_key=word, is_current=True,
        )  # fmt: skip
        self.attribute(word, "student_stage", "2", dataset)
        if orphan:
            self.attribute(word, "is_orphan", "true", dataset)
        for ordinal, said in enumerate(guardians.split(), start=1):
            guard, _, relation = said.partition("/")
            key = f"{dataset}:{word}|guardian{ordinal}"
            self.links[key] = (guard, "id_exact", 1.0)
            self.row(
                "standard.guardianship", dataset, word, person_ref=ref, guardian_ref=key,
                relation=relation, ordinal=ordinal, is_current=True,
            )  # fmt: skip

    def attribute(
        self, word: str, attribute: str, value: str,
        dataset: str = "medical_insurance/insured_person", **values: Any,
    ) -> None:  # fmt: skip
        self.row(
            "standard.attribute_claim", dataset, word,
            **({"person_ref": self.ref(word, dataset), "attribute": attribute, "value": value,
                "is_current": True} | values),
        )  # fmt: skip

    def died(self, word: str, on: str, method: str = "id_exact") -> None:
        dataset = "civil_affairs/death_record"
        self.row(
            "standard.death_claim", dataset, word, person_ref=self.ref(word, dataset, method),
            died_on=day(on), kind="death_record", is_current=True,
        )  # fmt: skip

    def said_dead(self, word: str, first_seen: str) -> None:
        dataset = "medical_insurance/insured_person"
        self.attribute(word, "survival_status", "2")
        self.row(
            "standard.death_claim", dataset, word, person_ref=self.ref(word, dataset),
            died_on=day(first_seen), kind="survival_status", is_current=True,
        )  # fmt: skip

    def treated(self, word: str, settled: str, **values: Any) -> None:
        ref = f"psn_no:{word}"
        self.links[ref] = (word, "register_key", 1.0)
        self.row(
            "standard.medical_spending", "medical_insurance/settlement", f"S{word}{settled}",
            **({"row_ref": f"medical_insurance/settlement:S{word}{settled}", "register_ref": ref,
                "settled_on": day(settled), "refunded": False, "total_cost": 100.0,
                "received_order": 1} | values),
        )  # fmt: skip

    def checked(self, check: str, word: str, on: str, amount: float | None) -> None:
        dataset = "civil_affairs/economic_check"
        self.row(
            "standard.income_check", dataset, f"{check}|{word}", check_id=check,
            person_ref=self.ref(word, dataset), checked_on=day(on), annual_amount=amount,
        )  # fmt: skip

    # -- the night

    def night(self, as_of: date = FIRST, *, build: bool = True) -> Night:
        night = Night(
            Home(self.root).create(), as_of, Settings(home=self.root, threads=1),
            contract_promises=contract_promise,
        )  # fmt: skip
        for word in {word for word, _, _ in self.links.values()}:
            born, sex = self.born.get(word, (None, None))
            self.rows["linkage.person_identity"].append(
                {"person_id": word, "birth_date": born, "sex": sex}
            )
        for ref, (word, method, p) in self.links.items():
            dataset, _, key = ref.partition(":")
            self.rows["linkage.person_ref"].append(
                {"person_ref": ref, "person_id": word, "probability": p}
            )
            if "/" in dataset:
                source, name = dataset.split("/")
                self.rows["linkage.mention_link"].append({
                    "mention_key": ref, "source": source, "dataset": name, "record_key": key,
                    "person_id": word, "method": method, "probability": p, "person_since": FIRST,
                })  # fmt: skip
        for table in INPUTS:
            promise = night.promise(table)
            night.write(table, frame(promise.column_names, self.rows[table]))
        self._views(night)
        if build:
            for room in self.rooms:
                for table in room.TABLES:
                    room.build(table, night)
        return night

    def _views(self, night: Night) -> None:
        spending = frame([c.name for c in SPENDING], self.rows["standard.medical_spending"])
        night.engine.register("tiny_spending", spending)
        listed = ", ".join(f"cast({c.name} as {c.type}) as {c.name}" for c in SPENDING)
        night.view("standard.medical_spending", f"select {listed} from tiny_spending")
        broken = frame(
            night.promise("intake.quarantine").column_names, self.rows["intake.quarantine"]
        )
        night.engine.register("tiny_quarantine", broken)
        night.view(
            "intake.quarantine",
            "select cast(source as varchar) as source, cast(dataset as varchar) as dataset, "
            "cast(record_key as varchar) as record_key, "
            "cast(readmitted_on as date) as readmitted_on from tiny_quarantine",
        )


def frame(names: Iterable[str], rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame({name: [row.get(name) for row in rows] for name in names}, strict=False)


def commit(night: Night) -> None:
    """Let the night be the one before the next."""
    Manifest(
        as_of=night.as_of, run_id=night.run_id, committed_at="", code_version="", policy="",
        policy_sha256="", previous=night.previous, previous_sha256=None, receipts=(),
        tables=night.pointers(),
    ).save(night.home)  # fmt: skip
    with contextlib.suppress(Exception):
        night.close()


def grouping(night: Night) -> list[str]:
    """The households as sorted words, e.g. ``['a b', 'c']``."""
    members = night.frame("households.member", ["household_id", "person_id"])
    grouped = members.group_by("household_id").agg(pl.col("person_id").sort())
    return sorted(" ".join(people) for people in grouped["person_id"])


def rows(night: Night, table: str, columns: str) -> list[tuple[Any, ...]]:
    return sorted(night.frame(table, columns.split()).rows(), key=str)
