-- What visits found out about the case.
select
    cast(null as varchar) as person_id,
    disposition.checked_on as on_day,
    disposition.result,
    disposition.checker_role,
    disposition.reason_code is not null as has_reason,
    disposition.aid_types,
    disposition.source,
    disposition.dataset,
    disposition.delivery_id,
    disposition.row_number
from standard.disposition as disposition
where disposition.case_id = $case_id and disposition.checked_on <= cast($as_of as date)
