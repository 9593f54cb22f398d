-- A living person: where, in which tier, what their care cost, and whether their household waits.
with waiting as (
    select
        household_id,
        count(*) as open_cases
    from hardship.case_file
    where status in ('open', 'checking')
    group by household_id
)

select
    person.person_id,
    person.household_id,
    indicator.age,
    person.sex,
    person.region_code,
    place.county_name,
    place.township_name,
    person.urban_rural,
    indicator.tier,
    indicator.is_student,
    indicator.disability_level,
    indicator.severe_chronic,
    indicator.burden_all_12m,
    indicator.burden_in_scope_12m,
    indicator.medical_aid_12m,
    indicator.inpatient_days_12m,
    coalesce(waiting.open_cases, 0) as open_cases,
    person.sources,
    person.identity_confidence
from population.person as person
inner join hardship.person_indicator as indicator on person.person_id = indicator.person_id
left join analysis.place as place on person.region_code = place.region_code
left join waiting on person.household_id = waiting.household_id
