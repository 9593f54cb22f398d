-- Field reports of 90 days beside the cases of the same household: what data had already found, and
-- what only somebody who looked has seen.
with reported as (
    select
        report.report_id,
        report.reported_on,
        report.person_id,
        person.household_id
    from hardship.recent_report as report
    inner join population.person as person on report.person_id = person.person_id
),

lately as (
    select
        household_id,
        list,
        case_id,
        first_flagged_on
    from hardship.case_file
    where
        household_id is not null
        and (status in ('open', 'checking', 'confirmed') or closed_on > $reports_after)
),

by_field as (
    select
        household_id,
        max(case_id) as case_id
    from lately
    where list = 'field_report'
    group by household_id
),

by_data as (
    select
        household_id,
        list_sort(list(distinct case_id)) as case_ids,
        min(first_flagged_on) as first_on
    from lately
    where list <> 'field_report'
    group by household_id
)

select
    reported.report_id,
    reported.reported_on,
    reported.person_id,
    reported.household_id,
    by_field.case_id as field_case_id,
    coalesce(by_data.case_ids, []) as data_case_ids,
    by_data.first_on as data_first_on,
    case
        when by_data.household_id is null then 'field_only'
        when by_data.first_on <= reported.reported_on then 'data_first'
        else 'field_first'
    end as found_by
from reported
left join by_field on reported.household_id = by_field.household_id
left join by_data on reported.household_id = by_data.household_id
