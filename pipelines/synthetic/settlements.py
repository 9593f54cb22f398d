"""Settlements of a period: visits with their costs, places, illnesses, splits and late claims.

Rows as they should be, amounts in Int64 cents; refunds belong to refunds, files to schedules.
"""

import numpy as np
import polars as pl

from pipelines.synthetic import medical
from pipelines.synthetic.calendar import Period
from pipelines.synthetic.health import CHRONIC, SEVERE
from pipelines.synthetic.medical import CHRONIC as CHRONIC_KIND
from pipelines.synthetic.medical_costs import LEVELS
from pipelines.synthetic.places import COUNTIES
from pipelines.synthetic.randomness import Array, pick, stream

PARTS = ("basic_fund", "civil_servant_fund", "enterprise_fund", "major_illness_fund",
         "large_sum_fund", "disability_fund", "medical_aid", "other_fund")  # fmt: skip
SCOPES = ("full_own_pay", "over_limit_own_pay", "prior_own_pay", "in_scope_cost")
MONEY = ("total_cost", *SCOPES, "deductible", *PARTS, "fund_total", "personal_burden",
         "account_pay", "cash_pay")  # fmt: skip
_STAY_ILLNESS = {"J18.900": "肺炎", "I10.x00": "高血压", "I25.103": "冠状动脉粥样硬化性心脏病",
                 "K35.900": "急性阑尾炎", "M51.202": "腰椎间盘突出", "I63.900": "脑梗死",
                 "K80.200": "胆囊结石", "E11.900": "2型糖尿病",
                 "J44.100": "慢性阻塞性肺病急性加重", "H25.900": "老年性白内障",
                 "N20.000": "肾结石", "S72.000": "股骨颈骨折"}  # fmt: skip
_VISIT_ILLNESS = {"J06.900": "急性上呼吸道感染", "K29.500": "慢性胃炎", "I10.x00": "高血压",
                  "M54.500": "腰痛", "J20.900": "急性支气管炎", "L30.900": "湿疹"}  # fmt: skip
_SEVERE_NAMES = ["", "终末期肾病", "肺恶性肿瘤", "器官移植状态", "血友病", "精神分裂症", "脑梗死",
                 "心力衰竭", "系统性红斑狼疮"]  # fmt: skip
SPLIT_SHARE, LATE_CLAIM_SHARE = 0.015, 0.004
MISSING_SCOPE, MISSING_FUND, MISSING_PARTS = 0.0025, 0.0025, 0.0006


def settlements(
    seed: int, rows: pl.DataFrame, period: Period, county: Array, block: int
) -> pl.DataFrame:
    """Visits with costs → whole settlements; county is the six-digit county of each person.

    block: which run of people the rows belong to; it keeps the numbers apart.
    """
    rng = stream(seed, "settlements", period.start.isoformat(), block)
    kind = rows["kind"].to_numpy()
    size = rows.height
    stay = np.isin(kind, [medical.INPATIENT, medical.SEVERE_STAY])
    length = np.where(stay, np.clip(rng.gamma(2.2, 4.0, size).astype(int) + 1, 1, 90), 0)
    end = rows["settled_on"].to_numpy().astype("datetime64[D]")
    late = (rng.random(size) < LATE_CLAIM_SHARE) & (stay | (kind == medical.OUTPATIENT))
    end = np.where(late, end - rng.integers(45, 170, size), end)
    frame = rows.with_columns(
        length=pl.Series(length),
        begin_date=pl.Series(end - length),
        end_date=pl.Series(end),
        late_claim=pl.Series(late),
        stay=pl.Series(stay),
    )
    frame = _places(rng, frame, county)
    frame = _illnesses(rng, frame)
    frame = frame.with_columns(care_type=pl.Series(_care_types(rng, frame)))
    frame = _split(rng, frame)
    first = block * 10_000_000
    number = first + pl.int_range(pl.len(), dtype=pl.Int64)
    prefix = f"3711{period.end:%y%m%d}"
    frame = frame.with_columns(
        settlement_id=pl.lit(prefix + "S") + number.cast(pl.String).str.zfill(9),
        visit_id=pl.lit(prefix + "V") + (pl.col("visit") + first).cast(pl.String).str.zfill(9),
        settled_at=pl.col("settled_on").cast(pl.Datetime("us"))
        + pl.duration(minutes=pl.col("minute")),
        refunded=pl.lit(False),
        original_settlement_id=pl.lit(None, dtype=pl.String),
    )
    return _gaps(rng, frame)


def _places(rng: np.random.Generator, frame: pl.DataFrame, county: Array) -> pl.DataFrame:
    size = frame.height
    level = frame["level"].to_numpy()
    pharmacy = frame["kind"].to_numpy() == medical.PHARMACY
    number = np.where(level == 2, rng.integers(1, 4, size), rng.integers(1, 12, size))
    shops = rng.integers(1, 80, size)
    names = pl.Series([row[0] for row in COUNTIES.values()])
    position = np.searchsorted(np.array(list(COUNTIES)), county)
    county_name = names[position]
    kind = pl.Series(["卫生院", "医院", "中心医院"])[level]
    number_text = pl.Series(np.where(pharmacy, shops, number)).cast(pl.String)
    late = frame["late_claim"].to_numpy()
    code = pl.Series(np.where(pharmacy, "P", "H")) + pl.Series(county)
    code = code + pl.Series(level).cast(pl.String) + number_text.str.zfill(4)
    hospital = county_name + "第" + number_text + kind
    shop = county_name + "惠民大药房" + number_text + "店"
    return frame.with_columns(
        hospital_code=code,
        hospital_name=pl.when(pl.Series(late)).then(pl.lit("中心手工报销")).when(
            pl.Series(pharmacy)).then(shop).otherwise(hospital),
        hospital_level=pl.when(~pl.Series(pharmacy)).then(pl.Series(LEVELS)[level]),
    )  # fmt: skip


def _illnesses(rng: np.random.Generator, frame: pl.DataFrame) -> pl.DataFrame:
    size = frame.height
    kind = frame["kind"].to_numpy()
    severe = frame["severe"].to_numpy().astype(int)
    code = np.full(size, "", dtype=object)
    name = np.full(size, "", dtype=object)
    for table, which in ((_STAY_ILLNESS, medical.INPATIENT), (_VISIT_ILLNESS, medical.OUTPATIENT)):
        at = np.flatnonzero(kind == which)
        drawn = rng.integers(0, len(table), len(at))
        code[at] = np.array(list(table), dtype=object)[drawn]
        name[at] = np.array(list(table.values()), dtype=object)[drawn]
    at = np.flatnonzero(kind == medical.SEVERE_STAY)
    code[at] = np.array(["", *[s.icd for s in SEVERE]], dtype=object)[severe[at]]
    name[at] = np.array(_SEVERE_NAMES, dtype=object)[severe[at]]
    at = np.flatnonzero(kind == medical.SEVERE_CHRONIC)
    code[at] = np.array(["", *[s.code or "" for s in SEVERE]], dtype=object)[severe[at]]
    name[at] = np.array(["", *[s.registered_name for s in SEVERE]], dtype=object)[severe[at]]
    frame = frame.with_columns(disease_code=pl.Series(code, dtype=pl.String),
                               disease_name=pl.Series(name, dtype=pl.String))  # fmt: skip
    names = {code: row[0] for code, row in CHRONIC.items()}
    ordinary = pl.col("kind") == CHRONIC_KIND
    return frame.with_columns(
        disease_code=pl.when(ordinary).then("chronic_code").otherwise("disease_code"),
        disease_name=pl.when(ordinary)
        .then(pl.col("chronic_code").replace(names))
        .otherwise("disease_name"),
    ).with_columns(pl.col("disease_code", "disease_name").replace("", None))


def _care_types(rng: np.random.Generator, frame: pl.DataFrame) -> Array:
    kind = frame["kind"].to_numpy()
    size = frame.height
    visit = np.array(["11", "13", "16"])[pick(rng, [0.9, 0.05, 0.05], size)]
    stay = np.array(["21", "22", "24", "26", "28"])[pick(rng, [82, 5, 4, 4, 5], size)]
    away = np.array(["25", "23", "27"])[pick(rng, [60, 30, 10], size)]
    stay = np.where(frame["remote"].to_numpy(), away, stay)
    mother = frame["childbearing"].to_numpy() & (rng.random(size) < 0.25)
    return np.select(
        [
            kind == medical.OUTPATIENT,
            kind == medical.PHARMACY,
            kind == medical.CHRONIC,
            kind == medical.SEVERE_CHRONIC,
            (kind == medical.INPATIENT) & mother,
        ],
        [visit, "41", "140104", "140201", "52"],
        default=stay,
    )


def scaled(frame: pl.DataFrame, share: pl.Expr) -> pl.DataFrame:
    """Every amount times a share, rounded down by parts, totals from the parts again."""
    frame = frame.with_columns(
        (pl.col(name) * share).floor().cast(pl.Int64)
        for name in (*SCOPES, *PARTS, "deductible", "account_pay")
    )
    return totalled(frame)


def totalled(frame: pl.DataFrame) -> pl.DataFrame:
    """Totals from parts, so that the identities hold."""
    total, fund = pl.sum_horizontal(*SCOPES), pl.sum_horizontal(*PARTS)
    burden = pl.max_horizontal(total - fund, pl.lit(0))
    frame = frame.with_columns(fund_total=fund, personal_burden=burden, total_cost=fund + burden)
    account = pl.min_horizontal("account_pay", "personal_burden")
    # a cent lost by rounding down goes to the patient's own pay
    frame = frame.with_columns(
        full_own_pay=pl.col("full_own_pay") + pl.col("total_cost") - total, account_pay=account
    )
    return frame.with_columns(cash_pay=pl.col("personal_burden") - pl.col("account_pay"))


def _split(rng: np.random.Generator, frame: pl.DataFrame) -> pl.DataFrame:
    """Long stays settled in two parts under one visit_id."""
    frame = frame.with_columns(visit=pl.int_range(pl.len(), dtype=pl.Int64))
    chosen = pl.Series(rng.random(frame.height) < SPLIT_SHARE * 2)
    chosen = chosen & frame["stay"] & (frame["length"] >= 10) & ~frame["late_claim"]
    long = frame.filter(chosen)
    if not long.height:
        return frame
    share = pl.Series("share", 0.3 + 0.4 * rng.random(long.height))
    first = scaled(long.with_columns(share), pl.col("share"))
    first = first.with_columns(
        end_date=pl.col("begin_date")
        + pl.duration(days=(pl.col("length") * pl.col("share")).cast(pl.Int64)),
    ).with_columns(settled_on="end_date")
    rest = long.with_columns(
        *(pl.col(c) - first[c] for c in (*SCOPES, *PARTS, "deductible", "account_pay")),
        begin_date=first["end_date"],
    )
    first, rest = first.drop("share"), totalled(rest)
    return pl.concat([frame.filter(~chosen), first, rest.select(first.columns)]).sort(
        "uid", "settled_on", "visit", maintain_order=True
    )


def _gaps(rng: np.random.Generator, frame: pl.DataFrame) -> pl.DataFrame:
    """Amounts that a small share of the rows does not carry."""
    draw = pl.Series("draw", rng.random(frame.height))
    no_scope = draw < MISSING_SCOPE
    no_parts = (draw > 0.5) & (draw < 0.5 + MISSING_PARTS)
    no_fund = ((draw > 0.5) & (draw < 0.5 + MISSING_FUND)) | no_parts
    return frame.with_columns(
        pl.when(~no_scope).then("in_scope_cost").alias("in_scope_cost"),
        pl.when(~no_fund).then("fund_total").alias("fund_total"),
        *(pl.when(~no_parts).then(name).alias(name) for name in PARTS if name != "medical_aid"),
    )
