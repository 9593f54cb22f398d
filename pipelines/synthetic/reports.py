"""Smaller records of civil affairs: deaths, economic checks, field reports, visits, services.

Rows as they should be; when they are delivered belongs to schedule_civil.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.synthetic import medical
from pipelines.synthetic.lives import age_years
from pipelines.synthetic.randomness import stream

if TYPE_CHECKING:
    from pipelines.synthetic.city import City

UNRECORDED = 0.07
INCOME_TYPES = {"工资性": "人社局", "经营净": "市场监管局", "财产净": "不动产登记中心",
                "转移净": "社保中心", "赡养抚养": "村委会"}  # fmt: skip
DIFFICULTIES = ("疾病", "残疾", "教育支出", "意外灾害", "失业", "缺劳力", "无人照料", "住房")
REPORTERS = ("村级协理员", "网格员", "村干部", "乡镇工作人员", "社会工作者", "邻居")
RESULTS = {"不属实": 0.74, "属实": 0.08, "已纳入救助": 0.03, "已转介": 0.06, "死亡": 0.02,
           "迁出": 0.03, "查无此人": 0.04}  # fmt: skip
SERVICES = ("照料服务", "生活服务", "康复训练", "心理疏导", "探访关爱", "送医陪护")
PROVIDERS = ("政府购买服务", "社会组织", "志愿者", "慈善")


def _region(city: City, rows: pl.DataFrame) -> pl.Series:
    return city.households["region_code"][rows["hh"].to_numpy()]


def deaths(city: City) -> pl.DataFrame:
    """Deaths of three years back until now, with the day on which they were recorded."""
    rng = stream(city.seed, "death records")
    clock = city.clock
    oldest = clock.first_day - timedelta(days=1100)
    rows = city.people.filter((pl.col("died_on") >= pl.lit(oldest)) & ~pl.col("outside"))
    rows = rows.filter(
        (pl.Series(rng.random(rows.height)) > UNRECORDED) | (pl.col("night_death") > 0)
    )
    lag = np.where(rows["night_death"].to_numpy() > 0, 4, 2 + rng.gamma(1.5, 6, rows.height))
    recorded = rows["died_on"].to_numpy().astype("datetime64[D]") + lag.astype(int)
    return rows.with_columns(
        death_date="died_on", recorded_on=pl.Series(recorded), region_code=_region(city, rows),
        doubtful=pl.lit(False),
    )  # fmt: skip


def false_death(city: City, treated: pl.DataFrame) -> pl.DataFrame:
    """A record of the death of somebody who is treated afterwards: one of those given."""
    held = city.grants.members.filter(pl.col("covered"))["uid"]
    pool = treated.filter(pl.col("uid").is_in(held.implode()))
    pool = pool if pool.height else treated
    rows = city.people.filter(pl.col("uid") == (pool["uid"][0] if pool.height else -1))
    died = city.clock.first_night - timedelta(days=6)
    return rows.with_columns(
        death_date=pl.lit(died), recorded_on=pl.lit(city.clock.first_night),
        region_code=_region(city, rows), doubtful=pl.lit(True),
    )  # fmt: skip


def queried_deaths(city: City) -> pl.DataFrame:
    """Records of deaths of people treated afterwards, one for every 5,000 people, most in a tier.

    None in a small city, or in one of a single night.
    """
    clock = city.clock
    count = city.people.height // 5_000
    if len(clock.nights) < 2 or not count:
        return city.people.clear()
    use = medical.usage(city.seed, city.people, clock)
    treated = medical.visits(city.seed, use, clock.periods()[-3], medical.blocks(
        city.people.height)[0])["uid"]  # fmt: skip
    held = city.grants.members.filter(pl.col("covered"))["uid"]
    living = city.people.filter(
        pl.col("uid").is_in(treated.implode()) & pl.col("died_on").is_null()
        & (pl.col("fate") == "home") & ~pl.col("outside")
    ).with_columns(held=pl.col("uid").is_in(held.implode()))  # fmt: skip
    rows = living.sort("held", "uid", descending=[True, False]).head(count)
    died = clock.first_night - timedelta(days=9)
    return rows.select(
        "uid", "name", "id_number", "sex", "birth_date", death_date=pl.lit(died),
        record_id=pl.lit(f"SW{clock.night(1):%Y%m%d}9") + pl.int_range(pl.len()).cast(
            pl.String).str.zfill(6),
        region_code=_region(city, rows),
    )  # fmt: skip


def economic_checks(city: City) -> pl.DataFrame:
    """Checks of certificates, of refused applicants and of some ordinary households."""
    rng = stream(city.seed, "checks")
    homes = city.households
    count = homes.height
    draw = rng.random(count)
    held = homes["category"].is_not_null().to_numpy()
    poor = (homes["income_per_head"] < 14_000).to_numpy()
    severe = (homes["severe_members"] > 0).to_numpy()
    chance = np.select([held, poor & severe, severe, poor], [0.62, 0.5, 0.3, 0.12], default=0.02)
    at = np.flatnonzero((draw < chance) & (homes["members"].to_numpy() > 0))
    ago = np.minimum((10 + rng.gamma(1.4, 150, len(at))).astype(int), 700)
    ago[:1] = 0
    checked = np.datetime64(city.clock.night(1), "D") - ago - 1
    declared = _declared(city, count)
    income = np.where(np.isnan(declared), homes["income"].to_numpy(), declared)
    income = income * rng.uniform(0.82, 1.06, count)
    checks = pl.DataFrame(
        {
            "hh": at,
            "check_id": pl.Series(at + 100_000).cast(pl.String),
            "checked_on": checked,
            "total": income[at],
        }
    ).with_columns(check_id="HD" + pl.col("checked_on").dt.strftime("%Y%m") + pl.col("check_id"))
    living = city.people.filter(
        (pl.col("fate") == "home") & pl.col("died_on").is_null() & ~pl.col("outside")
    ).sort("uid")
    rows = living.join(checks.cast({"hh": living.schema["hh"]}), on="hh", maintain_order="left")
    age = age_years(rows, city.clock.last_night)
    rows = rows.filter(
        pl.Series(age >= 18) | (pl.col("uid") == pl.col("uid").min().over("check_id"))
    )
    age = age_years(rows, city.clock.last_night)
    size = rows.height
    kind = np.where(
        age >= 60, "转移净", np.array(["工资性", "经营净", "工资性"])[rng.integers(0, 3, size)]
    )
    first = rows.with_columns(
        income_type=pl.Series(kind), weight=pl.Series(np.where(age >= 60, 0.4, 1.0)),
        base=pl.lit(0.92),
    )  # fmt: skip
    extra = first.filter(pl.Series(rng.random(size)) < 0.35).with_columns(
        income_type=pl.lit("赡养抚养"), base=pl.lit(0.08)
    )
    both = pl.concat([first, extra])
    share = pl.col("weight") / pl.col("weight").sum().over("check_id", "base")
    both = both.with_columns(
        annual_amount=(pl.col("total") * pl.col("base") * share / 10).round(0) * 10,
        provider=pl.col("income_type").replace_strict(INCOME_TYPES),
    )
    return both.sort("checked_on", "check_id", "uid", "income_type")


def _declared(city: City, count: int) -> np.ndarray:
    out = np.full(count, np.nan)
    grants = city.grants.certificates
    out[grants["hh"].to_numpy()] = grants["declared"].to_numpy()
    return out


def field_reports(city: City) -> pl.DataFrame:
    """Leads from villages: households in need first, some without a number."""
    rng = stream(city.seed, "field reports")
    homes = city.households
    weight = np.where((homes["severe_members"] > 0).to_numpy(), 12.0, 1.0)
    weight *= np.where((homes["income_per_head"] < 12_000).to_numpy(), 6.0, 1.0)
    weight *= (homes["members"] > 0).to_numpy()
    wanted = max(6, int(city.people.height * 0.0035))
    chosen = np.sort(rng.choice(homes.height, wanted, replace=False, p=weight / weight.sum()))
    living = city.people.filter(
        (pl.col("fate") == "home") & pl.col("died_on").is_null() & ~pl.col("outside")
    )
    first = living.group_by("hh", maintain_order=True).agg(pl.col("uid").min().alias("uid"))
    first = first.filter(pl.col("hh").is_in(pl.Series(chosen).implode())).sort("hh")
    rows = city.people[first["uid"].to_numpy()]
    size = rows.height
    span = (city.clock.last_night - city.clock.first_day).days
    ago = np.minimum((1 + rng.gamma(1.0, 110, size)).astype(int), span - 1)
    one = pl.Series(DIFFICULTIES)[rng.integers(0, 8, size)]
    two = pl.Series(DIFFICULTIES)[rng.integers(0, 8, size)]
    both = pl.Series(rng.random(size) < 0.4) & (one != two)
    frame = pl.DataFrame({"one": one, "two": two, "both": both})
    difficulty = frame.select(
        pl.when("both").then(pl.col("one") + "、" + pl.col("two")).otherwise("one").alias("d")
    ).to_series()
    return rows.with_columns(
        reported_on=pl.Series(np.datetime64(city.clock.last_night, "D") - ago),
        reporter_role=pl.Series(REPORTERS)[rng.integers(0, len(REPORTERS), size)],
        region_code=_region(city, rows), difficulty=difficulty,
        note=pl.lit("入户发现生活困难"),
    ).sort("reported_on", "uid").with_columns(
        report_id=pl.lit("XS") + pl.col("reported_on").dt.strftime("%Y%m%d")
        + pl.int_range(pl.len()).cast(pl.String).str.zfill(6)
    )  # fmt: skip


def dispositions(city: City) -> pl.DataFrame:
    """Visits on cases of the system that was there before: its case numbers, not ours."""
    rng = stream(city.seed, "dispositions")
    size = max(4, int(city.people.height * 0.001))
    span = (city.clock.last_night - city.clock.first_day).days
    ago = rng.integers(20, max(span, 21), size)
    result = np.array(list(RESULTS))[rng.choice(len(RESULTS), size, p=list(RESULTS.values()))]
    rows = pl.DataFrame(
        {
            "case_id": pl.Series(np.arange(size) + 1).cast(pl.String).str.zfill(6),
            "checked_on": np.datetime64(city.clock.last_night, "D") - ago,
            "result": result,
        }
    )
    helped = pl.col("result") == "已纳入救助"
    return rows.with_columns(
        case_id="LS" + pl.col("checked_on").dt.strftime("%Y") + pl.col("case_id"),
        reason=pl.when(pl.col("result") == "不属实").then(pl.lit("家庭有稳定收入")),
        aid_types=pl.when(helped).then(pl.lit("临时救助、医疗救助")),
        checker_role=pl.Series(REPORTERS)[rng.integers(0, len(REPORTERS), size)],
    ).sort("checked_on", "case_id")


def services(city: City) -> pl.DataFrame:
    """Services for old and disabled people of certificates."""
    rng = stream(city.seed, "services")
    members = city.grants.members.filter(
        (pl.col("age") >= 65) | pl.col("disability_level").is_not_null()
    )
    size = members.height * 3
    chosen = members[np.sort(rng.integers(0, max(members.height, 1), size))] if size else members
    span = (city.clock.last_night - city.clock.first_day).days
    served = np.datetime64(city.clock.first_day, "D") + rng.integers(0, span, size)
    rows = chosen.with_columns(
        served_on=pl.Series(served),
        provider_type=pl.Series(PROVIDERS)[rng.integers(0, 4, size)],
        service_type=pl.Series(SERVICES)[rng.integers(0, 6, size)],
        hours=pl.Series(np.round(rng.uniform(0.5, 4, size) * 2) / 2),
    ).sort("served_on", "uid")
    number = pl.int_range(pl.len()).cast(pl.String).str.zfill(7)
    return rows.with_columns(
        service_id=pl.lit("FW") + pl.col("served_on").dt.strftime("%Y%m") + number
    )
