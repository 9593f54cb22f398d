-- What registers say of the people's illness, disability, ability to work, and whether they are
-- there: rows that stand now.
select
    ref.person_id,
    coalesce(claim.valid_from, claim.extract_date) as on_day,
    claim.attribute,
    claim.value,
    claim.source,
    claim.dataset,
    claim.delivery_id,
    claim.row_number
from standard.attribute_claim as claim
inner join linkage.person_ref as ref on claim.person_ref = ref.person_ref
where
    claim.is_current
    and list_contains($people, ref.person_id)
    and (
        claim.attribute in ('chronic_code', 'disability_level', 'disease')
        or (claim.attribute = 'labour_ability' and claim.value <> '有')
        or (claim.attribute = 'survival_status' and claim.value <> '1')
        or (claim.attribute = 'is_orphan' and claim.value = 'true')
    )
