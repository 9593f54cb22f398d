-- Cases first flagged from one day to another, both included, whatever became of them.
select
    case_id,
    list,
    level,
    status,
    household_id,
    region_code,
    first_flagged_on,
    closed_on,
    closed_by,
    reason_zh,
    reason_en
from hardship.case_file
where first_flagged_on between cast(first_day as date) and cast(last_day as date)
