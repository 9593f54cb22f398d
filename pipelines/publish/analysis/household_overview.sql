-- A household: who it is, what it has, what it pays, what it was given, and what waits.
with waiting as (
    select
        household_id,
        count(*) as open_cases,
        min(case level when 'red' then 1 when 'orange' then 2 else 3 end) as worst_rank
    from hardship.case_file
    where status in ('open', 'checking')
    group by household_id
)

select
    household.household_id,
    household.region_code,
    place.county_name,
    place.township_name,
    household.urban_rural,
    household.size,
    household.tier,
    household.any_tier,
    household.income_known,
    household.annual_income,
    indicator.income_per_head,
    indicator.medical_burden_12m,
    indicator.education_cost_12m,
    indicator.rigid_cost_12m,
    indicator.rigid_ratio,
    indicator.expense_income_ratio,
    indicator.severe_members,
    indicator.disabled_members,
    indicator.minors,
    indicator.elders,
    coalesce(chain.events_12m, 0) as help_events_12m,
    coalesce(chain.total_12m, 0) as help_12m,
    chain.last_on as last_help_on,
    chain.departments,
    coalesce(waiting.open_cases, 0) as open_cases,
    case waiting.worst_rank when 1 then 'red' when 2 then 'orange' when 3 then 'yellow' end
    as worst_level
from population.household as household
left join hardship.household_indicator as indicator
    on household.household_id = indicator.household_id
left join assistance.chain as chain on household.household_id = chain.household_id
left join analysis.place as place on household.region_code = place.region_code
left join waiting on household.household_id = waiting.household_id
