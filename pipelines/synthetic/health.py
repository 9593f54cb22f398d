"""Illness and disability of the people: who is severely or chronically ill, since when.

What their treatment costs belongs to medical.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.synthetic.calendar import Calendar
from pipelines.synthetic.lives import age_years
from pipelines.synthetic.randomness import pick, stream


@dataclass(frozen=True)
class Severe:
    """A severe illness: share of people at age 60, how often and how dear its treatment is."""

    name: str
    share: float
    code: str | None  # of the chronic registration, None: no registration
    registered_name: str
    visits: float  # outpatient chronic settlements a year
    visit_cost: float
    stays: float  # a year
    stay_cost: float  # factor on the usual cost
    icd: str


SEVERE = (
    Severe("dialysis", 0.0010, "M07801", "尿毒症透析", 150, 430, 0.9, 1.3, "N18.500"),
    Severe("cancer", 0.0075, "M00503", "恶性肿瘤放化疗", 9, 1500, 4.2, 1.9, "C34.900"),
    Severe("transplant", 0.0003, "M08300", "器官移植抗排异", 12, 3200, 0.7, 2.2, "Z94.000"),
    Severe("haemophilia", 0.00012, "M01200", "血友病", 20, 2600, 0.8, 1.6, "D66.x00"),
    Severe("severe mental", 0.0030, "M02101", "精神分裂症", 10, 260, 1.1, 1.6, "F20.900"),
    Severe("stroke", 0.0040, "M04803", "脑血管后遗症", 8, 240, 2.6, 1.3, "I63.900"),
    Severe("heart failure", 0.0025, "M04600", "冠心病", 8, 260, 2.8, 1.2, "I50.900"),
    Severe("rare or other", 0.0010, None, "", 0, 0, 5.0, 2.1, "M32.900"),
)
CHRONIC = {  # code: (name, share at age 60 and over)
    "M03900": ("高血压", 0.19),
    "M01600": ("糖尿病", 0.10),
    "M04600": ("冠心病", 0.05),
    "M05300": ("慢阻肺", 0.03),
    "M06900": ("类风湿", 0.012),
    "M02500": ("癫痫", 0.004),
    "M00201": ("慢性乙肝", 0.008),
}
DISABILITIES = {"肢体": 0.52, "视力": 0.12, "听力": 0.13, "言语": 0.02, "智力": 0.09, "精神": 0.12}


def with_health(seed: int, people: pl.DataFrame, clock: Calendar) -> pl.DataFrame:
    """severe (1-based position in SEVERE, 0 none), severe_since, chronic_code, disability_*."""
    rng = stream(seed, "health")
    size = people.height
    age = age_years(people, clock.last_night)
    living = people["fate"].to_numpy() != "dead"
    weight = np.clip((np.maximum(age, 0) / 60.0) ** 1.6, 0.06, 1.5)
    draw = rng.random(size) / np.where(living, weight, 1e-12)
    edges = np.cumsum([s.share for s in SEVERE])
    severe = np.where(draw < edges[-1], np.searchsorted(edges, draw, side="right") + 1, 0)
    since = np.datetime64(clock.last_night, "D") - (rng.gamma(1.3, 420.0, size)).astype(int)
    born = people["birth_date"].to_numpy().astype("datetime64[D]")
    since = np.maximum(since, born + 5)
    elder = np.clip((age - 35) / 25.0, 0.0, 1.3)
    shares = [share for _, share in CHRONIC.values()]
    chronic_draw = rng.random(size)
    position = np.searchsorted(np.cumsum(shares), chronic_draw / np.maximum(elder, 1e-9))
    codes = np.array([*CHRONIC, ""])
    chronic = np.where(living & (severe == 0), codes[position], "")
    rate = np.where(age < 18, 0.007, np.where(age < 60, 0.035, 0.13)) * living
    rate = np.where(severe == 5, 0.6, rate)
    disabled = rng.random(size) < rate
    kind = np.array(list(DISABILITIES))[pick(rng, list(DISABILITIES.values()), size)]
    kind = np.where(severe == 5, "精神", kind)
    level = np.array(list("一二三四"))[pick(rng, [0.14, 0.26, 0.28, 0.32], size)]
    return people.with_columns(
        severe=pl.Series(severe.astype(np.int8)),
        severe_since=pl.Series(np.where(severe > 0, since, np.datetime64("NaT"))),
        chronic_code=pl.Series(chronic),
        disability_type=pl.Series(np.where(disabled, kind, "")),
        disability_level=pl.Series(np.where(disabled, level, "")),
    ).with_columns(pl.col("chronic_code", "disability_type", "disability_level").replace("", None))
