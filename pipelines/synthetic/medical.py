"""Medical use: who is treated when, month by month, at the rates of domain figures.

Which visits there are; what they cost belongs to medical_costs, refunds to medical_refunds.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.synthetic.calendar import Calendar, Period
from pipelines.synthetic.health import SEVERE
from pipelines.synthetic.lives import age_years
from pipelines.synthetic.randomness import Array, stream

OUTPATIENT, PHARMACY, CHRONIC, SEVERE_CHRONIC, INPATIENT, SEVERE_STAY = range(6)
# settlements per insured person and year: residents, employees
RATES = {
    OUTPATIENT: (2.16, 5.60),
    PHARMACY: (3.60, 5.60),
    CHRONIC: (0.34, 0.66),
    INPATIENT: (0.186, 0.196),
}
BLOCK = 400_000  # people whose settlements are made at a time
STAY_SHAPE = 0.35  # gamma-Poisson: 15 % have at least one stay a year


@dataclass(frozen=True)
class Use:
    """Yearly rates per person and kind, and the days between which a person can be treated."""

    rates: dict[int, Array]
    born: Array
    died: Array
    severe_since: Array
    severe: Array


def _scaled(factor: Array, insured: Array, mean: Array) -> Array:
    """A factor whose mean over the insured is the wanted one, by insurance."""
    out = np.zeros(len(factor))
    for value in np.unique(mean):
        group = insured & (mean == value)
        total = factor[group].sum()
        out[group] = factor[group] * value * group.sum() / max(total, 1e-9)
    return out


def usage(seed: int, people: pl.DataFrame, clock: Calendar) -> Use:
    """Rates from age, frailty and illness."""
    rng = stream(seed, "usage")
    size = people.height
    kind = people["insurance_type"].fill_null("").to_numpy()
    insured = (kind != "") & people["fate"].is_in(["home", "dead"]).to_numpy()
    employee = kind == "310"
    age = age_years(people, clock.first_day)
    curve = np.interp(age, [0, 3, 6, 20, 45, 60, 75, 90], [2.2, 2.0, 0.9, 0.45, 0.9, 1.6, 2.3, 2.2])
    stay_curve = np.interp(age, [0, 3, 8, 20, 45, 60, 75, 90], [1.2, 1, 0.4, 0.3, 0.8, 1.5, 2.6, 3])
    severe = people["severe"].to_numpy().astype(int)
    chronic = people["chronic_code"].is_not_null().to_numpy()

    def mean(which: int) -> Array:
        return np.where(employee, RATES[which][1], RATES[which][0])

    rates = {
        OUTPATIENT: _scaled(curve * rng.gamma(0.9, 1 / 0.9, size), insured, mean(OUTPATIENT)),
        PHARMACY: _scaled(curve**0.6 * rng.gamma(0.8, 1 / 0.8, size), insured, mean(PHARMACY)),
        CHRONIC: _scaled(chronic * rng.gamma(1.5, 1 / 1.5, size), insured, mean(CHRONIC)),
        INPATIENT: _scaled(
            stay_curve * rng.gamma(STAY_SHAPE, 1 / STAY_SHAPE, size), insured, mean(INPATIENT)
        ),
        SEVERE_CHRONIC: np.array([0.0, *[s.visits for s in SEVERE]])[severe] * insured
        * rng.gamma(12, 1 / 12, size),
        SEVERE_STAY: np.array([0.0, *[s.stays for s in SEVERE]])[severe] * insured
        * rng.gamma(2.0, 1 / 2.0, size),
    }  # fmt: skip
    never = np.datetime64("2200-01-01", "D")
    died = people["died_on"].to_numpy().astype("datetime64[D]")
    since = people["severe_since"].to_numpy().astype("datetime64[D]")
    return Use(
        {k: v.astype(np.float32) for k, v in rates.items()},
        people["birth_date"].to_numpy().astype("datetime64[D]"),
        np.where(np.isnat(died), never, died),
        np.where(np.isnat(since), never, since),
        severe,
    )


def blocks(people: int) -> list[range]:
    """Runs of people that are treated together, so that memory does not grow with the city."""
    return [range(start, min(start + BLOCK, people)) for start in range(0, people, BLOCK)]


def visits(seed: int, use: Use, period: Period, block: range) -> pl.DataFrame:
    """uid, kind and settled_on of a block's settlements of a period, by person and day."""
    days = (period.end - period.start).days + 1
    start = np.datetime64(period.start, "D")
    uids, kinds = [], []
    for kind, rate in use.rates.items():
        rng = stream(seed, "visits", period.start.isoformat(), kind, block.start)
        count = rng.poisson(rate[block.start : block.stop] * (days / 365.0))
        uids.append(np.repeat(np.arange(block.start, block.stop), count))
        kinds.append(np.full(len(uids[-1]), kind, dtype=np.int8))
    uid = np.concatenate(uids)
    kind_of = np.concatenate(kinds)
    rng = stream(seed, "days", period.start.isoformat(), block.start)
    day = start + rng.integers(0, days, len(uid))
    severe_kind = (kind_of == SEVERE_CHRONIC) | (kind_of == SEVERE_STAY)
    keep = (day >= use.born[uid]) & (day <= use.died[uid])
    keep &= ~severe_kind | (day >= use.severe_since[uid])
    uid, kind_of, day = uid[keep], kind_of[keep], day[keep]
    minute = 480 + (600 * rng.random(len(uid))).astype(int)
    order = np.lexsort((kind_of, minute, day, uid))
    return pl.DataFrame(
        {
            "uid": uid[order],
            "kind": kind_of[order],
            "settled_on": day[order],
            "minute": minute[order],
        }
    )
