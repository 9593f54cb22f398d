"""Cases read from and written to tables: last night's, tonight's hits and what visits found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

import polars as pl

from pipelines.hardship.case_life import Night as CaseNight
from pipelines.hardship.case_life import live_on
from pipelines.hardship.case_model import Case, Disposition, Event, Hit, IdChange, Objection
from pipelines.hardship.policy_model import Policy
from pipelines.hardship.sources import late_lists
from pipelines.lake import fingerprint
from pipelines.lake.night import Night

READS = (
    "hardship.case_hit",
    "hardship.household_indicator",
    "population.person",
    "population.monitored_person",
    "population.id_change",
    "standard.disposition",
    "hardship.dispute",
    "quality.freshness",
    "meta.rule",
    "prev_hardship.case_file",
    "prev_hardship.case_event",
    "prev_orders.order_line",
)
_CARRIED = tuple(Case.__dataclass_fields__)
_LISTS = ("rule_ids", "suggest", "rule_ids_ever")


_lived: WeakKeyDictionary[Night, tuple[str, tuple[list[Case], list[Event]]]] = WeakKeyDictionary()


def lives(night: Night, policy: Policy) -> tuple[list[Case], list[Event]]:
    """The cases after this night, and the steps it added; worked out once for both tables."""
    inputs = fingerprint.of(policy.version, [night.content(table) for table in READS])
    if night not in _lived or _lived[night][0] != inputs:
        _lived[night] = (inputs, _lives(night, policy))
    return _lived[night][1]


def _lives(night: Night, policy: Policy) -> tuple[list[Case], list[Event]]:
    before = [_case(row) for row in _rows(night, "prev_hardship.case_file", _CARRIED)]
    steps = _rows(night, "prev_hardship.case_event", ("case_id", "event", "occurred_on", "detail"))
    applied = frozenset(
        (step["case_id"], step["occurred_on"], step["detail"])
        for step in steps
        if step["event"] in ("checked", "disputed")
    )
    suggest = {rule.rule_id: rule.suggest for rule in policy.rules_in_force(night.as_of)}
    changes = [
        IdChange(row["kind"], row["old_id"], row["new_id"], row["change"])
        for row in _rows(
            night, "population.id_change", ("as_of", "kind", "old_id", "new_id", "change")
        )
        if row["as_of"] == night.as_of
    ]
    return live_on(
        before,
        applied,
        CaseNight(
            as_of=night.as_of,
            hits=[_hit(row, suggest) for row in _rows(night, "hardship.case_hit")],
            dispositions=[
                Disposition(row["case_id"], row["checked_on"], row["result"], row["reason_code"])
                for row in _rows(
                    night, "standard.disposition",
                    ("case_id", "checked_on", "result", "reason_code"),
                )
                if row["result"] is not None
            ],
            objections=[
                Objection(row["dispute_id"], row["case_id"], row["disputed_on"])
                for row in _rows(
                    night, "hardship.dispute", ("dispute_id", "case_id", "disputed_on")
                )
            ],
            changes=changes,
            home=_homes(night, before, changes),
            kept_open=late_lists(night, policy) if before else frozenset(),
            clear_days=night.settings.case_clear_days,
            silence_days=night.settings.case_silence_days,
            ordered={
                row["case_id"]: row["first_ordered_on"]
                for row in _rows(
                    night, "prev_orders.order_line",
                    ("case_id", "kind", "state", "first_ordered_on"),
                )
                if (row["kind"], row["state"]) == ("visit", "open")
            },
        ),
    )  # fmt: skip


def _homes(night: Night, cases: list[Case], changes: list[IdChange]) -> dict[str, str]:
    """Where those live who have a case, and everybody in a household that has one."""
    if not cases:
        return {}
    people = [case.person_id for case in cases] + [change.new_id for change in changes]
    households = [case.household_id for case in cases]
    frame = night.frame("population.person", columns=["person_id", "household_id"]).filter(
        pl.col("household_id").is_not_null(),
        pl.col("person_id").is_in(people) | pl.col("household_id").is_in(households),
    )
    return dict(frame.iter_rows())


def _rows(night: Night, table: str, columns: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """Rows of a table; none where the night does not have it (a night before may not exist)."""
    if not table.startswith("prev_") and not night.exists(table):
        return []
    return night.frame(table, columns=list(columns) if columns else None).to_dicts()


def _case(row: dict[str, Any]) -> Case:
    values: dict[str, Any] = {k: tuple(v or ()) if k in _LISTS else v for k, v in row.items()}
    return Case(**values)


def _hit(row: dict[str, Any], suggest: dict[str, tuple[str, ...]]) -> Hit:
    rules = tuple(row["rule_ids"])
    listed = dict.fromkeys(item for rule in rules for item in suggest.get(rule, ()))
    return Hit(
        household_id=row["household_id"], list=row["list"], person_id=row["person_id"],
        level=row["level"], measure=row["measure"], rule_ids=rules,
        suggest=tuple(sorted(listed)),
        reason_zh="".join(f"{text[6:]}。" for text in row["numbered_zh"]),
        reason_en=" ".join(f"{text[6:]}." for text in row["numbered_en"]),
    )  # fmt: skip


def case_frame(night: Night, cases: list[Case]) -> pl.DataFrame:
    """Cases as promised for hardship.case_file, with what is shown beside them tonight."""
    facts = _facts(night, {case.household_id for case in cases})
    tiers = {
        row["person_id"]: row["tier"]
        for row in _rows(night, "population.monitored_person", ("person_id", "tier"))
    }
    before = {
        row["case_id"]: row
        for row in _rows(
            night, "prev_hardship.case_file",
            ("case_id", "region_code", "burden_12m", "identity_confidence"),
        )
    }  # fmt: skip
    shown = [facts.get(case.household_id) or before.get(case.case_id) or {} for case in cases]
    # column by column: made of rows, each list would become a series of its own
    values: dict[str, list[Any]] = {
        name: [getattr(case, name) for case in cases] for name in _CARRIED
    }
    for name in _LISTS:
        values[name] = [list(listed) for listed in values[name]]
    values["tier"] = [tiers.get(case.person_id or "", "none") for case in cases]
    for name in ("region_code", "burden_12m", "identity_confidence"):
        values[name] = [one.get(name) for one in shown]
    promise = night.promise("hardship.case_file")
    return pl.DataFrame(values, schema_overrides=_schema(promise.columns)).select(
        promise.column_names
    )


def _facts(night: Night, households: set[str]) -> dict[str, dict[str, Any]]:
    """Region, burden and lowest link of the households that have a case."""
    if not households:
        return {}
    wanted = pl.DataFrame({"household_id": sorted(households)})
    columns = ["household_id", "region_code", "medical_burden_12m"]
    shown = night.frame("hardship.household_indicator", columns=columns)
    shown = shown.rename({"medical_burden_12m": "burden_12m"})
    links = (
        night.frame("population.person", columns=["household_id", "alive", "identity_confidence"])
        .filter(pl.col("alive"))
        .group_by("household_id")
        .agg(pl.col("identity_confidence").min())
    )
    joined = wanted.join(shown, on="household_id", how="inner").join(
        links, on="household_id", how="left"
    )
    return {row["household_id"]: row for row in joined.to_dicts()}


def event_frame(night: Night, events: list[Event]) -> pl.DataFrame:
    """Every step so far: last night's as they were, tonight's after them."""
    promise = night.promise("hardship.case_event")
    schema = _schema(promise.columns)
    earlier = _rows(night, "prev_hardship.case_event", promise.column_names)
    last: dict[str, int] = {}
    for row in earlier:
        last[row["case_id"]] = max(last.get(row["case_id"], 0), row["sequence"])
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    rows = list(earlier)
    for event in events:
        last[event.case_id] = last.get(event.case_id, 0) + 1
        rows.append({
            "case_id": event.case_id, "sequence": last[event.case_id], "event": event.event,
            "occurred_on": event.occurred_on, "recorded_at": now, "detail": event.detail,
        })  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row").sort("case_id", "sequence")


def dispute_frame(night: Night) -> pl.DataFrame:
    """Disputes up to the night as promised for hardship.dispute."""
    rows = [
        {**asdict(one), "recorded_at": datetime.fromisoformat(one.recorded_at)}
        for one in night.disputes
    ]
    promise = night.promise("hardship.dispute")
    return pl.DataFrame(rows, schema=_schema(promise.columns), orient="row")


def _schema(columns: Iterable[Any]) -> dict[str, Any]:
    kinds: dict[str, Any] = {
        "VARCHAR": pl.String, "VARCHAR[]": pl.List(pl.String), "DATE": pl.Date,
        "BOOLEAN": pl.Boolean, "DOUBLE": pl.Float64, "INTEGER": pl.Int32, "BIGINT": pl.Int64,
        "TIMESTAMP": pl.Datetime("us"), "DECIMAL(18,2)": pl.Decimal(18, 2),
    }  # fmt: skip
    return {column.name: kinds[column.type] for column in columns}
