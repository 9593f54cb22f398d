-- Every household with the indicators that household rules may use.
with member as (
    select
        person.household_id,
        person.person_id,
        case
            when monitored.tier is null or monitored.tier = '其他' then 7
            when monitored.tier = '特困' then 1
            when monitored.tier = '低保' then 2
            when monitored.tier = '防止返贫监测' then 3
            when monitored.tier = '低保边缘' then 4
            when monitored.tier = '刚性支出困难' then 5
            else 7
        end as tier_rank,
        attribute.age,
        coalesce(attribute.present, true) as present,
        coalesce(attribute.is_student, false) as is_student,
        coalesce(attribute.severe_chronic, false) as severe_chronic,
        coalesce(attribute.employee_insured, false) as employee_insured,
        attribute.disability_level,
        attribute.labour_ability,
        coalesce(care.without_guardian, false) as without_guardian,
        coalesce(care.without_parent, false) as without_parent
    from population.person as person
    left join population.person_attribute as attribute on person.person_id = attribute.person_id
    left join population.monitored_person as monitored on person.person_id = monitored.person_id
    left join population.minor_care as care on person.person_id = care.person_id
    where person.alive
),

composition as (
    select
        household_id,
        min(tier_rank) as first_tier,
        max(tier_rank) as last_tier,
        sum(case when severe_chronic then 1 else 0 end) as severe_members,
        sum(case when disability_level is not null then 1 else 0 end) as disabled_members,
        sum(case when age < 18 then 1 else 0 end) as minors,
        sum(case when age >= 60 then 1 else 0 end) as elders,
        sum(case when is_student then 1 else 0 end) as students,
        sum(case when age < 18 and without_guardian then 1 else 0 end)
            as minors_without_guardian,
        sum(case when age < 18 and without_parent then 1 else 0 end) as minors_without_parent,
        sum(case when age between 18 and 59 and present then 1 else 0 end)
            as working_age_members,
        sum(
            case
                when
                    age between 18 and 59
                    and present
                    and not is_student
                    and not severe_chronic
                    and coalesce(disability_level not in ('一', '二'), true)
                    and coalesce(labour_ability not in ('无', '丧失'), true)
                    then 1
                else 0
            end
        ) as able_members,
        sum(case when employee_insured then 1 else 0 end) as employee_insured_members
    from member
    group by household_id
),

tier_name as (
    select
        1 as tier_rank,
        '特困' as tier
    union all
    select
        2 as tier_rank,
        '低保' as tier
    union all
    select
        3 as tier_rank,
        '防止返贫监测' as tier
    union all
    select
        4 as tier_rank,
        '低保边缘' as tier
    union all
    select
        5 as tier_rank,
        '刚性支出困难' as tier
        ),

        report_count as (
    select
        person.household_id,
        count(distinct report.report_id) as reports
    from hardship.recent_report as report
    inner join population.person as person on report.person_id = person.person_id
    group by person.household_id
),

parameter as (
    select
        region_code,
        urban_rural,
        max(case when name = 'dibao_standard' then value end) as dibao_standard,
        max(case when name = 'societal_poverty_line' then value end) as societal_poverty_line
    from hardship.parameter_in_force
    group by region_code, urban_rural
),

base as (
    select
        household.household_id,
        household.region_code,
        household.urban_rural,
        household.composition_evidence,
        household.size,
        household.annual_income,
        coalesce(household.income_known, false) as income_known,
        case when cost.household_id is null then 0 else cost.medical_burden_12m end
            as medical_burden_12m,
        case when cost.household_id is null then 0 else cost.burden_in_scope_12m end
            as burden_in_scope_12m,
        case
            when cost.household_id is null then 0
            else cost.burden_in_scope_inpatient_chronic_12m
        end as burden_in_scope_inpatient_chronic_12m,
        case when cost.household_id is null then 0 else cost.education_cost_12m end
            as education_cost_12m,
        household.size * parameter.dibao_standard * 12 as living_cost_12m,
        household.annual_income - household.size * parameter.societal_poverty_line
            as discretionary
    from population.household as household
    left join hardship.household_cost as cost on household.household_id = cost.household_id
    left join parameter
        on
            coalesce(household.region_code, '') = parameter.region_code
            and coalesce(household.urban_rural, '') = parameter.urban_rural
),

summed as (
    select
        base.household_id,
        base.region_code,
        base.urban_rural,
        base.composition_evidence,
        base.size,
        base.annual_income,
        base.income_known,
        base.medical_burden_12m,
        base.burden_in_scope_12m,
        base.burden_in_scope_inpatient_chronic_12m,
        base.education_cost_12m,
        base.living_cost_12m,
        base.discretionary,
        base.medical_burden_12m + base.education_cost_12m as expense_12m,
        base.living_cost_12m + base.medical_burden_12m + base.education_cost_12m
            as rigid_cost_12m
    from base
)

select
    summed.household_id,
    summed.region_code,
    summed.urban_rural,
    coalesce(worst.tier, 'none') as tier,
    coalesce(best.tier, 'none') as any_tier,
    summed.composition_evidence,
    summed.size,
    summed.annual_income,
    summed.income_known,
    summed.annual_income / nullif(summed.size, 0) as income_per_head,
    summed.medical_burden_12m,
    summed.burden_in_scope_12m,
    summed.burden_in_scope_inpatient_chronic_12m,
    summed.education_cost_12m,
    summed.living_cost_12m,
    summed.rigid_cost_12m,
    case
        when summed.annual_income is null or summed.rigid_cost_12m is null then null
        when summed.annual_income > 0
            then cast(summed.rigid_cost_12m as double) / cast(summed.annual_income as double)
        when summed.rigid_cost_12m > 0 then 99
        else 0
    end as rigid_ratio,
    case
        when summed.annual_income is null or summed.expense_12m is null then null
        when summed.annual_income > 0
            then cast(summed.expense_12m as double) / cast(summed.annual_income as double)
        when summed.expense_12m > 0 then 99
        else 0
    end as expense_income_ratio,
    case
        when summed.discretionary is null or summed.medical_burden_12m is null then null
        when summed.discretionary > 0
            then cast(summed.medical_burden_12m as double) / cast(summed.discretionary as double)
        when summed.medical_burden_12m > 0 then 99
        else 0
    end as discretionary_ratio,
    coalesce(composition.severe_members, 0) as severe_members,
    coalesce(composition.disabled_members, 0) as disabled_members,
    coalesce(composition.minors, 0) as minors,
    coalesce(composition.elders, 0) as elders,
    coalesce(composition.students, 0) as students,
    coalesce(composition.minors_without_guardian, 0) as minors_without_guardian,
    coalesce(composition.minors_without_parent, 0) as minors_without_parent,
    coalesce(composition.working_age_members, 0) as working_age_members,
    coalesce(composition.able_members, 0) as able_members,
    coalesce(composition.employee_insured_members, 0) as employee_insured_members,
    coalesce(report_count.reports, 0) as field_reports_90d
from summed
left join composition on summed.household_id = composition.household_id
left join tier_name as worst on composition.last_tier = worst.tier_rank
left join tier_name as best on composition.first_tier = best.tier_rank
left join report_count on summed.household_id = report_count.household_id
