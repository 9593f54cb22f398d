"""The people of the households: sex, birth, parents, names, numbers, phones, addresses.

Their fates (deaths, moves, births in the window) belong to lives.
"""

from datetime import date

import numpy as np
import polars as pl

from pipelines.synthetic import households as kinds
from pipelines.synthetic.identity_numbers import identity_numbers
from pipelines.synthetic.names import full_names, surname_index
from pipelines.synthetic.places import COUNTIES, Places
from pipelines.synthetic.randomness import Array, pick, stream

ETHNICITIES = {"01": 0.991, "03": 0.003, "05": 0.0012, "06": 0.001, "02": 0.0006, "11": 0.001,
               "15": 0.0005, "04": 0.0004}  # fmt: skip
_OTHER_AREAS = [110108, 130681, 210303, 220702, 230604, 320311, 330326, 341222, 370102,
                370205, 370725, 371100, 371302, 371323, 411481, 422801, 510704, 520502, 532129,
                610113]  # fmt: skip


def build_people(seed: int, households: pl.DataFrame, places: Places, today: date) -> pl.DataFrame:
    """One row per slot; uid is the row's position, a household's people stand together."""
    rng = stream(seed, "people")
    frame = (
        households.select("hh", "template", "anchor", "village_index", "urban")
        .join(kinds.slot_table(), on="template", how="inner", maintain_order="left_right")
        .sort("hh", "slot")
    )
    size = frame.height
    hh = frame["hh"].to_numpy()
    slot = frame["slot"].to_numpy()
    _, start = np.unique(hh, return_index=True)
    base = start[hh]
    sex = frame["sex"].to_numpy().copy()
    widowed = (frame["age_rule"].to_numpy() == "anchor") & (frame["anchor"].to_numpy() > 60)
    sex = np.where(sex == 0, np.where(rng.random(size) < np.where(widowed, 0.42, 0.514), 1, 2), sex)
    # a parent at home is as often the father in a third of the cases
    lone = (frame["role"].to_numpy() == kinds.PARENT) & (frame["sex"].to_numpy() == 2)
    bounds = stream(seed, "ages")
    age = kinds.ages(rng, frame["age_rule"].to_numpy(), frame["anchor"].to_numpy(), slot, bounds)
    age = _siblings(rng, frame, age, base, bounds)
    father = frame["father_slot"].to_numpy()
    mother = frame["mother_slot"].to_numpy()
    father_uid = np.where(father >= 0, base + father, -1)
    mother_uid = np.where(mother >= 0, base + mother, -1)
    birth = np.datetime64(today, "D") - (age * 365.2425).astype(int)
    surname = _surnames(rng, frame, father_uid)
    minority = rng.random(size) < 0.0011
    year = birth.astype("datetime64[Y]").astype(int) + 1970
    ethnicity = np.array(list(ETHNICITIES))[pick(rng, list(ETHNICITIES.values()), size)]
    minority |= (ethnicity == "05") & (rng.random(size) < 0.6)
    people = frame.select("hh", "slot", "role", "village_index", "urban").with_columns(
        uid=pl.int_range(pl.len(), dtype=pl.Int64),
        sex=pl.Series(sex),
        birth_date=pl.Series(birth),
        father_uid=pl.Series(father_uid),
        mother_uid=pl.Series(mother_uid),
        spouse_uid=pl.Series(_spouses(frame, base)),
        surname=pl.Series(surname),
        name=full_names(rng, surname, year, sex, minority),
        ethnicity=pl.Series(np.where(minority, "05", ethnicity)),
        lone_parent=pl.Series(lone),
    )
    area = areas(seed, places.villages["county_code"].to_numpy()[frame["village_index"]])
    return people.with_columns(
        id_number=identity_numbers(area, birth, sex, seed % 97), phone=_phones(seed, people)
    )


def areas(seed: int, county: Array) -> Array:
    """Area of first issue: mostly the county of today, else an older code or another place."""
    rng = stream(seed, "areas", len(county))
    size = len(county)
    home = county.astype(np.int64)
    other = np.array(_OTHER_AREAS)[rng.integers(0, len(_OTHER_AREAS), size)]
    near = np.array([int(code) for code in COUNTIES])[rng.integers(0, len(COUNTIES), size)]
    draw = rng.random(size)
    return np.where(draw < 0.82, home, np.where(draw < 0.92, near, other))


def _siblings(
    rng: np.random.Generator,
    frame: pl.DataFrame,
    age: Array,
    base: Array,
    bounds: np.random.Generator,
) -> Array:
    """A younger child is born some years after the one before it, or the same day (twins)."""
    rule = frame["age_rule"].to_numpy()
    twin = rng.random(len(age)) < 0.012
    for name in ("younger", "youngest"):
        at = np.flatnonzero(rule == name)
        before = age[at - 1]
        gap = np.where(twin[at], 0.0, 1.2 + 6.0 * rng.random(len(at)) ** 1.4)
        born = np.maximum(before * 0.4, 0.02 + 0.3 * bounds.random(len(at)))
        age[at] = np.where(before > gap + 0.1, before - gap, born)
    # a father is at least 18 years older than the first child, an absent one likewise
    first = np.flatnonzero(np.isin(rule, ["away", "away_spouse"]))
    children = frame["father_slot"].to_numpy()
    oldest = np.zeros(len(age))
    has = np.flatnonzero(children >= 0)
    np.maximum.at(oldest, base[has] + children[has], age[has])
    has_mother = np.flatnonzero(frame["mother_slot"].to_numpy() >= 0)
    mothers = base[has_mother] + frame["mother_slot"].to_numpy()[has_mother]
    np.maximum.at(oldest, mothers, age[has_mother])
    age[first] = np.maximum(age[first], oldest[first] + 19.0 + 6.0 * rng.random(len(first)))
    wives = np.flatnonzero(rule == "wife")
    age[wives] = np.maximum(age[wives], oldest[wives] + 17.5 + 4.0 * rng.random(len(wives)))
    return age


def _spouses(frame: pl.DataFrame, base: Array) -> Array:
    role = frame["role"].to_numpy()
    spouse = np.full(len(role), -1, dtype=np.int64)
    wives = np.flatnonzero(role == kinds.SPOUSE)
    spouse[wives] = base[wives]
    spouse[base[wives]] = wives
    away = np.flatnonzero(role == kinds.AWAY_FATHER)
    pairs = away[np.minimum(away + 1, len(role) - 1)[:] < len(role)]
    mothers = pairs + 1
    fits = (mothers < len(role)) & (role[np.minimum(mothers, len(role) - 1)] == kinds.AWAY_MOTHER)
    spouse[pairs[fits]] = mothers[fits]
    spouse[mothers[fits]] = pairs[fits]
    return spouse


def _surnames(rng: np.random.Generator, frame: pl.DataFrame, father_uid: Array) -> Array:
    """Children carry the father's surname (nearly always), generation by generation."""
    size = frame.height
    role = frame["role"].to_numpy()
    surname = surname_index(rng, size)
    keeps = rng.random(size) < 0.965
    # elders first, then heads and absent fathers, then children
    for generation in ([kinds.HEAD, kinds.AWAY_FATHER], [kinds.CHILD, kinds.GRANDCHILD]):
        at = np.flatnonzero(np.isin(role, generation) & (father_uid >= 0) & keeps)
        surname[at] = surname[father_uid[at]]
    return surname


def _phones(seed: int, people: pl.DataFrame) -> pl.Series:
    """A phone of one's own, or a younger relative's for the very old and the young."""
    rng = stream(seed, "phones")
    size = people.height
    stem = np.array([13, 15, 17, 18, 19])[rng.integers(0, 5, size)] * 1_000_000_000
    own = stem + rng.integers(0, 1_000_000_000, size)
    hh = people["hh"].to_numpy()
    _, start = np.unique(hh, return_index=True)
    shared = own[start[hh]]
    year = people["birth_date"].dt.year().to_numpy()
    young = year > 2008
    old = (year < 1946) & (rng.random(size) < 0.5)
    return pl.Series(np.where(young | old, shared, own)).cast(pl.String)
