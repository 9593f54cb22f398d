-- Every step of a case and the help that its household was given since it was flagged.
select
    occurred_on as happened_on,
    'case' as kind,
    event as what,
    detail,
    cast(null as decimal(12, 2)) as amount
from hardship.case_event
where case_id = chosen_case

union all

select
    event.given_on as happened_on,
    'help' as kind,
    coalesce(event.aid_type, event.kind) as what,
    event.department as detail,
    event.amount
from assistance.event as event
inner join hardship.case_file as cases on event.household_id = cases.household_id
where cases.case_id = chosen_case and event.given_on >= cases.first_flagged_on
order by happened_on, kind, what
