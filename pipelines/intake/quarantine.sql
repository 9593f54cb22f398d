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
        extract_date
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
    extract_date
from outside
