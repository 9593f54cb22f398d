-- One row per key of an append dataset: the latest extract date counts, then the latest received.
-- The generator puts the step delivery before these and names the raw table and its columns.
with newest as (
    select
        raw.record_key,
        max(delivery.version) as version,
        min(delivery.extract_date) as first_seen_on
    from raw
    inner join delivery on raw.delivery_id = delivery.delivery_id
    group by raw.record_key
)

select
    raw.delivery_id,
    raw.row_number,
    delivery.extract_date,
    raw.record_key,
    newest.first_seen_on
from raw
inner join delivery on raw.delivery_id = delivery.delivery_id
inner join newest
    on raw.record_key = newest.record_key and delivery.version = newest.version
