"""When education delivers what: two rolls, charges and aid by term."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from pipelines.synthetic import schools
from pipelines.synthetic.deliveries import Deliverer
from pipelines.synthetic.faults import Mentioned, soil

if TYPE_CHECKING:
    from pipelines.synthetic.city import City

WRITTEN = ["id_number__written", "name__written", "number_fault", "name_fault"]


def deliver_education(city: City, write: Deliverer) -> None:
    """Rolls of two school years, then the money."""
    clock, seed = city.clock, city.seed
    pupils_written = soil(
        city.people, city.people, seed, "education", "education people",
        Mentioned(birth="birth_date", sex="sex"), write.dirt,
    ).select("uid", *WRITTEN, "birth_date__written", "sex__written")  # fmt: skip
    guardians = soil(city.people, city.people, seed, "guardian", "guardians", Mentioned(),
                     write.dirt).select(*WRITTEN)  # fmt: skip
    year = clock.last_night.year if clock.last_night.month > 10 else clock.last_night.year - 1
    rolls = {}
    for autumn in (year - 1, year):
        on = date(autumn, 10, 15)
        pupils = schools.roll(seed, city.people, city.households, on, autumn)
        at = pupils["uid"].to_numpy()
        pupils = pupils.hstack(pupils_written.drop("uid")[at])
        for ordinal in (1, 2):
            pupils = _guardian(pupils, guardians, ordinal)
        category = city.households["category"][pupils["hh"].to_numpy()]
        pupils = pupils.with_columns(hh_category=category)
        rolls[autumn] = pupils
        for part, stages in (("jichu", ["1", "2", "3", "4", "5"]), ("gaodeng", ["6"])):
            rows = pupils.filter(pl.col("stage").is_in(stages))
            write.deliver("education/student", _roll_columns(rows), on, clock.arrival(on),
                          part=part, sound=True,
                          rounded=autumn == year - 1 and part == "gaodeng")  # fmt: skip
    _money(city, write, rolls, year)


def _guardian(pupils: pl.DataFrame, written: pl.DataFrame, ordinal: int) -> pl.DataFrame:
    uid = pupils[f"guardian{ordinal}_uid"]
    row = written[uid.clip(0, None).to_numpy()]
    known = uid >= 0
    prefix = f"guardian{ordinal}"
    return pupils.with_columns(
        pl.when(known).then(row["id_number__written"]).alias(f"{prefix}_id_number__written"),
        pl.when(known).then(row["name__written"]).alias(f"{prefix}_name__written"),
        pl.when(known).then(row["number_fault"]).alias(f"number_fault__{prefix}"),
        pl.when(known).then(row["name_fault"]).alias(f"name_fault__{prefix}"),
        pl.when(known).then(uid).alias(f"{prefix}_uid"),
    )


def _roll_columns(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.drop("hh", "slot", "role", "father_uid", "mother_uid", "spouse_uid", "draw", "year")


def _money(city: City, write: Deliverer, rolls: dict[int, pl.DataFrame], year: int) -> None:
    """Charges at the start of a term, aid in its second month."""
    clock = city.clock
    keep = ["uid", "student_no", "name", "id_number", *WRITTEN]
    terms = ((year - 1, "秋季", date(year - 1, 9, 1)), (year - 1, "春季", date(year, 3, 1)),
             (year, "秋季", date(year, 9, 1)))  # fmt: skip
    for autumn, term, start in terms:
        pupils = rolls[autumn].with_columns(orphan=pl.lit(False))
        paid = schools.charges(city.seed, pupils, term, start)
        extract = start + timedelta(days=40)
        columns = [*keep, "orphan", "school_year", "term", "charge_item", "amount_due",
                   "amount_paid", "paid_on"]  # fmt: skip
        write.deliver("education/student_charge", paid.select(columns), extract,
                      clock.arrival(extract))  # fmt: skip
        aid = schools.aid(city.seed, pupils, term, start + timedelta(days=45))
        extract = min(start + timedelta(days=79), clock.first_night - timedelta(days=2))
        aid = aid.filter(pl.col("paid_on") <= pl.lit(extract))
        columns = [*keep, "orphan", "school_year", "term", "aid_item", "hardship_type", "amount",
                   "paid_on"]  # fmt: skip
        write.deliver("education/student_aid", aid.select(columns), extract,
                      clock.arrival(extract), rounded=term == "春季")  # fmt: skip
