"""Costs and fund shares of visits, in whole cents, so that the identities hold exactly.

total = own pay + over limit + prior own pay + in scope; total = funds + personal burden;
funds = sum of the parts; personal burden = account + cash.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.synthetic import medical
from pipelines.synthetic.health import SEVERE
from pipelines.synthetic.randomness import Array, stream

DPI = 34_244.0
MAJOR_LINE = 0.5 * DPI  # of the policy-scope burden of a calendar year
MAJOR_SHARE = 0.6
LEVELS = ("一级", "二级", "三级")
LEVEL_SHARES = (0.21, 0.46, 0.33)
STAY_MEAN = (2943.0, 6205.0, 12765.0)
STAY_CV = (0.8, 1.1, 1.6)
EMPLOYEE_FACTOR = 1.587  # 12,175 over 7,674
DEDUCTIBLE = (200.0, 400.0, 800.0)
FUND_RATIO = {"390": (0.87, 0.78, 0.69), "310": (0.93, 0.915, 0.885)}
# kind: mean cost of residents and employees
MEANS = {
    medical.OUTPATIENT: (118.0, 205.0),
    medical.PHARMACY: (72.0, 130.0),
    medical.CHRONIC: (240.0, 330.0),
}


@dataclass
class Ledger:
    """What each person has borne within scope this calendar year (cents)."""

    year: int
    borne: Array

    def turn(self, year: int) -> None:
        """Starts again on 1 January."""
        if year != self.year:
            self.year = year
            self.borne[:] = 0


def _lognormal(rng: np.random.Generator, mean: Array, cv: Array) -> Array:
    sigma = np.sqrt(np.log1p(np.square(cv)))
    return mean * np.exp(rng.normal(0, 1, len(mean)) * sigma - sigma**2 / 2)


def _cents(yuan: Array) -> Array:
    return np.round(yuan * 100).astype(np.int64)


def _totals(rng: np.random.Generator, kind: Array, employee: Array, level: Array, severe: Array
            ) -> Array:  # fmt: skip
    mean = np.zeros(len(kind))
    cv = np.full(len(kind), 0.9)
    for which, (resident, employed) in MEANS.items():
        mean = np.where(kind == which, np.where(employee, employed, resident), mean)
    stay = np.isin(kind, [medical.INPATIENT, medical.SEVERE_STAY])
    stay_mean = np.array(STAY_MEAN)[level] * np.where(employee, EMPLOYEE_FACTOR, 1.0)
    factor = np.array([1.0, *[s.stay_cost for s in SEVERE]])[severe]
    stay_mean = stay_mean * np.where(kind == medical.SEVERE_STAY, factor, 1.0)
    mean = np.where(stay, stay_mean, mean)
    cv = np.where(stay, np.array(STAY_CV)[level], cv)
    visit = np.array([0.0, *[s.visit_cost for s in SEVERE]])[severe]
    mean = np.where(kind == medical.SEVERE_CHRONIC, np.maximum(visit, 60.0), mean)
    cv = np.where(kind == medical.SEVERE_CHRONIC, 0.35, cv)
    return np.clip(_lognormal(rng, np.maximum(mean, 1.0), cv), 3.0, 900_000.0)


def _running(group: Array, amount: Array) -> Array:
    """Sum of the earlier rows of the same group (rows are sorted by group)."""
    total = np.cumsum(amount)
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    lengths = np.diff(np.r_[starts, len(group)])
    base = np.repeat(total[starts] - amount[starts], lengths)
    return np.asarray(total - amount - base)


def costs(
    seed: int, rows: pl.DataFrame, insurance: Array, tier: Array, ledger: Ledger, label: str
) -> pl.DataFrame:
    """Adds level and every amount (Int64 cents) to visits sorted by person and day.

    insurance is the insurance type and tier the category (empty: none) of each row's person.
    """
    rng = stream(seed, "costs", label)
    size = rows.height
    uid, kind = rows["uid"].to_numpy(), rows["kind"].to_numpy()
    severe = rows["severe"].to_numpy().astype(int)
    employee = insurance == "310"
    stay = np.isin(kind, [medical.INPATIENT, medical.SEVERE_STAY])
    chronic = np.isin(kind, [medical.CHRONIC, medical.SEVERE_CHRONIC])
    pharmacy = kind == medical.PHARMACY
    shares = np.where(kind[:, None] == medical.SEVERE_STAY, [[0.08, 0.37, 0.55]], [LEVEL_SHARES])
    level = (rng.random(size)[:, None] > np.cumsum(shares, axis=1)[:, :2]).sum(axis=1)
    total = _cents(_totals(rng, kind, employee, level, severe))
    own = (total * np.where(pharmacy, 0.25, rng.beta(1.6, 18.4, size))).astype(np.int64)
    prior = (total * np.where(stay | chronic, rng.beta(1.2, 32.0, size), 0.01)).astype(np.int64)
    over = (total * np.where(stay & (rng.random(size) < 0.3), rng.beta(1, 40, size), 0)).astype(
        np.int64
    )
    scope = total - own - prior - over
    deductible = np.where(stay, np.array(DEDUCTIBLE)[level] * 100, 0).astype(np.int64)
    deductible = np.minimum(deductible, scope)
    resident_ratio = np.array(FUND_RATIO["390"])[level]
    employee_ratio = np.array(FUND_RATIO["310"])[level]
    ratio = np.where(employee, employee_ratio, resident_ratio)
    remote = stay & (rng.random(size) < 0.09)
    ratio = ratio - np.where(remote, 0.12, 0.0)
    ratio = np.where(chronic, np.where(severe > 0, np.where(employee, 0.9, 0.80), 0.64), ratio)
    outpatient = kind == medical.OUTPATIENT
    ratio = np.where(outpatient, np.where(employee, 0.55, 0.50), ratio)
    ratio = np.where(pharmacy, np.where(employee & (rng.random(size) < 0.25), 0.6, 0.0), ratio)
    basic = ((scope - deductible) * ratio).astype(np.int64)
    left = scope - basic
    before = ledger.borne[uid] + _running(uid, left)
    line = int(MAJOR_LINE * 100)
    line_of = np.where(np.isin(tier, ["低保", "特困", "防止返贫监测"]), line // 2, line)
    excess = np.maximum(before + left - line_of, 0) - np.maximum(before - line_of, 0)
    major = (excess * MAJOR_SHARE).astype(np.int64)
    large = np.where(employee, (major * 1.2).astype(np.int64), 0)
    large = np.minimum(large, left)
    major = np.where(employee, 0, major)
    np.add.at(ledger.borne, uid, left)
    civil = np.where(employee & (uid % 9 == 0) & stay, (left - large) // 3, 0)
    rest = left - major - large - civil
    aided = np.isin(tier, ["特困", "低保", "低保边缘", "防止返贫监测"]) & (stay | chronic)
    aid_ratio = np.select(
        [tier == "特困", tier == "低保", tier == "防止返贫监测"], [0.9, 0.7, 0.5], default=0.4
    )
    floor = np.where(tier == "低保边缘", 150_000, 0)
    settled_here = rng.random(size) < 0.8  # the rest is asked for later or never
    aid = np.where(
        aided & settled_here, (np.maximum(rest - floor, 0) * aid_ratio).astype(np.int64), 0
    )
    other = np.where(stay & (rng.random(size) < 0.01), (rest - aid) // 20, 0)
    fund = basic + civil + major + large + aid + other
    burden = total - fund
    account = np.where(employee, np.minimum(burden, _cents(rng.gamma(1.0, 150.0, size))), 0)
    return rows.with_columns(
        level=pl.Series(level), remote=pl.Series(remote), total_cost=pl.Series(total),
        full_own_pay=pl.Series(own), over_limit_own_pay=pl.Series(over),
        prior_own_pay=pl.Series(prior), in_scope_cost=pl.Series(scope),
        deductible=pl.Series(deductible), basic_fund=pl.Series(basic),
        civil_servant_fund=pl.Series(civil), enterprise_fund=pl.Series(np.zeros(size, np.int64)),
        major_illness_fund=pl.Series(major), large_sum_fund=pl.Series(large),
        disability_fund=pl.Series(np.zeros(size, np.int64)), medical_aid=pl.Series(aid),
        other_fund=pl.Series(other), fund_total=pl.Series(fund), personal_burden=pl.Series(burden),
        account_pay=pl.Series(account), cash_pay=pl.Series(burden - account),
    )  # fmt: skip
