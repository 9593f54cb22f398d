"""The tables of this room: their order, what each reads, and how each is made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.contracts.promises import load_promises
from pipelines.engine.sql import parsed, read_sql, tables_read
from pipelines.errors import ConfigurationFault, NotFound
from pipelines.hardship import case_tables, medical_delta, meta_tables, near_miss, rule_sql
from pipelines.hardship.coverage import coverage_faults, uncovered_places
from pipelines.hardship.policy import load_policy
from pipelines.hardship.policy_model import Policy
from pipelines.lake import fingerprint
from pipelines.lake.night import Built, Night
from pipelines.lake.patch import patch

ROOM = Path(__file__).resolve().parent
FACTS = (
    "medical_delivery.sql",
    "superseded_settlement.sql",
    "refund_pair.sql",
    "touched_day.sql",
    "medical_day.sql",
)
DAYS = "hardship.medical_day"
SUMS = "hardship.person_medical"
_BOUNDS = ("window_start", "year_start")
TABLES: tuple[str, ...] = (
    "meta.policy_parameter",
    "meta.rule",
    "hardship.medical_delivery",
    "hardship.superseded_settlement",
    "hardship.refund_pair",
    "hardship.touched_day",
    "hardship.medical_day",
    "hardship.settlement_aid",
    "hardship.medical_aid_payment",
    "hardship.person_medical",
    "hardship.person_outlook",
    "hardship.recent_report",
    "hardship.parameter_in_force",
    "hardship.household_cost",
    "hardship.person_indicator",
    "hardship.household_indicator",
    "hardship.alert",
    "quality.not_judged",
    "hardship.near_miss",
    "hardship.case_hit",
    "hardship.dispute",
    "hardship.case_file",
    "hardship.case_event",
    "hardship.suspected_illness_poverty",
    "quality.rule_yield",
)
_JUDGED = (
    "hardship.household_indicator", "hardship.parameter_in_force", "hardship.person_indicator",
    "meta.policy_parameter", "meta.rule",
)  # fmt: skip
#: what the tables made in Python read (the reads of the others stand in their SQL)
READS: dict[str, tuple[str, ...]] = {
    "meta.policy_parameter": (),
    "meta.rule": (),
    "hardship.dispute": (),
    "hardship.alert": _JUDGED,
    "quality.not_judged": _JUDGED,
    "hardship.near_miss": tuple(sorted({*_JUDGED, *near_miss.reads()})),
    "hardship.case_file": case_tables.READS,
    "hardship.case_event": case_tables.READS,
}


def tables() -> tuple[str, ...]:
    """Every table of this room, in build order."""
    return TABLES


def reads() -> dict[str, tuple[str, ...]]:
    """What each table is made from."""
    return {
        table: READS[table] if table in READS else tables_read(read_sql(_sql_file(table)))
        for table in TABLES
    }


def _sql_file(table: str) -> Path:
    return ROOM / f"{table.split('.', 1)[1]}.sql"


def policy_of(night: Night) -> Policy:
    """The policy of a night, read once per version of its files."""
    return _policy(night.policy_dir, fingerprint.folder(night.policy_dir))


@cache
def _policy(folder: Path, _digest: str) -> Policy:
    return load_policy(folder)


def build(table: str, night: Night) -> Built:
    """Make one table of this room."""
    if table not in TABLES:
        raise NotFound(f"room hardship makes no table {table}")
    if table in _MADE:
        return _MADE[table](night)
    bound = {**windows(night.as_of), "from_scratch": _from_scratch(night)}
    wanted = {name: value for name, value in bound.items() if _wants(table, name)}
    return night.build(table, params=wanted)


def _from_scratch(night: Night) -> bool:
    """Whether the day facts cannot stand on those of the night before."""
    kept = ("medical_delivery", "superseded_settlement", "refund_pair", "medical_day")
    return night.rebuild or any(night.pointer(f"prev_hardship.{name}") is None for name in kept)


def _wants(table: str, name: str) -> bool:
    return f"${name}" in read_sql(_sql_file(table))


def windows(as_of: date) -> dict[str, Any]:
    """Bounds of the windows: settlements count after ``window_start`` up to the as-of date."""
    year = as_of.year - 1
    try:
        window_start = as_of.replace(year=year)
    except ValueError:  # 29 February
        window_start = as_of.replace(year=year, day=28)
    return {
        "window_start": window_start,
        "year_start": date(as_of.year, 1, 1),
        "reports_after": as_of - timedelta(days=90),
        "days_left": near_miss.days_left(as_of),
        "window_days": (as_of - window_start).days,
        "state_version": state_version(),
    }


@cache
def state_version() -> str:
    """Changes when the statements that make the day facts do; then all days are made anew."""
    promised = [str(column) for column in load_promises()[DAYS].columns]
    return fingerprint.of([read_sql(ROOM / name) for name in FACTS], promised)[:12]


def policy_parameter(night: Night) -> Built:
    return _from_policy(night, "meta.policy_parameter")


def rule(night: Night) -> Built:
    return _from_policy(night, "meta.rule")


def _from_policy(night: Night, table: str) -> Built:
    policy = policy_of(night)
    if faults := coverage_faults(policy, night.as_of):
        raise ConfigurationFault(faults)
    in_force = [(r.rule_id, str(r.effective_from)) for r in policy.rules_in_force(night.as_of)]
    taken, recipe = night.reuse(table, (), {"policy": policy.version, "in_force": in_force})
    if taken:
        return taken
    frame = (
        meta_tables.rule_frame(policy, night.as_of)
        if table == "meta.rule"
        else meta_tables.parameter_frame(policy)
    )
    return night.write(table, frame, recipe)


def medical_day(night: Night) -> Built:
    """Only touched days are made; the others are taken over from the night before."""
    sql = read_sql(_sql_file(DAYS))
    only: list[str] | None = None
    if not _from_scratch(night) and _continues(night):
        touched = night.frame("hardship.touched_day")["settled_on"]
        only = sorted(day.isoformat() for day in touched)
    return night.build_partitions(DAYS, sql, "settled_on", only=only)


def person_medical(night: Night) -> Built:
    """Only people whose sums may have changed are summed; the others stay as the night before."""
    sql = read_sql(_sql_file(SUMS))
    values = {name: windows(night.as_of)[name] for name in _BOUNDS}
    taken, recipe = night.reuse(SUMS, medical_delta.READS, {"as_of": night.as_of, **values})
    if taken:
        return taken
    # which rows a window leaves out is part of the delta
    made_from = night.made_from(SUMS, medical_delta.READS)
    if night.previous and night.may_patch(SUMS, medical_delta.READS):
        before = windows(night.previous)
        then = {"as_of": night.previous, **{name: before[name] for name in _BOUNDS}}
        found = medical_delta.person_medical(night, sql, then, {"as_of": night.as_of, **values})
        if found is not None:
            return patch(night, SUMS, ["person_id"], *found, recipe, made_from)
    return night.write_query(SUMS, sql, recipe, made_from, values)


def _continues(night: Night) -> bool:
    """Whether the night before worked in at least one of tonight's deliveries in the same way."""
    old = night.query(
        "SELECT count(*) AS deliveries FROM hardship.medical_delivery WHERE NOT is_new"
    )
    return bool(old["deliveries"][0])


def alert(night: Night) -> Built:
    policy = policy_of(night)
    if faults := [*coverage_faults(policy, night.as_of), *uncovered_places(night, policy)]:
        raise ConfigurationFault(faults)
    return night.build_query("hardship.alert", rule_sql.alert_sql(policy, night.as_of))


def not_judged(night: Night) -> Built:
    sql = rule_sql.not_judged_sql(policy_of(night), night.as_of)
    return night.build_query("quality.not_judged", sql)


def near_misses(night: Night) -> Built:
    sql = near_miss.near_miss_sql(policy_of(night), night.as_of)
    bound = {name: value for name, value in windows(night.as_of).items() if f"${name}" in sql}
    return night.build_query("hardship.near_miss", sql, bound)


def dispute(night: Night) -> Built:
    disputed = [one.dispute_id for one in night.disputes]
    taken, recipe = night.reuse("hardship.dispute", (), {"disputes": disputed})
    return taken or night.write("hardship.dispute", case_tables.dispute_frame(night), recipe)


def case_file(night: Night) -> Built:
    taken, recipe = _case_recipe(night, "hardship.case_file")
    if taken:
        return taken
    cases, _ = case_tables.lives(night, policy_of(night))
    return night.write("hardship.case_file", case_tables.case_frame(night, cases), recipe)


def case_event(night: Night) -> Built:
    taken, recipe = _case_recipe(night, "hardship.case_event")
    if taken:
        return taken
    _, events = case_tables.lives(night, policy_of(night))
    return night.write("hardship.case_event", case_tables.event_frame(night, events), recipe)


def _case_recipe(night: Night, table: str) -> tuple[Built | None, str]:
    settings = night.settings
    values = {
        "as_of": night.as_of,
        "policy": policy_of(night).version,
        "days": (settings.case_clear_days, settings.case_silence_days),
    }
    return night.reuse(table, case_tables.READS, values)


_MADE: dict[str, Callable[[Night], Built]] = {
    "meta.policy_parameter": policy_parameter,
    "meta.rule": rule,
    "hardship.medical_day": medical_day,
    "hardship.person_medical": person_medical,
    "hardship.alert": alert,
    "quality.not_judged": not_judged,
    "hardship.near_miss": near_misses,
    "hardship.dispute": dispute,
    "hardship.case_file": case_file,
    "hardship.case_event": case_event,
}


def statements(policy: Policy, on: date) -> dict[str, str]:
    """Every statement of this room, those of the rules among them, by table."""
    written = {table: read_sql(_sql_file(table)) for table in TABLES if _sql_file(table).exists()}
    made = {
        "hardship.alert": rule_sql.alert_sql(policy, on),
        "quality.not_judged": rule_sql.not_judged_sql(policy, on),
        "hardship.near_miss": near_miss.near_miss_sql(policy, on),
    }
    for sql in made.values():
        parsed(sql)
    return written | made
