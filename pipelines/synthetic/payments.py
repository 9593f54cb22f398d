"""Help given: monthly payments to certificates and people, aid after treatment, special aids.

Rows as paid; the files belong to schedule_civil.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.synthetic.calendar import shift
from pipelines.synthetic.lives import age_years
from pipelines.synthetic.randomness import stream

if TYPE_CHECKING:
    from pipelines.synthetic.city import City

STOPPED, SKIPPED, TWICE = 0.02, 0.01, 0.0008
SPECIAL = {"临时救助": 0.30, "住房救助": 0.15, "就业救助": 0.2, "受灾救助": 0.12, "慈善帮扶": 0.18,
           "其他": 0.05}  # fmt: skip
COLUMNS = ["uid", "certificate_no", "aid_type", "subtype", "amount", "paid_on", "benefit_month",
           "department", "region_code"]  # fmt: skip


def payments(city: City, orphans: list[int], later: pl.DataFrame) -> pl.DataFrame:
    """All payments of the history in order of day, with payment_id."""
    clock = city.clock
    months = [shift(clock.first_day, k) for k in range(clock.months)]
    parts = [_month(city, month, set(orphans)) for month in months]
    parts += [_aid_after(city, later), _special(city)]
    rows = pl.concat(parts, how="diagonal").with_columns(pl.col("amount").round(2))
    rows = _twice(city, rows).filter(pl.col("paid_on") < pl.lit(clock.last_night))
    rows = rows.sort("paid_on", "aid_type", "uid", "amount", maintain_order=True)
    number = pl.int_range(pl.len()).cast(pl.String).str.zfill(9)
    return rows.with_columns(
        payment_id=pl.lit("ZF") + pl.col("paid_on").dt.strftime("%Y%m") + number
    )


def _month(city: City, month: date, orphans: set[int]) -> pl.DataFrame:
    rng = stream(city.seed, "payments", month.isoformat())
    grants = city.grants.certificates
    active = (pl.col("start_month") <= pl.lit(month)) & (
        pl.col("end_month").is_null() | (pl.col("end_month") >= pl.lit(month))
    )
    certificates = grants.filter(active & pl.col("category").is_in(["低保", "特困"]))
    stopped = (pl.col("shape") > 1 - STOPPED) & (
        pl.lit(month) >= pl.lit(shift(city.clock.last_night.replace(day=1), -6))
    )
    certificates = certificates.filter(~stopped)
    skip = pl.Series(rng.random(certificates.height)) < SKIPPED
    certificates = certificates.filter(~skip)
    # nothing more is paid for a certificate whose head is dead and alone
    died = city.people["died_on"][certificates["head_uid"].to_numpy()]
    gone = (died < month).fill_null(False) & (certificates["household_size"] == 1)
    certificates = certificates.filter(~gone)
    cash = certificates.select(
        uid="head_uid", certificate_no="certificate_no",
        aid_type=pl.when(pl.col("category") == "低保").then(pl.lit("低保金"))
        .otherwise(pl.lit("特困供养金")),
        amount="monthly_benefit", region_code="region_code",
    )  # fmt: skip
    people = city.people.filter(
        ~pl.col("outside") & (pl.col("fate") == "home") & (pl.col("birth_date") < pl.lit(month))
    )
    lag = pl.col("uid") % 23
    until = pl.col("died_on").dt.offset_by("1d") + pl.duration(
        days=pl.when(lag == 0).then(75).when(lag == 1).then(40).otherwise(0)
    )
    people = people.filter(pl.col("died_on").is_null() | (until > pl.lit(month)))
    age = age_years(people, month)
    chosen = (people["uid"] * 7 % 10).to_numpy()
    region = city.households["region_code"][people["hh"].to_numpy()]
    people = people.with_columns(region_code=region, certificate_no=pl.lit(None, dtype=pl.String))
    disabled = people["disability_level"].is_in(["一", "二"]).fill_null(False).to_numpy()
    kinds = (
        ("高龄津贴", (age >= 80) & (chosen < 9), 100.0),
        ("残疾人两项补贴", disabled & (chosen < 8), 166.0),
        ("孤儿基本生活费", np.isin(people["uid"].to_numpy(), list(orphans)) & (age < 18), 1560.0),
    )
    parts = [cash.with_columns(subtype=pl.lit(None, dtype=pl.String))]
    for name, who, amount in kinds:
        subtype = "重度残疾人护理补贴" if name.startswith("残疾") else None
        parts.append(people.filter(pl.Series(who)).select(
            "uid", "certificate_no", "region_code", aid_type=pl.lit(name), amount=pl.lit(amount),
            subtype=pl.lit(subtype, dtype=pl.String)))  # fmt: skip
    rows = pl.concat(parts, how="diagonal")
    day = rng.integers(8, 23, rows.height)
    late = rng.random(rows.height) < 0.004
    paid = np.datetime64(month, "D") + np.where(late, 33, day - 1)
    return rows.with_columns(
        paid_on=pl.Series(paid), benefit_month=pl.lit(month), department=pl.lit("民政局")
    )


def _aid_after(city: City, later: pl.DataFrame) -> pl.DataFrame:
    """Medical aid paid after a settlement: the same help on record again, or help asked for."""
    rng = stream(city.seed, "aid after")
    draw = rng.random(later.height)
    days = rng.integers(8, 85, later.height)
    rows = later.with_columns(
        draw=pl.Series(draw),
        paid_on=pl.Series(later["settled_on"].to_numpy().astype("datetime64[D]") + days),
        region_code=city.households["region_code"][
            city.people["hh"].to_numpy()[later["uid"].to_numpy()]
        ],
        certificate_no=pl.lit(None, dtype=pl.String),
        benefit_month=pl.lit(None, dtype=pl.Date),
    )
    stays = pl.col("personal_burden") > 30_000
    echo = (pl.col("medical_aid") > 0) & stays & (pl.col("draw") < 0.12)
    asked = (pl.col("medical_aid") == 0) & (pl.col("tier") != "") & (pl.col("draw") < 0.5)
    need = (pl.col("personal_burden") > 1_200_000) & (pl.col("draw") > 0.88)
    cents = pl.col("personal_burden")
    aided, half = pl.col("medical_aid") / 100, (cents * 0.005).round(2)
    parts = [
        rows.filter(echo).with_columns(aid_type=pl.lit("医疗救助"), amount=aided,
                                       subtype=pl.lit("住院救助"), department=pl.lit("医保局")),
        rows.filter(asked).with_columns(aid_type=pl.lit("医疗救助"), amount=half,
                                        subtype=pl.lit("依申请救助"), department=pl.lit("医保局")),
        rows.filter(need).with_columns(aid_type=pl.lit("临时救助"),
                                       amount=(cents * 0.002 / 100).round(0) * 100,
                                       subtype=pl.lit("疾病"), department=pl.lit("民政局")),
    ]  # fmt: skip
    return pl.concat(parts).select(COLUMNS)


def _special(city: City) -> pl.DataFrame:
    """Special aids to people of certificates and a few others."""
    clock = city.clock
    rng = stream(city.seed, "special")
    members = city.grants.members.filter(pl.col("age") >= 18)
    count = int(members.height * 0.12)
    chosen = (
        members[np.sort(rng.integers(0, max(members.height, 1), count))] if count else members[:0]
    )
    span = (clock.last_night - clock.first_day).days
    paid = np.datetime64(clock.first_day, "D") + rng.integers(0, span, chosen.height)
    kind = np.array(list(SPECIAL))[
        rng.choice(len(SPECIAL), chosen.height, p=list(SPECIAL.values()))
    ]
    home = city.households[chosen["hh"].to_numpy()]
    return chosen.select("uid", "certificate_no").with_columns(
        aid_type=pl.Series(kind), subtype=pl.lit(None, dtype=pl.String),
        amount=pl.Series(np.round(rng.gamma(2.0, 650.0, chosen.height), -1) + 100),
        paid_on=pl.Series(paid), benefit_month=pl.lit(None, dtype=pl.Date),
        department=pl.lit("民政局"), region_code=home["region_code"],
    ).select(COLUMNS)  # fmt: skip


def _twice(city: City, rows: pl.DataFrame) -> pl.DataFrame:
    """A few monthly payments made twice; half of them taken back by a negative row."""
    rng = stream(city.seed, "twice")
    again = rows.filter(pl.Series(rng.random(rows.height)) < TWICE).filter(
        pl.col("benefit_month").is_not_null()
    )
    again = again.with_columns(paid_on=pl.col("paid_on") + pl.duration(days=6))
    back = again.filter(pl.Series(rng.random(again.height)) < 0.5).with_columns(
        amount=-pl.col("amount"), paid_on=pl.col("paid_on") + pl.duration(days=4)
    )
    return pl.concat([rows, again, back], how="vertical_relaxed")
