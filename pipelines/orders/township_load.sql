-- What each township has on its hands: rows open, overdue and new, and what waits below the cap.
with waiting as (
    select
        rank.township_code,
        count(*) as ranked,
        count(case when line.case_id is null then 1 end) as below_cap
    from orders.case_rank as rank
    left join orders.order_line as line
        on rank.case_id = line.case_id and line.kind = 'visit' and line.state = 'open'
    group by rank.township_code
),

line as (
    select
        township_code,
        count(case when state = 'open' and kind = 'visit' then 1 end) as open_rows,
        count(case when state = 'open' and kind = 'follow_up' then 1 end) as follow_up_rows,
        count(case when state = 'open' and kind = 'visit' and first_ordered_on = $as_of then 1 end)
        as new_rows,
        count(case when is_overdue then 1 end) as overdue_rows,
        count(case when state = 'answered' and kind = 'visit' then 1 end) as answered_rows,
        count(
            case
                when
                    state = 'answered' and kind = 'visit'
                    and result in ('属实', '已纳入救助', '已转介') then 1
            end
        ) as confirmed_rows
    from orders.order_line
    group by township_code
),

capped as (
    select
        township_code,
        max(case when name = 'order_open_rows' then value end) as cap
    from orders.parameter
    group by township_code
)

select
    capped.township_code,
    substr(capped.township_code, 1, 6) as county_code,
    region.name as township_name,
    capped.cap,
    coalesce(waiting.ranked, 0) as ranked_cases,
    coalesce(line.open_rows, 0) as open_rows,
    coalesce(line.new_rows, 0) as new_rows,
    coalesce(line.follow_up_rows, 0) as follow_up_rows,
    coalesce(line.overdue_rows, 0) as overdue_rows,
    coalesce(waiting.below_cap, 0) as waiting_rows,
    coalesce(line.answered_rows, 0) as answered_rows,
    coalesce(line.confirmed_rows, 0) as confirmed_rows
from capped
left join waiting on capped.township_code = waiting.township_code
left join line on capped.township_code = line.township_code
left join standard.region as region on capped.township_code || '000' = region.region_code
