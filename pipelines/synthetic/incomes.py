"""Work and incomes of households: who works, what the household has in a year.

Income as lived; what departments record of it belongs to assistance.
"""

import numpy as np
import polars as pl

from pipelines.synthetic import households as kinds
from pipelines.synthetic.calendar import Calendar
from pipelines.synthetic.households import TEMPLATES
from pipelines.synthetic.lives import age_years
from pipelines.synthetic.places import Places
from pipelines.synthetic.randomness import stream

MEAN_URBAN, MEAN_RURAL = 42_674.0, 22_835.0  # disposable income per head, yuan a year
SPREAD = 0.52


def with_households(
    seed: int, people: pl.DataFrame, households: pl.DataFrame, places: Places, clock: Calendar
) -> pl.DataFrame:
    """Households with living members, income per head and year, address, family number."""
    rng = stream(seed, "incomes")
    count = households.height
    hh = people["hh"].to_numpy()
    home = people["fate"].is_in(["home", "migrant", "missing", "imprisoned"]).to_numpy()
    home &= ~people["outside"].to_numpy() & people["died_on"].is_null().to_numpy()
    age = age_years(people, clock.last_night)
    present = home & people["present"].to_numpy()
    grave = people["disability_level"].is_in(["一", "二"]).fill_null(False).to_numpy()
    weak = (age < 18) | (age >= 66) | grave
    members = np.bincount(hh[home], minlength=count)
    able = np.bincount(hh[present & ~weak & (people["severe"].to_numpy() == 0)], minlength=count)
    severe = np.bincount(hh[present & (people["severe"].to_numpy() > 0)], minlength=count)
    disabled = np.bincount(
        hh[present & people["disability_level"].is_not_null().to_numpy()], minlength=count
    )
    share_able = able / np.maximum(members, 1)
    urban = households["urban"].to_numpy()
    # the average household keeps the average income; the factors say who stands below it
    factor = (0.50 + 0.85 * share_able) * np.where(severe > 0, 0.68, 1.0)
    factor *= np.where(disabled > 0, 0.78, 1.0)
    names = np.array([t.name for t in TEMPLATES])[households["template"].to_numpy()]
    factor *= np.where(np.char.startswith(names, "grand"), 0.62, 1.0)
    factor *= np.where(np.char.startswith(names, "parent"), 0.75, 1.0)
    head = np.where(urban, MEAN_URBAN, MEAN_RURAL) * factor
    head *= np.exp(rng.normal(-(SPREAD**2) / 2, SPREAD, count))
    income = np.round(head * np.maximum(members, 1), -2)
    village = places.villages[households["village_index"].to_numpy()]
    number = rng.integers(1, 400, count)
    return households.with_columns(
        members=pl.Series(members),
        able=pl.Series(able),
        severe_members=pl.Series(severe),
        disabled_members=pl.Series(disabled),
        income=pl.Series(income),
        income_per_head=pl.Series(income / np.maximum(members, 1)),
        county_code=village["county_code"],
        town_code=village["town_code"],
        region_code=village["region_code"],
        township=village["township"],
        village=village["village"],
        address=village["county"] + village["township"] + village["village"]
        + pl.Series(number).cast(pl.String) + "号",
        family_no="F3711" + (pl.int_range(0, count, eager=True) + 10_000_000).cast(pl.String),
        former=pl.Series(names),
    )  # fmt: skip


def with_work(seed: int, people: pl.DataFrame, clock: Calendar) -> pl.DataFrame:
    """student and employee (works or is retired with employee insurance)."""
    rng = stream(seed, "work")
    age = age_years(people, clock.last_night)
    urban = people["urban"].to_numpy()
    size = people.height
    adult = (age >= 22) & (age < 60)
    old = age >= 60
    chance = np.where(adult, np.where(urban, 0.52, 0.20), 0.0)
    chance = np.where(old, np.where(urban, 0.42, 0.08), chance)
    chance *= np.where(people["severe"].to_numpy() > 0, 0.7, 1.0)
    chance *= np.where(people["disability_level"].is_in(["一", "二"]).fill_null(False), 0.3, 1.0)
    chance *= (people["fate"] == "home").to_numpy()
    employee = rng.random(size) < chance
    school_draw = rng.random(size)
    school = np.select(
        [age < 3.2, age < 6.5, age < 15.6, age < 18.6, age < 22.6],
        [0.0, 0.9, 0.995, 0.93, 0.30],
        default=0.0,
    )
    role = people["role"].to_numpy()
    school = school * np.isin(role, [kinds.CHILD, kinds.GRANDCHILD])
    return people.with_columns(
        employee=pl.Series(employee), student=pl.Series(school_draw < school)
    )
