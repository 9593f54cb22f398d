"""The difference between two nights, and what made it: data, policy, contracts, code, or time.

What the policy alone did is found by holding the first night's policy against the second night's
data: what it would have flagged there differs from the first night by data and time, and from
the second by policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.promises import Promise, load_promises
from pipelines.errors import ConfigurationFault, JiuzhulianError
from pipelines.hardship.policy import load_policy
from pipelines.hardship.what_if import WhatIf
from pipelines.lake.manifest import stale_nights
from pipelines.lake.past import PastNight
from pipelines.lake.table_diff import OF_THE_NIGHT, TableDiff, table_diff
from pipelines.lookback.reading import region_names, township
from pipelines.lookback.simulate import changed
from pipelines.publish.reading import past_night
from pipelines.standard.promises import contract_promise

HIT = ["rule_id", "list", "person_id", "household_id"]
CASE = ["level", "status", "rule_ids", "disputed"]
DATA, POLICY = "data", "policy"


@dataclass(frozen=True)
class Causes:
    """What the two nights were made from that differs. Files by receipt; empty: no difference.

    ``days``: how much later the second is. ``policy``: values and rules as (what, before, after).
    """

    days: int
    files_only_a: tuple[str, ...]
    files_only_b: tuple[str, ...]
    policy: tuple[tuple[str, str, str], ...]
    policy_files_differ: bool
    contracts_differ: bool | None
    code: tuple[str, str] | None
    settings: tuple[tuple[str, str, str], ...]
    stale: tuple[date, ...]
    disputes: int


@dataclass(frozen=True)
class Comparison:
    """Two nights. ``hits`` has change and cause by rule and household; ``tiers`` and ``cases``
    one row per person and case that differs."""

    a: date
    b: date
    causes: Causes
    tables: tuple[TableDiff, ...]
    hits: pl.DataFrame
    tiers: pl.DataFrame
    cases: pl.DataFrame
    split: bool
    regions: dict[str, str]


def compare(home: Path, a: date, b: date) -> Comparison:
    """Compare two committed nights of one HOME."""
    if a == b:
        raise JiuzhulianError(f"{a} is compared with itself: name two nights")
    with past_night(home, a) as one, past_night(home, b) as two:
        causes = _causes(one, two)
        hits, split = _hits(one, two, causes)
        return Comparison(
            a, b, causes, _tables(one, two), hits, _tiers(one, two), _cases(one, two), split,
            region_names(one) | region_names(two),
        )  # fmt: skip


def _causes(one: PastNight, two: PastNight) -> Causes:
    a, b = one.manifest, two.manifest
    names = {r.receipt_id: r.relative_path for r in (*one.receipts, *two.receipts)}
    ids_a, ids_b = set(a.receipts), set(b.receipts)
    both_kept = bool(a.contracts_sha256 and b.contracts_sha256)
    return Causes(
        days=(b.as_of - a.as_of).days,
        files_only_a=tuple(sorted(names.get(i, i) for i in ids_a - ids_b)),
        files_only_b=tuple(sorted(names.get(i, i) for i in ids_b - ids_a)),
        policy=tuple(_policy(one, two)),
        policy_files_differ=a.policy_sha256 != b.policy_sha256,
        contracts_differ=a.contracts_sha256 != b.contracts_sha256 if both_kept else None,
        code=(a.code_version, b.code_version) if a.code_version != b.code_version else None,
        settings=tuple(
            (name, str(a.settings.get(name, "?")), str(b.settings.get(name, "?")))
            for name in sorted({*a.settings, *b.settings})
            if a.settings.get(name) != b.settings.get(name)
        ),
        stale=tuple(n for n in stale_nights(one.home) if n in (a.as_of, b.as_of)),
        disputes=len(set(a.disputes) ^ set(b.disputes)),
    )


def _policy(one: PastNight, two: PastNight) -> list[tuple[str, str, str]]:
    """Parameters and rules that are not the same, each as it stood in both nights.

    Rules count as they were in force: a rule may begin or end by its date, with no file changed.
    """
    found = []
    for table, key, leave in (
        ("meta.policy_parameter", ("name", "region", "urban_rural", "valid_from"), ()),
        ("meta.rule", ("rule_id", "effective_from"), ("rests_on_assumption",)),
    ):
        sides = [_by_key(night, table, key, leave) for night in (one, two)]
        for place in sorted({*sides[0], *sides[1]}):
            before, after = sides[0].get(place), sides[1].get(place)
            if before == after:
                continue
            name = " ".join(part for part in place if part)
            if before is None or after is None:
                held = _shown(after if before is None else before)
                found.append((name, "—" if before is None else held,
                              held if before is None else "—"))  # fmt: skip
                continue
            other = [column for column in after if before.get(column) != after[column]]
            found += [(f"{name}: {c}", str(before.get(c)), str(after[c])) for c in other]
    return found


def _by_key(
    night: PastNight, table: str, key: tuple[str, ...], leave: tuple[str, ...]
) -> dict[tuple[str, ...], dict[str, Any]]:
    rows = night.frame(table).to_dicts() if night.exists(table) else []
    return {
        tuple("" if row[name] is None else str(row[name]) for name in key): {
            name: value
            for name, value in row.items()
            if name not in (*key, *leave, "policy_version")
        }
        for row in rows
    }


def _shown(row: dict[str, Any] | None) -> str:
    wanted = ("value", "condition", "in_force")
    return ", ".join(f"{n} {row[n]}" for n in wanted if row and row.get(n) is not None)


def _tables(one: PastNight, two: PastNight) -> tuple[TableDiff, ...]:
    promises = load_promises()

    def promise(table: str) -> Promise | None:
        return promises.get(table) or contract_promise(table)

    names = sorted(set(one.manifest.tables) | set(two.manifest.tables))
    return tuple(
        table_diff(
            two.engine, known, one.manifest.tables.get(name), two.manifest.tables.get(name),
            one.home.lake, two.home.lake, OF_THE_NIGHT,
        )
        for name in names
        if (known := promise(name)) is not None and name != "meta.run"
    )  # fmt: skip


def _hits(one: PastNight, two: PastNight, causes: Causes) -> tuple[pl.DataFrame, bool]:
    """Alerts of both nights beside each other; cause where the first policy can be asked."""
    columns = [*HIT, "level"]
    first = one.frame("hardship.alert", columns)
    second = two.frame("hardship.alert", columns)
    both = _beside(first, second, HIT, ["level"])
    old = _first_policy_on(one, two) if causes.policy else None
    if old is not None:
        middle = old.select(*HIT, pl.col("level").alias("level_between"))
        both = both.join(middle, on=HIT, how="full", coalesce=True, nulls_equal=True)
        data = pl.col("level_a").ne_missing(pl.col("level_between"))
        policy = pl.col("level_between").ne_missing(pl.col("level_b"))
        both = both.filter(pl.col("level_a").is_not_null() | pl.col("level_b").is_not_null())
        both = both.with_columns(
            cause=pl.when(data & policy).then(pl.lit("data, policy"))
            .when(policy).then(pl.lit(POLICY)).otherwise(pl.lit(DATA))
        ).drop("level_between")  # fmt: skip
    else:
        both = both.with_columns(cause=pl.lit("?" if causes.policy else DATA))
    both = both.with_columns(change=changed(pl.col("level_a"), pl.col("level_b")))
    return _with_place(both.filter(pl.col("change") != "same"), two, one), old is not None


def _first_policy_on(one: PastNight, two: PastNight) -> pl.DataFrame | None:
    """What the first night's policy, as in force then, finds in the second night's data."""
    if one.kept_policy is None:
        return None
    policy = load_policy(one.kept_policy)
    try:
        return WhatIf(two, policy, one.as_of).fired()
    except ConfigurationFault:  # a place that the first policy has no value for
        return None


def _beside(a: pl.DataFrame, b: pl.DataFrame, key: list[str], values: list[str]) -> pl.DataFrame:
    left = a.select(*key, *(pl.col(v).alias(f"{v}_a") for v in values))
    right = b.select(*key, *(pl.col(v).alias(f"{v}_b") for v in values))
    return left.join(right, on=key, how="full", coalesce=True, nulls_equal=True)


def _with_place(rows: pl.DataFrame, *nights: PastNight) -> pl.DataFrame:
    """Township and tier of the household, from the first night that has it."""
    columns = ["household_id", "region_code", "tier"]
    homes = pl.concat([n.frame("hardship.household_indicator", columns) for n in nights])
    homes = homes.unique("household_id", keep="first", maintain_order=True)
    return rows.join(homes, on="household_id", how="left").with_columns(
        township=township(pl.col("region_code").fill_null("000000000000"))
    )


def _tiers(one: PastNight, two: PastNight) -> pl.DataFrame:
    columns = ["person_id", "tier"]
    table = "population.monitored_person"
    both = _beside(one.frame(table, columns), two.frame(table, columns), ["person_id"], ["tier"])
    return both.filter(pl.col("tier_a").ne_missing(pl.col("tier_b"))).sort("person_id")


def _cases(one: PastNight, two: PastNight) -> pl.DataFrame:
    """Cases that are new, gone, or other in status, level, rules or dispute."""
    columns = ["case_id", "list", "household_id", *CASE]
    sides = [
        night.frame("hardship.case_file", columns).with_columns(
            pl.col("rule_ids").list.sort().list.join("、")
        )
        for night in (one, two)
    ]
    both = _beside(sides[0], sides[1], ["case_id", "list"], ["household_id", *CASE])
    differs = pl.any_horizontal(pl.col(f"{c}_a").ne_missing(pl.col(f"{c}_b")) for c in CASE)
    return (
        both.filter(differs)
        .with_columns(household_id=pl.coalesce("household_id_b", "household_id_a"))
        .drop("household_id_a", "household_id_b")
        .with_columns(
            differs=pl.concat_list(
                pl.when(pl.col(f"{c}_a").ne_missing(pl.col(f"{c}_b"))).then(pl.lit(c)) for c in CASE
            )
            .list.drop_nulls()
            .list.join(", ")
        )
        .sort("list", "case_id")
    )
