-- One row per certificate: what it gives, from when until when.
select
    certificate_no,
    category,
    coalesce(head_number, concat('named:', certificate_no, head_name)) as head,
    head_number,
    annual_income,
    region_code,
    extract_date,
    is_current,
    cast(date_trunc('month', start_month) as date) as valid_from,
    least(
        coalesce(cast(date_trunc('month', end_month) + interval 1 month as date),
                 date '9999-12-31'),
        coalesce(left_on, date '9999-12-31')
    ) as valid_to
from assistance_household_newest
