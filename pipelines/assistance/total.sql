-- What a household had of each kind from each department: ever, and within 12 months.
with counted as (
    select
        household_id,
        special_assistance,
        department,
        given_on,
        hours,
        case when kind = 'service' then 0 else amount end as money,
        case when given_on > $window_start then 1 else 0 end as is_12m
    from assistance.event
    where household_id is not null
)

select
    household_id,
    special_assistance,
    department,
    count(*) as events_all,
    sum(is_12m) as events_12m,
    case when count(money) = count(*) then sum(money) end as total_all,
    case
        when sum(case when is_12m = 1 and money is null then 1 else 0 end) = 0
            then sum(case when is_12m = 1 then money else 0 end)
    end as total_12m,
    sum(case when is_12m = 1 then hours end) as hours_12m,
    min(given_on) as first_on,
    max(given_on) as last_on
from counted
group by household_id, special_assistance, department
