-- Cases by list, level, status and township: how many, and how heavy their burden is.
select
    cases.list,
    cases.level,
    cases.status,
    place.county_code,
    place.county_name,
    place.township_code,
    place.township_name,
    count(*) as cases,
    count(distinct cases.household_id) as households,
    cast(sum(cases.burden_12m) as decimal(18, 2)) as burden_12m
from hardship.case_file as cases
left join analysis.place as place on cases.region_code = place.region_code
group by
    cases.list, cases.level, cases.status, place.county_code, place.county_name,
    place.township_code, place.township_name
