-- Household ids that ended in another one tonight (merge) or began out of one (split).
with renamed as (
    select
        old_id,
        min(new_id) as new_id
    from linkage.person_id_change
    where change like 'merge%' and as_of = cast($as_of as date)
    group by old_id
),

flow as (
    select
        before.household_id as old_id,
        now.household_id as new_id,
        count(*) as people
    from prev_households.member as before
    left join renamed on before.person_id = renamed.old_id
    inner join households.member as now
        on coalesce(renamed.new_id, before.person_id) = now.person_id
    group by before.household_id, now.household_id
),

old_household as (
    select distinct household_id from prev_households.member
),

new_household as (
    select distinct household_id from households.member
),

merged as (
    select
        flow.old_id,
        flow.new_id,
        row_number() over (
            partition by flow.old_id order by flow.people desc, flow.new_id asc
        ) as place
    from flow
    left join new_household on flow.old_id = new_household.household_id
    where new_household.household_id is null
),

split as (
    select
        flow.old_id,
        flow.new_id,
        row_number() over (
            partition by flow.new_id order by flow.people desc, flow.old_id asc
        ) as place
    from flow
    left join old_household on flow.new_id = old_household.household_id
    where old_household.household_id is null
)

select
    cast($as_of as date) as as_of,
    'household' as kind,
    old_id,
    new_id,
    'merged' as change,
    '两户合为一户 two households became one' as reason
from merged
where place = 1
union all
select
    cast($as_of as date) as as_of,
    'household' as kind,
    split.old_id,
    split.new_id,
    'split' as change,
    '由一户分出 parted from the household' as reason
from split
left join merged as ended
    on split.old_id = ended.old_id and split.new_id = ended.new_id and ended.place = 1
where split.place = 1 and ended.old_id is null
