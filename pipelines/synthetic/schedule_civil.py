"""When civil and rural affairs deliver what: certificates, payments, records, the roster."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from pipelines.synthetic import medical, payments, reports, schools
from pipelines.synthetic.assistance import Grants
from pipelines.synthetic.calendar import Calendar, shift
from pipelines.synthetic.deliveries import Deliverer
from pipelines.synthetic.faults import Mentioned, soil

if TYPE_CHECKING:
    from pipelines.synthetic.city import City

IDENTITY = ["name__written", "id_number__written", "birth_date__written", "sex__written",
            "number_fault", "name_fault"]  # fmt: skip
NAMED = ["uid", "name", "id_number", *IDENTITY]
HOUSEHOLD = "civil_affairs/assistance_household"
MEMBER = "civil_affairs/assistance_member"


def with_night_deaths(people: pl.DataFrame, grants: Grants, clock: Calendar) -> pl.DataFrame:
    """Two members of certificates die days before the nights; their deaths end tiers."""
    living = grants.members.filter(
        pl.col("died_on").is_null() & pl.col("covered") & (pl.col("category") == "低保")
    )
    chosen = living["uid"].gather_every(max(living.height // 2, 1)).head(2).to_list()
    at = pl.col("uid").is_in(chosen)
    died = pl.lit(clock.first_night - timedelta(days=4))
    return people.with_columns(
        died_on=pl.when(at).then(died).otherwise("died_on"),
        night_death=pl.when(at).then(1).otherwise(0),
    )


def deliver_civil(city: City, write: Deliverer, written: pl.DataFrame, later: pl.DataFrame) -> None:
    """All datasets of the two departments; written: people as civil affairs writes them."""
    written = written.select(IDENTITY)
    _snapshots(city, write, written)
    _roster(city, write)
    _payments(city, write, later)
    _deaths(city, write, written)
    _records(city, write, written)


def _snapshots(city: City, write: Deliverer, written: pl.DataFrame) -> None:
    clock = city.clock
    last = min(clock.day(0, 5), clock.first_night - timedelta(days=6))
    dates = [clock.day(min(k, clock.months - 1), 6) for k in (2, 1)] + [last]
    for extract in dates:
        rows = _certificates_at(city, extract, night=False)
        for category, part in (("低保", "dibao"), ("特困", "tekun"), ("低保边缘", "bianyuan"),
                               ("刚性支出困难", "gangxing")):  # fmt: skip
            held = rows.filter(pl.col("category") == category)
            _certificate_files(city, write, written, held, extract, part)
    if len(clock.nights) > 1:
        night = clock.night(1)
        changed = city.grants.certificates.filter(pl.col("night_stop") | pl.col("night_start"))
        rows = _certificates_at(city, night, night=True).filter(pl.col("category") == "低保")
        for county in sorted(changed["county_code"].unique().to_list()):
            of_county = rows.filter(pl.col("county_code") == county)
            _certificate_files(city, write, written, of_county, night, f"dibao{county}")


def _certificates_at(city: City, extract: date, night: bool) -> pl.DataFrame:
    month = extract.replace(day=1)
    rows = city.grants.certificates
    stop = pl.col("night_stop") & pl.lit(night)
    # of those that stop one keeps its row with an end month, the others leave the file
    keeps = pl.col("uid_rank") == 0
    rows = rows.with_columns(uid_rank=pl.col("hh").rank("ordinal").over("night_stop") - 1)
    known = pl.col("start_month") <= pl.lit(month)
    gone = (pl.col("end_month") < pl.lit(shift(month, -2))).fill_null(False)
    rows = rows.filter(known & ~gone & (~stop | keeps))
    if not night:
        rows = rows.filter(~pl.col("night_start"))
    rigid = pl.col("category") == "刚性支出困难"
    ended = rigid | (pl.col("end_month") <= pl.lit(month))
    return rows.with_columns(
        end_month=pl.when(stop).then(pl.lit(shift(month, -1))).when(ended).then("end_month")
    )


def _certificate_files(
    city: City, write: Deliverer, written: pl.DataFrame, rows: pl.DataFrame, extract: date,
    part: str,
) -> None:  # fmt: skip
    if not rows.height:
        return
    arrives = city.clock.arrival(extract)
    head = written[rows["head_uid"].to_numpy()]
    out = rows.select(
        "certificate_no", "category", "head_name", "head_id_number", "head_uid", "household_size",
        "covered_size", "monthly_benefit", "region_code", "start_month", "end_month", "address",
        annual_income="declared", phone="head_phone",
    ).with_columns(
        head_name__written=head["name__written"],
        head_id_number__written=head["id_number__written"],
        number_fault__head=head["number_fault"], name_fault__head=head["name_fault"],
    )  # fmt: skip
    write.deliver(HOUSEHOLD, out, extract, arrives, part=part, sound=True)
    dead = (pl.col("died_on") < pl.lit(extract - timedelta(days=50))).fill_null(False)
    members = city.grants.members.filter(~dead).join(
        rows.select("certificate_no", "head_uid"), on="certificate_no", maintain_order="left"
    )
    head_number = written["id_number__written"][members["head_uid"].to_numpy()]
    true_head = city.people["id_number"][members["head_uid"].to_numpy()]
    keep = ["uid", "certificate_no", "name", "id_number", "relation", "sex", "birth_date",
            "ethnicity", "annual_income", "disability_type", "disability_level", "disease",
            "labour_ability", "health", "covered"]  # fmt: skip
    out = (
        members.select(keep)
        .hstack(written[members["uid"].to_numpy()])
        .with_columns(head_id_number=true_head, head_id_number__written=head_number)
    )
    write.deliver(MEMBER, out, extract, arrives, part=part, sound=True)


def _roster(city: City, write: Deliverer) -> None:
    clock = city.clock
    rows = soil(city.grants.roster, city.people, city.seed, "rural", "roster", Mentioned(),
                write.dirt)  # fmt: skip
    rows = rows.select(
        "uid", "household_no", "name", "id_number", "head_id_number", "relation", "monitor_type",
        "identified_on", "risk_removed_on", "income_per_head", "region_code", "died_on",
        "name__written", "id_number__written", "number_fault", "name_fault",
    )  # fmt: skip
    last = min(clock.day(0, 10), clock.first_night - timedelta(days=5))
    for extract in (clock.day(min(3, clock.months - 1), 10), last):
        known = pl.col("identified_on") <= pl.lit(extract)
        dead = (pl.col("died_on") < pl.lit(extract - timedelta(days=60))).fill_null(False)
        removed = pl.col("risk_removed_on") <= pl.lit(extract)
        part = rows.filter(known & ~dead).with_columns(
            risk_removed_on=pl.when(removed).then("risk_removed_on")
        )
        write.deliver("rural_affairs/prevention_roster", part.drop("died_on"), extract,
                      clock.arrival(extract), sound=True)  # fmt: skip


def _by_period(city: City, write: Deliverer, name: str, rows: pl.DataFrame, day: str,
               rounded_period: int | None = None) -> None:  # fmt: skip
    """Append files: what happened in a period stands in the period's file."""
    for place, period in enumerate(city.clock.periods()):
        inside = pl.col(day).is_between(pl.lit(period.start), pl.lit(period.end))
        part = rows.filter(inside)
        again = write.unusable[name] if period.arrives_on > city.clock.first_night else []
        if again and part.height:
            part = pl.concat([part, *(a.select(part.columns) for a in again)])
            write.unusable[name] = []
        write.deliver(name, part, period.extract_date, period.arrives_on,
                      rounded=place == rounded_period, sound=bool(again))  # fmt: skip


def orphans(city: City) -> list[int]:
    """Pupils whom the newest roll calls orphans."""
    autumn = city.clock.last_night.year - (city.clock.last_night.month < 9)
    pupils = schools.roll(city.seed, city.people, city.households, date(autumn, 10, 15), autumn)
    return pupils.filter(pl.col("is_orphan"))["uid"].to_list()


def _payments(city: City, write: Deliverer, later: pl.DataFrame) -> None:
    rows = payments.payments(city, orphans(city), later)
    people = city.people.select("uid", "name", "id_number")[rows["uid"].to_numpy()].drop("uid")
    paid = soil(city.people, city.people, city.seed, "civil", "payments", Mentioned(), write.dirt)
    columns = ["name__written", "id_number__written", "number_fault", "name_fault"]
    rows = rows.hstack(people).hstack(paid.select(columns)[rows["uid"].to_numpy()])
    _by_period(city, write, "civil_affairs/assistance_payment", rows, "paid_on", rounded_period=5)


def _deaths(city: City, write: Deliverer, written: pl.DataFrame) -> None:
    clock = city.clock
    rows = reports.deaths(city)
    if len(clock.nights) > 1:
        period = clock.periods()[-1]
        use = medical.usage(city.seed, city.people, clock)
        block = medical.blocks(city.people.height)[0]
        treated = medical.visits(city.seed, use, period, block)
        rows = pl.concat([rows, reports.false_death(city, treated)], how="vertical_relaxed")
    before = pl.lit(clock.first_day + timedelta(days=1))
    rows = rows.with_columns(
        recorded_on=pl.max_horizontal("recorded_on", before).cast(pl.Date)
    ).sort("recorded_on", "uid")
    # two deaths among the certificates, and the doubtful one, are recorded between the nights
    rows = rows.with_columns(
        recorded_on=pl.when(pl.col("night_death") > 0).then(pl.lit(clock.first_night))
        .otherwise("recorded_on"),
        record_id=pl.lit("SW") + pl.col("recorded_on").dt.strftime("%Y%m%d")
        + pl.int_range(pl.len()).cast(pl.String).str.zfill(7),
    )  # fmt: skip
    out = rows.select("uid", "record_id", "name", "id_number", "sex", "birth_date", "death_date",
                      "region_code", "recorded_on", "doubtful")  # fmt: skip
    out = out.hstack(written[out["uid"].to_numpy()])
    sure = pl.col("doubtful") | pl.col("recorded_on").is_between(
        clock.first_night, clock.last_night
    )
    out = out.with_columns(
        id_number__written=pl.when(sure).then("id_number").otherwise("id_number__written"),
        name__written=pl.when(sure).then("name").otherwise("name__written"),
        number_fault=pl.when(~sure).then("number_fault"),
        name_fault=pl.when(~sure).then("name_fault"),
        change=pl.when("doubtful").then(pl.lit("doubtful_death")),
    ).drop("doubtful")  # fmt: skip
    _by_period(city, write, "civil_affairs/death_record", out, "recorded_on")
    _queried_deaths(city, write, written)


def _queried_deaths(city: City, write: Deliverer, written: pl.DataFrame) -> None:
    """In a large city: more records of deaths of people who are treated afterwards."""
    rows = reports.queried_deaths(city)
    if rows.height:
        rows = rows.hstack(written[rows["uid"].to_numpy()]).with_columns(
            id_number__written="id_number", name__written="name",
            number_fault=pl.lit(None, dtype=pl.String), name_fault=pl.lit(None, dtype=pl.String),
            change=pl.lit("doubtful_death"),
        )  # fmt: skip
        night = city.clock.night(1)
        write.deliver("civil_affairs/death_record", rows, night, night, part="chaxun", sound=True)


def _records(city: City, write: Deliverer, written: pl.DataFrame) -> None:
    checks = reports.economic_checks(city)
    checks = checks.select("uid", "check_id", "name", "id_number", "checked_on", "income_type",
                           "annual_amount", "provider")  # fmt: skip
    checks = checks.hstack(written[checks["uid"].to_numpy()])
    first = pl.lit(city.clock.first_day)
    checks = checks.with_columns(known_on=pl.max_horizontal("checked_on", first))
    _by_period(city, write, "civil_affairs/economic_check", checks, "known_on")
    services = reports.services(city)
    services = services.select("uid", "service_id", "provider_type", "name", "id_number",
                               "service_type", "served_on", "hours")  # fmt: skip
    services = services.hstack(written[services["uid"].to_numpy()])
    _by_period(city, write, "civil_affairs/social_service", services, "served_on",
               rounded_period=8)  # fmt: skip
    leads = reports.field_reports(city)
    leads = soil(leads, city.people, city.seed, "field", "leads", Mentioned(), write.dirt)
    leads = leads.select("uid", "report_id", "reported_on", "reporter_role", "name", "id_number",
                         "phone", "region_code", "difficulty", "note", "name__written",
                         "id_number__written", "number_fault", "name_fault")  # fmt: skip
    _by_period(city, write, "civil_affairs/field_report", leads, "reported_on")
    visits = reports.dispositions(city)
    _by_period(city, write, "civil_affairs/disposition", visits, "checked_on")
