-- Days of treatment of people whose household has a case, from a year before the first of its cases
-- on: what a case rests on, and what came after it.
with watched as (
    select
        household_id,
        min(first_flagged_on) as first_flagged_on
    from hardship.case_file
    where household_id is not null
    group by household_id
)

select
    link.person_id,
    person.household_id,
    day.settled_on,
    day.care_class,
    sum(day.settlements) as settlements,
    case when count(day.total_cost) = count(*) then sum(day.total_cost) end as total_cost,
    case when count(day.personal_burden) = count(*) then sum(day.personal_burden) end
        as personal_burden,
    case when count(day.in_scope_burden) = count(*) then sum(day.in_scope_burden) end
        as in_scope_burden,
    case when count(day.medical_aid) = count(*) then sum(day.medical_aid) end as medical_aid
from hardship.medical_day as day
inner join linkage.person_ref as link on day.person_ref = link.person_ref
inner join population.person as person on link.person_id = person.person_id
inner join watched on person.household_id = watched.household_id
where
    -- kept from being the condition of a join of all days with all cases
    coalesce(day.settled_on > watched.first_flagged_on - interval 12 month, false)
    and day.settled_on <= $as_of
group by link.person_id, person.household_id, day.settled_on, day.care_class
