-- The quarantined rows without anything they held: one row per row that could not be used.
with outside as (
    select
        source,
        dataset,
        file_name,
        row_number,
        reason_code,
        column_name,
        first_seen,
        readmitted_on,
        delivery_id,
        extract_date,
        status,
        owner,
        date_diff('day', first_seen, coalesce(readmitted_on, cast($as_of as date))) as age_days
    from intake.quarantine
)

select
    source,
    dataset,
    file_name,
    row_number,
    reason_code,
    column_name,
    first_seen,
    readmitted_on,
    delivery_id,
    extract_date,
    status,
    owner,
    age_days
from outside
