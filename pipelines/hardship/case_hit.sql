-- Tonight's alerts, one row per household and list. A field report counts on its list by itself,
-- also where no rule of the policy asks for it. The person is the one whose measure is highest;
-- where only household rules fired, the member with the highest burden, then the oldest.
with alert as (
    select
        household_id,
        list,
        rule_id,
        person_id,
        measure,
        reason_zh,
        reason_en,
        case when level = 'red' then 3 when level = 'orange' then 2 else 1 end as level_rank
    from hardship.alert
),

reported as (
    select
        household.household_id,
        'field_report' as list,
        'field_report' as rule_id,
        cast(null as varchar) as person_id,
        cast(household.field_reports_90d as double) as measure,
        '疑似：基层上报困难线索（近90天 '
        || cast(household.field_reports_90d as varchar) || ' 条）' as reason_zh,
        'Suspected: hardship reported from the field (reports of 90 days '
        || cast(household.field_reports_90d as varchar) || ')' as reason_en,
        1 as level_rank
    from hardship.household_indicator as household
    left join alert
        on household.household_id = alert.household_id and alert.list = 'field_report'
    where household.field_reports_90d > 0 and alert.household_id is null
),

signal as (
    select
        household_id,
        list,
        rule_id,
        person_id,
        measure,
        reason_zh,
        reason_en,
        level_rank
    from alert
    union all
    select
        household_id,
        list,
        rule_id,
        person_id,
        measure,
        reason_zh,
        reason_en,
        level_rank
    from reported
),

ranked as (
    select
        household_id,
        list,
        rule_id,
        person_id,
        measure,
        reason_zh,
        reason_en,
        level_rank,
        row_number() over (
            partition by household_id, list
            order by
                case when measure is null then 1 else 0 end,
                measure desc,
                level_rank desc,
                rule_id,
                coalesce(person_id, '')
        ) as place,
        row_number() over (
            partition by household_id, list
            order by
                case when person_id is null then 1 else 0 end,
                case when measure is null then 1 else 0 end,
                measure desc,
                level_rank desc,
                rule_id,
                person_id
        ) as person_place,
        row_number() over (
            partition by household_id, list, rule_id
            order by
                case when measure is null then 1 else 0 end, measure desc, coalesce(person_id, '')
        ) as rule_place
    from signal
),

member as (
    select
        household_id,
        person_id,
        row_number() over (
            partition by household_id
            order by
                case when burden_all_12m is null then 1 else 0 end,
                burden_all_12m desc,
                case when age is null then 1 else 0 end,
                age desc,
                person_id
        ) as place
    from hardship.person_indicator
),

summed as (
    select
        household_id,
        list,
        max(level_rank) as level_rank,
        max(case when place = 1 then measure end) as measure,
        max(case when person_place = 1 then person_id end) as person_id,
        list_sort(list(distinct rule_id)) as rule_ids
    from ranked
    group by household_id, list
),

sentence as (
    select
        household_id,
        list,
        list_sort(list(lpad(cast(place as varchar), 6, '0') || reason_zh)) as numbered_zh,
        list_sort(list(lpad(cast(place as varchar), 6, '0') || reason_en)) as numbered_en
    from ranked
    where rule_place = 1
    group by household_id, list
)

select
    summed.household_id,
    summed.list,
    coalesce(summed.person_id, member.person_id) as person_id,
    case summed.level_rank when 3 then 'red' when 2 then 'orange' else 'yellow' end as level,
    summed.measure,
    summed.rule_ids,
    sentence.numbered_zh,
    sentence.numbered_en
from summed
inner join sentence
    on summed.household_id = sentence.household_id and summed.list = sentence.list
left join member on summed.household_id = member.household_id and member.place = 1
