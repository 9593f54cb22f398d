"""The floor's work with pandas: the same files, joins, sums and rules, all in memory.

    python -m benchmarks.rivals.pandas_floor --landing DIR --as-of DATE --out DIR

Rules are read from the policy: their expressions are given to `DataFrame.eval` after the few words
that it does not know have been put otherwise.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.floor import steps
from benchmarks.floor.arguments import SCHEMAS, parser, seconds
from benchmarks.floor.columns import DATASETS, FUNDS
from benchmarks.floor.files import delivered
from benchmarks.rivals.pandas_people import (
    Frames,
    attributes,
    certificates,
    households,
    lives,
    members,
    people,
    places,
    tiers,
)  # fmt: skip
from benchmarks.rivals.pandas_values import frame_of, number

TIER_NAMES = ("特困", "低保", "防止返贫监测", "低保边缘", "刚性支出困难")


def newest(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """One row per key; of a snapshot in a scope that did not shrink."""
    dataset = DATASETS[name]
    frame = frame.dropna(subset=list(dataset.required))
    if dataset.scope is None:
        keys = [frame[c] for c in dataset.key]
        frame = frame.assign(row_key=keys[0] if len(keys) == 1 else _joined(keys))
        frame = frame.sort_values("version").drop_duplicates("row_key", keep="last")
    else:
        frame = frame.assign(
            row_key=_joined([frame[c] for c in dataset.key]),
            scope=_joined([frame[c] for c in dataset.scope]) if dataset.scope else "",
        )
        counted = frame.groupby(["scope", "extract_date"])["row_key"].nunique().reset_index()
        before = counted.groupby("scope")["row_key"].shift()
        lost = before - counted["row_key"]
        counted = counted[before.isna() | (lost < steps.BELIEVED_ROWS)
                          | (lost <= steps.BELIEVED_LOSS * before)]  # fmt: skip
        left_on = counted.groupby("scope")["extract_date"].shift(-1)
        counted = counted[["scope", "extract_date"]].assign(left_on=left_on)
        frame = frame.merge(counted, on=["scope", "extract_date"])
        frame["is_current"] = frame["left_on"].isna()
        frame = frame.sort_values("version").drop_duplicates("row_key", keep="last")
    if name != "settlement":
        for column in [c for c in dataset.columns if c.endswith("id_number")]:
            frame[column.replace("id_number", "number")] = number(frame[column])
    return frame.reset_index(drop=True)


def _joined(parts: list[pd.Series]) -> pd.Series:
    texts = [p.astype("string").fillna("") for p in parts]
    made = texts[0]
    for text in texts[1:]:
        made = made + "|" + text
    return made


def void(settled: pd.DataFrame) -> set[str]:
    """Settlements that a refund takes back, and the refunds that do."""
    cost, burden = settled["total_cost"], settled["personal_burden"]
    negative = settled[(cost < 0) | ((cost == 0) & (burden < 0))]
    positive = settled[(cost > 0) | ((cost == 0) & (burden > 0))]
    named = negative.merge(
        positive[["settlement_id"]], left_on="original_settlement_id", right_on="settlement_id",
        suffixes=("", "_paid"),
    )  # fmt: skip
    gone = set(named["settlement_id"]) | set(named["settlement_id_paid"])
    left = negative[~negative["settlement_id"].isin(gone)].copy()
    left["amount"] = -left["total_cost"]
    paid = settled[settled["psn_no"].isin(left["psn_no"]) & (cost > 0)]
    paid = paid[~paid["settlement_id"].isin(gone)].rename(columns={"total_cost": "amount"})
    paid = paid.assign(flagged=~paid["refunded"].fillna(False).astype(bool))
    keys = ["psn_no", "visit", "amount"]
    left = left.sort_values(["settled_at", "settlement_id"])
    paid = paid.sort_values(["flagged", "settled_at", "settlement_id"])
    left["turn"], paid["turn"] = left.groupby(keys).cumcount(), paid.groupby(keys).cumcount()
    pairs = left.merge(paid, on=[*keys, "turn"], suffixes=("", "_paid"))
    return gone | set(pairs["settlement_id"]) | set(pairs["settlement_id_paid"])


def spending(f: Frames, start: pd.Timestamp, as_of: pd.Timestamp) -> pd.DataFrame:
    """What stands, and whose it is."""
    settled = f["settlement"]
    settled["visit"] = settled["visit_id"].fillna(settled["settlement_id"])
    gone = void(settled)
    refunded = settled["refunded"].fillna(False).astype(bool) & (settled["total_cost"] >= 0)
    aid = settled["medical_aid"].fillna(0) != 0
    standing = settled[
        ~settled["settlement_id"].isin(gone) & ~refunded
        & ((settled["settled_at"] > start) | aid) & (settled["settled_at"] <= as_of)
    ]  # fmt: skip
    parts = standing[list(FUNDS)]
    total = standing["fund_total"].fillna(parts.sum(axis=1).where(parts.notna().any(axis=1)))
    made = standing[["settled_at", "personal_burden", "medical_aid", "psn_no", "id_number"]].assign(
        in_scope=standing["in_scope_cost"] - total
    )
    made = made.merge(f["psn"][["psn_no", "person", "number"]], on="psn_no", how="left")
    other = made["number"].isna() | (made["number"] != made["id_number"])
    own = number(made["id_number"].where(other))
    known = own.where(own.isin(f["person"]["person"]))
    made["person"] = known.fillna(made["person"]).fillna(own).fillna("psn:" + made["psn_no"])
    return made.drop(columns=["number", "id_number"])


def medical(f: Frames, spent: pd.DataFrame, start: pd.Timestamp, as_of: pd.Timestamp
            ) -> pd.DataFrame:  # fmt: skip
    paid = f["assistance_payment"]
    paid = paid[(paid["aid_type"] == "医疗救助") & paid["number"].notna()
                & (paid["paid_on"] > start) & (paid["paid_on"] <= as_of)]  # fmt: skip
    settled = spent[spent["medical_aid"].fillna(0) != 0]
    both = paid.merge(settled, left_on="number", right_on="person", suffixes=("", "_settled"))
    days = (both["paid_on"] - both["settled_at"]).dt.days
    near = (both["amount"] - both["medical_aid"]).abs() <= 0.0101
    again = both[near & days.between(0, 90)]["payment_id"]
    later = paid[~paid["payment_id"].isin(again)].groupby("number")["amount"].sum()
    twelve = spent[spent["settled_at"] > start].groupby("person")
    columns = ["personal_burden", "in_scope", "medical_aid"]
    sums = twelve[columns].sum()
    whole = twelve[columns].count().eq(twelve.size(), axis=0)
    known = sums["in_scope"]  # pandas leaves out what is unknown
    sums = sums.where(whole)
    made = sums.reindex(sums.index.union(later.index))
    absent = ~made.index.isin(sums.index)
    made[absent] = 0.0
    less = later.reindex(made.index).fillna(0)
    return pd.DataFrame({
        "burden_all_12m": (made["personal_burden"] - less).clip(lower=0),
        "burden_in_scope_12m": (made["in_scope"] - less).clip(lower=0),
        "burden_in_scope_known_12m": (known.reindex(made.index).fillna(0) - less).clip(lower=0),
        "medical_aid_12m": made["medical_aid"] + less,
    }).rename_axis("person").reset_index()  # fmt: skip


def income(f: Frames, as_of: pd.Timestamp) -> pd.Series:
    home = f["home"]
    living = home[home["alive"]][["person", "household"]]
    checks = f["economic_check"].merge(living, left_on="number", right_on="person")
    checks = checks[checks["checked_on"] <= as_of]
    checked = checks.groupby(["household", "check_id"]).agg(
        checked_on=("checked_on", "max"), income=("annual_amount", "sum")
    ).reset_index().sort_values(["checked_on", "check_id"])  # fmt: skip
    checked = checked.drop_duplicates("household", keep="last").set_index("household")
    given = f["certificate"].merge(home[["person", "household"]], left_on="head", right_on="person")
    given = given[given["valid_from"].isna() | (given["valid_from"] <= as_of)]
    given = given.assign(ended=given["valid_to"] <= as_of, unknown=given["annual_income"].isna())
    given = given.sort_values(
        ["ended", "unknown", "valid_from", "extract_date", "certificate_no"],
        ascending=[True, True, False, False, True],
    ).drop_duplicates("household").set_index("household")  # fmt: skip
    index = checked.index.union(given.index)
    checked, given = checked.reindex(index), given.reindex(index)
    fresh = checked["checked_on"] >= as_of - pd.DateOffset(months=18)
    declared = given["annual_income"].where(
        (given["ended"] == False) | checked["checked_on"].isna()  # noqa: E712
    )
    return checked["income"].where(fresh, declared)


def indicators(f: Frames, values: list[Any], as_of: pd.Timestamp, start: pd.Timestamp
               ) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Persons and households with what the rules read."""
    attribute, home, place = f["attribute"], f["home"], f["place"]
    first = f["tier"].groupby("person")["rank"].min().rename("first_tier")
    attribute = attribute.merge(first, on="person", how="left")
    attribute["first_tier"] = attribute["first_tier"].fillna(7)
    names = dict(enumerate(TIER_NAMES, start=1)) | {7.0: "none"}
    person = attribute.merge(place, on="person", how="left").merge(
        f["medical"], on="person", how="left", indicator=True
    )
    sums = ["burden_all_12m", "burden_in_scope_12m", "burden_in_scope_known_12m",
            "medical_aid_12m"]  # fmt: skip
    person.loc[person["_merge"] == "left_only", sums] = 0.0
    person["tier"] = person["first_tier"].map(names)
    counted = households(f, attribute, as_of)
    part = f["student_charge"].rename(columns={"amount_paid": "amount"})
    aid = f["student_aid"].assign(amount=-f["student_aid"]["amount"])
    part = pd.concat([part, aid])[["student_no", "amount", "paid_on"]]
    part = part[(part["paid_on"] > start) & (part["paid_on"] <= as_of)]
    school = part.merge(f["pupil"][["student_no", "person"]]).groupby("person")["amount"].sum()
    spent = home[home["alive"] | ((home["died_on"] > start) & (home["died_on"] <= as_of))]
    spent = spent.merge(f["medical"], on="person", how="left", indicator=True)
    burden = spent["burden_all_12m"].where(spent["_merge"] == "both", 0.0)
    spent = spent.assign(burden=burden, unknown=burden.isna(),
                         school=spent["person"].map(school).fillna(0))  # fmt: skip
    cost = spent.groupby("household").agg(
        medical_burden_12m=("burden", "sum"), unknown=("unknown", "any"),
        education_cost_12m=("school", "sum"),
    )  # fmt: skip
    cost.loc[cost["unknown"], "medical_burden_12m"] = np.nan
    cost["education_cost_12m"] = cost["education_cost_12m"].clip(lower=0)
    home_of = home[["person", "household"]]
    report = f["field_report"].merge(home_of, left_on="number", right_on="person")
    report = report[(report["reported_on"] > as_of - pd.Timedelta(days=90))
                    & (report["reported_on"] <= as_of)]  # fmt: skip
    made = counted.join(cost).assign(
        annual_income=income(f, as_of), tier=counted["last_tier"].map(names),
        any_tier=counted["best_tier"].map(names),
        field_reports_90d=report.groupby("household")["report_id"].nunique(),
    )  # fmt: skip
    made["field_reports_90d"] = made["field_reports_90d"].fillna(0)
    made = made.reset_index(names="household")
    person, made = with_values(person, values, as_of), with_values(made, values, as_of)
    living = made["size"] * made["dibao_standard"] * 12
    expense = made["medical_burden_12m"] + made["education_cost_12m"]
    made["rigid_cost_12m"] = living + expense
    made["income_per_head"] = made["annual_income"] / made["size"]
    for name, value in (("rigid_ratio", made["rigid_cost_12m"]), ("expense_income_ratio", expense)):
        ratio = value / made["annual_income"].where(made["annual_income"] > 0)
        none_left = (made["annual_income"] <= 0) & value.notna()
        made[name] = ratio.where(~none_left, np.where(value.fillna(0) > 0, 99.0, 0.0))
    return person, made


def with_values(frame: pd.DataFrame, values: list[Any], as_of: pd.Timestamp) -> pd.DataFrame:
    """Parameters in force beside each row, found once per place."""
    spots = frame[["region_code", "urban_rural"]].drop_duplicates()
    rows = []
    for region, residence in spots.itertuples(index=False):
        best: dict[str, tuple[Any, Any]] = {}
        for name, within, where, since, value in values:
            fits = isinstance(region, str) and region.startswith(within)
            if fits and pd.Timestamp(since) <= as_of and where in (None, residence):
                rank = (len(within), where is not None, since)
                if name not in best or rank > best[name][0]:
                    best[name] = (rank, value)
        rows.append({"region_code": region, "urban_rural": residence}
                    | {name: float(value) for name, (_, value) in best.items()})  # fmt: skip
    made = frame.merge(pd.DataFrame(rows), on=["region_code", "urban_rural"], how="left")
    missing = {value[0] for value in values} - set(made.columns)
    return made.assign(**dict.fromkeys(missing, np.nan))


def python(expression: str) -> str:
    """A rule's expression for `DataFrame.eval`; coalesce is the only function that rules use.
    What is unknown is NaN, which is unlike itself."""
    made = re.sub(r"coalesce\((\w+), 0\)", r"\1__or_0", expression)
    made = re.sub(r"(\w+) is null", r"(\1 != \1)", made)
    return re.sub(r"(?<![<>!=])=(?!=)", "==", made)


def alerts(frames: dict[str, pd.DataFrame], rules: list[dict[str, Any]]) -> pd.DataFrame:
    parts = []
    for rule in rules:
        frame = frames[rule["grain"]]
        who, when = (frame.eval(python(rule[word])) for word in ("who", "when"))
        who, when = (w.fillna(False).astype(bool) for w in (who, when))
        fired = frame[who & when]
        measure = fired.eval(python(str(rule["measure"]))) if len(fired) else pd.Series(dtype=float)
        level = np.full(len(fired), "yellow", dtype=object)
        for colour in ("orange", "red"):
            if colour in rule["level"] and len(fired):
                level[(measure >= rule["level"][colour]).to_numpy()] = colour
        person = fired["person"] if rule["grain"] == "person" else None
        parts.append(pd.DataFrame({
            "rule_id": rule["id"], "person": person, "household": fired["household"], "level": level
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True).astype("string")


def run(landing: Path, policy: Path, on: date, out: Path) -> dict[str, float]:
    """Writes what the floor writes; returns seconds per step."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    started, took = time.monotonic(), dict[str, float]()
    f: Frames = {}
    for name in DATASETS:
        read = frame_of(delivered(landing, SCHEMAS, name, on), name)
        f[name] = newest(read, name)
        del read
    took["read_and_newest"] = time.monotonic() - started
    as_of, start = pd.Timestamp(on), pd.Timestamp(steps.window_start(on))
    certificates(f)
    members(f)
    people(f)
    lives(f, as_of)
    tiers(f, as_of)
    places(f)
    spent = spending(f, start, as_of)
    f["medical"] = medical(f, spent, start, as_of)
    del spent
    attributes(f, as_of)
    values, rules = steps.policy(policy, on)
    person, home = indicators(f, values, as_of, start)
    for frame in (person, home):
        if "income_per_head" in frame:
            frame["income_per_head__or_0"] = frame["income_per_head"].fillna(0)
    fired = alerts({"person": person, "household": home}, rules)
    took["join_and_sum"] = time.monotonic() - started - sum(took.values())
    fired.to_parquet(out / "alert.parquet")
    f["tier"][["person", "tier"]].to_parquet(out / "tier.parquet")
    return took


def main() -> None:
    told = parser(__doc__)
    given = told.parse_args()
    took = run(given.landing, given.policy, given.as_of, given.out)
    print(json.dumps(seconds(took)))


if __name__ == "__main__":
    main()
