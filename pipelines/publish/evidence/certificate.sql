-- Certificates of the household and roster rows of its people, in force or ended.
select
    cast(null as varchar) as person_id,
    granted.valid_from as on_day,
    granted.tier,
    granted.valid_to,
    granted.annual_income,
    granted.monthly_benefit,
    known.income_source in ('certificate', 'ended_certificate') as is_income,
    granted.source,
    granted.dataset,
    granted.delivery_id,
    granted.row_number
from standard.tier_grant as granted
inner join households.group_home as home on granted.group_key = home.group_key
left join population.household_income as known on home.household_id = known.household_id
where home.household_id = $household
union all
select
    ref.person_id,
    claim.valid_from as on_day,
    claim.tier,
    claim.valid_to,
    null as annual_income,
    null as monthly_benefit,
    false as is_income,
    claim.source,
    claim.dataset,
    claim.delivery_id,
    claim.row_number
from standard.tier_claim as claim
inner join linkage.person_ref as ref on claim.person_ref = ref.person_ref
where claim.tier is not null and list_contains($people, ref.person_id)
