-- A person's medical sums over the last 12 months and the calendar year, living or dead.
with fact as (
    select
        link.person_id,
        day.visit_id,
        day.care_class,
        day.settled_on,
        day.total_cost,
        day.personal_burden,
        day.in_scope_burden,
        day.in_scope_known,
        day.medical_aid,
        day.first_begin_on,
        day.last_end_on,
        day.settled_on >= $year_start as is_ytd
    from hardship.medical_day as day
    inner join linkage.person_ref as link on day.person_ref = link.person_ref
    where day.settled_on > $window_start and day.settled_on <= $as_of
),

settled as (
    select
        person_id,
        sum(total_cost) as total_cost_12m,
        case when count(personal_burden) = count(*) then sum(personal_burden) end
            as personal_burden_12m,
        case when count(in_scope_burden) = count(*) then sum(in_scope_burden) end
            as in_scope_burden_12m,
        sum(in_scope_known) as in_scope_known_12m,
        case when count(medical_aid) = count(*) then sum(medical_aid) end as settled_aid_12m,
        case
            when sum(case when is_ytd and personal_burden is null then 1 else 0 end) = 0
                then sum(case when is_ytd then personal_burden else 0 end)
        end as personal_burden_ytd,
        case
            when sum(case when is_ytd and in_scope_burden is null then 1 else 0 end) = 0
                then sum(case when is_ytd then in_scope_burden else 0 end)
        end as in_scope_burden_ytd,
        case
            when
                sum(case when care_class <> 'other' and in_scope_burden is null then 1 else 0 end)
                = 0
                then sum(case when care_class <> 'other' then in_scope_burden else 0 end)
        end as in_scope_inpatient_chronic_12m,
        case
            when
                sum(
                    case
                        when is_ytd and care_class <> 'other' and in_scope_burden is null then 1
                        else 0
                    end
                )
                = 0
                then sum(case when is_ytd and care_class <> 'other' then in_scope_burden else 0 end)
        end as in_scope_inpatient_chronic_ytd
    from fact
    group by person_id
),

stay as (
    select
        person_id,
        visit_id,
        sum(total_cost) as total_cost,
        case when count(personal_burden) = count(*) then sum(personal_burden) end as burden,
        date_diff('day', min(first_begin_on), max(last_end_on)) as days
    from fact
    where care_class = 'inpatient'
    group by person_id, visit_id
),

stay_days as (
    select
        person_id,
        visit_id,
        total_cost,
        burden,
        case when days < 0 then 0 else days end as days
    from stay
),

inpatient as (
    select
        person_id,
        case when count(burden) = count(*) then sum(burden) end as inpatient_burden_12m,
        case when count(burden) = count(*) then max(burden) end as largest_stay_burden_12m,
        case
            when sum(case when total_cost > 0 and days is null then 1 else 0 end) = 0
                then sum(case when total_cost > 0 then days else 0 end)
        end as inpatient_days_12m
    from stay_days
    group by person_id
),

visit as (
    select
        person_id,
        visit_id,
        sum(total_cost) as total_cost
    from fact
    group by person_id, visit_id
),

visit_count as (
    select
        person_id,
        sum(case when total_cost > 0 then 1 else 0 end) as visits_12m
    from visit
    group by person_id
),

paid as (
    select
        person_id,
        sum(amount) as later_aid_12m,
        sum(case when given_on >= $year_start then amount else 0 end) as later_aid_ytd
    from hardship.medical_aid_payment
    where given_on > $window_start and given_on <= $as_of and not repeats_settlement
    group by person_id
),

person as (
    select person_id from settled
    union
    select person_id from paid
),

net as (
    select
        person.person_id,
        coalesce(paid.later_aid_12m, 0) as later_aid_12m,
        coalesce(paid.later_aid_ytd, 0) as later_aid_ytd,
        case when settled.person_id is null then 0 else settled.total_cost_12m end
            as total_cost_12m,
        case when settled.person_id is null then 0 else settled.personal_burden_12m end
        - coalesce(paid.later_aid_12m, 0) as all_12m,
        case when settled.person_id is null then 0 else settled.in_scope_burden_12m end
        - coalesce(paid.later_aid_12m, 0) as in_scope_12m,
        coalesce(settled.in_scope_known_12m, 0) - coalesce(paid.later_aid_12m, 0)
            as in_scope_known_12m,
        case when settled.person_id is null then 0 else settled.personal_burden_ytd end
        - coalesce(paid.later_aid_ytd, 0) as all_ytd,
        case when settled.person_id is null then 0 else settled.in_scope_burden_ytd end
        - coalesce(paid.later_aid_ytd, 0) as in_scope_ytd,
        case
            when settled.person_id is null then 0 else settled.in_scope_inpatient_chronic_12m
        end - coalesce(paid.later_aid_12m, 0) as inpatient_chronic_12m,
        case
            when settled.person_id is null then 0 else settled.in_scope_inpatient_chronic_ytd
        end - coalesce(paid.later_aid_ytd, 0) as inpatient_chronic_ytd,
        case when settled.person_id is null then 0 else settled.settled_aid_12m end
        + coalesce(paid.later_aid_12m, 0) as medical_aid_12m
    from person
    left join settled on person.person_id = settled.person_id
    left join paid on person.person_id = paid.person_id
)

select
    net.person_id,
    case when net.all_12m < 0 then 0 else net.all_12m end as burden_all_12m,
    case when net.in_scope_12m < 0 then 0 else net.in_scope_12m end as burden_in_scope_12m,
    case when net.in_scope_known_12m < 0 then 0 else net.in_scope_known_12m end
        as burden_in_scope_known_12m,
    case when net.all_ytd < 0 then 0 else net.all_ytd end as burden_all_ytd,
    case when net.in_scope_ytd < 0 then 0 else net.in_scope_ytd end as burden_in_scope_ytd,
    case when net.inpatient_chronic_12m < 0 then 0 else net.inpatient_chronic_12m end
        as burden_in_scope_inpatient_chronic_12m,
    case when net.inpatient_chronic_ytd < 0 then 0 else net.inpatient_chronic_ytd end
        as burden_in_scope_inpatient_chronic_ytd,
    case when inpatient.person_id is null then 0 else inpatient.inpatient_burden_12m end
        as inpatient_burden_12m,
    case when inpatient.person_id is null then 0 else inpatient.largest_stay_burden_12m end
        as largest_stay_burden_12m,
    net.total_cost_12m,
    net.medical_aid_12m,
    case when inpatient.person_id is null then 0 else inpatient.inpatient_days_12m end
        as inpatient_days_12m,
    coalesce(visit_count.visits_12m, 0) as visits_12m,
    net.later_aid_12m,
    net.later_aid_ytd
from net
left join inpatient on net.person_id = inpatient.person_id
left join visit_count on net.person_id = visit_count.person_id
