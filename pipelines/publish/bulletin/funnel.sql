-- Households on their way from a case to help; each step is a part of the one before.
with outcome as (
    select
        household_id,
        max(case when last_checked_on is not null then 1 else 0 end) as visited,
        max(
            case
                when confirmed_on is not null or last_result in ('属实', '已纳入救助', '已转介') then 1
                else 0
            end
        ) as confirmed,
        max(
            case
                when status in ('helped', 'referred') or last_result in ('已纳入救助', '已转介') then 1
                else 0
            end
        ) as answered
    from hardship.case_file
    where household_id is not null
    group by household_id
),

sent as (
    select distinct household_id
    from orders.order_line
)

select
    count(*) as with_case,
    count(case when sent.household_id is not null or outcome.visited = 1 then 1 end) as ordered,
    count(case when outcome.visited = 1 then 1 end) as visited,
    count(case when outcome.visited = 1 and outcome.confirmed = 1 then 1 end) as confirmed,
    count(case when outcome.visited = 1 and outcome.confirmed = 1 and outcome.answered = 1 then 1 end)
    as answered
from outcome
left join sent on outcome.household_id = sent.household_id
