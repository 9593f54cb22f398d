-- Every region code that a person, household or case carries, with the names that are known.
with carried as (
    select region_code from population.person
    union
    select region_code from population.household
    union
    select region_code from hardship.case_file
    union
    select region_code from meta.region
)

select
    carried.region_code,
    substr(carried.region_code, 1, 6) as county_code,
    county.name as county_name,
    case
        when substr(carried.region_code, 7, 3) <> '000' then substr(carried.region_code, 1, 9)
    end as township_code,
    township.name as township_name,
    case when substr(carried.region_code, 10, 3) <> '000' then village.name end as village_name
from carried
left join meta.region as county
    on substr(carried.region_code, 1, 6) || '000000' = county.region_code
left join meta.region as township
    on
        substr(carried.region_code, 1, 9) || '000' = township.region_code
        and substr(carried.region_code, 7, 3) <> '000'
left join meta.region as village on carried.region_code = village.region_code
where carried.region_code is not null
