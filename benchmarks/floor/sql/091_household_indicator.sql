-- Every household with what the household rules read.
with standard as (
    select region_code, urban_rural, max(value) as dibao_standard
    from parameter
    where name = 'dibao_standard'
    group by region_code, urban_rural
),

base as (
    select
        household.household,
        household.region_code,
        case substr(region.urban_rural_code, 1, 1) when '1' then 'urban' when '2' then 'rural'
            else '' end as urban_rural,
        household.size,
        household.last_tier,
        household.best_tier,
        household.severe_members,
        household.disabled_members,
        household.minors,
        household.elders,
        household.working_age_members,
        household.able_members,
        household.employee_insured_members,
        household.minors_without_guardian,
        household.minors_without_parent,
        cast(income.annual_income as double) as annual_income,
        cast(cost.medical_burden_12m as double) as medical_burden_12m,
        cast(coalesce(cost.education_cost_12m, 0) as double) as education_cost_12m,
        coalesce(report.reports, 0) as field_reports_90d
    from household
    left join region_newest as region on household.region_code = region.region_code
    left join income on household.household = income.household
    left join cost on household.household = cost.household
    left join report on household.household = report.household
),

summed as (
    select
        base.household,
        base.size * standard.dibao_standard * 12 + base.medical_burden_12m
            + base.education_cost_12m as rigid_cost_12m,
        base.medical_burden_12m + base.education_cost_12m as expense_12m
    from base
    left join standard
        on base.region_code = standard.region_code and base.urban_rural = standard.urban_rural
)

select
    base.household,
    base.region_code,
    base.urban_rural,
    case base.last_tier
        when 1 then '特困' when 2 then '低保' when 3 then '防止返贫监测'
        when 4 then '低保边缘' when 5 then '刚性支出困难' else 'none' end as tier,
    case base.best_tier
        when 1 then '特困' when 2 then '低保' when 3 then '防止返贫监测'
        when 4 then '低保边缘' when 5 then '刚性支出困难' else 'none' end as any_tier,
    base.annual_income / base.size as income_per_head,
    base.medical_burden_12m,
    base.education_cost_12m,
    summed.rigid_cost_12m,
    case when base.annual_income > 0 then summed.rigid_cost_12m / base.annual_income
        when base.annual_income <= 0 and summed.rigid_cost_12m > 0 then 99
        when base.annual_income <= 0 and summed.rigid_cost_12m = 0 then 0 end as rigid_ratio,
    case when base.annual_income > 0 then summed.expense_12m / base.annual_income
        when base.annual_income <= 0 and summed.expense_12m > 0 then 99
        when base.annual_income <= 0 and summed.expense_12m = 0 then 0 end
        as expense_income_ratio,
    base.severe_members,
    base.disabled_members,
    base.minors,
    base.elders,
    base.working_age_members,
    base.able_members,
    base.employee_insured_members,
    base.minors_without_guardian,
    base.minors_without_parent,
    base.field_reports_90d
from base
inner join summed on base.household = summed.household
