-- Every living person with the indicators that person rules may use.
with report_count as (
    select
        person_id,
        count(distinct report_id) as reports
    from hardship.recent_report
    group by person_id
)

select
    person.person_id,
    person.household_id,
    person.region_code,
    person.urban_rural,
    attribute.age,
    person.sex,
    case
        when monitored.tier is null or monitored.tier = '其他' then 'none'
        else monitored.tier
    end as tier,
    coalesce(attribute.is_student, false) as is_student,
    attribute.stage,
    coalesce(attribute.is_orphan, false) as is_orphan,
    attribute.disability_level,
    coalesce(attribute.severe_chronic, false) as severe_chronic,
    coalesce(attribute.former_poor, false) as former_poor,
    coalesce(attribute.employee_insured, false) as employee_insured,
    coalesce(monitored.tier = '其他', false) as confirmed_hardship,
    case when medical.person_id is null then 0 else medical.burden_all_12m end as burden_all_12m,
    case when medical.person_id is null then 0 else medical.burden_in_scope_12m end
        as burden_in_scope_12m,
    coalesce(medical.burden_in_scope_known_12m, 0) as burden_in_scope_known_12m,
    case when medical.person_id is null then 0 else medical.burden_all_ytd end as burden_all_ytd,
    case when medical.person_id is null then 0 else medical.burden_in_scope_ytd end
        as burden_in_scope_ytd,
    case
        when medical.person_id is null then 0
        else medical.burden_in_scope_inpatient_chronic_12m
    end as burden_in_scope_inpatient_chronic_12m,
    case when medical.person_id is null then 0 else medical.inpatient_burden_12m end
        as inpatient_burden_12m,
    case when medical.person_id is null then 0 else medical.largest_stay_burden_12m end
        as largest_stay_burden_12m,
    case when medical.person_id is null then 0 else medical.total_cost_12m end as total_cost_12m,
    case when medical.person_id is null then 0 else medical.medical_aid_12m end
        as medical_aid_12m,
    case when medical.person_id is null then 0 else medical.inpatient_days_12m end
        as inpatient_days_12m,
    coalesce(medical.visits_12m, 0) as visits_12m,
    coalesce(report_count.reports, 0) as field_reports_90d
from population.person as person
left join population.person_attribute as attribute on person.person_id = attribute.person_id
left join population.monitored_person as monitored on person.person_id = monitored.person_id
left join hardship.person_medical as medical on person.person_id = medical.person_id
left join report_count on person.person_id = report_count.person_id
where person.alive
