-- Temporary aid since the month before, payment by payment.
select
    help.source || '/' || help.dataset || ':' || help.delivery_id || ':'
    || cast(help.row_number as varchar) as payment_ref,
    cast(date_trunc('month', help.given_on) as date) as month,
    help.aid_type,
    link.person_id,
    person.household_id,
    substr(person.region_code, 1, 6) as county_code,
    substr(person.region_code, 1, 9) as township_code,
    help.amount,
    help.given_on
from standard.help as help
inner join orders.report_item as item on item.report = 'temporary' and help.aid_type = item.code
inner join linkage.person_ref as link on help.person_ref = link.person_ref
inner join population.person as person on link.person_id = person.person_id
where help.given_on >= $month_start and help.given_on <= $as_of
