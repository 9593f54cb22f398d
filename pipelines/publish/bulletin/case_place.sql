-- Cases that wait, by township and level, with the people who live there; unplaced ones as such.
with resident as (
    select
        nullif(substr(region_code, 1, 6), '000000') as county_code,
        case when substr(region_code, 7, 3) <> '000' then substr(region_code, 1, 9) end as township_code,
        count(*) as residents
    from population.person
    where alive
    group by all
),

waiting as (
    select
        nullif(substr(region_code, 1, 6), '000000') as county_code,
        case when substr(region_code, 7, 3) <> '000' then substr(region_code, 1, 9) end as township_code,
        count(case when level = 'red' then 1 end) as red,
        count(case when level = 'orange' then 1 end) as orange,
        count(case when level = 'yellow' then 1 end) as yellow
    from hardship.case_file
    where status in ('open', 'checking')
    group by all
),

joined as (
    select
        coalesce(waiting.county_code, resident.county_code) as county_code,
        coalesce(waiting.township_code, resident.township_code) as township_code,
        coalesce(waiting.red, 0) as red,
        coalesce(waiting.orange, 0) as orange,
        coalesce(waiting.yellow, 0) as yellow,
        coalesce(resident.residents, 0) as residents
    from waiting
    full join resident
        on
            waiting.county_code is not distinct from resident.county_code
            and waiting.township_code is not distinct from resident.township_code
)

select
    joined.county_code,
    county.name as county_name,
    joined.township_code,
    township.name as township_name,
    joined.red,
    joined.orange,
    joined.yellow,
    joined.residents
from joined
left join meta.region as county on joined.county_code || '000000' = county.region_code
left join meta.region as township on joined.township_code || '000' = township.region_code
order by joined.county_code nulls last, joined.township_code nulls last
