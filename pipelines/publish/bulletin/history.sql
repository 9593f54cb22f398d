-- The latest nights, oldest first.
with latest as (
    select *
    from meta.night_history
    order by as_of desc
    limit 90
)

select *
from latest
order by as_of
