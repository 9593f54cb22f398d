"""What befalls the people: parents gone, deaths, births and moves in the window.

Adds columns; illness belongs to health, benefits to assistance.
"""

from datetime import date

import numpy as np
import polars as pl

from pipelines.synthetic import households as kinds
from pipelines.synthetic.calendar import Calendar
from pipelines.synthetic.identity_numbers import identity_numbers
from pipelines.synthetic.names import full_names
from pipelines.synthetic.people import areas
from pipelines.synthetic.places import Places
from pipelines.synthetic.randomness import Array, pick, stream

# where a parent is who does not live with the child
FATES = ("migrant", "dead", "missing", "imprisoned", "apart")
FATHER_FATES = (0.46, 0.21, 0.08, 0.07, 0.18)
MOTHER_FATES = (0.38, 0.15, 0.06, 0.01, 0.40)
LONE_PARENT_FATES = (0.12, 0.30, 0.05, 0.05, 0.48)
BIRTHS_PER_YEAR = 0.0064
DEATHS_PER_YEAR = 0.0072
MARRIAGES_PER_YEAR = 0.004


def with_fates(seed: int, people: pl.DataFrame, clock: Calendar) -> pl.DataFrame:
    """fate, present (lives here), outside (in no register of the city), died_on before today."""
    rng = stream(seed, "fates")
    size = people.height
    role = people["role"].to_numpy()
    lone = ~np.isin(role, kinds.AWAY)
    father = pick(rng, list(FATHER_FATES), size)
    mother = pick(rng, list(MOTHER_FATES), size)
    single = pick(rng, list(LONE_PARENT_FATES), size)
    # an absent father of a single mother stands alone, one of grandchildren has a mother beside
    paired = people["spouse_uid"].to_numpy() >= 0
    chosen = np.where(role == kinds.AWAY_FATHER, np.where(paired, father, single), mother)
    fate = np.where(lone, "home", np.array(FATES)[chosen])
    # one in twenty grandchildren's households has lost both parents
    both = (rng.random(size) < 0.05) & (role == kinds.AWAY_FATHER) & paired
    fate[both] = "dead"
    fate[people["spouse_uid"].to_numpy()[both]] = "dead"
    today = np.datetime64(clock.first_day, "D")
    ago = (30 + rng.gamma(1.5, 700.0, size)).astype(int)
    died = np.where(fate == "dead", today - ago, np.datetime64("NaT"))
    outside = (fate == "apart") | ((fate == "migrant") & (rng.random(size) < 0.4))
    outside |= (fate == "dead") & (ago > 1200)
    return people.with_columns(
        fate=pl.Series(fate),
        present=pl.Series(fate == "home"),
        outside=pl.Series(outside),
        died_on=pl.Series(died.astype("datetime64[D]")),
    )


def with_deaths(seed: int, people: pl.DataFrame, clock: Calendar) -> pl.DataFrame:
    """Deaths of the window by a Gompertz hazard, more among the severely ill."""
    rng = stream(seed, "deaths")
    first = np.datetime64(clock.first_day, "D")
    span = int((np.datetime64(clock.last_night, "D") - first).astype(int))
    age = (first - people["birth_date"].to_numpy()).astype(int) / 365.25
    hazard = 0.00032 * np.exp(0.093 * (np.maximum(age, 10.0) - 30.0))
    hazard = hazard * np.where(people["severe"].to_numpy() > 0, 5.0, 1.0)
    alive = people["died_on"].is_null().to_numpy() & (people["fate"] == "home").to_numpy()
    alive &= people["birth_date"].to_numpy() < first
    hazard = np.where(alive, hazard, 0.0)
    hazard *= DEATHS_PER_YEAR * alive.sum() / max(hazard.sum(), 1e-9)
    dies = rng.random(people.height) < np.minimum(hazard * span / 365, 0.9)
    # nobody dies in the last days by chance: those deaths are placed by the nights' schedule
    day = first + rng.integers(0, max(span - 12, 1), people.height)
    died = np.where(dies, day, people["died_on"].to_numpy().astype("datetime64[D]"))
    return people.with_columns(died_on=pl.Series(died))


def with_births(seed: int, people: pl.DataFrame, places: Places, clock: Calendar) -> pl.DataFrame:
    """Newborn children of couples, appended at the end."""
    rng = stream(seed, "births")
    first = np.datetime64(clock.first_day, "D")
    span = int((np.datetime64(clock.last_night, "D") - first).astype(int))
    age = (first - people["birth_date"].to_numpy()).astype(int) / 365.25
    mothers = np.flatnonzero(
        (people["role"] == kinds.SPOUSE).to_numpy() & (age > 21) & (age < 41)
        & people["died_on"].is_null().to_numpy()
    )  # fmt: skip
    wanted = min(len(mothers), int(rng.poisson(people.height * BIRTHS_PER_YEAR * span / 365)))
    if not wanted:
        return people
    chosen = np.sort(rng.choice(mothers, wanted, replace=False))
    mother = people[chosen]
    father = people[mother["spouse_uid"].to_numpy()]
    sex = np.where(rng.random(wanted) < 0.52, 1, 2)
    born = first + rng.integers(0, span - 10, wanted)
    surname = father["surname"].to_numpy()
    area = areas(seed, places.villages["county_code"].to_numpy()[mother["village_index"]])
    babies = pl.DataFrame(
        {
            "hh": mother["hh"],
            "slot": pl.Series(np.full(wanted, 20)),
            "role": pl.Series(np.full(wanted, kinds.CHILD)),
            "village_index": mother["village_index"],
            "urban": mother["urban"],
            "uid": pl.Series(people.height + np.arange(wanted)),
            "sex": pl.Series(sex),
            "birth_date": pl.Series(born),
            "father_uid": father["uid"],
            "mother_uid": mother["uid"],
            "spouse_uid": pl.Series(np.full(wanted, -1)),
            "surname": pl.Series(surname),
            "name": full_names(rng, surname, np.full(wanted, 2026), sex, np.zeros(wanted, bool)),
            "ethnicity": father["ethnicity"],
            # order codes far from those of the first round: nobody else is born on these days
            "id_number": identity_numbers(area, born, sex, 250),
            "phone": mother["phone"],
            "fate": pl.Series(["home"] * wanted),
            "present": pl.Series(np.ones(wanted, bool)),
            "outside": pl.Series(np.zeros(wanted, bool)),
        }
    )
    schema = {name: kind for name, kind in people.schema.items() if name in babies.columns}
    return pl.concat([people, babies.cast(schema)], how="diagonal")  # type: ignore[arg-type]


def with_moves(seed: int, people: pl.DataFrame, clock: Calendar) -> pl.DataFrame:
    """Grown daughters who marry into another household: hh after, hh_before and moved_on."""
    rng = stream(seed, "moves")
    size = people.height
    first = np.datetime64(clock.first_day, "D")
    span = int((np.datetime64(clock.last_night, "D") - first).astype(int))
    age = (first - people["birth_date"].to_numpy()).astype(int) / 365.25
    single = (people["role"] == kinds.CHILD).to_numpy() & (age > 21) & (age < 34)
    single &= people["died_on"].is_null().to_numpy()
    women = rng.permutation(np.flatnonzero(single & (people["sex"] == 2).to_numpy()))
    men = rng.permutation(np.flatnonzero(single & (people["sex"] == 1).to_numpy()))
    count = min(len(women), len(men), int(size * MARRIAGES_PER_YEAR * span / 365))
    women, men = women[:count], men[:count]
    hh = people["hh"].to_numpy().copy()
    before = hh.copy()
    village = people["village_index"].to_numpy().copy()
    urban = people["urban"].to_numpy().copy()
    spouse = people["spouse_uid"].to_numpy().copy()
    moved = np.full(size, np.datetime64("NaT"), dtype="datetime64[D]")
    hh[women], village[women], urban[women] = hh[men], village[men], urban[men]
    moved[women] = first + rng.integers(20, max(span - 40, 21), count)
    spouse[women], spouse[men] = men, women
    return people.with_columns(
        hh=pl.Series(hh), hh_before=pl.Series(before), moved_on=pl.Series(moved),
        village_before=people["village_index"], village_index=pl.Series(village),
        urban=pl.Series(urban), spouse_uid=pl.Series(spouse),
    )  # fmt: skip


def age_years(people: pl.DataFrame, on: date) -> Array:
    """Age with fraction on a day."""
    days = np.datetime64(on, "D") - people["birth_date"].to_numpy().astype("datetime64[D]")
    return days.astype(int) / 365.25
