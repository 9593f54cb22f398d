-- People in a tier now, by tier and township.
select
    monitored.tier,
    place.county_code,
    place.county_name,
    place.township_code,
    place.township_name,
    count(*) as persons,
    count(distinct monitored.household_id) as households,
    min(monitored.since) as longest_since
from population.monitored_person as monitored
left join analysis.place as place on monitored.region_code = place.region_code
group by
    monitored.tier, place.county_code, place.county_name, place.township_code,
    place.township_name
