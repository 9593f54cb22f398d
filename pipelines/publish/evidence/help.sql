-- Help that reached the people or the household's certificate in the window: payments, student aid,
-- services. Medical aid is told by itself.
with of_household as (
    select distinct group_key
    from households.group_home
    where household_id = $household
)

select
    ref.person_id,
    help.given_on as on_day,
    help.kind,
    help.aid_type,
    help.subtype,
    help.department,
    help.benefit_month,
    help.amount,
    help.source,
    help.dataset,
    help.delivery_id,
    help.row_number
from standard.help as help
left join linkage.person_ref as ref on help.person_ref = ref.person_ref
left join of_household on help.group_key = of_household.group_key
left join hardship.medical_aid_payment as medical
    on medical.row_ref = help.source || '/' || help.dataset || ':' || help.record_key
where
    medical.row_ref is null
    and (list_contains($people, coalesce(ref.person_id, '')) or of_household.group_key is not null)
    and help.given_on > cast($window_start as date)
    and help.given_on <= cast($as_of as date)
