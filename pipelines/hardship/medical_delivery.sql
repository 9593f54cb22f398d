-- Deliveries of settlements known tonight; is_new says that their rows were not worked in before.
-- From scratch, with another state version, or after a delivery was withdrawn, all are new.
with present as (
    select distinct delivery_id
    from standard.spending_delivery
),

known as (
    select delivery_id
    from prev_hardship.medical_delivery
    where state_version = $state_version
),

withdrawn as (
    select count(*) as deliveries
    from known
    left join present on known.delivery_id = present.delivery_id
    where present.delivery_id is null
)

select
    present.delivery_id,
    cast($state_version as varchar) as state_version,
    (known.delivery_id is null or withdrawn.deliveries > 0 or $from_scratch) as is_new
from present
left join known on present.delivery_id = known.delivery_id
cross join withdrawn
