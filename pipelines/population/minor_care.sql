-- Living minors: whether no recorded guardian, and no recorded parent, is alive and present.
with minor as (
    select
        person_id,
        is_student,
        is_orphan
    from population.person_attribute
    where alive and age < 18
),

guardian as (
    select
        pupil.person_id,
        bool_or(life.alive and life.present) as some_there
    from standard.guardianship as claim
    inner join linkage.person_ref as pupil on claim.person_ref = pupil.person_ref
    inner join linkage.person_ref as guard on claim.guardian_ref = guard.person_ref
    inner join households.life as life on guard.person_id = life.person_id
    where claim.is_current
    group by pupil.person_id
),

parent as (
    select
        parent.person_id,
        bool_or(life.alive and life.present) as some_there
    from population.parent as parent
    inner join households.life as life on parent.parent_id = life.person_id
    group by parent.person_id
)

select
    minor.person_id,
    minor.is_student and (minor.is_orphan or not coalesce(guardian.some_there, true))
        as without_guardian,
    minor.is_orphan or not coalesce(parent.some_there, true) as without_parent
from minor
left join guardian on minor.person_id = guardian.person_id
left join parent on minor.person_id = parent.person_id
