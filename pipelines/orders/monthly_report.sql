-- The monthly reports in figures: one row per month, report, item (tier, kind of aid or level) and
-- township. The as-of month is counted up to the as-of date.
with month_end as (
    select distinct
        month,
        least(cast(month + interval 1 month - interval 1 day as date), $as_of) as last_on
    from (values (cast($month_start as date)), (cast($this_month as date))) as listed (month)
),

counted as (
    select
        month,
        change as report,
        tier as item,
        county_code,
        township_code,
        person_id,
        household_id,
        cast(null as decimal(18, 2)) as amount
    from orders.monthly_change
    union all
    select
        month,
        'natural_decrease' as report,
        tier as item,
        county_code,
        township_code,
        person_id,
        household_id,
        cast(null as decimal(18, 2)) as amount
    from orders.monthly_change
    where by_death
    union all
    select
        month,
        case when difference > 0 then 'amount_raised' else 'amount_lowered' end as report,
        aid_type as item,
        county_code,
        township_code,
        cast(null as varchar) as person_id,
        household_id,
        difference as amount
    from orders.monthly_amount
    union all
    select
        month,
        'temporary_aid' as report,
        aid_type as item,
        county_code,
        township_code,
        person_id,
        household_id,
        amount
    from orders.monthly_aid
    union all
    select
        month_end.month,
        'overdue_check' as report,
        line.level as item,
        line.county_code,
        line.township_code,
        cast(null as varchar) as person_id,
        line.household_id,
        cast(null as decimal(18, 2)) as amount
    from orders.order_line as line
    inner join month_end
        on
            line.due_on < month_end.last_on
            and line.first_ordered_on <= month_end.last_on
            and coalesce(line.answered_on, line.ended_on, date '9999-12-31') > month_end.last_on
)

select
    month,
    report,
    item,
    county_code,
    township_code,
    count(*) as entries,
    count(distinct person_id) as persons,
    count(distinct household_id) as households,
    sum(amount) as amount
from counted
group by month, report, item, county_code, township_code
