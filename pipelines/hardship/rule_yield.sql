-- What became of the cases that each rule flagged, over all nights; rules that the policy no longer
-- has stay in. A case that was merged into another stands for nothing of its own.
with flagged as (
    select
        unnest(case_file.rule_ids_ever) as rule_id,
        case_file.case_id,
        case_file.last_checked_on is not null as was_checked,
        case_file.confirmed_on is not null as was_confirmed
    from hardship.case_file as case_file
    where coalesce(case_file.closed_by, '') <> 'merged'
),

counted as (
    select
        rule_id,
        count(distinct case_id) as flagged,
        count(distinct case when was_checked then case_id end) as checked,
        count(distinct case when was_confirmed then case_id end) as confirmed
    from flagged
    group by rule_id
),

rule_name as (
    select rule_id
    from meta.rule
    union
    select rule_id
    from counted
)

select
    rule_name.rule_id,
    coalesce(counted.flagged, 0) as flagged,
    coalesce(counted.checked, 0) as checked,
    coalesce(counted.confirmed, 0) as confirmed,
    cast(counted.confirmed as double) / nullif(counted.checked, 0) as yield
from rule_name
left join counted on rule_name.rule_id = counted.rule_id
