"""Who is in which tier: certificates of civil affairs and their members, the prevention roster.

Tiers as granted; payments and checks belong to payments and checks.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.synthetic import households as kinds
from pipelines.synthetic.calendar import Calendar, shift
from pipelines.synthetic.lives import age_years
from pipelines.synthetic.medical_costs import DPI
from pipelines.synthetic.randomness import Array, stream

STANDARD = {True: 998.0, False: 830.0}  # 低保 a head and month, urban and rural
SHARES = {"特困": 0.0033, "低保": 0.028, "低保边缘": 0.0043, "刚性支出困难": 0.0092}
ROSTER_SHARES = {"防止返贫监测": 0.0021, "脱贫户": 0.035}
MONITOR_TYPES = {"脱贫不稳定户": 0.3, "边缘易致贫户": 0.45, "突发严重困难户": 0.25}
# shares that civil affairs has not found, or refused
OVERLOOKED = {"特困": 0.05, "低保": 0.15, "低保边缘": 0.25, "刚性支出困难": 0.5}
TWO_CERTIFICATES = 0.008  # of the 低保 households hold a second one by mistake
OTHER_COUNTY, NIGHT_COUNTY = "371103", "371122"
NIGHT_CHANGES = 3  # certificates that start, and that end, between the nights


@dataclass(frozen=True)
class Grants:
    """Certificates with start and end, members, roster rows (one per member)."""

    certificates: pl.DataFrame
    members: pl.DataFrame
    roster: pl.DataFrame


def _take(order: Array, size: Array, wanted: float, free: Array, skip: Array) -> Array:
    """Households in order until their members make up the wanted number of people."""
    candidates = order[free[order] & ~skip[order]]
    reached = np.cumsum(size[candidates])
    return candidates[: int(np.searchsorted(reached, wanted, side="left")) + (wanted >= 1)]


def with_tiers(seed: int, households: pl.DataFrame, people: int) -> pl.DataFrame:
    """category of the household's certificate, roster type, both possibly NULL; 脱贫户 apart."""
    rng = stream(seed, "tiers")
    count = households.height
    size = households["members"].to_numpy()
    head = households["income_per_head"].to_numpy()
    urban = households["urban"].to_numpy()
    need = head / np.where(urban, 1.25, 1.0) * np.exp(rng.normal(0, 0.25, count))
    order = np.argsort(need, kind="stable")
    free = size > 0
    category = np.full(count, "", dtype="<U8")
    former = households["former"].to_numpy()
    for name, share in SHARES.items():
        fits = free.copy()
        if name == "特困":
            fits &= (former == "elder alone") & (households["able"].to_numpy() == 0)
        if name == "刚性支出困难":
            fits &= (households["severe_members"].to_numpy() > 0) & (head < DPI)
        if name == "低保":
            fits &= need < np.quantile(need[free], 0.10)
        skip = rng.random(count) < OVERLOOKED[name]
        chosen = _take(order, size, share * people, fits, skip)
        category[chosen] = name
        free[chosen] = False
    roster = np.full(count, "", dtype="<U8")
    open_to = (size > 0) & ~urban
    for name, share in ROSTER_SHARES.items():
        noise = need * np.exp(rng.normal(0, 0.9 if name == "脱贫户" else 0.3, count))
        held = np.isin(category, ["低保", "特困"])
        fits = open_to & (roster == "") & (~held | (rng.random(count) < 0.25))
        chosen = _take(np.argsort(noise, kind="stable"), size, share * people, fits,
                       rng.random(count) < 0.3)  # fmt: skip
        roster[chosen] = name
    return households.with_columns(
        category=pl.Series(category).replace("", None), roster=pl.Series(roster).replace("", None)
    )


def _month_back(clock: Calendar, back: Array) -> pl.Series:
    first = np.datetime64(clock.last_night.replace(day=1), "M")
    return pl.Series((first - back.astype(int)).astype("datetime64[D]"))


def grants(seed: int, people: pl.DataFrame, households: pl.DataFrame, clock: Calendar) -> Grants:
    """Certificates (also ended, new and moved ones), their members, the roster."""
    rng = stream(seed, "grants")
    chosen = households.filter(pl.col("category").is_not_null())
    size = chosen.height
    rigid = (chosen["category"] == "刚性支出困难").to_numpy()
    back = np.where(rigid, rng.integers(1, 11, size), (2 + rng.gamma(1.3, 22, size)).astype(int))
    start = _month_back(clock, np.minimum(back, 110))
    ended = rng.random(size) < 0.05
    end = np.where(ended, rng.integers(0, 7, size), -13)
    end_month = _month_back(clock, end + 0)
    cap = _month_back(clock, back - 11)
    stops, begins = _night_changes(chosen, ended)
    standard = np.where(chosen["urban"], STANDARD[True], STANDARD[False])
    members = chosen["members"].to_numpy()
    income = _declared(rng, chosen, standard, members)
    benefit = np.where(
        (chosen["category"] == "低保").to_numpy(),
        np.maximum(standard * members - income / 12, 80 * members),
        np.where((chosen["category"] == "特困").to_numpy(), standard * 1.3, np.nan),
    )
    this_month = clock.last_night.replace(day=1)
    certificates = chosen.with_columns(
        certificate_no=pl.lit("JZ") + chosen["county_code"]
        + start.dt.strftime("%Y%m") + pl.int_range(pl.len()).cast(pl.String).str.zfill(6),
        start_month=pl.when(pl.Series(begins)).then(pl.lit(this_month)).otherwise(start),
        end_month=pl.when(pl.Series(rigid)).then(cap).when(pl.Series(ended & ~rigid))
        .then(pl.max_horizontal(end_month, start)),
        declared=pl.Series(np.round(income, -1)),
        monthly_benefit=pl.Series(np.round(benefit, 0)).fill_nan(None),
        night_stop=pl.Series(stops), night_start=pl.Series(begins),
        shape=pl.Series(rng.random(size)),
    )  # fmt: skip
    certificates = pl.concat([certificates, *_second(certificates)])
    living = people.filter(
        pl.col("died_on").is_null() | (pl.col("died_on") >= pl.lit(shift(this_month, -2)))
    ).filter(~pl.col("outside"))
    rows = _members(seed, living, certificates, clock)
    certificates = _sizes(certificates, rows, living)
    return Grants(certificates, rows, _roster(seed, living, households, clock))


def _night_changes(chosen: pl.DataFrame, ended: Array) -> tuple[Array, Array]:
    """Certificates of one county that stop, and that start, between the nights."""
    held = (chosen["category"] == "低保").to_numpy() & ~ended
    county = (chosen["county_code"] == NIGHT_COUNTY).to_numpy()
    plain = np.flatnonzero(held & county)
    if len(plain) < 2 * NIGHT_CHANGES:
        plain = np.flatnonzero(held)
    stops, begins = np.zeros(chosen.height, bool), np.zeros(chosen.height, bool)
    stops[plain[:NIGHT_CHANGES]] = True
    begins[plain[-NIGHT_CHANGES:]] = True
    return stops, begins


def _second(certificates: pl.DataFrame) -> list[pl.DataFrame]:
    """A second certificate for a few households: of another category, or in another county."""
    plain = certificates.filter(
        (pl.col("category") == "低保") & pl.col("end_month").is_null()
        & ~pl.col("night_stop") & ~pl.col("night_start") & (pl.col("shape") >= 0.03)
    )  # fmt: skip
    few = max(1, int(plain.height * TWO_CERTIFICATES))
    other = plain.head(few).with_columns(
        certificate_no="X" + pl.col("certificate_no"),
        category=pl.lit("低保边缘"),
        monthly_benefit=pl.lit(None, dtype=pl.Float64),
    )
    elsewhere = (
        plain.slice(few, few)
        .filter(pl.col("county_code") != OTHER_COUNTY)
        .with_columns(
            certificate_no="Y" + pl.col("certificate_no"),
            region_code=pl.lit(OTHER_COUNTY + "000000"),
            county_code=pl.lit(OTHER_COUNTY),
        )
    )
    return [other, elsewhere]


def _declared(rng: np.random.Generator, chosen: pl.DataFrame, standard: Array, members: Array
              ) -> Array:  # fmt: skip
    size = chosen.height
    kind = chosen["category"].to_numpy()
    year = standard * 12
    head = np.select(
        [kind == "低保", kind == "特困", kind == "低保边缘"],
        [year * rng.uniform(0.15, 0.97, size), year * rng.uniform(0, 0.3, size),
         year * rng.uniform(1.02, 1.48, size)],
        default=np.minimum(chosen["income_per_head"].to_numpy(), DPI * 0.98),
    )  # fmt: skip
    return head * members


RELATIONS = {kinds.HEAD: "户主", kinds.SPOUSE: "配偶"}


def relations(people: pl.DataFrame) -> pl.Series:
    """Relation to the head of the household in the words of civil affairs."""
    male = pl.col("sex") == 1
    role = pl.col("role")
    return people.select(
        relation=pl.when(role == kinds.HEAD).then(pl.lit("户主"))
        .when(role == kinds.SPOUSE).then(pl.lit("配偶"))
        .when(role == kinds.PARENT).then(pl.when(male).then(pl.lit("父")).otherwise(pl.lit("母")))
        .when(role == kinds.GRANDCHILD)
        .then(pl.when(male).then(pl.lit("孙子")).otherwise(pl.lit("孙女")))
        .when(role == kinds.AWAY_MOTHER).then(pl.lit("儿媳"))
        .when(pl.col("moved_on").is_not_null()).then(pl.lit("儿媳"))
        .otherwise(pl.when(male).then(pl.lit("子")).otherwise(pl.lit("女")))
    ).to_series()  # fmt: skip


def _members(
    seed: int, living: pl.DataFrame, certificates: pl.DataFrame, clock: Calendar
) -> pl.DataFrame:
    rng = stream(seed, "certificate members")
    rows = living.filter(pl.col("fate") != "dead").join(
        certificates.select("hh", "certificate_no", "category", "declared", "shape"), on="hh",
        maintain_order="left",
    ).sort("certificate_no", "slot")  # fmt: skip
    size = rows.height
    # a certificate for one member alone (单人保), in three of a hundred
    single = (pl.col("shape") < 0.03) & (pl.col("category") == "低保")
    rows = rows.with_columns(
        relation=relations(rows), draw=pl.Series(rng.random(size)), single=single,
        age=pl.Series(age_years(rows, clock.last_night)),
        first=pl.col("uid").first().over("certificate_no"),
    )  # fmt: skip
    rows = rows.filter(~pl.col("single") | (pl.col("uid") == pl.col("first")))
    able = (pl.col("age") >= 18) & (pl.col("age") < 60) & pl.col("disability_level").is_null()
    able &= pl.col("severe") == 0
    grown = pl.col("age") >= 18
    adults = grown.sum().over("certificate_no")
    return rows.with_columns(
        annual_income=pl.when(grown & (adults > 0))
        .then((pl.col("declared") / adults).round(0))
        .otherwise(0.0),
        disease=pl.when(pl.col("severe") > 0).then(pl.lit("重大疾病"))
        .when(pl.col("chronic_code").is_not_null()).then(pl.lit("慢性病")),
        labour_ability=pl.when(pl.col("age") < 16).then(pl.lit("无"))
        .when(pl.col("disability_level").is_in(["一", "二"])).then(pl.lit("丧失"))
        .when(pl.col("age") >= 70).then(pl.lit("无")).when(able).then(pl.lit("有"))
        .otherwise(pl.lit("部分丧失")),
        health=pl.when(pl.col("severe") > 0).then(pl.lit("重病"))
        .when(pl.col("disability_level").is_not_null()).then(pl.lit("残疾"))
        .when(pl.col("chronic_code").is_not_null()).then(pl.lit("慢性病")).otherwise(pl.lit("健康")),
        covered=~((pl.col("draw") < 0.05) & able & (pl.col("relation") != "户主")),
    )  # fmt: skip


def _sizes(certificates: pl.DataFrame, members: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Head and head counts from the members."""
    counted = members.group_by("certificate_no", maintain_order=True).agg(
        household_size=pl.len().cast(pl.Int32),
        covered_size=pl.col("covered").sum().cast(pl.Int32),
        head_uid=pl.col("uid").first(),
        head_name=pl.col("name").first(),
        head_id_number=pl.col("id_number").first(),
        head_phone=pl.col("phone").first(),
    )
    return certificates.join(counted, on="certificate_no", how="inner", maintain_order="left")


def _roster(
    seed: int, living: pl.DataFrame, households: pl.DataFrame, clock: Calendar
) -> pl.DataFrame:
    rng = stream(seed, "roster")
    chosen = households.filter(pl.col("roster").is_not_null())
    size = chosen.height
    kind = np.array(list(MONITOR_TYPES))[rng.choice(3, size, p=list(MONITOR_TYPES.values()))]
    former = (chosen["roster"] == "脱贫户").to_numpy()
    back = np.where(former, rng.integers(60, 110, size), rng.integers(1, 40, size))
    removed = ~former & (rng.random(size) < 0.3)
    days = rng.integers(0, 27, size).astype("timedelta64[D]")
    since = pl.Series(_month_back(clock, back).to_numpy().astype("datetime64[D]") + days)
    until = _month_back(clock, np.maximum((back * 0.4).astype(int), 0))
    rows = chosen.select(
        "hh", "region_code", "county_code",
        household_no=pl.lit("FP") + pl.col("county_code")
        + pl.int_range(pl.len()).cast(pl.String).str.zfill(7),
        monitor_type=pl.Series(np.where(former, "脱贫户", kind)),
        identified_on=since,
        risk_removed_on=pl.when(pl.Series(removed)).then(until),
        income_per_head=pl.Series(
            np.round(np.minimum(chosen["income_per_head"].to_numpy(), 26_000), -1)
        ),
    )  # fmt: skip
    joined = living.filter(pl.col("fate") != "dead").join(rows, on="hh", maintain_order="left")
    joined = joined.sort("household_no", "slot")
    return joined.with_columns(
        relation=relations(joined),
        head_id_number=pl.col("id_number").first().over("household_no"),
        head_uid=pl.col("uid").first().over("household_no"),
    )
