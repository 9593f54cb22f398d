-- All help that a household was given, by day.
select
    given_on,
    person_id,
    special_assistance,
    coalesce(aid_type, kind) as aid_type,
    subtype,
    amount,
    department,
    identity_confidence
from assistance.event
where household_id = chosen_household
order by given_on, event_id
