"""Help that is missing, double or paid to the dead, and what looks like it and is lawful.

All of it comes on top of the city, on streams and in files of its own, cleanly written; the truth
beside it (``planted.parquet``) says which finding each person should raise, or that none may.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.synthetic.assistance import OTHER_COUNTY, relations
from pipelines.synthetic.calendar import month_end, shift
from pipelines.synthetic.deliveries import Deliverer
from pipelines.synthetic.lives import age_years
from pipelines.synthetic.randomness import stream
from pipelines.synthetic.schedule_civil import HOUSEHOLD, MEMBER

if TYPE_CHECKING:
    from pipelines.synthetic.city import City

PAYMENT, SERVICE = "civil_affairs/assistance_payment", "civil_affairs/social_service"
ONE_EACH_IN = 2500  # of so many people one is planted of each sort
MONTHS_HELD = 9
CASH, OLD_AGE, DISABLED = "低保金", "高龄津贴", "残疾人两项补贴"
CASH_OF = {"低保": CASH, "特困": "特困供养金"}
OF_HOUSEHOLDS = {
    "never paid": "no_payment_90_days",
    "stopped": "no_payment_90_days",
    "quarterly": None,
    "arrears": None,
    "in advance": None,
    "pupil": "student_without_aid",
}
#: a second certificate of the same household: its category, its county, months since it began, and
#: months since the first one ended
SECOND = {
    "two tiers": ("特困", None, 5, None),
    "two places": ("低保", OTHER_COUNTY, 5, None),
    "one after the other": ("特困", None, 5, 6),
}
OF_COVERS = {
    "two tiers": "two_tiers",
    "two places": "two_places",
    "one after the other": None,
}
OF_THE_DEAD = {
    "after death": "paid_after_death",
    "after death, no month": "paid_after_death",
    "after death, taken back": None,
    "month of death": None,
    "month of death, no month": None,
    "reimbursed after death": None,
    "served after death": "service_after_death",
}
OF_THE_LIVING = {
    "twice": "same_aid_twice",
    "twice, taken back": None,
    "two months on one day": None,
    "quarter at once": None,
}
TWO_SUBSIDIES = "two subsidies"
Row = dict[str, Any]


def deliver_planted(city: City, write: Deliverer, orphans: list[int], recorded: pl.Series) -> None:
    """Everything that is planted, in files of its own, after all others.

    recorded: people whose death a register says; orphans get an allowance already.
    """
    payments: list[Row] = []
    services: list[Row] = []
    truth: list[Row] = []
    each = max(1, city.people.height // ONE_EACH_IN)
    _households(city, write, each, payments, truth)
    taken = {row["person_uid"] for row in truth}
    for sort, row, uid, expected in _people(city, each, set(orphans), recorded, taken):
        (services if "service_type" in row else payments).append(row | {"uid": uid})
        if not truth or truth[-1]["person_uid"] != uid or truth[-1]["sort"] != sort:
            truth.append({"sort": sort, "person_uid": uid, "expected": expected})
    clock = city.clock
    arrives, extract = clock.first_night, clock.first_night - timedelta(days=1)
    paid = pl.DataFrame(payments, schema_overrides={"subtype": pl.String, "amount": pl.Float64})
    paid = paid.filter(pl.col("paid_on") < pl.lit(extract)).sort("paid_on", "uid", "aid_type")
    number = pl.int_range(pl.len()).cast(pl.String).str.zfill(7)
    paid = paid.with_columns(payment_id=pl.lit("ZT") + number)
    write.deliver(PAYMENT, _named(city, paid), extract, arrives, part="planted", sound=True)
    served = pl.DataFrame(services)
    if served.height:
        served = served.filter(pl.col("served_on") < pl.lit(extract)).with_columns(
            service_id=pl.lit("FT") + pl.int_range(pl.len()).cast(pl.String).str.zfill(7)
        )
        write.deliver(SERVICE, _named(city, served), extract, arrives, part="planted", sound=True)
    schema = {"sort": pl.String, "person_uid": pl.Int64, "expected": pl.String}
    write.truth.append("planted", pl.DataFrame(truth, schema=schema))


def _named(city: City, rows: pl.DataFrame) -> pl.DataFrame:
    who = city.people.select("name", "id_number", "hh")[rows["uid"].to_numpy()]
    region = city.households["region_code"][who["hh"].to_numpy()]
    return rows.hstack(who.drop("hh")).with_columns(region_code=region)


def _households(
    city: City, write: Deliverer, each: int, payments: list[Row], truth: list[Row]
) -> None:
    """Certificates for ordinary households, and how each of them is paid."""
    rng = stream(city.seed, "planted", "households")
    clock, people = city.clock, city.people
    night_counties = city.grants.certificates.filter(pl.col("night_stop") | pl.col("night_start"))
    closed = [*night_counties["county_code"].unique().to_list(), OTHER_COUNTY]
    home = (pl.col("fate") == "home") & ~pl.col("outside") & pl.col("died_on").is_null()
    settled = home & pl.col("moved_on").is_null() & pl.col("in_register")
    pupil = pl.col("student") & (
        pl.lit(clock.last_night.year) - pl.col("birth_date").dt.year() < 15
    )
    counted = people.group_by("hh").agg(
        all_settled=settled.all(), adults=(home & (pl.lit(clock.first_day.year) - 20
                                                   > pl.col("birth_date").dt.year())).sum(),
        pupils=(home & pupil).sum(),
    )  # fmt: skip
    free = city.households.join(counted, on="hh", how="inner").filter(
        pl.col("category").is_null() & pl.col("roster").is_null() & (pl.col("adults") > 0)
        & pl.col("all_settled") & ~pl.col("county_code").is_in(closed)
    ).sort("hh")  # fmt: skip
    with_pupils = free.filter(pl.col("pupils") > 0)["hh"].to_numpy().copy()
    others = free.filter(pl.col("pupils") == 0)["hh"].to_numpy().copy()
    rng.shuffle(with_pupils)
    rng.shuffle(others)
    start = shift(clock.last_night.replace(day=1), -MONTHS_HELD)
    chosen: list[tuple[str, int]] = []
    for sort in OF_HOUSEHOLDS:
        pool = with_pupils if sort == "pupil" else others
        pool, rest = pool[:each], pool[each:]
        if sort == "pupil":
            with_pupils = rest
        else:
            others = rest
        chosen += [(sort, int(hh)) for hh in pool]
    covers = [sort for sort in OF_COVERS for _ in range(each)]
    chosen += [(sort, int(hh)) for sort, hh in zip(covers, others, strict=False)]
    if not chosen:
        return
    for row in _certificates(city, write, chosen, start):
        sort = row["sort"]
        payments += [
            {"uid": row["head_uid"], "certificate_no": row["certificate_no"],
             "aid_type": CASH_OF[row["category"]], "department": "民政局"} | rest
            for rest in _cash(sort, start, clock.last_night)
            if rest["benefit_month"] >= row["start_month"]
            and (row["end_month"] is None or rest["benefit_month"] <= row["end_month"])
        ]  # fmt: skip
        if row["second"]:
            continue
        expected = (OF_HOUSEHOLDS | OF_COVERS)[sort]
        subjects = [row["head_uid"]]
        if sort == "pupil":
            subjects = people.filter(home & pupil & (pl.col("hh") == row["hh"]))["uid"].to_list()
        truth += [{"sort": sort, "person_uid": uid, "expected": expected} for uid in subjects]


def _cash(sort: str, start: date, last: date) -> Iterator[Row]:
    """How a certificate is paid, month by month or otherwise."""
    months = [shift(start, k) for k in range(MONTHS_HELD + 1)]
    amount = 520.0

    def row(month: date, paid_on: date, times: int = 1, subtype: str | None = None) -> Row:
        return {"amount": amount * times, "benefit_month": month, "paid_on": paid_on,
                "subtype": subtype}  # fmt: skip

    if sort == "never paid":
        return
    for place, month in enumerate(months):
        left = len(months) - 1 - place  # months until that of the last night
        on = month.replace(day=12)
        if sort == "pupil" or sort in OF_COVERS or (sort == "stopped" and left >= 5):
            yield row(month, on)
        elif sort == "quarterly" and left % 3 == 2:
            yield row(month, month.replace(day=10), times=3)
        elif sort == "arrears":
            late = shift(last.replace(day=1), -1).replace(day=20)
            yield row(
                month, late if 1 <= left <= 6 else on, subtype="补发" if 1 <= left <= 6 else None
            )
        elif sort == "in advance":  # the month before a holiday brings two
            yield row(month, shift(month, -1).replace(day=12) if left == 1 else on)


def _certificates(
    city: City, write: Deliverer, chosen: list[tuple[str, int]], start: date
) -> Iterator[Row]:
    """Deliver certificates and members with every snapshot since they began; then each of them."""
    clock = city.clock
    sorts = {hh: sort for sort, hh in chosen}
    homes = list(sorts)
    living = city.people.filter(
        pl.col("hh").is_in(homes) & (pl.col("fate") == "home") & ~pl.col("outside")
        & pl.col("died_on").is_null()
    ).sort("hh", "slot")  # fmt: skip
    living = living.with_columns(
        relation=relations(living), age=pl.Series(age_years(living, clock.last_night))
    )
    eldest = living.sort("hh", "age", descending=[False, True]).group_by("hh").first()
    at = city.households.join(eldest.select("hh", head_uid="uid"), on="hh").sort("hh")
    number = pl.int_range(pl.len()).cast(pl.String).str.zfill(5)
    head = city.people[at["head_uid"].to_numpy()]
    size = at.select("hh").join(living.group_by("hh").len(), on="hh", maintain_order="left")["len"]
    rows = at.select("hh", "head_uid", "region_code", "address").with_columns(
        certificate_no=pl.lit("JT") + number, category=pl.lit("低保"),
        head_name=head["name"], head_id_number=head["id_number"], phone=head["phone"],
        household_size=size.cast(pl.Int32), covered_size=size.cast(pl.Int32),
        annual_income=size * 5000.0, monthly_benefit=pl.lit(520.0),
        start_month=pl.lit(start), end_month=pl.lit(None, dtype=pl.Date),
    )  # fmt: skip
    rows = rows.with_columns(
        sort=pl.col("hh").replace_strict(sorts, return_dtype=pl.String), second=pl.lit(False)
    )
    rows = _with_second(rows, clock.last_night.replace(day=1))
    members = living.join(
        rows.select("hh", "certificate_no", "head_uid", "head_id_number"), on="hh",
        maintain_order="left",
    ).with_columns(
        relation=pl.when(pl.col("uid") == pl.col("head_uid")).then(pl.lit("户主"))
        .when(pl.col("relation") == "户主").then(pl.lit("其他")).otherwise("relation"),
        annual_income=pl.lit(5000.0), disease=pl.lit(None, dtype=pl.String),
        labour_ability=pl.when(pl.col("age") < 16).then(pl.lit("无")).otherwise(pl.lit("有")),
        health=pl.lit("健康"), covered=pl.lit(True),
    ).select("uid", "certificate_no", "name", "id_number", "relation", "sex", "birth_date",
             "ethnicity", "annual_income", "disability_type", "disability_level", "disease",
             "labour_ability", "health", "covered", "head_id_number")  # fmt: skip
    last = min(clock.day(0, 5), clock.first_night - timedelta(days=6))
    for extract in [clock.day(min(k, clock.months - 1), 6) for k in (2, 1)] + [last]:
        arrives = clock.arrival(extract)
        write.deliver(
            HOUSEHOLD, rows.drop("hh", "sort", "second"), extract, arrives, part="planted",
            sound=True,
        )  # fmt: skip
        write.deliver(MEMBER, members, extract, arrives, part="planted", sound=True)
    yield from rows.iter_rows(named=True)


def _with_second(rows: pl.DataFrame, this_month: date) -> pl.DataFrame:
    """The households of `SECOND` get another certificate, and some of them lose the first."""
    more = []
    for sort, (category, county, begun, ended) in SECOND.items():
        of_sort = pl.col("sort") == sort
        region = pl.col("region_code") if county is None else pl.lit(county + "000000")
        more.append(
            rows.filter(of_sort).with_columns(
                certificate_no="U" + pl.col("certificate_no"), category=pl.lit(category),
                region_code=region, start_month=pl.lit(shift(this_month, -begun)),
                second=pl.lit(True),
            )
        )  # fmt: skip
        if ended is not None:
            over = pl.when(of_sort).then(pl.lit(shift(this_month, -ended))).otherwise("end_month")
            rows = rows.with_columns(end_month=over)
    return pl.concat([rows, *more])


def _people(
    city: City, each: int, orphans: set[int], recorded: pl.Series, taken: set[int]
) -> Iterator[tuple[str, Row, int, str | None]]:
    """Payments and services to single people who get no such help otherwise."""
    rng = stream(city.seed, "planted", "people")
    clock = city.clock
    this_month = clock.last_night.replace(day=1)
    held = city.grants.members["uid"]
    folk = city.people.filter(
        ~pl.col("outside") & (pl.col("fate") == "home") & pl.col("in_register")
        & ~pl.col("uid").is_in(held.implode()) & ~pl.col("uid").is_in(list(orphans))
    )  # fmt: skip
    folk = folk.with_columns(age=pl.Series(age_years(folk, clock.last_night)))
    plain = folk.filter(pl.col("disability_level").is_null() & pl.col("age").is_between(50, 77))
    died = pl.col("died_on")
    dead = plain.filter(
        died.is_between(pl.lit(shift(this_month, -9)), pl.lit(month_end(shift(this_month, -4))))
        & pl.col("uid").is_in(recorded.implode())
    )
    living = plain.filter(died.is_null())
    disabled = folk.filter(
        died.is_null() & pl.col("disability_level").is_in(["一", "二"])
        & (pl.col("uid") * 7 % 10 >= 8) & (pl.col("age") < 78)
    )  # fmt: skip
    gone = dead.sort("uid").select("uid", "died_on").rows()
    rng.shuffle(gone)
    gone = [row for row in gone if row[0] not in taken]
    for place, (uid, day) in enumerate(gone[: each * len(OF_THE_DEAD)]):
        sort = list(OF_THE_DEAD)[place % len(OF_THE_DEAD)]
        for row in _dead(sort, day):
            yield sort, row, uid, OF_THE_DEAD[sort]
    alive = living["uid"].sort().to_numpy().copy()
    rng.shuffle(alive)
    alive = alive[[uid not in taken for uid in alive]]
    for place, uid in enumerate(alive[: each * len(OF_THE_LIVING)]):
        sort = list(OF_THE_LIVING)[place % len(OF_THE_LIVING)]
        for row in _living(sort, this_month):
            yield sort, row, int(uid), OF_THE_LIVING[sort]
    both = disabled["uid"].sort().to_numpy().copy()
    rng.shuffle(both)
    both = both[[uid not in taken for uid in both]]
    for uid in both[:each]:
        for back in range(6, 0, -1):
            month = shift(this_month, -back)
            for subtype in ("困难残疾人生活补贴", "重度残疾人护理补贴"):
                row = _paid(DISABLED, 120.0, month.replace(day=15), month, subtype)
                yield TWO_SUBSIDIES, row, int(uid), None


def _paid(
    aid: str, amount: float, on: date, month: date | None, subtype: str | None = None,
    department: str = "民政局",
) -> Row:  # fmt: skip
    return {"certificate_no": None, "aid_type": aid, "subtype": subtype, "amount": amount,
            "paid_on": on, "benefit_month": month, "department": department}  # fmt: skip


def _dead(sort: str, died: date) -> Iterator[Row]:
    month = died.replace(day=1)
    after = [shift(month, k) for k in (1, 2)]
    if sort == "after death":
        for each in (shift(month, -1), *after):
            yield _paid(OLD_AGE, 100.0, each.replace(day=18), each)
    elif sort == "after death, no month":
        yield _paid(OLD_AGE, 100.0, shift(month, 3).replace(day=5), None)
    elif sort == "after death, taken back":
        yield _paid(OLD_AGE, 100.0, after[0].replace(day=18), after[0])
        yield _paid(OLD_AGE, -100.0, after[1].replace(day=20), after[0])
    elif sort == "month of death":
        yield _paid(OLD_AGE, 100.0, after[0].replace(day=20), month)
    elif sort == "month of death, no month":
        yield _paid(OLD_AGE, 100.0, month_end(after[0]), None)
    elif sort == "reimbursed after death":
        yield _paid("医疗救助", 812.35, after[1].replace(day=9), None, "住院救助", "医保局")
        yield _paid("慈善帮扶", 500.0, after[1].replace(day=11), None)
    else:
        yield {"served_on": after[0].replace(day=14), "service_type": "生活服务",
               "provider_type": "政府购买服务", "hours": 2.0}  # fmt: skip


def _living(sort: str, this_month: date) -> Iterator[Row]:
    months = [shift(this_month, -k) for k in range(8, 0, -1)]
    for place, month in enumerate(months):
        on = month.replace(day=16)
        if sort == "two months on one day" and place == 3:
            on = months[2].replace(day=16)
        if sort == "quarter at once":
            on = months[min(place // 3 * 3 + 2, len(months) - 1)].replace(day=16)
        yield _paid(OLD_AGE, 100.0, on, month)
        if sort.startswith("twice") and place == 4:
            yield _paid(OLD_AGE, 100.0, on + timedelta(days=5), month)
            if sort.endswith("taken back"):
                yield _paid(OLD_AGE, -100.0, on + timedelta(days=9), month)
