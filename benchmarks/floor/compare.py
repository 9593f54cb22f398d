"""Holds the floor's tiers and alerts against a night's, where a number is enough.

    python -m benchmarks.floor.compare --floor OUT --home HOME

`--floor` was made with `--mentions`. A person is *alike* when all rows of the registers that the
night calls one person the floor calls one person too, and nobody else's; a household when all its
members, and the recorded guardians of its pupils, are alike and the members are the same. Between
those tiers and alerts must agree. The rest is not comparable: the floor knows nobody without a
number and sets no group aside.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import duckdb

MENTIONS = """
select 'insured_person' as dataset, psn_no as mention, person from psn
union all
select 'student', student_no, person from pupil
union all
select 'assistance_member', concat_ws('|', group_no, coalesce(number, ''), name), person
from (
    select certificate_no as group_no, number, name,
        coalesce(number, concat('named:', certificate_no, name)) as person
    from assistance_member_newest
)
union all
select 'prevention_roster', concat_ws('|', household_no, coalesce(number, ''), name),
    coalesce(number, concat('named:', household_no, name))
from prevention_roster_newest
union all
select 'assistance_household', concat(certificate_no, '|head'), head from certificate
union all
select 'student', concat(student_no, '|guardian1'), guardian1_number from student_newest
union all
select 'student', concat(student_no, '|guardian2'), guardian2_number from student_newest
union all
select 'assistance_payment', payment_id, number from assistance_payment_newest
union all
select 'death_record', record_id, number from death_record_newest
union all
select 'field_report', report_id, number from field_report_newest
union all
select 'economic_check', concat_ws('|', check_id, name, coalesce(number, ''),
    coalesce(income_type, ''), coalesce(provider, '')), number
from economic_check_newest
"""
NIGHT = """
create temp table link as
select
    dataset,
    case dataset when 'insured_person' then split_part(record_key, '|', 1)
        else record_key end as mention,
    person_id
from identity.person_link
where dataset in ('insured_person', 'student', 'assistance_member', 'prevention_roster',
    'assistance_household', 'assistance_payment', 'death_record', 'field_report',
    'economic_check');

create temp table both_know as
select link.person_id, floor.person,
    coalesce(floor.person, concat('nobody:', link.mention)) as floor_person
from link
left join mention as floor on link.dataset = floor.dataset and link.mention = floor.mention;

create temp table alike as
with by_night as (
    select person_id, min(floor_person) as person
    from both_know group by person_id having count(distinct floor_person) = 1
),
by_floor as (
    select floor_person, min(person_id) as person_id
    from both_know group by floor_person having count(distinct person_id) = 1
)
select by_night.person_id, by_night.person
from by_night
inner join by_floor on by_night.person = by_floor.floor_person
    and by_night.person_id = by_floor.person_id
where not starts_with(by_night.person, 'nobody:');

create temp table night_home as
select person_id, household_id from monitoring.population.person where household_id is not null;

create temp table unsure_pupil as
select distinct pupil.person_id
from link as pupil
inner join link as guardian
    on pupil.dataset = 'student' and guardian.dataset = 'student'
    and split_part(guardian.mention, '|', 1) = pupil.mention
    and contains(guardian.mention, '|')
left join alike on guardian.person_id = alike.person_id
where alike.person_id is null;

create temp table alike_home as
with night_side as (
    select night_home.household_id, min(home.household) as household,
        count(*) as members, count(alike.person) - count(unsure.person_id) as known,
        count(distinct home.household) as homes
    from night_home
    left join alike on night_home.person_id = alike.person_id
    left join unsure_pupil as unsure on night_home.person_id = unsure.person_id
    left join home on alike.person = home.person
    group by night_home.household_id
),
floor_side as (
    select household, count(*) as members from home group by household
)
select night_side.household_id, night_side.household
from night_side
inner join floor_side on night_side.household = floor_side.household
where night_side.members = night_side.known and night_side.homes = 1
    and night_side.members = floor_side.members;
"""
PERSON_KEY = "select alike.person as who, alike.person_id as id from alike"
HOME_KEY = "select household as who, household_id as id from alike_home"


def compare(floor: Path, monitoring: Path, identity: Path) -> dict[str, Any]:
    """Counts of what agrees and what does not, by tier and by rule, between a floor's folder and
    the two files of a night."""
    con = duckdb.connect()
    for table in ("tier", "alert", "home", "mention"):
        con.execute(f"create view {table} as from '{floor / f'{table}.parquet'}'")
    con.execute(f"attach '{monitoring}' as monitoring (read_only)")
    con.execute(f"attach '{identity}' as identity (read_only)")
    con.execute(NIGHT)
    con.execute("""
        create temp table finding as
        select 'night' as side, concat('tier ', unnest(tiers)) as kind, person_id as id,
            'person' as grain
        from monitoring.population.monitored_person
        union all
        select 'night', concat(rule_id, ' ', level),
            coalesce(person_id, household_id),
            case when person_id is null then 'household' else 'person' end
        from monitoring.hardship.alert
        union all
        select 'floor', concat('tier ', tier), person, 'person' from tier
        union all
        select 'floor', concat(rule_id, ' ', level), coalesce(person, household),
            case when person is null then 'household' else 'person' end
        from alert
    """)
    con.execute(f"""
        create temp table judged as
        with known as (
            select 'person' as grain, * from ({PERSON_KEY})
            union all select 'household' as grain, * from ({HOME_KEY})
        )
        select finding.side, finding.kind, coalesce(by_floor.id, by_night.id) as id,
            finding.grain
        from finding
        left join known as by_floor
            on finding.side = 'floor' and finding.grain = by_floor.grain
            and finding.id = by_floor.who
        left join known as by_night
            on finding.side = 'night' and finding.grain = by_night.grain
            and finding.id = by_night.id
    """)
    rows = con.execute("""
        with sided as (
            select kind, grain, id, bool_or(side = 'night') as night,
                bool_or(side = 'floor') as floor
            from judged where id is not null group by kind, grain, id
        )
        select case when kind like 'tier %' then kind else split_part(kind, ' ', 1) end as what,
            count_if(night and floor), count_if(night and not floor), count_if(floor and not night)
        from sided group by what order by what
    """).fetchall()
    apart = dict(
        con.execute("select side, count(*) from judged where id is null group by side").fetchall()
    )
    people = con.execute(
        "select (select count(*) from alike), (select count(distinct person_id) from link), "
        "(select count(*) from alike_home), (select count(distinct household_id) from night_home)"
    ).fetchall()[0]
    con.close()
    return {
        "alike": {"persons": people[0], "of_persons": people[1],
                  "households": people[2], "of_households": people[3]},
        "findings": {what: {"agree": agree, "night_only": night, "floor_only": other}
                     for what, agree, night, other in rows},
        "not_comparable": {"night": apart.get("night", 0), "floor": apart.get("floor", 0)},
        "agree": sum(row[1] for row in rows),
        "differ": sum(row[2] + row[3] for row in rows),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--floor", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True)
    given = parser.parse_args()
    files = (
        given.home / "published" / "monitoring.duckdb",
        given.home / "restricted" / "identity.duckdb",
    )
    print(json.dumps(compare(given.floor, *files), indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
