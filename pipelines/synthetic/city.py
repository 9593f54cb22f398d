"""Writes a city: invented lives, the files that departments deliver over some nights, the truth.

The order of the parts; each part's rules stand in its own module.
"""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.contracts.codes import load_codes
from pipelines.contracts.load import load_contracts
from pipelines.synthetic import (
    assistance,
    health,
    incomes,
    insurance,
    lives,
    planted,
    reports,
    schedule_civil,
    schedule_education,
    schedule_medical,
)
from pipelines.synthetic.calendar import Calendar
from pipelines.synthetic.deliveries import Deliverer
from pipelines.synthetic.faults import Mentioned, soil
from pipelines.synthetic.households import build_households
from pipelines.synthetic.people import build_people
from pipelines.synthetic.places import Places, build_places
from pipelines.synthetic.truth import TruthWriter

PERSON = ("name", "id_number", "sex", "birth_date", "ethnicity", "phone", "father_uid",
          "mother_uid", "spouse_uid", "hh", "hh_before", "moved_on", "died_on", "fate", "present",
          "outside", "urban", "psn_no", "insurance_type", "second_type", "in_register", "severe",
          "severe_since", "chronic_code", "disability_type", "disability_level", "student",
          "employee")  # fmt: skip


@dataclass(frozen=True)
class City:
    """Everything that is true of the city, before a file is written."""

    seed: int
    clock: Calendar
    places: Places
    people: pl.DataFrame
    households: pl.DataFrame
    grants: assistance.Grants


@dataclass(frozen=True)
class CitySummary:
    """What was written: rows per dataset as delivered, files, bytes, seconds by part."""

    people: int
    households: int
    files: int
    landing_bytes: int
    rows: dict[str, int]
    seconds: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        rows = "\n".join(f"  {name.replace('__', '/'):<45}{count:>13,} rows"
                         for name, count in sorted(self.rows.items()))  # fmt: skip
        return (
            f"{self.people:,} invented people in {self.households:,} households; "
            f"{self.files} files, {self.landing_bytes / 1e6:,.1f} MB in landing/, "
            f"the truth beside them in truth/\n{rows}"
        )


def build_city(people: int, seed: int, clock: Calendar) -> City:
    """The lives alone."""
    places = build_places(seed, people)
    households = build_households(seed, people, places)
    folk = build_people(seed, households, places, clock.first_day)
    folk = lives.with_fates(seed, folk, clock)
    folk = lives.with_births(seed, folk, places, clock)
    folk = health.with_health(seed, folk, clock)
    folk = lives.with_deaths(seed, folk, clock)
    folk = lives.with_moves(seed, folk, clock)
    folk = incomes.with_work(seed, folk, clock)
    folk = insurance.with_insurance(seed, folk)
    households = incomes.with_households(seed, folk, households, places, clock)
    households = assistance.with_tiers(seed, households, people)
    grants = assistance.grants(seed, folk, households, clock)
    folk = schedule_civil.with_night_deaths(folk, grants, clock)
    return City(seed, clock, places, folk, households, grants)


def write_city(
    people: int,
    seed: int,
    out: Path,
    *,
    last_night: date = date(2026, 11, 20),
    nights: int = 3,
    months: int = 14,
    dirt: float = 1.0,
    progress: Callable[[str], None] | None = None,
) -> CitySummary:
    """Landing files and truth of an invented city below `out`, which is made anew.

    people: living in the city at the start; months: history of settlements, the month of the last
    night included; dirt: factor on every rate of the error model, 0 for clean files.
    Equal arguments give equal values. Raises ValueError for sizes that make no city.
    """
    if people < 200 or nights < 1 or months < 2:
        raise ValueError("a city needs at least 200 people, 1 night and 2 months")
    seconds: dict[str, float] = {}
    started = time.perf_counter()

    def done(part: str) -> None:
        seconds[part] = round(time.perf_counter() - started - sum(seconds.values()), 2)
        if progress is not None:
            progress(part)

    out = Path(out)
    for folder in (out / "landing", out / "truth"):
        shutil.rmtree(folder, ignore_errors=True)
    clock = Calendar.of(last_night, nights, months)
    city = build_city(people, seed, clock)
    done("lives")
    truth = TruthWriter(out / "truth")
    write = Deliverer(out, seed, dirt, load_contracts(), load_codes(), truth)
    _write_truth(city, out / "truth")
    write.deliver("reference/region", city.places.regions, clock.day(months - 1, 2),
                  clock.first_night, sound=True)  # fmt: skip
    civil = soil(city.people, city.people, seed, "civil", "civil people",
                 Mentioned(birth="birth_date", sex="sex"), dirt)  # fmt: skip
    schedule_education.deliver_education(city, write)
    done("education")
    later = schedule_medical.deliver_medical(city, write, progress)
    done("medical")
    schedule_civil.deliver_civil(city, write, civil, later)
    recorded = reports.deaths(city)["uid"]
    planted.deliver_planted(city, write, schedule_civil.orphans(city), recorded)
    done("civil affairs")
    size = sum(p.stat().st_size for p in (out / "landing").rglob("*") if p.is_file())
    summary = CitySummary(
        city.people.height, city.households.height, len(truth.arrivals), size,
        {k: v for k, v in sorted(truth.rows.items()) if "__" in k}, seconds,
    )  # fmt: skip
    truth.close(
        {
            "people": people, "seed": seed, "dirt": dirt, "months": months,
            "nights": [night.isoformat() for night in clock.nights],
            "persons": city.people.height, "households": city.households.height,
            "rows": summary.rows,
        }
    )  # fmt: skip
    done("truth")
    return summary


def _write_truth(city: City, folder: Path) -> None:
    folk, homes = city.people, city.households
    at = folk["hh"].to_numpy()
    home = homes[at]
    folk.select(pl.col("uid").alias("person_uid"), *PERSON).with_columns(
        address=home["address"], region_code=home["region_code"],
        family_no=pl.when(folk["on_family"]).then(home["family_no"]),
        category=home["category"], roster=home["roster"],
    ).write_parquet(folder / "person.parquet", compression_level=1)  # fmt: skip
    living = np.bincount(
        at[folk["died_on"].is_null().to_numpy() & ~folk["outside"].to_numpy()],
        minlength=homes.height,
    )
    homes.select(
        pl.col("hh").alias("household_uid"), "former", "region_code", "urban", "address",
        "family_no", "income", "income_per_head", "category", "roster",
    ).with_columns(living=pl.Series(living)).write_parquet(
        folder / "household.parquet", compression_level=1
    )  # fmt: skip
