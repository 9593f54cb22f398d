-- One row per person known to any source: alive, and present (neither missing nor imprisoned).
with person as (
    select distinct person_id from linkage.mention_link
),

survival as (
    select
        ref.person_id,
        claim.value,
        row_number() over (
            partition by ref.person_id order by claim.extract_date desc, claim.value desc
        ) as place
    from standard.attribute_claim as claim
    inner join linkage.person_ref as ref on claim.person_ref = ref.person_ref
    where claim.attribute = 'survival_status' and claim.is_current
)

select
    person.person_id,
    case when not death.doubtful then death.died_on end as died_on,
    coalesce(death.doubtful, true) as alive,
    coalesce(death.doubtful, true) and coalesce(survival.value not in ('3', '4'), true) as present
from person
left join households.death as death on person.person_id = death.person_id
left join survival on person.person_id = survival.person_id and survival.place = 1
