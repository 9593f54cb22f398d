-- One row per key of a snapshot dataset: its newest version in a scope that is believed.
-- The generator puts the steps delivery, piece and landed before these and names the dataset's
-- raw table and its columns. Rows that left their scope are kept, with the day they left.
with accepted as (
    select
        landed.record_key,
        landed.version,
        landed.extract_date,
        coalesce(piece.left_on, cast('9999-12-31' as date)) as left_on
    from landed
    inner join piece
        on
            landed.scope = piece.scope
            and landed.extract_date = piece.extract_date
            and landed.received_on = piece.received_on
),

newest as (
    select
        accepted.record_key,
        max(accepted.version) as version,
        min(accepted.extract_date) as first_seen_on,
        arg_max(accepted.left_on, accepted.version) as left_on
    from accepted
    group by accepted.record_key
)

select
    raw.delivery_id,
    raw.row_number,
    delivery.extract_date,
    raw.record_key,
    newest.first_seen_on,
    nullif(newest.left_on, cast('9999-12-31' as date)) as left_on
from raw
inner join delivery on raw.delivery_id = delivery.delivery_id
inner join newest
    on raw.record_key = newest.record_key and delivery.version = newest.version
