-- Figures of each night and what changed since the night before.
select
    as_of,
    open_cases,
    cast(open_cases - lag(open_cases) over by_night as bigint) as open_cases_change,
    new_cases,
    closed_cases,
    confirmed_cases,
    monitored_persons,
    cast(monitored_persons - lag(monitored_persons) over by_night as bigint)
    as monitored_persons_change,
    entered,
    gone,
    gap_findings,
    overlap_findings,
    late_datasets,
    rows_set_aside,
    checks_failed,
    coalesce(policy_version <> lag(policy_version) over by_night, false) as policy_changed
from meta.night_history
window by_night as (order by as_of)
