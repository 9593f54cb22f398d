-- Alive, and present (neither missing nor imprisoned). Treated after death: not believed.
with claim as (
    select number as person, min(death_date) as died_on
    from death_record_newest
    where number is not null and death_date <= $as_of
    group by number
    union all
    select psn.person, min(insured.extract_date) as died_on
    from insured_person_newest as insured
    inner join psn on insured.psn_no = psn.psn_no
    where insured.survival_status = '2'
    group by psn.person
),

death as (
    select person, min(died_on) as died_on
    from claim
    group by person
),

treated as (
    select psn.person, max(coalesce(settled.begin_date, settled.settled_at)) as treated_on
    from settlement_newest as settled
    inner join psn on settled.psn_no = psn.psn_no
    inner join death on psn.person = death.person
    where not coalesce(settled.refunded, false) and settled.total_cost >= 0
    group by psn.person
),

away as (
    select psn.person
    from insured_person_newest as insured
    inner join psn on insured.psn_no = psn.psn_no
    where insured.is_current and insured.survival_status in ('3', '4')
    group by psn.person
)

select
    person.person,
    death.died_on,
    death.person is null or coalesce(treated.treated_on > death.died_on, false) as alive,
    (death.person is null or coalesce(treated.treated_on > death.died_on, false))
        and away.person is null as present
from person
left join death on person.person = death.person
left join treated on person.person = treated.person
left join away on person.person = away.person
