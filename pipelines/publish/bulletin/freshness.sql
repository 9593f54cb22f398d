-- How old each dataset is, and what of its deliveries could not be used.
with received as (
    select
        source,
        dataset,
        count(case when status = 'refused' then 1 end) as refused
    from quality.receipt
    where received_night > (select max(as_of) from meta.run) - interval 14 day
    group by source, dataset
),

aside as (
    select
        source,
        dataset,
        count(*) as aside_rows
    from quality.quarantine
    where readmitted_on is null
    group by source, dataset
)

select
    freshness.source || '/' || freshness.dataset as dataset,
    freshness.newest_extract,
    freshness.age_days,
    freshness.due_days,
    freshness.late,
    freshness.optional,
    freshness.held_scopes,
    coalesce(received.refused, 0) as refused,
    coalesce(aside.aside_rows, 0) as set_aside
from quality.freshness as freshness
left join received
    on freshness.source = received.source and freshness.dataset = received.dataset
left join aside on freshness.source = aside.source and freshness.dataset = aside.dataset
order by freshness.late desc, freshness.source, freshness.dataset
