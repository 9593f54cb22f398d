-- A household's help in order of its days, the oldest first. A sum is unknown where an amount of
-- money within it is; a service has hours and no amount.
with counted as (
    select
        event_id,
        household_id,
        person_id,
        special_assistance,
        kind,
        aid_type,
        subtype,
        amount,
        hours,
        given_on,
        benefit_month,
        department,
        source,
        identity_confidence,
        case when kind = 'service' then 0 else amount end as money,
        case when given_on > $window_start then 1 else 0 end as is_12m
    from assistance.event
    where household_id is not null
)

select
    household_id,
    list_sort(
        list(
            {
                'given_on': given_on,
                'event_id': event_id,
                'person_id': person_id,
                'special_assistance': special_assistance,
                'kind': kind,
                'aid_type': aid_type,
                'subtype': subtype,
                'amount': amount,
                'hours': hours,
                'benefit_month': benefit_month,
                'department': department,
                'source': source
            }
        )
    ) as events,
    min(given_on) as first_on,
    max(given_on) as last_on,
    count(*) as events_all,
    sum(is_12m) as events_12m,
    case
        when sum(case when is_12m = 1 and money is null then 1 else 0 end) = 0
            then sum(case when is_12m = 1 then money else 0 end)
    end as total_12m,
    list_sort(list(distinct department)) as departments,
    list_sort(list(distinct special_assistance)) as special_assistance,
    min(identity_confidence) as identity_confidence
from counted
group by household_id
