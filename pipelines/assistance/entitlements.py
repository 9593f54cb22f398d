"""Who may get what: entitlements.yaml of the policy folder, read, checked and made into SQL.

A folder without that file entitles nobody to anything that this room knows of. How an expression
is held to its whitelist and how it is evaluated belong to the room hardship.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.assistance.catalogue import load_catalogue
from pipelines.errors import ConfigurationFault
from pipelines.hardship import rule_sql
from pipelines.hardship.coverage import coverage_faults
from pipelines.hardship.expressions import Expression, ExpressionFault, Kind, parse
from pipelines.hardship.indicators import indicators
from pipelines.hardship.policy import load_policy
from pipelines.hardship.policy_model import GRAINS, Policy, Rule
from pipelines.hardship.policy_yaml import Faults, as_date, as_text, read_yaml, titles

FILE = "entitlements.yaml"
_FIELDS = {"id", "kind", "title", "grain", "tiers", "region", "urban_rural", "when", "measure",
           "aid", "effective", "source", "assumption", "note", "__line__"}  # fmt: skip
_TIER = {"person": "tier", "household": "any_tier"}


@dataclass(frozen=True)
class Entitlement:
    """A kind of help for people of some tiers in a place, from a day until (exclusive) a day."""

    rule: Rule
    kind: str
    tiers: tuple[str, ...]
    region: str
    urban_rural: str | None
    aid: tuple[str, ...]
    assumption: bool


def load_entitlements(folder: Path, schemas: Path) -> tuple[Entitlement, ...]:
    """What the policy of a folder entitles to; raises ConfigurationFault with every fault."""
    faults = Faults()
    raw = read_yaml(Path(folder) / FILE, faults, required=False)
    found: list[Entitlement] = []
    if raw is not None:
        policy = load_policy(folder)
        kinds = {kind.kind for kind in load_catalogue(schemas).kinds}
        items = raw if isinstance(raw, list) else []
        if not isinstance(raw, list):
            faults.add(FILE, "", "must be a list of entitlements, each beginning with '- id:'")
        for number, item in enumerate(items, 1):
            made = _entitlement(item, number, policy, kinds, faults)
            if made is not None:
                found.append(made)
        ids = [e.rule.rule_id for e in found]
        for name in sorted({i for i in ids if ids.count(i) > 1}):
            faults.add(FILE, name, "stands twice: give each time and place an id of its own")
    if faults.found:
        raise ConfigurationFault(faults.found)
    return tuple(found)


def check_entitlements(folder: Path, schemas: Path, on: date) -> list[str]:
    """What is wrong with the entitlements of a folder whose rules can be read."""
    try:
        found = load_entitlements(folder, schemas)
    except ConfigurationFault as fault:
        return list(fault.faults)
    return [
        fault.replace("rules.yaml: rule", f"{FILE}: entitlement")
        for fault in coverage_faults(_as_policy(load_policy(folder), found), on)
    ]


def _entitlement(
    raw: Any, number: int, policy: Policy, kinds: set[str], faults: Faults
) -> Entitlement | None:
    if not isinstance(raw, dict):
        faults.add(FILE, f"number {number}", "must be a map with an id")
        return None
    before = len(faults.found)
    name = as_text(raw.get("id")) or f"number {number}"
    place = f"entitlement {name} (line {raw.get('__line__', 0)})"

    def fault(field: str, message: str) -> None:
        faults.add(FILE, f"{place}, {field}", message)

    for unknown in sorted(set(raw) - _FIELDS, key=str):
        fault(
            str(unknown), f"is not a field; fields are {', '.join(sorted(_FIELDS - {'__line__'}))}"
        )
    grain = raw.get("grain")
    if grain not in GRAINS:
        fault("grain", "must be person or household")
        return None
    names: dict[str, Kind] = {key: item.kind for key, item in indicators(grain).items()}
    names.update(dict.fromkeys(policy.parameters, "number"))

    def expression(field: str, text: str, wanted: Kind) -> Expression | None:
        try:
            return parse(text, names, wanted)
        except ExpressionFault as error:
            fault(field, str(error))
            return None

    tiers = tuple(as_text(item) for item in raw.get("tiers") or [])
    region, residence = as_text(raw.get("region")), raw.get("urban_rural")
    if not tiers:
        fault("tiers", "names nobody: list tiers (none: in no tier)")
    if region and not region.isdigit():
        fault("region", "must be digits in quotes")
    if residence not in (None, "urban", "rural"):
        fault("urban_rural", "must be urban or rural")
    if raw.get("kind") not in kinds:
        fault("kind", f"must be one of {', '.join(sorted(kinds))} (schemas/assistance/kinds.yaml)")
    effective = raw.get("effective") if isinstance(raw.get("effective"), dict) else {}
    assert isinstance(effective, dict)
    start, end = as_date(effective.get("from")), as_date(effective.get("to"))
    if start is None:
        fault("effective", "needs 'from', a date like 2024-11-01")
    if not as_text(raw.get("source")):
        fault("source", "is missing: say where it is written, or that it is not")
    who = expression("tiers", _who(grain, tiers, region, residence), "boolean")
    when = expression("when", as_text(raw.get("when")) or "true", "boolean")
    measure = expression("measure", as_text(raw.get("measure")) or "1", "number")
    if len(faults.found) > before or start is None or who is None or when is None:
        return None
    title_zh, title_en = titles(raw.get("title"), name)
    rule = Rule(
        name, title_zh, title_en, grain, who, when, measure, None, {}, str(raw["kind"]),
        tuple(as_text(item) for item in raw.get("aid") or []), start, end,
        as_text(raw.get("source")),
    )  # fmt: skip
    return Entitlement(
        rule, str(raw["kind"]), tiers, region, residence, rule.suggest,
        raw.get("assumption") is True,
    )  # fmt: skip


def _who(grain: str, tiers: tuple[str, ...], region: str, residence: str | None) -> str:
    """The tiers and the place as an expression over the indicators."""
    listed = ", ".join("'" + tier.replace("'", "''") + "'" for tier in tiers) or "''"
    parts = [f"{_TIER[grain]} in ({listed})"]
    if region:
        parts.append(f"region_code like '{region}%'")
    if residence:
        parts.append(f"urban_rural = '{residence}'")
    return " and ".join(parts)


def _as_policy(policy: Policy, entitlements: tuple[Entitlement, ...]) -> Policy:
    return replace(policy, rules=tuple(entitlement.rule for entitlement in entitlements))


def entitled_sql(policy: Policy, entitlements: tuple[Entitlement, ...], on: date) -> str:
    """Who is entitled tonight, with the numbers: columns as promised for assistance.entitled."""
    alerts = rule_sql.alert_sql(_as_policy(policy, entitlements), on)
    return (
        'SELECT "rule_id" AS "entitlement_id", "person_id", "household_id", '
        '"list" AS "special_assistance", "measure", "reason_zh", "reason_en" '
        f"FROM ({alerts}) AS fired"
    )


def entitlement_frame(entitlements: tuple[Entitlement, ...], schemas: Path) -> pl.DataFrame:
    """Rows of assistance.entitlement: one per entitlement and tier."""
    departments = {kind.kind: kind.department for kind in load_catalogue(schemas).kinds}
    rows = [
        {
            "entitlement_id": e.rule.rule_id, "tier": tier, "special_assistance": e.kind,
            "department": departments[e.kind], "grain": e.rule.grain, "region": e.region or None,
            "urban_rural": e.urban_rural, "valid_from": e.rule.effective_from,
            "valid_to": e.rule.effective_to, "aid_types": list(e.aid),
            "title_zh": e.rule.title_zh, "title_en": e.rule.title_en,
            "condition": e.rule.when.text, "source": e.rule.source, "assumption": e.assumption,
        }
        for e in entitlements
        for tier in e.tiers
    ]  # fmt: skip
    text, day = pl.String, pl.Date
    schema: dict[str, Any] = {
        "entitlement_id": text, "tier": text, "special_assistance": text, "department": text,
        "grain": text, "region": text, "urban_rural": text, "valid_from": day, "valid_to": day,
        "aid_types": pl.List(text), "title_zh": text, "title_en": text, "condition": text,
        "source": text, "assumption": pl.Boolean,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema)
