"""Room *assistance*: what was given, what is missing, what was given twice, who should look.

Indicators, rules and cases are read as hardship made them; how visits are ordered and come back
does not belong here.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.assistance import catalogue as listed
from pipelines.assistance.entitlements import (
    entitled_sql,
    entitlement_frame,
    load_entitlements,
)
from pipelines.engine.sql import parameters, read_sql, tables_read
from pipelines.hardship.registry import policy_of, windows
from pipelines.lake.night import Built, Night
from pipelines.population import months_before

HERE = Path(__file__).resolve().parent

TABLES: tuple[str, ...] = (
    "assistance.special_assistance",
    "assistance.kind_word",
    "assistance.difficulty_word",
    "assistance.expected_help",
    "assistance.department_word",
    "assistance.hospital_service",
    "assistance.finding_kind",
    "assistance.entitlement",
    "assistance.entitled",
    "assistance.event",
    "assistance.chain",
    "assistance.total",
    "assistance.treatment",
    "assistance.tier_stay",
    "assistance.unpaid_certificate",
    "assistance.unaided_patient",
    "assistance.unaided_student",
    "assistance.unanswered_case",
    "assistance.gap",
    "assistance.covered",
    "assistance.double_cover",
    "assistance.payment_after_death",
    "assistance.payment_twice",
    "assistance.service_misplaced",
    "assistance.overlap",
    "assistance.finding_share",
    "assistance.referral",
    "assistance.referral_row",
)
_CATALOGUE: dict[str, Callable[[listed.Catalogue, Path], pl.DataFrame]] = {
    "assistance.special_assistance": lambda found, _: listed.kind_frame(found),
    "assistance.kind_word": listed.word_frame,
    "assistance.difficulty_word": lambda found, _: listed.difficulty_frame(found),
    "assistance.expected_help": lambda found, _: listed.expected_frame(found),
    "assistance.department_word": lambda found, _: listed.department_frame(found),
    "assistance.hospital_service": lambda found, _: listed.hospital_frame(found),
}
READS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_CATALOGUE, ()),
    "assistance.finding_kind": ("quality.freshness",),
    "assistance.entitlement": (),
    "assistance.entitled": (
        "hardship.household_indicator", "hardship.parameter_in_force", "hardship.person_indicator",
    ),
}  # fmt: skip


def tables() -> tuple[str, ...]:
    """The room's tables in build order."""
    return TABLES


def reads() -> dict[str, tuple[str, ...]]:
    """What each table of the room is made from."""
    return {
        table: READS[table] if table in READS else tables_read(read_sql(_file(table)))
        for table in TABLES
    }


def _file(table: str) -> Path:
    return HERE / f"{table.split('.', 1)[1]}.sql"


def build(table: str, night: Night) -> Built:
    """Make one table of this room."""
    if table in _CATALOGUE:
        return _from_catalogue(table, night)
    made = _MADE.get(table)
    if made is not None:
        return made(night)
    known = bounds(night)
    wanted = parameters(read_sql(_file(table)))
    return night.build(table, {name: known[name] for name in sorted(wanted & set(known))})


def bounds(night: Night) -> dict[str, Any]:
    """The days, lines and the secret that statements of this room bind; days count as §4 says."""
    settings, as_of = night.settings, night.as_of
    return {
        "window_start": windows(as_of)["window_start"],
        "reports_after": windows(as_of)["reports_after"],
        "paid_after": _before(as_of, settings.gap_payment_days),
        "burden_line": settings.gap_medical_burden_yuan,
        "in_tier_by": _before(as_of, settings.gap_medical_tier_days),
        "aided_after": months_before(as_of, settings.gap_student_aid_months),
        "confirmed_before": _before(as_of, settings.gap_confirmed_days),
        "flagged_by": _before(as_of, settings.gap_needs_days),
        "full_months": settings.overlap_full_months,
        "certain": settings.certain_identity,
        "id_secret": _secret(night.key),
        "shown_from": settings.small_count_below,
        "shown_words": listed.shown_words(settings.schemas),
        "organisation": listed.organisation_pattern(settings.schemas),
    }


def _before(day: date, days: int) -> date:
    return day - timedelta(days=days)


def _secret(key: bytes) -> str:
    """A secret of this room alone, so that its ids say nothing of those of other rooms."""
    return hmac.new(key, b"assistance", hashlib.sha256).hexdigest()


def _from_catalogue(table: str, night: Night) -> Built:
    schemas = night.settings.schemas
    frame = _CATALOGUE[table](listed.load_catalogue(schemas), schemas)
    return _written(night, table, frame)


def finding_kind(night: Night) -> Built:
    """The kinds of finding, and which of them a late source holds back tonight."""
    schemas = night.settings.schemas
    fresh = night.frame("quality.freshness", columns=["source", "dataset", "late"])
    late = {f"{row['source']}/{row['dataset']}" for row in fresh.to_dicts() if row["late"]}
    frame = listed.finding_frame(listed.load_catalogue(schemas), schemas, late)
    return _written(night, "assistance.finding_kind", frame)


def entitlement(night: Night) -> Built:
    """Who may get what, as the policy says."""
    schemas = night.settings.schemas
    found = load_entitlements(night.policy_dir, schemas)
    return _written(night, "assistance.entitlement", entitlement_frame(found, schemas))


def entitled(night: Night) -> Built:
    """Who is entitled to what tonight."""
    found = load_entitlements(night.policy_dir, night.settings.schemas)
    sql = entitled_sql(policy_of(night), found, night.as_of)
    return night.build_query("assistance.entitled", sql)


def unaided_student(night: Night) -> Built:
    """Pupils without aid; they count after more months in a tier than patients."""
    known = bounds(night)
    since = months_before(night.as_of, night.settings.gap_student_tier_months)
    table = "assistance.unaided_student"
    return night.build(table, {"aided_after": known["aided_after"], "in_tier_by": since})


def _written(night: Night, table: str, frame: pl.DataFrame) -> Built:
    """Write a small frame, or take it over where its rows are the same."""
    taken, recipe = night.reuse(table, (), {"rows": [list(row) for row in frame.rows()]})
    return taken if taken is not None else night.write(table, frame, recipe)


_MADE: dict[str, Callable[[Night], Built]] = {
    "assistance.finding_kind": finding_kind,
    "assistance.entitlement": entitlement,
    "assistance.entitled": entitled,
    "assistance.unaided_student": unaided_student,
}
