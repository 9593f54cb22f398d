-- Income found by economic checks of the people, and whether the check is the one that counts.
select
    ref.person_id,
    income.checked_on as on_day,
    income.income_type,
    income.annual_amount as amount,
    income.provider,
    coalesce(known.income_source = 'economic_check', false)
    and known.income_as_of = income.checked_on as counts,
    income.source,
    income.dataset,
    income.delivery_id,
    income.row_number
from standard.income_check as income
inner join linkage.person_ref as ref on income.person_ref = ref.person_ref
left join population.person as person on ref.person_id = person.person_id
left join population.household_income as known on person.household_id = known.household_id
where list_contains($people, ref.person_id) and income.checked_on <= cast($as_of as date)
