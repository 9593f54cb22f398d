"""Pupils and students: school, guardians as recorded, aid and charges.

Rolls as they should be; faults and files belong elsewhere.
"""

from datetime import date

import numpy as np
import polars as pl

from pipelines.synthetic import households as kinds
from pipelines.synthetic.lives import age_years
from pipelines.synthetic.randomness import Array, stream

STAGES = {"1": "幼儿园", "2": "小学", "3": "初级中学", "4": "高级中学", "5": "职业学校",
          "6": "学院"}  # fmt: skip
# item: (stage, yearly sum, share of those who pay it)
CHARGES = {
    "1": ("保教费", 5200.0, 0.98),
    "3": ("伙食费", 2600.0, 0.5),
    "4": ("学费住宿费", 2400.0, 0.97),
    "5": ("学费住宿费", 3200.0, 0.9),
    "6": ("学费住宿费", 6800.0, 0.98),
}
AID = {
    "1": ("学前资助", 1200.0),
    "2": ("寄宿生生活补助", 1250.0),
    "3": ("寄宿生生活补助", 1500.0),
    "4": ("国家助学金", 2300.0),
    "5": ("国家助学金", 2300.0),
    "6": ("国家助学金", 3700.0),
}
NOBODY_RECORDED = 0.007


def roll(
    seed: int, people: pl.DataFrame, households: pl.DataFrame, on: date, year: int
) -> pl.DataFrame:
    """The roll of a school year (its autumn's year): pupils with two guardians as recorded."""
    rng = stream(seed, "roll")
    age = age_years(people, on)
    draw = rng.random((people.height, 8))
    stage = np.select(
        [age < 6.4, age < 12.4, age < 15.5, age < 18.5],
        ["1", "2", "3", "4"],
        default="6",
    )
    stage = np.where((stage == "4") & (draw[:, 0] < 0.4), "5", stage)
    floor = np.select([stage == s for s in "123456"], [3, 6, 12, 15, 15, 18], default=0)
    grade = np.clip(age - floor + 1, 1, 6).astype(int)
    living = people["died_on"].is_null().to_numpy() | (
        people["died_on"].to_numpy().astype("datetime64[D]") > np.datetime64(on, "D")
    )
    keep = people["student"].to_numpy() & (age >= 3.0) & (age < 23.0) & living
    at = np.flatnonzero(keep)
    pupils = people[at]
    home = households[pupils["hh"].to_numpy()]
    school_no = 1 + (draw[at, 1] * np.where(stage[at] == "2", 6, 3)).astype(int)
    boarding = (age[at] > 12) & (draw[at, 2] < 0.45)
    stage_series = pl.Series(stage[at])
    town = home["township"].str.replace("街道|镇", "")
    school_name = town + pl.Series(school_no).cast(pl.String) + stage_series.replace_strict(STAGES)
    frame = pupils.with_columns(
        student_no=pl.when(pl.Series(draw[at, 3]) < 0.985)
        .then(pl.lit("G") + pl.col("id_number"))
        .otherwise(pl.lit("L3711") + (pl.col("uid") + 10_000_000_000_000).cast(pl.String)),
        id_type=pl.lit("1"),
        school_code="37"
        + home["town_code"].str.slice(2)
        + stage_series
        + pl.Series(school_no).cast(pl.String).str.zfill(2),
        school_name=school_name,
        stage=stage_series,
        grade=pl.Series(grade[at]).cast(pl.String),
        boarding=pl.Series(np.where(boarding, "2", "1")),
        region_code=home["region_code"],
        draw=pl.Series(draw[at, 4]),
        away=pl.Series(draw[at, 5]),
        year=pl.lit(year),
    )
    return _guardians(frame, people, on)


def _guardians(frame: pl.DataFrame, people: pl.DataFrame, on: date) -> pl.DataFrame:
    """First and second recorded guardian: parents, or the grandparents at home."""
    father, mother = frame["father_uid"].to_numpy(), frame["mother_uid"].to_numpy()
    first_of_home = people["uid"].to_numpy()[
        np.unique(people["hh_before"].to_numpy(), return_index=True)[1]
    ]
    head = first_of_home[frame["hh_before"].to_numpy()]
    spouse = people["spouse_uid"].to_numpy()[head]
    grand = (frame["role"] == kinds.GRANDCHILD).to_numpy()
    died = people["died_on"].to_numpy().astype("datetime64[D]")
    dead = ~np.isnat(died) & (died <= np.datetime64(on, "D"))
    fate = people["fate"].to_numpy()

    def lost(uid: Array) -> Array:
        gone = np.isin(fate[uid], ["missing", "imprisoned"])
        return np.asarray((uid < 0) | dead[uid] | gone)

    draw = frame["draw"].to_numpy()
    orphan = (father >= 0) & (mother >= 0) & dead[father] & dead[mother] & (draw < 0.9)
    # half of the grandparents stand on the roll, else the parents who are gone still do
    by_grand = grand & ((draw < 0.45) | orphan)
    first = np.where(by_grand, head, np.where(father >= 0, father, mother))
    second = np.where(
        by_grand, np.where(draw < 0.25, np.where(father >= 0, father, mother), spouse), mother
    )
    second = np.where(second == first, -1, second)
    # a single mother's absent man is recorded in half of the cases
    second = np.where(~grand & lost(first) & (mother >= 0), mother, second)
    swap = ~by_grand & (draw > 0.8) & (second >= 0)
    first, second = np.where(swap, second, first), np.where(swap, first, second)
    # a few pupils have nobody recorded
    first = np.where(draw > 1 - NOBODY_RECORDED, -1, first)
    second = np.where(draw > 1 - NOBODY_RECORDED, -1, second)
    left = np.where(grand, np.where(lost(father) | lost(mother), "1", "2"), "0")
    columns: dict[str, pl.Series] = {}
    for ordinal, uid in ((1, first), (2, second)):
        there = uid >= 0
        row = people[np.maximum(uid, 0)]
        male = (row["sex"] == 1).to_numpy()
        relation = np.select(
            [uid == father, uid == mother],
            ["父", "母"],
            default=np.where(male, "祖父", "祖母"),
        )
        known = pl.Series(there)
        columns |= {
            f"guardian{ordinal}_uid": pl.Series(uid),
            f"guardian{ordinal}_name": _where(known, row["name"]),
            f"guardian{ordinal}_relation": _where(known, pl.Series(relation)),
            f"guardian{ordinal}_id_number": _where(known, row["id_number"]),
            f"guardian{ordinal}_phone": _where(known, row["phone"]),
        }
    return frame.with_columns(**columns, is_orphan=pl.Series(orphan), left_behind=pl.Series(left))


def _where(known: pl.Series, values: pl.Series) -> pl.Series:
    frame = pl.DataFrame({"known": known, "values": values})
    return frame.select(pl.when("known").then("values").alias("values")).to_series()


def charges(seed: int, pupils: pl.DataFrame, term: str, paid_on: date) -> pl.DataFrame:
    """What the pupils of a roll pay for a term."""
    rng = stream(seed, "charges", pupils["year"][0] if pupils.height else 0, term)
    size = pupils.height
    stage = pl.col("stage")
    rows = pupils.with_columns(
        charge_item=stage.replace_strict({k: v[0] for k, v in CHARGES.items()}, default=None),
        half=stage.replace_strict(
            {k: v[1] / 2 for k, v in CHARGES.items()}, default=None, return_dtype=pl.Float64
        ),
        share=stage.replace_strict(
            {k: v[2] for k, v in CHARGES.items()}, default=0.0, return_dtype=pl.Float64
        ),
        factor=pl.Series(np.exp(rng.normal(0, 0.35, size))),
        chance=pl.Series(rng.random(size)),
        days=pl.Series(rng.integers(0, 25, size)),
    ).filter((pl.col("chance") < pl.col("share")) & pl.col("half").is_not_null())
    due = (pl.col("half") * pl.col("factor") / 10).round(0) * 10
    return rows.with_columns(
        amount_due=due,
        amount_paid=pl.when(pl.col("chance") < 0.03).then((due / 2).round(0)).otherwise(due),
        paid_on=(pl.lit(paid_on) + pl.duration(days="days")).cast(pl.Date),
        term=pl.lit(term),
        school_year=pl.format("{}-{}", "year", pl.col("year") + 1),
    )


def aid(seed: int, pupils: pl.DataFrame, term: str, paid_on: date) -> pl.DataFrame:
    """Student aid of a term: most pupils in a tier, some others; hh_category says the tier."""
    rng = stream(seed, "aid", pupils["year"][0] if pupils.height else 0, term)
    size = pupils.height
    poor = pl.col("hh_category").is_not_null()
    names = {"低保": "低保家庭学生", "特困": "特困救助供养学生", "低保边缘": "低保边缘家庭学生",
             "刚性支出困难": "刚性支出困难家庭学生"}  # fmt: skip
    rows = pupils.with_columns(
        chance=pl.Series(rng.random(size)), days=pl.Series(rng.integers(0, 30, size))
    ).filter(pl.when(poor).then(pl.col("chance") < 0.85).otherwise(pl.col("chance") < 0.012))
    return rows.with_columns(
        aid_item=pl.col("stage").replace_strict({k: v[0] for k, v in AID.items()}),
        amount=pl.col("stage").replace_strict({k: v[1] / 2 for k, v in AID.items()}),
        hardship_type=pl.when(pl.col("is_orphan")).then(pl.lit("孤儿")).otherwise(
            pl.col("hh_category").replace_strict(names, default="其他低收入家庭学生")),
        paid_on=(pl.lit(paid_on) + pl.duration(days="days")).cast(pl.Date),
        term=pl.lit(term),
        school_year=pl.format("{}-{}", "year", pl.col("year") + 1),
    )  # fmt: skip
