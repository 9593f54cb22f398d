-- Who is recorded as guardian or parent of the people, and whether they are alive and present.
with recorded as (
    select
        child.person_id as child_id,
        guardian.person_id as guardian_id,
        roll.relation,
        roll.extract_date,
        roll.source,
        roll.dataset,
        roll.delivery_id,
        roll.row_number,
        roll.is_current
    from standard.guardianship as roll
    inner join linkage.person_ref as child on roll.person_ref = child.person_ref
    left join linkage.person_ref as guardian on roll.guardian_ref = guardian.person_ref
    where list_contains($people, child.person_id)
)

select
    recorded.child_id as person_id,
    recorded.extract_date as on_day,
    recorded.guardian_id,
    recorded.relation,
    recorded.is_current,
    person.alive,
    attribute.present,
    person.household_id = $household as lives_here,
    death.died_on,
    recorded.source,
    recorded.dataset,
    recorded.delivery_id,
    recorded.row_number
from recorded
left join population.person as person on recorded.guardian_id = person.person_id
left join population.person_attribute as attribute
    on recorded.guardian_id = attribute.person_id
left join population.death as death
    on recorded.guardian_id = death.person_id and not death.doubtful
