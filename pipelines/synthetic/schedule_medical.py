"""When the medical insurance delivers what: register, registrations, settlements by period."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.synthetic import insurance, medical
from pipelines.synthetic.calendar import Period
from pipelines.synthetic.deliveries import Deliverer
from pipelines.synthetic.faults import Mentioned, soil
from pipelines.synthetic.medical_costs import Ledger, costs
from pipelines.synthetic.randomness import stream
from pipelines.synthetic.refunds import Carry, by_hand, with_refunds
from pipelines.synthetic.settlements import settlements

if TYPE_CHECKING:
    from pipelines.synthetic.city import City

SETTLEMENT = "medical_insurance/settlement"
LATE_COUNTY = "371121"
BY_HAND = 5000  # of so many people three claim by hand, months later
BY_HAND_MONTH = 6  # whose period those claims belong to
IDENTITY = ("name", "id_number", "sex", "birth_date")
WRITTEN = tuple(f"{column}__written" for column in IDENTITY)


def deliver_medical(
    city: City, write: Deliverer, progress: Callable[[str], None] | None
) -> pl.DataFrame:
    """Writes the three datasets; returns settlements that payments of medical aid follow."""
    register = insurance.register(city.seed, city.people, city.households)
    register = soil(register, city.people, city.seed, "medical", "register",
                    Mentioned(birth="birth_date", sex="sex"), write.dirt)  # fmt: skip
    _registers(city, write, register)
    written = _identities(city, register)
    del register
    _registrations(city, write, written)
    return _settlements(city, write, written, progress)


def _registers(city: City, write: Deliverer, register: pl.DataFrame) -> None:
    clock = city.clock
    name = "medical_insurance/insured_person"
    dates = [
        (clock.day(max(clock.months - 4, 1), 5), False),
        (min(clock.day(0, 5), clock.first_night - timedelta(days=5)), True),
    ]
    if len(clock.nights) > 1:
        dates.append((clock.last_night, False))
    rng = stream(city.seed, "register corrections")
    mended = pl.Series(rng.random(register.height) < 0.04) & register["number_fault"].is_not_null()
    for place, (extract, by_county) in enumerate(dates):
        rows = _register_at(register, extract)
        if place == len(dates) - 1:
            again = mended.filter(_on_register(register, extract))
            rows = rows.with_columns(
                id_number__written=pl.when(again).then("id_number").otherwise("id_number__written"),
                number_fault=pl.when(~again).then("number_fault"),
            )
        arrives = clock.arrival(extract)
        if by_county or rows.height > 2 * medical.BLOCK:
            for county in sorted(rows["insured_region"].unique().to_list()):
                part = rows.filter(pl.col("insured_region") == county)
                write.deliver(name, part, extract, arrives, part=county, sound=True)
        else:
            write.deliver(name, rows, extract, arrives, sound=True)


def _on_register(register: pl.DataFrame, extract: date) -> pl.Series:
    long_dead = pl.col("died_on") < pl.lit(extract - timedelta(days=500))
    struck = (pl.col("dropped") > 0.92) & (pl.col("died_on") < pl.lit(extract - timedelta(days=45)))
    born = pl.col("birth_date") <= pl.lit(extract - timedelta(days=15))
    on = born & ~(long_dead | struck).fill_null(False)
    return register.select(on.alias("on")).to_series()


def _register_at(register: pl.DataFrame, extract: date) -> pl.DataFrame:
    rows = register.filter(_on_register(register, extract))
    moved = (pl.col("moved_on") <= pl.lit(extract - timedelta(days=12))).fill_null(False)
    kept = pl.col("moved_on").is_null() | moved
    return rows.with_columns(
        family_no=pl.when(kept).then("family_no").otherwise("family_before"),
        survival_status=pl.Series(insurance.survival(rows, np.datetime64(extract, "D"))),
    ).drop("hh", "hh_before", "moved_on", "died_on", "fate", "family_before", "dropped",
           "father_uid", "mother_uid")  # fmt: skip


def _identities(city: City, register: pl.DataFrame) -> pl.DataFrame:
    """A row per person: what the register writes of them (the truth if it has no row)."""
    people = city.people.select("uid", "psn_no", *IDENTITY)
    found = register.select("uid", *WRITTEN, "number_fault", "name_fault").unique(
        "uid", keep="first", maintain_order=True
    )
    joined = people.join(found, on="uid", how="left", maintain_order="left")
    orphan = ~pl.Series(np.isin(people["uid"].to_numpy(), found["uid"].to_numpy()))
    return joined.with_columns(
        *(pl.when(orphan).then(c).otherwise(f"{c}__written").alias(f"{c}__written")
          for c in IDENTITY),
        orphan=orphan,
    )  # fmt: skip


def _registrations(city: City, write: Deliverer, written: pl.DataFrame) -> None:
    clock = city.clock
    rows = insurance.registrations(city.seed, city.people, clock)
    rows = rows.hstack(
        written.select("id_number__written", "name__written", "number_fault", "name_fault",
                       "orphan")[rows["uid"].to_numpy()]
    )  # fmt: skip
    before = min(clock.day(0, 6), clock.first_night - timedelta(days=4))
    for extract in (clock.day(min(5, clock.months - 1), 6), before):
        known = (pl.col("begin_date") <= pl.lit(extract)) & (
            pl.col("died_on").is_null() | (pl.col("died_on") > pl.lit(extract - timedelta(days=40)))
        )
        write.deliver("medical_insurance/chronic_registration", rows.filter(known).drop("died_on"),
                      extract, clock.arrival(extract), sound=True)  # fmt: skip


def _settlements(
    city: City, write: Deliverer, written: pl.DataFrame, progress: Callable[[str], None] | None
) -> pl.DataFrame:
    clock, seed = city.clock, city.seed
    people = _patients(city)
    at = people["hh"].to_numpy()
    insured = people["insurance_type"].fill_null("").to_numpy()
    tier = city.households["category"].fill_null("").to_numpy()[at]
    county = city.households["county_code"].to_numpy()[at]
    use = medical.usage(seed, people, clock)
    ledger = Ledger(clock.first_day.year, np.zeros(people.height, dtype=np.int64))
    blocks = medical.blocks(people.height)
    carries = [Carry() for _ in blocks]
    later: list[pl.DataFrame] = []
    manual: list[pl.DataFrame] = []
    claimed = 3 * (city.people.height // BY_HAND) if len(clock.nights) > 1 else 0
    for place, period in enumerate(clock.periods()):
        nightly = period.extract_date >= clock.first_night
        ledger.turn(period.start.year)
        label = period.start.isoformat()
        for number, block in enumerate(blocks):
            rows = medical.visits(seed, use, period, block)
            uid = rows["uid"].to_numpy()
            rows = rows.hstack(people.select("severe", "childbearing", "chronic_code")[uid])
            rows = costs(seed, rows, insured[uid], tier[uid], ledger, f"{label}/{number}")
            rows = settlements(seed, rows, period, county[uid], number)
            later.append(_followed(rows, tier))
            rows = with_refunds(seed, rows, period, carries[number], nightly, number)
            if place == BY_HAND_MONTH and claimed and number == 0:
                manual.append(by_hand(seed, rows, number, claimed))
            part = f"{number + 1:02d}" if len(blocks) > 1 else ""
            _deliver_period(city, write, rows, written, period, insured, county, part)
        if progress is not None:
            progress(f"settlements {label}")
    _repeat(city, write)
    for rows in manual:
        _deliver_period(
            city, write, rows, written, clock.periods()[-1], insured, county, "shougong"
        )
    return pl.concat(later)


def _repeat(city: City, write: Deliverer) -> None:
    """The first night's file is sent once more in the last night."""
    first = f"_{city.clock.first_night:%Y%m%d}."
    found = [p for p in write.written if p.parent.name == "settlement" and first in p.name]
    if found and len(city.clock.nights) > 1:
        write.repeat(found[0], city.clock.last_night, city.clock.last_night)


def _patients(city: City) -> pl.DataFrame:
    year = city.clock.last_night.year
    born = pl.col("birth_date").dt.year().is_between(year - 40, year - 22)
    return city.people.with_columns(childbearing=(pl.col("sex") == 2) & born)


def _deliver_period(
    city: City, write: Deliverer, rows: pl.DataFrame, written: pl.DataFrame, period: Period,
    insured: np.ndarray, county: np.ndarray, part: str,
) -> None:  # fmt: skip
    clock = city.clock
    uid = rows["uid"].to_numpy()
    rows = rows.drop("severe", "visit", "level", "stay", "kind").hstack(
        written.drop("uid", "number_fault", "name_fault")[uid]
    )
    faults = written.select("number_fault", "name_fault")[uid]
    rows = rows.hstack(faults).with_columns(
        insurance_type=pl.Series(insured[uid]), insured_region=pl.Series(county[uid])
    )
    if period.arrives_on > clock.first_night and write.unusable[SETTLEMENT]:
        # the rows that could not be used come again, sound, in the next night's file
        again = [
            bad.select(rows.columns).with_columns(change=pl.lit("returned"))
            for bad in write.unusable[SETTLEMENT][-3:]
        ]
        write.unusable[SETTLEMENT].clear()
        rows = pl.concat([rows, *again]).unique("settlement_id", keep="first", maintain_order=True)
        sound = True
    else:
        sound = False
    rows = rows.sort("settled_at", "settlement_id")
    last_of_history = period.extract_date == clock.first_night - timedelta(days=1)
    if last_of_history and len(clock.nights) > 1:
        # one county's last days come late: extracted in time, there a night after
        slow = (pl.col("insured_region") == LATE_COUNTY) & (
            pl.col("settled_on") >= pl.lit(period.end - timedelta(days=2))
        )
        write.deliver(SETTLEMENT, rows.filter(slow), period.extract_date, clock.night(1),
                      part=f"{LATE_COUNTY}_late{part}", sound=True)  # fmt: skip
        rows = rows.filter(~slow)
    write.deliver(SETTLEMENT, rows, period.extract_date, period.arrives_on, part=part, sound=sound)


def _followed(rows: pl.DataFrame, tier: np.ndarray) -> pl.DataFrame:
    """Settlements after which medical aid or temporary aid may be paid."""
    rows = rows.with_columns(tier=pl.Series(tier[rows["uid"].to_numpy()]))
    dear = (pl.col("personal_burden") > 200_000) & (pl.col("tier") != "")
    very = pl.col("personal_burden") > 1_200_000
    return rows.filter((pl.col("medical_aid") > 0) | dear | very).select(
        "uid", "settlement_id", "settled_on", "medical_aid", "personal_burden", "tier"
    )
