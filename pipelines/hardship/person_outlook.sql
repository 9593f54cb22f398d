-- A person's medical sums as they will stand on 31 December if the rest of the year goes on at the
-- pace of the last 12 months. On that day the last 12 months and the calendar year are the same
-- window: what the year has brought so far, and the days left at the pace of the last 12 months.
-- Sums that no pace can be told of (stays, days, visits, aid) stand as they are tonight.
with pace as (
    select
        person_id,
        burden_all_ytd + burden_all_12m * $days_left / $window_days as burden_all,
        burden_in_scope_ytd + burden_in_scope_12m * $days_left / $window_days as burden_in_scope,
        burden_in_scope_inpatient_chronic_ytd
        + burden_in_scope_inpatient_chronic_12m * $days_left / $window_days
            as inpatient_chronic,
        burden_in_scope_known_12m,
        inpatient_burden_12m,
        largest_stay_burden_12m,
        total_cost_12m,
        medical_aid_12m,
        inpatient_days_12m,
        visits_12m
    from hardship.person_medical
)

select
    person_id,
    cast(burden_all as decimal(18, 2)) as burden_all_12m,
    cast(burden_in_scope as decimal(18, 2)) as burden_in_scope_12m,
    burden_in_scope_known_12m,
    cast(burden_all as decimal(18, 2)) as burden_all_ytd,
    cast(burden_in_scope as decimal(18, 2)) as burden_in_scope_ytd,
    cast(inpatient_chronic as decimal(18, 2)) as burden_in_scope_inpatient_chronic_12m,
    inpatient_burden_12m,
    largest_stay_burden_12m,
    total_cost_12m,
    medical_aid_12m,
    inpatient_days_12m,
    visits_12m
from pace
