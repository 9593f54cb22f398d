-- Who was covered by which certificate, from when until when (exclusive), and in which county.
select
    ref.person_id,
    granted.group_key,
    granted.tier,
    case
        when granted.region_code is not null and substr(granted.region_code, 5, 2) <> '00'
            then substr(granted.region_code, 1, 6)
    end as county,
    greatest(granted.valid_from, coalesce(claim.valid_from, granted.valid_from)) as valid_from,
    least(
        coalesce(granted.valid_to, date '9999-12-31'),
        coalesce(claim.valid_to, date '9999-12-31'),
        coalesce(life.died_on, date '9999-12-31')
    ) as valid_to,
    ref.probability
from standard.tier_claim as claim
inner join standard.tier_grant as granted on claim.group_key = granted.group_key
inner join linkage.person_ref as ref on claim.person_ref = ref.person_ref
inner join households.life as life on ref.person_id = life.person_id
where coalesce(claim.covered, true) and granted.tier is not null
