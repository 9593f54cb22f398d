"""The register of insured people and the registrations for chronic illness.

The register as it should be; its snapshots and their faults belong to the schedules.
"""

import numpy as np
import polars as pl

from pipelines.synthetic.calendar import Calendar
from pipelines.synthetic.health import CHRONIC, SEVERE
from pipelines.synthetic.randomness import Array, stream

_EMPLOYERS = ["港务集团", "钢铁有限公司", "第一中学", "中心医院", "纺织厂", "建筑公司",
              "食品有限公司", "供电公司", "机械厂",
              "商贸有限公司", "茶业有限公司", "水产公司"]  # fmt: skip


def with_insurance(seed: int, people: pl.DataFrame) -> pl.DataFrame:
    """psn_no, insurance_type (310, 390, NULL uninsured), second_type, in_register."""
    rng = stream(seed, "insurance")
    size = people.height
    employee = people["employee"].to_numpy()
    gone = people["outside"].to_numpy()
    draw = rng.random(size)
    kind = np.where(employee, "310", np.where(draw < 0.955, "390", ""))
    # migrants, missing and imprisoned people stay on the residents' register of their village
    kind = np.where(gone, "", kind)
    both = (kind == "310") & (rng.random(size) < 0.006)
    register = rng.random(size) > 0.0012
    number = 3711_0000_0000 + (np.arange(size) * 7 + 13)
    has_family = np.where(kind == "310", rng.random(size) < 0.68, rng.random(size) < 0.975)
    return people.with_columns(
        psn_no=pl.Series(number).cast(pl.String) + "0000000000",
        insurance_type=pl.Series(kind).replace("", None),
        second_type=pl.Series(np.where(both, "390", "")).replace("", None),
        in_register=pl.Series(register),
        on_family=pl.Series(has_family),
    )


def register(seed: int, people: pl.DataFrame, households: pl.DataFrame) -> pl.DataFrame:
    """Rows of insured_person for everyone ever on it, with what the snapshots need besides."""
    rows = people.filter(pl.col("insurance_type").is_not_null() & pl.col("in_register"))
    second = rows.filter(pl.col("second_type").is_not_null()).with_columns(
        insurance_type="second_type"
    )
    rows = pl.concat([rows, second])
    rng = stream(seed, "register")
    size = rows.height
    home = households[rows["hh"].to_numpy()]
    county = home["county_code"]
    detail = rng.random(size)
    ofthree = pl.Series(detail)
    employer = pl.Series(_EMPLOYERS)[rng.integers(0, len(_EMPLOYERS), size)]
    county_name = home["address"].str.slice(0, 2)
    work = pl.col("insurance_type") == "310"
    return rows.select(
        "uid",
        "psn_no",
        "name",
        "id_number",
        "sex",
        "birth_date",
        "ethnicity",
        "phone",
        "insurance_type",
        "hh",
        "hh_before",
        "moved_on",
        "died_on",
        "fate",
        "father_uid",
        "mother_uid",
        id_type=pl.lit("01"),
        insured_region=county,
        region_code=pl.when(ofthree < 0.45).then(county).when(ofthree < 0.5).then(
            home["town_code"] + "000").otherwise(home["region_code"]),
        township=pl.when(ofthree < 0.93).then(home["township"]),
        village=pl.when(ofthree < 0.88).then(home["village"]),
        organisation=pl.when(work).then(county_name + employer),
        address=pl.when(pl.Series(rng.random(size)) < 0.85).then(home["address"]),
        family_no=pl.when("on_family").then(home["family_no"]),
        family_before=pl.when("on_family").then(
            households["family_no"][rows["hh_before"].to_numpy()]),
        dropped=pl.Series(rng.random(size)),
    )  # fmt: skip


def survival(frame: pl.DataFrame, extract: np.datetime64) -> Array:
    """survival_status on an extract date: deaths are entered some weeks late, or never."""
    died = frame["died_on"].to_numpy().astype("datetime64[D]")
    draw = frame["dropped"].to_numpy()
    lag = (8 + 60 * draw).astype(int)
    known = ~np.isnat(died) & (draw < 0.75) & (died + lag <= extract)
    status = np.where(frame["fate"] == "missing", "4", "1")
    status = np.where(frame["fate"] == "imprisoned", "3", status)
    return np.where(known, "2", status)


def registrations(seed: int, people: pl.DataFrame, clock: Calendar) -> pl.DataFrame:
    """Rows of chronic_registration: severe and chronic illnesses of insured people."""
    rng = stream(seed, "registrations")
    insured = people.filter(pl.col("insurance_type").is_not_null())
    severe_codes = pl.Series([None, *[s.code for s in SEVERE]])
    severe_names = pl.Series([None, *[s.registered_name for s in SEVERE]])
    severe = insured.filter(pl.col("severe") > 0)
    position = severe["severe"].to_numpy()
    severe = severe.with_columns(
        disease_code=severe_codes[position], disease_name=severe_names[position],
        begin_date=pl.col("severe_since") + pl.duration(days=20),
    ).filter(pl.col("disease_code").is_not_null())  # fmt: skip
    # one in twelve has not registered
    severe = severe.filter(pl.Series(rng.random(severe.height)) > 0.08)
    chronic = insured.filter(pl.col("chronic_code").is_not_null())
    chronic = chronic.filter(pl.Series(rng.random(chronic.height)) < 0.55)
    ago = (60 + rng.gamma(1.5, 600, chronic.height)).astype(int)
    chronic = chronic.with_columns(
        disease_code="chronic_code",
        disease_name=pl.col("chronic_code").replace_strict({k: v[0] for k, v in CHRONIC.items()}),
        begin_date=pl.Series(np.datetime64(clock.last_night, "D") - ago),
    )
    rows = pl.concat([severe, chronic]).sort("uid")
    ended = pl.Series(rng.random(rows.height)) < 0.03
    days = pl.lit(pl.Series(rng.integers(1, 4, rows.height) * 365))
    end = pl.when(ended).then(pl.col("begin_date") + pl.duration(days=days))
    return rows.select(
        "uid", "psn_no", "id_number", "name", "disease_code", "disease_name",
        pl.col("begin_date").cast(pl.Date), end_date=end.cast(pl.Date),
        died_on="died_on",
    )  # fmt: skip
