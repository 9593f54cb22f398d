-- Help given by month, township, kind and department.
select
    cast(date_trunc('month', event.given_on) as date) as month,
    place.county_name,
    place.township_name,
    event.special_assistance,
    event.aid_type,
    event.department,
    count(*) as events,
    count(distinct event.household_id) as households,
    cast(sum(event.amount) as decimal(18, 2)) as amount
from assistance.event as event
left join population.household as household on event.household_id = household.household_id
left join analysis.place as place on household.region_code = place.region_code
group by
    date_trunc('month', event.given_on), place.county_name, place.township_name,
    event.special_assistance, event.aid_type, event.department
