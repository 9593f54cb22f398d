-- Rows that say that one of the people, or a recorded guardian of theirs, has died.
with concerned as (
    select person_id
    from population.person
    where list_contains($people, person_id)
    union
    select guardian.person_id
    from standard.guardianship as roll
    inner join linkage.person_ref as child on roll.person_ref = child.person_ref
    inner join linkage.person_ref as guardian on roll.guardian_ref = guardian.person_ref
    where list_contains($people, child.person_id)
)

select
    concerned.person_id,
    claim.died_on as on_day,
    claim.kind,
    death.doubtful,
    claim.source,
    claim.dataset,
    claim.delivery_id,
    claim.row_number
from standard.death_claim as claim
inner join linkage.person_ref as ref on claim.person_ref = ref.person_ref
inner join concerned on ref.person_id = concerned.person_id
left join population.death as death on concerned.person_id = death.person_id
where claim.died_on <= cast($as_of as date)
