"""Shares and sums of a larger city against the figures of the field (no files are written)."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from pipelines.synthetic import medical
from pipelines.synthetic.calendar import Calendar
from pipelines.synthetic.city import City, build_city
from pipelines.synthetic.lives import age_years

PEOPLE = 30_000
CLOCK = Calendar.of(date(2026, 11, 20), 3, 14)


@pytest.fixture(scope="module")
def lives() -> City:
    return build_city(PEOPLE, 5, CLOCK)


def test_ages_and_households(lives: City) -> None:
    home = lives.people.filter(pl.col("fate") == "home")
    age = age_years(home, CLOCK.last_night)
    assert 0.14 < (age < 15).mean() < 0.21
    assert 0.20 < (age >= 60).mean() < 0.30
    assert 2.3 < lives.households["size"].mean() < 2.8  # type: ignore[operator]


def test_deaths_and_births_a_year(lives: City) -> None:
    years = CLOCK.months / 12
    died = (lives.people["died_on"] >= CLOCK.first_day).sum() / PEOPLE / years
    born = (lives.people["birth_date"] >= CLOCK.first_day).sum() / PEOPLE / years
    assert died == pytest.approx(0.0072, rel=0.25)
    assert born == pytest.approx(0.0064, rel=0.25)


@pytest.mark.parametrize(
    ("category", "share"),
    [("低保", 0.028), ("特困", 0.0033), ("低保边缘", 0.0043), ("刚性支出困难", 0.0092)],
)
def test_tiers(lives: City, category: str, share: float) -> None:
    held = lives.households.filter(pl.col("category") == category)
    assert held["members"].sum() / PEOPLE == pytest.approx(share, rel=0.15)


def test_insurance_and_severe_illness(lives: City) -> None:
    kinds = lives.people["insurance_type"]
    assert 0.22 < (kinds == "310").sum() / kinds.drop_nulls().len() < 0.34
    assert lives.people["second_type"].drop_nulls().len() > 0
    assert 0.009 < (lives.people["severe"] > 0).mean() < 0.025


def test_settlements_a_year(lives: City) -> None:
    use = medical.usage(5, lives.people, CLOCK)
    period = CLOCK.periods()[3]
    rows = medical.visits(5, use, period, range(lives.people.height))
    days = (period.end - period.start).days + 1
    insured = lives.people["insurance_type"].drop_nulls().len()
    assert rows.height / insured * 365 / days == pytest.approx(8.0, rel=0.08)
    stays = np.isin(rows["kind"].to_numpy(), [medical.INPATIENT, medical.SEVERE_STAY]).sum()
    assert stays / insured * 365 / days == pytest.approx(0.208, rel=0.15)


def test_children_without_parents_exist(lives: City) -> None:
    away = lives.people.filter(pl.col("fate").is_in(["dead", "missing", "imprisoned"]))
    assert set(away["fate"]) == {"dead", "missing", "imprisoned"}
